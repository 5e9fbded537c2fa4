"""Messages that nobody pushed any more are fetched after an outage, handled once, in order."""

import asyncio
import json

import pytest
from nonebot import on_message
from nonebot.drivers.fastapi import Driver as FastAPIDriver

from nonebot_adapter_feishu_ws import MessageEvent
from nonebot_adapter_feishu_ws.backfill import backfill
from nonebot_adapter_feishu_ws.sandbox import Sandbox
from tests.conftest import APP, SECRET, serving, wait_until

AFTER = {"feishu_backfill_after": 0.3}


@pytest.fixture
async def sandbox():
    """A Feishu that pushes an event once, and never again."""
    async with Sandbox(redelivery=(), ack_timeout=0.5) as server:
        server.add_app(APP, SECRET, name="Bot A")
        yield server


@pytest.fixture
def heard(matchers):
    """The events of all messages that reach a handler, each answered."""
    events: list[MessageEvent] = []
    matcher = on_message(block=True, priority=50)
    matchers(matcher)

    @matcher.handle()
    async def _(event: MessageEvent):
        events.append(event)
        await matcher.send(f"answer to {event.get_plaintext()}")

    return events


@pytest.fixture(autouse=True)
def ticks(monkeypatch):
    """The mark moves ten times a second, and nothing before it is looked at."""
    monkeypatch.setattr(backfill, "TICK", 0.1)
    monkeypatch.setattr(backfill, "OVERLAP", 1.0)


def texts(events) -> list[str]:
    return [event.get_plaintext() for event in events]


@pytest.fixture(autouse=True)
def nothing_waits(monkeypatch):
    """Feishu has given up on what was said during an outage; otherwise the sandbox pushes it to a bot that is back."""
    monkeypatch.setattr("nonebot_adapter_feishu_ws.sandbox.gateway.MAX_WAITING", 0)


async def outage(seconds: float = 0.5) -> None:
    await asyncio.sleep(seconds)


def found_by(lines: list[str]) -> list[str]:
    return [line for line in lines if "messages found" in line]


def answers(sandbox: Sandbox, chat) -> list[str]:
    return [json.loads(m.content)["text"] for m in sandbox.world.history(chat.chat_id) if m.sender_type == "app"]


async def test_what_was_said_while_the_process_was_down_is_answered_once(sandbox, run_adapter, heard, tmp_path, logs):
    li, han = sandbox.add_user("Li Lei"), sandbox.add_user("Han Meimei")
    private, group = sandbox.p2p(li, APP), sandbox.add_chat("Team", members=[li, han], apps=[APP])
    config = {**AFTER, "feishu_store": f"sqlite:///{tmp_path / 's.db'}"}
    async with run_adapter(**config):
        await sandbox.say(li, private, "before")
        await sandbox.say(han, group, "before, in the group", at=[APP])
        await wait_until(lambda: len(heard) == 2)
    await outage()
    await sandbox.say(li, private, "missed 1")
    recalled = await sandbox.say(li, private, "recalled")
    recalled.deleted = True
    await sandbox.say(li, private, "missed 2")
    await sandbox.say(han, group, "missed in the group", at=[APP])
    await outage()
    async with run_adapter(**config):
        await wait_until(lambda: found_by(logs))
        await wait_until(lambda: len(heard) == 5)
        await sandbox.say(li, private, "after")
        await wait_until(lambda: len(heard) == 6)
    assert sorted(texts(heard[:2])) == ["before", "before, in the group"]
    of_private = [event.get_plaintext() for event in heard if event.chat_id == private.chat_id]
    assert of_private == ["before", "missed 1", "missed 2", "after"]
    in_group = heard[2:][texts(heard[2:]).index("missed in the group")]
    assert in_group.to_me
    assert in_group.get_user_id() == han.open_id
    assert answers(sandbox, private) == [f"answer to {text}" for text in of_private]
    assert len(answers(sandbox, group)) == 2


