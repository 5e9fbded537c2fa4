"""Writes a store as a released build leaves it behind: a SQLite file, and the commands that rebuild a Redis.

Run it with the Python of a worktree of that release, next to a ``redis-server`` that may be emptied:

    python write_fixtures.py redis://localhost:6379/0 tests/store/upgrade/0.1.0

Every schema that is released gets such a folder; the tests open all of them with the build of today.
"""

import asyncio
import json
import sys
import time
from importlib import import_module
from pathlib import Path
from typing import Any

from redis import Redis

from nonebot_adapter_feishu_ws.store import MAX_RUNS, Entry

STORES = "nonebot_adapter_feishu_ws.store"
BOT = "cli_a1b2c3"
DEAD_LETTER, WAITING, ABANDONED, DONE = range(1, 5)
"""The numbers of the events."""
STATE = {
    f"operator-choice:{BOT}": "disconnected",
    f"{BOT}:app_ticket": "ticket-of-0.1.0",
    f"{BOT}:seen": "1700000000.000",
}
CHATS = {"tenant p2p oc_1 ": 1.0, "tenant group oc_2 omt_3": 2.0}


def load(*names: str) -> Any:
    """The first of these modules that the release has; they have moved since 0.1.0."""
    for name in names:
        try:
            return import_module(f"{STORES}.{name}")
        except ModuleNotFoundError:
            continue
    raise SystemExit(f"no module of {names}")


def entry(number: int, taken_at: float) -> tuple[Entry, list[str]]:
    """An event as the intake writes it, and its keys."""
    header = {"event_id": f"e{number}", "event_type": "im.message.receive_v1", "app_id": BOT}
    message = {"message_id": f"om_{number}", "chat_id": "oc_1", "chat_type": "p2p", "message_type": "text"}
    payload = json.dumps({"schema": "2.0", "header": header, "event": {"message": message}}).encode()
    keys = [f"{BOT}:event:e{number}", f"{BOT}:message:om_{number}"]
    return Entry(keys[0], BOT, payload, taken_at), keys


async def fill(make: Any) -> None:
    """Be a process that dies again and again, and leaves something of each kind behind."""
    now = time.time()
    for run in range(MAX_RUNS + 1):
        store = make()
        await store.open([BOT])
        inbox, state = getattr(store, "inbox", store), getattr(store, "state", store)
        if run == 0:
            await inbox.take(*entry(DEAD_LETTER, now), begin=True)
        elif hasattr(inbox, "fetch_abandoned"):
            await inbox.fetch_abandoned([BOT])
        else:
            await inbox.fetch_orphan()
        if run == MAX_RUNS:
            await inbox.take(*entry(ABANDONED, now), begin=True)
            await inbox.take(*entry(DONE, now), begin=True)
            await inbox.take(*entry(WAITING, now), begin=False)
            await inbox.done([entry(DONE, now)[0].key])
            for key, value in STATE.items():
                await state.set(key, value)
            await state.note(f"{BOT}:places", CHATS, keep=10)
        await store.close()


def commands(redis: Any) -> list[list[str | int]]:
    """What rebuilds all keys; the state of consumer groups is not in ``COPY`` form, so each type has its commands."""
    found: list[list[str | int]] = []
    for key in sorted(redis.scan_iter("feishu:*")):
        kind = redis.type(key)
        if kind == "string":
            ttl = redis.ttl(key)
            found.append(["SET", key, redis.get(key), *(["EX", ttl] if ttl > 0 else [])])
        elif kind == "zset":
            for member, score in redis.zrange(key, 0, -1, withscores=True):
                found.append(["ZADD", key, repr(score), member])
        elif kind == "stream":
            found += stream_commands(redis, key)
        else:
            raise SystemExit(f"{key} is a {kind}: teach this script to write it")
    return found


def stream_commands(redis: Any, key: str) -> list[list[str | int]]:
    """The entries of a stream, its groups, and who holds which entry."""
    found: list[list[str | int]] = []
    for number, fields in redis.xrange(key):
        found.append(["XADD", key, number, *(part for pair in fields.items() for part in pair)])
    for group in redis.xinfo_groups(key):
        found.append(["XGROUP", "CREATE", key, group["name"], group["last-delivered-id"]])
        for held in redis.xpending_range(key, group["name"], "-", "+", 1000):
            runs = ["RETRYCOUNT", held["times_delivered"], "FORCE"]
            found.append(["XCLAIM", key, group["name"], held["consumer"], 0, held["message_id"], *runs])
    return found


def main(redis_url: str, folder: Path) -> None:
    """Write both fixtures."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "store.sqlite3"
    path.unlink(missing_ok=True)
    sqlite = load("sqlite.store", "sqlite")
    asyncio.run(fill(lambda: sqlite.SqliteStore(path)))

    redis: Any = Redis.from_url(redis_url, decode_responses=True)
    redis.flushdb()
    backend, scripts = load("redis.store", "redis"), load("redis.scripts", "redis_scripts")
    asyncio.run(fill(lambda: backend.RedisStore(redis_url)))
    texts = {name: it.text for name, it in vars(scripts).items() if isinstance(it, scripts.Script)}
    dump = {"commands": commands(redis), "scripts": texts}
    (folder / "redis.json").write_text(json.dumps(dump, indent=1, ensure_ascii=False) + "\n", "utf-8")


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]))
