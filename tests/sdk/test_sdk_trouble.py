"""The SDK is missing, or another one: real processes, with another ``lark_oapi`` in front of the real one."""

from collections.abc import Callable

import pytest

from tests.conftest import wait_until
from tests.flow.bot_process import BotProcess

Saw = Callable[[str], None]
MISSING = "raise ModuleNotFoundError(\"No module named 'lark_oapi'\")\n"
TOO_NEW = "__version__ = '9.0.0'\nclass Client:\n    pass\n"
BOT = """
import nonebot
from nonebot import on_message
from nonebot_adapter_feishu_ws import Adapter, ApiNotAvailable, Bot

nonebot.init(_env_file=None, driver="~none")
nonebot.get_driver().register_adapter(Adapter)
talk = on_message()


@talk.handle()
async def _(bot: Bot):
    try:
        await bot.get_lark()
    except ApiNotAvailable as error:
        await talk.send(str(error))


nonebot.run()
"""


@pytest.mark.fault(36)
@pytest.mark.parametrize(("name", "package"), [("missing", MISSING), ("too new", TOO_NEW)], ids=["missing", "too-new"])
async def test_a_bot_runs_without_the_sdk_and_get_lark_says_what_to_do(
    sandbox, tmp_path, saw: Saw, name: str, package: str
):
    (tmp_path / "lark_oapi").mkdir()
    (tmp_path / "lark_oapi" / "__init__.py").write_text(package)
    (tmp_path / "bot.py").write_text(BOT)
    bot = BotProcess(sandbox, tmp_path, tmp_path / "bot.py")
    async with bot.running():
        await bot.say(1)
        await wait_until(lambda: bot.answers())
    [answer] = bot.answers()
    assert "pip install 'lark-oapi" in answer
    saw(f'SDK {name}: the bot is connected and answers; get_lark: "{answer}"')
