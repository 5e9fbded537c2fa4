"""The fixture ``feishu_sandbox`` in projects of their own, as their authors run it."""

import subprocess
import sys
from pathlib import Path

import pytest

WEATHER = """
from nonebot import get_driver, on_command
from nonebot.params import CommandArg
from nonebot.rule import to_me
from nonebot_adapter_feishu_ws import MessageSegment, on_card_action
from nonebot_adapter_feishu_ws.card import Button, Card, Form, Header, Input, Markdown

started = []
weather = on_command("weather", block=True)
broken = on_command("broken", block=True)
quiet = on_command("quiet", block=True)
ask = on_command("ask", block=True)
named = on_command("named", rule=to_me(), block=True)
applied = on_card_action("apply")


@get_driver().on_startup
async def _():
    started.append(True)


@weather.handle()
async def _(place=CommandArg()):
    await weather.finish(f"{place}: sunny")


@broken.handle()
async def _():
    raise RuntimeError("out of coffee")


@quiet.handle()
async def _(): ...


@named.handle()
async def _(bot):
    await named.finish(f"I am {bot.bot_info.app_name}")


@ask.handle()
async def _():
    form = Form("f", [Input("Reason", name="reason"), Button("Apply", name="apply", form_action_type="submit")])
    await ask.finish(Card([Markdown("Please fill in"), form], header=Header("Leave")))


@applied.handle()
async def _(event):
    return f"applied: {event.form_value['reason']}"
"""
TESTS = """
import json

import pytest


async def test_weather(feishu_sandbox):
    chat = feishu_sandbox.private_chat("alice")
    await chat.say("/weather 上海")
    reply = await chat.reply()
    assert reply.text == "上海: sunny"
    import weather
    assert weather.started == [True], "the plugins' own startup has run, once"


async def test_each_test_has_a_world_of_its_own(feishu_sandbox):
    chat = feishu_sandbox.private_chat("alice")
    await chat.say("/weather x", reply_to=None)
    assert (await chat.reply()).text == "x: sunny"
    assert len(list(feishu_sandbox.sandbox.world.history())) == 2


async def test_silence_is_waited_for_without_a_sleep(feishu_sandbox):
    chat = feishu_sandbox.private_chat()
    await chat.say("/quiet")
    await chat.no_reply()


async def test_why_nothing_came(feishu_sandbox):
    chat = feishu_sandbox.private_chat()
    await chat.say("/broken")
    with pytest.raises(AssertionError, match="out of coffee"):
        await chat.reply(timeout=1)
    await chat.say("hello?")
    with pytest.raises(AssertionError, match="no matcher matched"):
        await chat.reply(timeout=1)


@pytest.mark.feishu(bots=["Ada", "Bob"])
async def test_one_of_several_bots_in_a_group(feishu_sandbox):
    chat = feishu_sandbox.group_chat("team", "alice", "bert")
    await chat.say("@Bob /named")
    reply = await chat.reply()
    assert (reply.sender, reply.text) == ("Bob", "I am Bob")
    await chat.as_user("carl").say("/weather here")
    assert (await chat.reply()).text == "here: sunny"


async def test_a_form(feishu_sandbox):
    chat = feishu_sandbox.private_chat()
    await chat.say("/ask")
    reply = await chat.reply()
    assert reply.text.startswith("Leave")
    click = await reply.submit({"reason": "tired"})
    assert click.toast["content"] == "applied: tired"
    with pytest.raises(AssertionError, match="no button 'Reject'; it has .'Apply'."):
        await reply.click("Reject")


async def test_trouble(feishu_sandbox):
    chat = feishu_sandbox.private_chat()
    feishu_sandbox.do(feishu_sandbox.sandbox.refuse, 230018)
    await chat.say("/weather x")
    with pytest.raises(AssertionError, match="230018"):
        await chat.reply(timeout=1)


@pytest.mark.feishu(bots=2)
def test_a_later_setting_keeps_the_bots(feishu_sandbox):
    feishu_sandbox.configure(feishu_bot_messages=True)
    assert len(feishu_sandbox.app_ids) == 2


async def test_a_recording_is_replayed(feishu_sandbox, tmp_path):
    recording = tmp_path / "traffic.jsonl"
    sender = {"sender_id": {"open_id": "ou_1"}, "sender_type": "user"}
    message = {"message_id": "om_1", "chat_id": "oc_1", "chat_type": "p2p", "message_type": "text"}
    event = {"sender": sender, "message": {**message, "content": '{"text": "/quiet"}', "create_time": "1700000000000"}}
    header = {"event_id": "1", "event_type": "im.message.receive_v1", "create_time": "1700000000000"}
    payload = {"schema": "2.0", "header": header, "event": event}
    lines = {"kind": "start", "version": 1}, {"kind": "event", "at": 0.0, "app": "cli_1", "payload": payload}
    recording.write_text("\\n".join(map(json.dumps, lines)), "utf-8")
    assert await feishu_sandbox.replay(recording) == (1, 1)


def test_a_test_may_be_plain(feishu_sandbox):
    assert feishu_sandbox.user("alice") is feishu_sandbox.user("alice")
"""


