"""What a handler can know of a replay: the event's attempt, and ids that are the same in it."""

import asyncio
import re

import pytest
from nonebot import on_message

from nonebot_adapter_feishu_ws import Event, MessageEvent, adapter
from nonebot_adapter_feishu_ws.event import EventHeader
from tests.conftest import APP, wait_until


async def test_a_replay_knows_its_attempt_and_has_the_same_ids(sandbox, run_adapter, matchers, tmp_path, monkeypatch):
    """Talked over two lives of a bot: the first ends while it answers, the second goes on."""
    monkeypatch.setattr(adapter, "DRAIN_TIMEOUT", 0.1)
    user = sandbox.add_user("Li Lei")
    chat, store = sandbox.p2p(user, APP), f"sqlite:///{tmp_path}/s.db"
    seen: list[tuple[int, str]] = []
    matcher = on_message(block=True, priority=1)
    matchers(matcher)

    @matcher.handle()
    async def _(event: MessageEvent):
        seen.append((event.attempt, event.stable_id("approve", 1)))
        if event.attempt == 1:
            await asyncio.Event().wait()
        await matcher.send(f"attempt {event.attempt}")

    async with run_adapter(feishu_store=store):
        await sandbox.say(user, chat, "question")
        await wait_until(lambda: seen)
    async with run_adapter(feishu_store=store):
        [answer] = await sandbox.wait_message(chat)
    assert "attempt 2" in answer.content
    [(first, before), (second, after)] = seen
    assert (first, second) == (1, 2)
    assert before == after


def event(event_id: str, app_id: str = "cli_a") -> Event:
    return Event(header=EventHeader(event_id=event_id, app_id=app_id))


def test_stable_ids_differ_by_event_app_and_names_and_may_name_an_element():
    ids = [
        event("e1").stable_id("approve", 1),
        event("e1").stable_id("approve", 2),
        event("e1").stable_id("approve1"),
        event("e1").stable_id(),
        event("e2").stable_id("approve", 1),
        event("e1", "cli_b").stable_id("approve", 1),
    ]
    assert len(set(ids)) == len(ids)
    # 更新组件: letters, digits and underscores, a letter first, at most 20.
    assert all(re.fullmatch(r"[A-Za-z][A-Za-z0-9_]{0,19}", each) for each in ids)
    assert event("e1").stable_id("approve", 1) == ids[0]


def test_an_event_without_an_id_has_no_stable_ids():
    with pytest.raises(ValueError, match="no event_id"):
        event("").stable_id("approve")
    named = event("")
    named.set_callback(None, "cli_a:event:sha256:00")
    assert named.stable_id("approve")
    assert named.attempt == 1
