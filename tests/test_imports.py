"""What ``import nonebot_adapter_feishu_ws`` may load, and that no event waits for an import."""

import asyncio
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import APP, SECRET

PACKAGE = "nonebot_adapter_feishu_ws"
THIRD_PARTIES = {
    "nonebot",
    "pydantic",
    "pydantic_core",
    "typing_extensions",
    "httptools",
    "python_socks",
    "aiohappyeyeballs",
}
"""Top-level packages beyond what NoneBot with ``~fastapi`` has loaded; of NoneBot and pydantic, further modules."""
LATE = (
    *("api.group", "api.methods", "api.models", "api.responses", "backfill.backfill", "card", "codes.table", "compat"),
    *("doctor", "event.chat", "event.generated.", "lifecycle.sandbox", "management", "models", "parked"),
    *("record.", "sandbox"),
    *("server.webhook", "store.redis", "store.sqlite", "stream", "transport.connection", "transport.frame"),
    "transport.sdk_connection",
)
"""Modules of our own that are loaded when they are first used, or by the warm-up."""
IMPORT = f"""
import json, sys
import nonebot
nonebot.init(driver="~fastapi", _env_file=None)
before = {{*sys.modules}}
from {PACKAGE} import Adapter, Bot, MessageEvent
print(json.dumps(sorted({{*sys.modules}} - before - {{*sys.stdlib_module_names}})))
"""
BOT = f"""
import builtins, os, sys, threading
import nonebot
from nonebot import on_message
from nonebot.adapters import Event
nonebot.init(driver="~none", _env_file=None, log_level="WARNING")
from {PACKAGE} import Adapter
driver = nonebot.get_driver()
driver.register_adapter(Adapter)
loaded = set()

@driver.on_bot_connect
async def connected():
    class Watch:
        def find_spec(self, name, path=None, target=None):
            if threading.current_thread() is threading.main_thread():
                loaded.add(name)
    sys.meta_path.insert(0, Watch())

echo = on_message()

@echo.handle()
async def _(event: Event):
    if event.get_plaintext() == "loaded":
        await echo.finish(" ".join(sorted(loaded)) or "nothing")
    await echo.finish(event.get_plaintext())

nonebot.run()
"""


@pytest.fixture(scope="module")
def imported() -> list[str]:
    answer = subprocess.run([sys.executable, "-c", IMPORT], capture_output=True, text=True, check=True, timeout=60)
    return json.loads(answer.stdout.splitlines()[-1])


def test_only_known_third_parties_are_imported(imported: list[str]):
    tops = {name.partition(".")[0] for name in imported} - {PACKAGE, *sys.stdlib_module_names}
    assert tops <= THIRD_PARTIES, "start has become heavier: import these where they are first used"


def test_what_start_does_not_need_is_not_imported(imported: list[str]):
    late = [name for name in imported if name.removeprefix(f"{PACKAGE}.").startswith(LATE)]
    assert late == [], "start has become heavier: import these where they are first used (lifecycle/warm_up.py)"


async def test_no_event_waits_for_an_import(sandbox, tmp_path: Path):
    """Only a thread may import something once the bot is there: NoneBot's loop handles events."""
    bots = json.dumps([{"app_id": APP, "app_secret": SECRET, "domain": sandbox.url}])
    env = {**os.environ, "FEISHU_BOTS": bots, "FEISHU_STORE": "sqlite:///s.db"}
    user = sandbox.add_user("Li Lei")
    chat = sandbox.p2p(user, APP)
    bot = await asyncio.create_subprocess_exec(sys.executable, "-c", BOT, cwd=tmp_path, env=env)
    try:
        await sandbox.wait_connected(APP, timeout=60)
        for text in ("first", "second"):
            await sandbox.say(user, chat, text)
            [answer] = await sandbox.wait_message(chat, timeout=30)
            assert json.loads(answer.content)["text"] == text
        await sandbox.say(user, chat, "loaded")
        [answer] = await sandbox.wait_message(chat, timeout=30)
    finally:
        bot.kill()
        await bot.wait()
    assert json.loads(answer.content)["text"] == "nothing"
