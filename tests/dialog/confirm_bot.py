"""A bot as a process of its own that asks before it acts: ``LEDGER`` names the file in which it writes what it did."""

import os

import nonebot
from nonebot import on_message

from nonebot_adapter_feishu_ws import Adapter, Bot, MessageEvent

nonebot.init(_env_file=None, driver="~none", log_level=os.environ.get("LOG", "INFO"))
nonebot.get_driver().register_adapter(Adapter)
ledger = open(os.environ["LEDGER"], "a", buffering=1)  # noqa: SIM115 - as long as the process
talk = on_message()


@talk.handle()
async def answer(bot: Bot, event: MessageEvent) -> None:
    text = event.get_plaintext()
    ledger.write(f"bot begin {text}\n")
    answer = await bot.confirm(event, f"Run **{text}**?", buttons={"yes": "同意", "no": "拒绝"}, timeout=3600)
    await talk.send(f"{text}: {answer.choice} by {answer.by}")
    ledger.write(f"bot end {text}\n")


nonebot.run()