def run_pytest(folder: Path, *options: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *options]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=100)


@pytest.fixture
def project(tmp_path):
    (tmp_path / "weather.py").write_text(WEATHER, "utf-8")
    (tmp_path / "test_weather.py").write_text(TESTS, "utf-8")
    ini = "[pytest]\nasyncio_mode = auto\nfeishu_plugins = weather\npythonpath = .\n"
    (tmp_path / "pytest.ini").write_text(ini, "utf-8")
    # Never the bots of a real .env.
    (tmp_path / ".env").write_text('FEISHU_BOTS=[{"app_id": "cli_real", "app_secret": "real"}]\n', "utf-8")
    return tmp_path


CONFTEST = """
import nonebot
import pytest


@pytest.fixture(scope="session", autouse=True)
def after_nonebot_init(_nonebot_init):
    nonebot.load_plugin("weather")
"""


@pytest.mark.parametrize("options", [("-p", "no:nonebug"), ("-p", "no:nonebug", "-n", "2")], ids=["alone", "parallel"])
def test_a_project_of_its_own(project, options):
    check(run_pytest(project, *options))


def test_neither_the_sandbox_nor_the_bot_of_a_new_project_is_used_in_its_tests(project, monkeypatch):
    """The README has FEISHU_SANDBOX=true written into ``.env``: each test's bots went to that sandbox."""
    (project / ".env").write_text("FEISHU_SANDBOX=true\nFEISHU__APP_ID=cli_real\nFEISHU__APP_SECRET=real\n", "utf-8")
    monkeypatch.setenv("FEISHU_SANDBOX", "true")
    monkeypatch.setenv("FEISHU__APP_ID", "cli_exported")
    monkeypatch.setenv("FEISHU__APP_SECRET", "exported")
    check(run_pytest(project, "-p", "no:nonebug"))


def test_a_project_with_nonebug(project):
    (project / "conftest.py").write_text(CONFTEST, "utf-8")
    loops = "asyncio_default_fixture_loop_scope = session\nasyncio_default_test_loop_scope = session\n"
    (project / "pytest.ini").write_text(f"[pytest]\nasyncio_mode = auto\npythonpath = .\n{loops}", "utf-8")
    check(run_pytest(project))


def check(result: subprocess.CompletedProcess[str]) -> None:
    assert result.returncode == 0, result.stdout[-6000:] + result.stderr[-3000:]
    assert "10 passed" in result.stdout


def test_pytest_imports_the_package_as_it_is():
    """It rewrote every module: slower, and a SystemError where the warm-up and a test imported at the same time."""
    from nonebot_adapter_feishu_ws.api import registry

    assert type(registry.__loader__).__name__ == "SourceFileLoader"


def test_collecting_imports_neither_nonebot_nor_the_adapter(tmp_path):
    code = (
        "import sys, nonebot_adapter_feishu_ws.sandbox.pytest_plugin\n"
        "print([name for name in ('nonebot', 'pydantic', 'aiohttp', 'nonebot_adapter_feishu_ws.adapter') "
        "if name in sys.modules])"
    )
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)
    assert result.stdout.strip() == "[]"
