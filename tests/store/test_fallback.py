"""What happens in memory while a store is down is written when it is back."""

import asyncio
import sqlite3
from typing import Any

import pytest
from nonebot.log import logger

from nonebot_adapter_feishu_ws.exception import InboxFull, StoreError
from nonebot_adapter_feishu_ws.logs import log_context
from nonebot_adapter_feishu_ws.store import FallbackStore
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
