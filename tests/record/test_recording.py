"""A bot's traffic is recorded without its secrets, and replayed to another bot."""

import asyncio
import json
import math
import os
import stat
import sys
from pathlib import Path
from typing import Any

import pytest
from nonebot import on_command

from nonebot_adapter_feishu_ws import Bot, MessageEvent
from nonebot_adapter_feishu_ws.config import Config
from nonebot_adapter_feishu_ws.record.__main__ import main
from nonebot_adapter_feishu_ws.record.recorder import Recorder, secrets_in
from nonebot_adapter_feishu_ws.record.scrub import Scrubber
from nonebot_adapter_feishu_ws.sandbox import Sandbox, SandboxError
from nonebot_adapter_feishu_ws.sandbox.events import message_event
from tests.conftest import APP, SECRET, RunAdapter, wait_until

VERIFY, ENCRYPT, MANAGEMENT, OTHER = "verify-0123456789", "encrypt-0123456789", "manage-0123456789", "sk-9f8e7d6c5b4a"
BOT = {"app_id": APP, "app_secret": SECRET, "verification_token": VERIFY, "encrypt_key": ENCRYPT}
PERSON = "Wang Xiaoming"


@pytest.fixture
def weather():
    matcher = on_command("weather")

    @matcher.handle()
    async def _(bot: Bot, event: MessageEvent):
        user = await bot.call_api("contact/v3/users/" + event.get_user_id(), method="GET")
        assert user["data"]["user"]["name"]
        await matcher.finish(f"sunny, and my keys are {OTHER} {SECRET} {VERIFY} {ENCRYPT}")

    yield
    matcher.destroy()


async def record(sandbox: Sandbox, run_adapter: RunAdapter, path: Path, **config: Any) -> None:
    user, friend = sandbox.add_user(PERSON), sandbox.add_user("Li Lei")
    chat, group = sandbox.p2p(user, APP), sandbox.add_chat("Secret plans", members=[user, friend], apps=[APP])
    settings = {"feishu_record": str(path), "feishu_management_tokens": {MANAGEMENT: ["*"]}, "openai_api_key": OTHER}
    async with run_adapter([BOT], **settings, **config):
        await sandbox.say(user, chat, f"/weather Shanghai {MANAGEMENT} {OTHER}, mail me@example.com 13812345678")
        [answer] = await sandbox.wait_message(chat)
        await sandbox.react(user, answer, "THUMBSUP")
        await sandbox.say(friend, group, "/weather 上海 https://example.com/?q=1", at=[APP])
        await sandbox.wait_message(group)
        tokens = {*sandbox.world.apps[APP].tokens}
    text = path.read_text("utf-8")
    for secret in (SECRET, VERIFY, ENCRYPT, MANAGEMENT, OTHER, *tokens, APP, user.open_id, chat.chat_id, group.chat_id):
        assert secret not in text
    for private in ("example.com", "13812345678", PERSON, "Xiaoming", "Secret plans", answer.message_id):
        assert private not in text


@pytest.mark.parametrize("kept", [False, True])
async def test_a_recording_has_the_traffic_and_no_secret(
    sandbox: Sandbox, run_adapter: RunAdapter, tmp_path: Path, weather: None, kept: bool
):
    path = tmp_path / "traffic.jsonl"
    await record(sandbox, run_adapter, path, feishu_record_text=kept)
    lines = [json.loads(line) for line in path.read_text("utf-8").splitlines()]
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert lines[0] == {"kind": "start", "version": 1}
    assert lines[-1] == {"kind": "end", "dropped": 0}
    events = [each["payload"] for each in lines if each["kind"] == "event"]
    assert [each["header"]["event_type"] for each in events][:2] == [
        "im.message.receive_v1",
        "im.message.reaction.created_v1",
    ]
    text = json.loads(events[0]["event"]["message"]["content"])["text"]
    assert text.startswith("/weather Shanghai " if kept else "/weather xxxxxxxx ")
    assert {each["path"].split("/")[0] for each in lines if each["kind"] == "rest"} >= {"im", "bot", "contact"}
    assert all(each["status"] == 200 for each in lines if each["kind"] == "rest")


async def test_a_recording_is_replayed_with_its_people_chats_and_messages(
    sandbox: Sandbox, run_adapter: RunAdapter, tmp_path: Path, weather: None
):
    path = tmp_path / "traffic.jsonl"
    await record(sandbox, run_adapter, path)
    async with Sandbox() as other:
        other.add_app(APP, SECRET, name="Bot B")
        async with run_adapter([BOT], feishu_api_base=other.url):
            for _ in range(2):  # the second time is not taken for a redelivery of the first
                before = len(other.world.messages)
                assert await other.replay(path, speed=math.inf) == (3, 3)
                await wait_until(lambda: len(other.world.messages) == before + 5)  # noqa: B023
        people = [each for each in other.world.users.values() if each.open_id.startswith("ou_00")]
        assert len(people) == 2
        assert sorted(each.mode for each in other.world.chats.values()) == ["group", "p2p"]
        answers = [each for each in other.world.messages.values() if "xxxxx" in each.content or "sunny" in each.content]
        assert len(answers) >= 4
        for each in other.world.messages.values():
            if each.sender_type == "user":
                assert message_event(other.world, other.world.apps[APP], each)["message"]["chat_id"] == each.chat_id