async def test_an_outage_of_the_connection_alone_is_filled_and_repeats_nothing(sandbox, run_adapter, heard, logs):
    user = sandbox.add_user("Li Lei")
    chat = sandbox.p2p(user, APP)
    async with run_adapter(**AFTER, feishu_reconnect_delays=[0.05]) as adapter:
        await sandbox.say(user, chat, "before")
        await wait_until(lambda: heard)
        sandbox.faults.add("discovery", times=1000, status=500)
        await sandbox.disconnect(APP)
        await wait_until(lambda: not adapter.connections.is_connected(APP))
        await outage()
        for number in range(3):
            await sandbox.say(user, chat, f"missed {number}")
        sandbox.faults.clear()
        await adapter.connections.connect(APP)
        await wait_until(lambda: len(heard) == 4)
        await wait_until(lambda: found_by(logs))
        counts = adapter._receiver.counts
        assert counts[APP, "backfill", "accepted"] == 3
        assert counts[APP, "backfill", "duplicate"] == 1, "what was handled before the outage"
    assert texts(heard) == ["before", "missed 0", "missed 1", "missed 2"]


async def test_a_short_outage_is_left_to_redelivery(sandbox, run_adapter, heard):
    user = sandbox.add_user("Li Lei")
    chat = sandbox.p2p(user, APP)
    async with run_adapter(feishu_backfill_after=60.0) as adapter:
        await sandbox.say(user, chat, "before")
        await wait_until(lambda: heard)
        await adapter.connections.reconnect(APP)
        await wait_until(lambda: adapter.connections.is_connected(APP))
        await outage()
    assert not [request for request in sandbox.requests if "container_id" in request.query]


async def test_topics_are_filled_also_those_that_began_before_the_outage(sandbox, run_adapter, heard, tmp_path, logs):
    user = sandbox.add_user("Li Lei")
    group = sandbox.add_chat("Team", members=[user], apps=[APP])
    topics = sandbox.add_chat("Topics", mode="topic", members=[user], apps=[APP])
    config = {**AFTER, "feishu_store": f"sqlite:///{tmp_path / 's.db'}"}
    async with run_adapter(**config):
        old = await sandbox.say(user, group, "old topic", thread_id="omt_old")
        await sandbox.say(user, topics, "in a topic group")
        await wait_until(lambda: len(heard) == 2)
    await outage()
    await sandbox.say(user, group, "in the old topic", reply_to=old)
    new = await sandbox.say(user, group, "new topic", thread_id="omt_new")
    await sandbox.say(user, group, "in the new topic", reply_to=new)
    await sandbox.say(user, topics, "missed topic")
    await outage()
    async with run_adapter(**config):
        await wait_until(lambda: found_by(logs))
        await wait_until(lambda: len(heard) == 6)
    missed = {event.get_plaintext(): event for event in heard[2:]}
    assert set(missed) == {"in the old topic", "new topic", "in the new topic", "missed topic"}
    assert missed["in the old topic"].thread_id == "omt_old"
    assert missed["in the new topic"].get_session_id().endswith("omt_new")
    assert missed["missed topic"].event.message.chat_type == "topic_group"


async def test_a_group_that_was_silent_so_far_is_found(sandbox, run_adapter, heard, tmp_path):
    user = sandbox.add_user("Li Lei")
    silent = sandbox.add_chat("Silent", members=[user], apps=[APP])
    config = {**AFTER, "feishu_store": f"sqlite:///{tmp_path / 's.db'}"}
    async with run_adapter(**config):
        await outage(0.2)
    await outage()
    await sandbox.say(user, silent, "the first words here", at=[APP])
    await outage()
    async with run_adapter(**config):
        await wait_until(lambda: len(heard) == 1)


