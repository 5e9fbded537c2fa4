"""The world in a file: it outlives the sandbox, whole or not at all, and nothing that was typed is lost."""

import json
import stat

import pytest

from nonebot_adapter_feishu_ws.sandbox import Sandbox, SandboxError
from tests.conftest import APP, SECRET, wait_until
from tests.sandbox.raw_bot import raw_bot


def make(path):
    sandbox = Sandbox(keep=path)
    sandbox.add_app(APP, SECRET, name="Bot A")
    sandbox.populate_default()
    return sandbox


async def test_history_and_unacked_events_outlive_the_sandbox(tmp_path):
    path = tmp_path / "new" / "sandbox.json"
    async with make(path) as first:
        you = next(iter(first.world.users.values()))
        chat = first.p2p(you, APP)
        message = await first.say(you, chat, "typed while the bot was away")
        await first.react(you, message, "SMILE")
        file = await first.send_file(you, chat, b"x" * 10, name="a.txt")
        bot_open_id = first.world.apps[APP].bot_open_id
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert SECRET not in path.read_text()
    assert [each.name for each in path.parent.iterdir()] == ["sandbox.json"], "no temporary file stays"
    heard = []

    async def hear(event):
        heard.append(event["header"]["event_type"])
        return {}

    async with make(path) as second:
        world = second.world
        assert list(world.users) == [you.open_id], "the same person, not a second one"
        assert list(world.chats) == list(first.world.chats)
        assert list(world.messages.values()) == list(first.world.messages.values())
        assert world.reactions == first.world.reactions
        assert world.files[json.loads(file.content)["file_key"]].content == b"x" * 10
        assert (world.apps[APP].bot_open_id, world.apps[APP].app_secret) == (bot_open_id, SECRET)
        assert world.last_number == first.world.last_number
        async with raw_bot(second.url, hear):
            await wait_until(lambda: len(heard) == 3)
            await wait_until(lambda: not second.gateway.unacked())
    assert sorted(heard) == ["im.message.reaction.created_v1", "im.message.receive_v1", "im.message.receive_v1"]
    assert json.loads(path.read_text())["waiting"] == []


async def test_it_is_written_while_it_runs(tmp_path, monkeypatch):
    monkeypatch.setattr("nonebot_adapter_feishu_ws.sandbox.keep.PAUSE", 0.0)
    path = tmp_path / "sandbox.json"
    async with make(path) as sandbox:
        sandbox.add_user("Ann")
        await wait_until(lambda: path.exists() and "Ann" in path.read_text())


async def test_an_app_that_is_not_there_any_more_lets_nobody_in(tmp_path):
    path = tmp_path / "sandbox.json"
    async with make(path):
        pass
    async with Sandbox(keep=path) as second:
        assert second.world.apps[APP].app_secret not in ("", SECRET)


async def test_a_bots_own_sandbox_keeps_it_too(tmp_path, run_adapter):
    options = {"feishu_sandbox": True, "feishu_sandbox_port": 0, "feishu_sandbox_keep": str(tmp_path / "kept.json")}
    people = []
    for _ in range(2):
        async with run_adapter(**options) as adapter:
            people.append(list(adapter._sandbox._end.sandbox.world.users))
    assert len(people[0]) == 1
    assert people[0] == people[1]


@pytest.mark.parametrize(("text", "says"), [("{", "not what a sandbox wrote"), ('{"version": 99}', "version 99")])
def test_another_file_is_left_alone(tmp_path, text, says):
    path = tmp_path / "other.json"
    path.write_text(text)
    with pytest.raises(SandboxError, match=says):
        Sandbox(keep=path)
    assert path.read_text() == text
