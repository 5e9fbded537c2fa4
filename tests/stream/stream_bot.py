"""A bot as a process of its own that streams slowly: ``python stream_bot.py``.

It writes a line to ``LEDGER`` for each attempt. The first attempt writes words until its process ends, or somebody
stops it; a later one writes ``AGAIN`` and ends, or goes on like the first one if that is not set.
"""

import asyncio
import os

import nonebot
from nonebot import on_message

from nonebot_adapter_feishu_ws import Adapter, Bot, MessageEvent, adapter

nonebot.init(_env_file=None, driver="~none", log_level=os.environ.get("LOG", "INFO"))
nonebot.get_driver().register_adapter(Adapter)
adapter.DRAIN_TIMEOUT = float(os.environ.get("DRAIN", "0.3"))
ledger = open(os.environ["LEDGER"], "a", buffering=1)  # noqa: SIM115 - as long as the process
talk = on_message()


@talk.handle()
async def answer(bot: Bot, event: MessageEvent) -> None:
    ledger.write(f"{os.environ['REPLICA']} begin {event.attempt}\n")
    async with bot.stream(event, stop="停止", title="Answer", pace=10) as stream:
        if event.attempt > 1 and "AGAIN" in os.environ:
            await stream.write(os.environ["AGAIN"])
        else:
            number = 0
            while True:
                await stream.write(f"{event.attempt}.{number} ")
                await asyncio.sleep(0.02)
                number += 1
    ledger.write(f"{os.environ['REPLICA']} end {event.attempt}\n")
    if stream.stopped:
        await talk.send("stopped by you")


nonebot.run()
