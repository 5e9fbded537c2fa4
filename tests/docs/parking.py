"""A dead letter, made as one comes about: an event that was begun again and again and never ended."""

import time
from pathlib import Path

from nonebot_adapter_feishu_ws.store import MAX_RUNS, Entry
from nonebot_adapter_feishu_ws.store.sqlite.store import SqliteStore


async def park_one(file: Path, key: str) -> None:
    """Put an event of this key among the dead letters of a SQLite store."""
    bot_id = key.partition(":")[0]
    for run in range(MAX_RUNS + 1):
        store = SqliteStore(file, replay_window=1e6)
        await store.open([bot_id])
        if run == 0:
            payload = b'{"header": {"event_type": "x"}, "event": {"text": "%s"}}' % key.encode()
            event = Entry(key, bot_id, payload, time.time() - 5000)
            await store.inbox.take(event, [event.key], begin=True)
        else:
            await store.inbox.fetch_abandoned([bot_id])
        await store.close()
