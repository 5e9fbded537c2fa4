"""``python -m nonebot_adapter_feishu_ws.create`` with the sandbox in Feishu's place."""

import asyncio
import stat
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import aiohttp
import pytest
from nonebot.log import logger

from nonebot_adapter_feishu_ws.config import read_files
from nonebot_adapter_feishu_ws.create import __main__ as command
from nonebot_adapter_feishu_ws.create.env_file import add_bot, names_bot
from nonebot_adapter_feishu_ws.sandbox import Sandbox
from tests.conftest import wait_until


@pytest.fixture(autouse=True)
def nonebot_is_quiet():
    """At DEBUG NoneBot's own reader shows every value of a file that is not JSON."""
    logger.disable("nonebot.config")
    yield
    logger.enable("nonebot.config")


async def scan(sandbox: Sandbox, file: Path, choice: str, monkeypatch: pytest.MonkeyPatch) -> tuple[int, str]:
    """Run the command, open what its code leads to, and choose; the exit code and the code's address."""
    codes: list[str] = []
    monkeypatch.setattr(command, "_show_code", lambda code: codes.append(code["url"]))
    arguments = ["--sandbox", sandbox.url, "--env-file", str(file), "--name", "Ada & Co"]
    running = asyncio.create_task(asyncio.to_thread(command.main, arguments))
    await wait_until(lambda: codes, timeout=100)
    async with aiohttp.ClientSession() as session:
        async with session.get(codes[0]) as page:
            assert "Ada &amp; Co" in await page.text()
        await session.post(codes[0], data={"choice": choice})
    return await running, codes[0]


async def test_a_scan_puts_an_app_into_the_file(sandbox, tmp_path, monkeypatch, capsys):
    file = tmp_path / ".env"
    file.write_text('COMMAND_START=["/"]\nFEISHU_SANDBOX=true\n')
    code, url = await scan(sandbox, file, "create", monkeypatch)
    assert code == 0
    assert "addons" in parse_qs(urlsplit(url).query), "scopes and events are asked for"
    config, warnings = read_files(str(file))
    [bot] = config.feishu_bots
    app = sandbox.world.apps[bot.app_id]
    assert (app.app_secret, app.name) == (bot.app_secret.get_secret_value(), "Ada & Co")
    assert not config.feishu_sandbox
    assert warnings == []
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    said = capsys.readouterr()
    assert bot.app_id in said.out
    assert app.app_secret not in said.out + said.err
    assert command.main(["--env-file", str(file)]) == 2, "it has a bot now"
    assert "FEISHU__APP_ID" in capsys.readouterr().err


async def test_a_refusal_writes_nothing(sandbox, tmp_path, monkeypatch, capsys):
    file = tmp_path / ".env"
    code, _ = await scan(sandbox, file, "refuse", monkeypatch)
    assert code == 1
    assert "turned down in Feishu" in capsys.readouterr().err
    assert not file.exists()


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("FEISHU_BOTS='[{}]'\n", "FEISHU_BOTS"),
        ("export FEISHU__APP_ID=cli_1", "FEISHU__APP_ID"),
        ("# FEISHU__APP_ID=cli_1\nFEISHU_BOTS=[]\nFEISHU__APP_ID=\nPORT=1\n", ""),
    ],
)
def test_a_file_with_a_bot_is_left_alone(tmp_path, text, key):
    (tmp_path / ".env").write_text(text)
    assert names_bot(tmp_path / ".env") == key


def test_the_other_lines_stay(tmp_path):
    file = tmp_path / ".env"
    file.write_text("# mine\nPORT=8081")
    add_bot(file, "cli_1", "s-1", "lark")
    assert (
        file.read_text() == "# mine\nPORT=8081\nFEISHU__APP_ID=cli_1\nFEISHU__APP_SECRET='s-1'\nFEISHU__DOMAIN=lark\n"
    )
    assert read_files(str(file))[0].feishu_bots[0].domain == "lark"


@pytest.mark.parametrize(("brand", "domain"), [("lark", "lark"), ("feishu", None)])
def test_an_international_account_gets_its_domain(brand, domain):
    assert command._domain({"user_info": {"tenant_brand": brand}}, None) == domain
