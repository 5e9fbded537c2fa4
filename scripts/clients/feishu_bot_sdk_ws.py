"""feishu-bot-sdk: its long connection (betterproto2 frames) and its message service."""

import asyncio
import sys

from feishu_bot_sdk import FeishuClient, FeishuConfig
from feishu_bot_sdk.im import MessageService
from feishu_bot_sdk.server import FeishuBotServer

domain, app_id, secret, _ = sys.argv[1:]
config = FeishuConfig(app_id=app_id, app_secret=secret, base_url=f"{domain}/open-apis")
server = FeishuBotServer(app_id=app_id, app_secret=secret, domain=domain)


@server.on_im_message_receive
def answer(event):
    MessageService(FeishuClient(config)).reply_text(event.message_id, f"heard {event.text}")


asyncio.run(server.run_forever())