async def test_groups_without_the_scope_are_told_and_private_chats_filled(sandbox, run_adapter, heard, tmp_path, logs):
    app = sandbox.world.apps[APP]
    app.scopes -= {"im:message.group_msg"}
    user = sandbox.add_user("Li Lei")
    private, group = sandbox.p2p(user, APP), sandbox.add_chat("Team", members=[user], apps=[APP])
    config = {**AFTER, "feishu_store": f"sqlite:///{tmp_path / 's.db'}"}
    async with run_adapter(**config):
        await sandbox.say(user, private, "before")
        await sandbox.say(user, group, "before", at=[APP])
        await wait_until(lambda: len(heard) == 2)
    await outage()
    await sandbox.say(user, group, "missed", at=[APP])
    await sandbox.say(user, private, "missed")
    await outage()
    async with run_adapter(**config):
        await wait_until(lambda: len(heard) == 3)
        await wait_until(lambda: any("could not be read" in line for line in logs))
    [warning] = [line for line in logs if "could not be read" in line]
    assert "im:message.group_msg" in warning
    assert warning.startswith("WARNING")


async def test_a_crash_in_the_middle_begins_again_and_doubles_nothing(
    sandbox, run_adapter, heard, tmp_path, logs, monkeypatch
):
    people = [sandbox.add_user(f"User {number}") for number in range(4)]
    chats = [sandbox.p2p(user, APP) for user in people]
    config = {**AFTER, "feishu_store": f"sqlite:///{tmp_path / 's.db'}"}
    async with run_adapter(**config):
        for user, chat in zip(people, chats, strict=True):
            await sandbox.say(user, chat, "before")
        await wait_until(lambda: len(heard) == 4)
    await outage()
    for user, chat in zip(people, chats, strict=True):
        await sandbox.say(user, chat, "missed")
    await outage()
    sandbox.faults.add("im/v1/messages", times=-1, delay=0.2)
    async with run_adapter(**config):
        await wait_until(lambda: len(heard) >= 5)
    assert not found_by(logs), "it ended before all chats were looked through"
    sandbox.faults.clear()
    async with run_adapter(**config):
        await wait_until(lambda: len(heard) == 8)
        await outage(0.3)
    assert texts(heard) == ["before"] * 4 + ["missed"] * 4
    assert all(len(answers(sandbox, chat)) == 2 for chat in chats)


async def test_what_is_older_than_the_window_is_told_and_left(sandbox, run_adapter, heard, tmp_path, logs):
    user = sandbox.add_user("Li Lei")
    chat = sandbox.p2p(user, APP)
    config = {**AFTER, "feishu_backfill_window": 60.0, "feishu_store": f"sqlite:///{tmp_path / 's.db'}"}
    async with run_adapter(**config) as adapter:
        await sandbox.say(user, chat, "before")
        await wait_until(lambda: heard)
        await outage(0.3)
        store = adapter._store
        adapter._backfill._watches[0].cancel()
        await adapter._network.call(store.state.set(f"{APP}:seen", str(sandbox.world.clock() - 7200)))
    old = await sandbox.say(user, chat, "an hour ago")
    old.create_time -= 3_600_000
    await sandbox.say(user, chat, "just now")
    async with run_adapter(**config):
        await wait_until(lambda: found_by(logs))
        await wait_until(lambda: len(heard) == 2)
    assert texts(heard) == ["before", "just now"]
    assert any("FEISHU_BACKFILL_WINDOW" in line for line in logs)


async def test_a_webhook_bot_is_filled_after_a_restart(sandbox, run_adapter, heard, tmp_path):
    bot = {"app_id": APP, "app_secret": SECRET, "use_websocket": False, "verification_token": "token-0123456789"}
    user = sandbox.add_user("Li Lei")
    chat = sandbox.p2p(user, APP)
    config = {**AFTER, "driver": FastAPIDriver, "feishu_store": f"sqlite:///{tmp_path / 's.db'}"}
    async with run_adapter([bot], **config) as adapter:
        await adapter._network.call(_note(adapter, chat.chat_id))
        await outage(0.3)
    await outage()
    await sandbox.say(user, chat, "missed")
    await outage()
    async with run_adapter([bot], **config):
        await wait_until(lambda: texts(heard) == ["missed"])


async def _note(adapter, chat_id: str) -> None:
    adapter._backfill.known_chats.note(APP, {"event": {"message": {"chat_id": chat_id, "chat_type": "p2p"}}})
    await adapter._backfill.known_chats.flush()


