"""A bot as a process of its own: ``python replica_bot.py``. It answers, and writes down what it did.

``LEDGER`` names the file, ``REPLICA`` the process, ``WORK`` the seconds that a handler waits, ``DRAIN`` those that
handlers get when the process is to end, ``LOG`` the level of the log. With ``SILENT`` it does not answer. With ``ENDS``
a handler ends the process; if that is ``told``, it marks its event as handled before.
"""

import asyncio
import os

import nonebot
from nonebot import on_message

from nonebot_adapter_feishu_ws import Adapter, Bot, MessageEvent, adapter

nonebot.init(_env_file=None, driver="~none", log_level=os.environ.get("LOG", "INFO"))
nonebot.get_driver().register_adapter(Adapter)
adapter.DRAIN_TIMEOUT = float(os.environ.get("DRAIN", adapter.DRAIN_TIMEOUT))
ledger = open(os.environ["LEDGER"], "a", buffering=1)  # noqa: SIM115 - as long as the process
name, work = os.environ["REPLICA"], float(os.environ.get("WORK", "0"))
talk = on_message()


@talk.handle()
async def answer(bot: Bot, event: MessageEvent) -> None:
    text = event.get_plaintext()
    ledger.write(f"{name} begin {text}\n")
    if ends := os.environ.get("ENDS"):
        if ends == "told":
            assert await bot.mark_handled(event)
        os._exit(0)
    await asyncio.sleep(work)
    if "SILENT" not in os.environ:
        await talk.send(f"re {text}")
    ledger.write(f"{name} end {text}\n")


nonebot.run()
