"""What happens in memory while a store is down is written when it is back."""

import asyncio
import sqlite3
from typing import Any

from nonebot.log import logger

from nonebot_adapter_feishu_ws.log import log_context
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