@pytest.mark.needs("redis-server")
async def test_one_of_several_replicas_does_it(sandbox, run_adapter, heard, redis_server, logs):
    user = sandbox.add_user("Li Lei")
    chat = sandbox.p2p(user, APP)
    config = {**AFTER, "feishu_store": redis_server.url}
    async with run_adapter(**config):
        await sandbox.say(user, chat, "before")
        await wait_until(lambda: heard)
    await outage()
    for number in range(3):
        await sandbox.say(user, chat, f"missed {number}")
    await outage()
    # Long enough for all three to begin before the first has ended.
    sandbox.faults.add("im/v1/chats", times=-1, delay=4.0)
    async with run_adapter(**config), run_adapter(**config), run_adapter(**config):
        await wait_until(lambda: len(heard) == 4)
        await wait_until(lambda: found_by(logs))
        await outage(1.5)
    assert texts(heard) == ["before", "missed 0", "missed 1", "missed 2"]
    assert len(found_by(logs)) == 1
    assert len(answers(sandbox, chat)) == 4


async def test_a_store_app_reads_each_tenants_chats_with_its_own_token(sandbox, run_adapter, heard, tmp_path, logs):
    app = sandbox.world.apps[APP]
    app.is_store, app.verification_token = True, "verification-token-1"
    bot = {"app_id": APP, "app_secret": SECRET, "app_type": "store", "verification_token": app.verification_token}
    people = {key: sandbox.add_user(f"User of {key}", tenant_key=key) for key in ("tenant_a", "tenant_b")}
    chats = {
        key: sandbox.add_chat(f"Group of {key}", members=[user], apps=[APP], mode="p2p") for key, user in people.items()
    }
    config = {**AFTER, "driver": FastAPIDriver, "feishu_store": f"sqlite:///{tmp_path / 's.db'}"}
    async with run_adapter([bot], **config) as adapter, serving(adapter) as url:
        app.webhook_url = f"{url}/feishu/{APP}"
        for key, user in people.items():
            await sandbox.say(user, chats[key], "before")
        await wait_until(lambda: len(heard) == 2)
    app.webhook_url = None
    await outage()
    for key, user in people.items():
        await sandbox.say(user, chats[key], "missed")
    await outage()
    async with run_adapter([bot], **config) as adapter, serving(adapter) as url:
        app.webhook_url = f"{url}/feishu/{APP}"
        await wait_until(lambda: len(heard) == 4)
    assert sorted((event.header.tenant_key, event.get_plaintext()) for event in heard[2:]) == [
        ("tenant_a", "missed"),
        ("tenant_b", "missed"),
    ]
    assert all(answers(sandbox, chat) == ["answer to before", "answer to missed"] for chat in chats.values())


async def test_an_outage_while_the_one_before_is_filled_is_not_forgotten(sandbox, run_adapter, heard):
    user = sandbox.add_user("Li Lei")
    chat = sandbox.p2p(user, APP)

    async def fail(adapter, seconds: float, *texts: str) -> None:
        sandbox.faults.add("discovery", times=1000, status=500)
        await sandbox.disconnect(APP)
        await wait_until(lambda: not adapter.connections.is_connected(APP))
        await outage(seconds)
        for text in texts:
            await sandbox.say(user, chat, text)
        sandbox.faults.pending = [fault for fault in sandbox.faults.pending if fault.place != "discovery"]
        await adapter.connections.connect(APP)
        await wait_until(lambda: adapter.connections.is_connected(APP))

    async with run_adapter(**AFTER, feishu_reconnect_delays=[0.05]) as adapter:
        await sandbox.say(user, chat, "before")
        await wait_until(lambda: heard)
        sandbox.faults.add("im/v1/chats", times=1, delay=5.0)  # the first run takes so long
        await fail(adapter, 0.5, "first")
        await outage(0.3)
        await fail(adapter, 2.5, "second")
        await wait_until(lambda: len(heard) == 3)
    assert texts(heard) == ["before", "first", "second"]
