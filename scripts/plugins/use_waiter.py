"""nonebot-plugin-waiter: a question whose answer is waited for."""

from nonebot import on_command, require

require("nonebot_plugin_waiter")
from nonebot_plugin_waiter import prompt

meet = on_command("meet")


@meet.handle()
async def _():
    answer = await prompt("what is your name?", timeout=30)
    await meet.finish("too late" if answer is None else f"hello {answer.extract_plain_text()}")
