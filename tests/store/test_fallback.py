"""What happens in memory while a store is down is written when it is back."""

import asyncio
import sqlite3
from typing import Any

import pytest
from nonebot.log import logger

from nonebot_adapter_feishu_ws.exception import InboxFull, StoreError
from nonebot_adapter_feishu_ws.logs import log_context
from nonebot_adapter_feishu_ws.store import FallbackStore
from nonebot_adapter_feishu_ws.store.redis.store import RedisStore
from nonebot_adapter_feishu_ws.store.sqlite.inbox import InboxTable
from nonebot_adapter_feishu_ws.store.sqlite.store import SqliteStore
from tests.store.test_promises import BOT, entry, take


async def test_what_was_handled_while_the_store_was_down_is_known_after_a_restart(tmp_path):
    """Feishu pushes an event for hours, and backfill looks back for a day."""
    path = tmp_path / "s.db"
    store = FallbackStore(SqliteStore(path), probe_every=0.05)
    await store.open([BOT])
    holder = sqlite3.connect(path, isolation_level=None)
    holder.execute("BEGIN EXCLUSIVE")
    assert await take(store, entry(1))
    assert not store.status.ok
    assert await take(store, entry(2))
    assert await store.claim([f"{BOT}:event:click"])
    await store.inbox.done([entry(1).key, entry(2).key])
    holder.execute("COMMIT")
    holder.close()
    while not store.status.ok:
        await asyncio.sleep(0.02)
    await store.close()

    after = FallbackStore(SqliteStore(path))
    await after.open([BOT])
    assert not await take(after, entry(1))
    assert not await take(after, entry(2))
    assert not await after.claim([f"{BOT}:event:click"])
    assert await after.inbox.fetch_abandoned([BOT]) is None
    await after.close()


@pytest.mark.parametrize("done_when", ["the store is down", "the store is back", "it was fetched"])
@pytest.mark.parametrize("kind", ["sqlite", pytest.param("redis", marks=pytest.mark.needs("redis-server"))])
async def test_what_was_refused_and_written_all_the_same_is_handled_once(
    request, tmp_path, monkeypatch, kind, done_when
):
    """A write took longer than an ack may wait; its event was refused, pushed again, and handled from memory."""
    is_redis = kind == "redis"
    inner = RedisStore(request.getfixturevalue("redis_server").url) if is_redis else SqliteStore(tmp_path / "s.db")
    store = FallbackStore(inner, probe_every=0.05)
    await store.open([BOT])
    written = inner.take if isinstance(inner, SqliteStore) else inner.inbox.take

    async def too_slow(*args: Any, **kwargs: Any) -> None:
        await written(*args, **kwargs)
        raise StoreError("too slow")

    with monkeypatch.context() as slow:
        slow.setattr(inner.inbox, "take", too_slow)
        with pytest.raises(StoreError):
            await take(store, entry(1), begin=False)
    assert await take(store, entry(1)), "pushed again, while the store is down"
    if done_when == "the store is down":
        await store.inbox.done([entry(1).key])
    while not store.status.ok:
        await asyncio.sleep(0.02)
    if done_when == "the store is back":
        await store.inbox.done([entry(1).key])
    assert await store.inbox.fetch(BOT, 10) == []
    await store.inbox.done([entry(1).key])
    assert (await store.inbox.count([BOT]))[BOT].waiting == 0
    assert await take(store, entry(2))
    await store.close()


async def test_the_line_that_a_store_is_back_names_no_event(tmp_path):
    """The probe was started while an event was received, and its lines carried that event's ids."""
    records: list[Any] = []
    sink = logger.add(lambda message: records.append(message.record), level="DEBUG")
    store = FallbackStore(SqliteStore(tmp_path / "s.db"), probe_every=0.05)
    await store.open([BOT])
    holder = sqlite3.connect(tmp_path / "s.db", isolation_level=None)
    holder.execute("BEGIN EXCLUSIVE")
    with log_context(event_id="e1"):
        assert await take(store, entry(1))
    holder.execute("COMMIT")
    holder.close()
    while not store.status.ok:
        await asyncio.sleep(0.02)
    await store.close()
    logger.remove(sink)
    [back] = [record for record in records if record["message"].startswith("Feishu | The store")]
    assert "event_id" not in back["extra"]


