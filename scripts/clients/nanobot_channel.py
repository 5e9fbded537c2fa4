"""nanobot's Feishu channel, with its bus; what its model would say is said here."""

import asyncio
import sys

import lark_oapi.core.const

domain, app_id, secret, _ = sys.argv[1:]
lark_oapi.core.const.FEISHU_DOMAIN = domain

from nanobot.bus.events import OutboundMessage  # noqa: E402
from nanobot.bus.queue import MessageBus  # noqa: E402
from nanobot.channels.feishu.runtime import FeishuChannel  # noqa: E402


async def main() -> None:
    bus = MessageBus()
    config = {"enabled": True, "app_id": app_id, "app_secret": secret, "allow_from": ["*"], "streaming": False}
    channel = FeishuChannel(config, bus)
    running = asyncio.create_task(channel.start())
    message = await bus.consume_inbound()
    await channel.send(
        OutboundMessage("feishu", message.chat_id, f"heard {message.content}", metadata=message.metadata)
    )
    await running


asyncio.run(main())