async def test_a_replay_waits_as_long_as_it_was_divided_by_the_speed(tmp_path: Path):
    lines: list[dict[str, Any]] = [{"kind": "start", "version": 1}]
    for at in (0.0, 4.0, 10.0):
        header = {"event_id": "1", "event_type": "x"}
        lines.append({"kind": "event", "at": at, "app": "cli_1", "via": "websocket", "payload": {"header": header}})
    path = tmp_path / "t.jsonl"
    path.write_text("\n".join(map(json.dumps, lines)) + '\n{"kind": "ev', "utf-8")
    waits: list[float] = []

    async def sleep(seconds: float) -> None:
        waits.append(seconds)

    async with Sandbox() as sandbox:
        with pytest.raises(SandboxError, match="1 bots, the sandbox 0 apps"):
            await sandbox.replay(path)
        sandbox.add_app(APP, SECRET)
        assert await sandbox.replay(path, speed=2, timeout=0, sleep=sleep) == (3, 0)
        assert waits == [2.0, 3.0]
        path.write_text("{}")
        with pytest.raises(SandboxError, match="no recording"):
            await sandbox.replay(path)


async def test_a_file_that_is_no_recording_is_not_overwritten(
    sandbox: Sandbox, run_adapter: RunAdapter, tmp_path: Path
):
    path = tmp_path / "bot.py"
    path.write_text("import nonebot")
    async with run_adapter([BOT], feishu_record=str(path)):
        pass
    assert path.read_text() == "import nonebot"


def test_settings_that_name_secrets_are_known():
    settings = {"openai_api_key": "abcdef1", "db": "redis://u:abcdef2@h/0", "nested": {"token": ["abcdef3"]}, "port": 1}
    assert secrets_in(settings) == {"abcdef1", "abcdef2", "abcdef3"}


async def test_the_command_runs_a_bot_file_as_it_is(sandbox: Sandbox, tmp_path: Path):
    script = tmp_path / "bot.py"
    script.write_text(
        """
import nonebot, signal, sys, os
from nonebot import on_message
assert sys.argv == ["bot.py"] and __name__ == "__main__"
nonebot.init(driver="~none", _env_file=None)
from nonebot_adapter_feishu_ws import Adapter
nonebot.get_driver().register_adapter(Adapter)
echo = on_message()

@echo.handle()
async def _():
    await echo.send("done")

nonebot.run()
"""
    )
    bots = json.dumps([{"app_id": APP, "app_secret": SECRET, "domain": sandbox.url}])
    env = {**os.environ, "FEISHU_BOTS": bots, "FEISHU_STORE": "memory://"}
    command = [sys.executable, "-m", "nonebot_adapter_feishu_ws.record", "bot.py", "-o", "out.jsonl"]
    bot = await asyncio.create_subprocess_exec(*command, cwd=tmp_path, env=env)
    try:
        await sandbox.wait_connected(APP, timeout=60)
        user = sandbox.add_user(PERSON)
        chat = sandbox.p2p(user, APP)
        await sandbox.say(user, chat, "hello")
        await sandbox.wait_message(chat, timeout=30)
        bot.terminate()
        await asyncio.wait_for(bot.wait(), 30)
    finally:
        if bot.returncode is None:
            bot.kill()
            await bot.wait()
    kinds = [json.loads(line)["kind"] for line in (tmp_path / "out.jsonl").read_text("utf-8").splitlines()]
    assert {"start", "event", "rest", "end"} == {*kinds}


def test_the_command_says_that_there_is_no_such_file(capsys: pytest.CaptureFixture[str], tmp_path: Path):
    assert main([str(tmp_path / "no.py")]) == 2
    assert "no.py: name the script" in capsys.readouterr().err


def record_payloads(path: Path, *payloads: bytes, **config: Any) -> list[dict[str, Any]]:
    recorder = Recorder(Config(feishu_record=path, **config), {})
    recorder.start()
    for payload in payloads:
        recorder.add("event", APP, payload=payload)
    recorder.stop()
    return [json.loads(line) for line in path.read_text("utf-8").splitlines()]


def test_half_a_character_does_not_end_a_recording(tmp_path: Path):
    """The file could not encode it, and its thread ended without a word, where texts are kept."""
    content = json.dumps({"text": "half \ud83d"})
    half = {"event": {"message": {"message_id": "om_1", "message_type": "text", "content": content}}}
    payloads = (json.dumps(half).encode(), b'{"text": "after"}')
    lines = record_payloads(tmp_path / "r.jsonl", *payloads, feishu_record_text=True)
    assert [each["kind"] for each in lines] == ["start", "event", "event", "end"]


def test_what_cannot_be_scrubbed_is_left_out_and_told_without_its_words(tmp_path: Path, monkeypatch, logs):
    scrub = Scrubber.value

    def fragile(self: Scrubber, value: Any, *rest: Any, **more: Any) -> Any:
        if value == {"text": "odd"}:
            raise RecursionError("odd")
        return scrub(self, value, *rest, **more)

    monkeypatch.setattr(Scrubber, "value", fragile)
    lines = record_payloads(tmp_path / "r.jsonl", *[b'{"text": "odd"}'] * 2, b'{"text": "even"}')
    assert [each["kind"] for each in lines] == ["start", "event", "end"]
    assert lines[-1]["dropped"] == 2
    [told] = [line for line in logs if "Left out of the recording" in line]
    assert "RecursionError" in told
    assert "odd" not in told