async def test_of_two_deliveries_that_find_the_store_failing_one_is_handled(tmp_path):
    """Both are on their way into the store, which has told neither of them that it is a duplicate."""
    store = FallbackStore(SqliteStore(tmp_path / "s.db"))
    await store.open([BOT])
    holder = sqlite3.connect(tmp_path / "s.db", isolation_level=None)
    holder.execute("BEGIN EXCLUSIVE")
    won = await asyncio.gather(*(take(store, entry(1)) for _ in range(5)))
    assert won.count(True) == 1
    assert not store.status.ok
    holder.close()
    await store.close()


async def test_a_refused_event_is_taken_when_it_is_delivered_again(tmp_path):
    store = FallbackStore(SqliteStore(tmp_path / "s.db", max_waiting=1), probe_every=0.05)
    await store.open([BOT])
    assert await take(store, entry(1))
    with pytest.raises(InboxFull):
        await take(store, entry(2))
    await store.inbox.done([entry(1).key])
    assert await take(store, entry(2))
    await store.inbox.done([entry(2).key])
    holder = sqlite3.connect(tmp_path / "s.db", isolation_level=None)
    holder.execute("BEGIN EXCLUSIVE")
    with pytest.raises(StoreError, match="no room"):
        await take(store, entry(3), begin=False)
    assert await take(store, entry(3)), "there is room now"
    assert not await take(store, entry(3))
    holder.close()
    while not store.status.ok:
        await asyncio.sleep(0.02)
    await store.close()


async def test_a_redelivery_that_waits_behind_a_failing_write_is_a_duplicate(tmp_path):
    """It reaches the store when the lock is gone, where nothing is known of the first delivery."""
    store = FallbackStore(SqliteStore(tmp_path / "s.db", write_timeout=5.0))
    await store.open([BOT])
    holder = sqlite3.connect(tmp_path / "s.db", isolation_level=None)
    holder.execute("BEGIN EXCLUSIVE")
    first = asyncio.create_task(take(store, entry(1)))
    await asyncio.sleep(0)
    again = asyncio.create_task(take(store, entry(1)))
    assert await first
    holder.execute("COMMIT")
    assert not await again
    holder.close()
    await store.close()


async def test_an_unexpected_error_fails_its_batch_alone(tmp_path, monkeypatch):
    """It left a transaction open, and the claims in memory: its redeliveries were acked as duplicates."""
    store = FallbackStore(SqliteStore(tmp_path / "s.db"), probe_every=0.02)
    await store.open([BOT])
    add = InboxTable.add

    def fail_once(*args):
        monkeypatch.setattr(InboxTable, "add", add)
        raise ValueError("nobody foresaw this")

    monkeypatch.setattr(InboxTable, "add", fail_once)
    won = await asyncio.gather(*(take(store, entry(number)) for number in range(20)))
    assert won == [True] * 20, "handled from memory"
    assert "something unexpected (ValueError: nobody foresaw this)" in (store.status.error or "")
    while not store.status.ok:
        await asyncio.sleep(0.01)
    assert await take(store, entry(20))
    await store.close()


@pytest.mark.needs("redis-server")
async def test_an_unexpected_error_in_a_batch_of_redis_ends_its_callers(redis_server, monkeypatch):
    store = RedisStore(redis_server.url)
    await store.open([BOT])

    def fail(*args: Any, **kwargs: Any) -> Any:
        raise TypeError("nobody foresaw this")

    with monkeypatch.context() as patch:
        patch.setattr(store._connection._redis, "pipeline", fail)
        with pytest.raises(StoreError, match="something unexpected"):
            await asyncio.wait_for(take(store, entry(1)), 10)
    assert await take(store, entry(1))
    await store.close()


async def test_a_redelivery_is_not_acked_while_the_first_delivery_is_open(tmp_path, monkeypatch):
    store = FallbackStore(SqliteStore(tmp_path / "s.db"))
    await store.open([BOT])
    hangs: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
    monkeypatch.setattr(store.inner.inbox, "take", lambda *args, **kwargs: hangs)
    monkeypatch.setattr("nonebot_adapter_feishu_ws.store.fallback.WRITE_TIMEOUT", 0.01)
    first = asyncio.create_task(take(store, entry(1)))
    await asyncio.sleep(0)
    with pytest.raises(StoreError, match="has not written its first delivery yet"):
        await take(store, entry(1))
    again = asyncio.create_task(take(store, entry(1)))
    await asyncio.sleep(0)
    first.cancel()
    monkeypatch.undo()
    assert await again, "the first one was given up, so this one is new"
    await store.close()
