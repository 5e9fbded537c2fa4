"""A store that a released build has written opens with the build of today: nothing lost, nothing handled twice."""

import json
import shutil
import sqlite3
import time
from pathlib import Path

import pytest
from redis.asyncio import Redis

from nonebot_adapter_feishu_ws.backfill.known_chats import KnownChat, KnownChats
from nonebot_adapter_feishu_ws.parked.__main__ import main
from nonebot_adapter_feishu_ws.server.app_tickets import AppTickets
from nonebot_adapter_feishu_ws.store import MAX_RUNS, FallbackStore, InboxCount
from nonebot_adapter_feishu_ws.store.redis.store import RedisStore
from nonebot_adapter_feishu_ws.store.sqlite.store import SqliteStore
from nonebot_adapter_feishu_ws.transport.manager import ConnectionManager
from tests.store.upgrade.write_fixtures import ABANDONED, BOT, DEAD_LETTER, DONE, WAITING, entry

RELEASES = sorted(path.parent for path in Path(__file__).parent.glob("*/redis.json"))
ALL = 1e12
"""Seconds; a replay window in which the fixtures will always be."""
NEW = 9
"""The number of an event that the fixtures do not have."""


async def rebuild(url: str, release: Path) -> None:
    """Make a Redis what the release has left behind."""
    async with Redis.from_url(url) as redis:
        for command in json.loads((release / "redis.json").read_text("utf-8"))["commands"]:
            await redis.execute_command(*command)


@pytest.fixture(params=RELEASES, ids=lambda folder: folder.name)
def release(request) -> Path:
    return request.param


@pytest.fixture(params=["sqlite", pytest.param("redis", marks=pytest.mark.needs("redis-server"))])
async def written(request, release, tmp_path):
    """The URL of a release's store, and a function that makes its store object."""
    if request.param == "redis":
        url = request.getfixturevalue("redis_server").url
        await rebuild(url, release)
        return url, lambda: FallbackStore(RedisStore(url, replay_window=ALL, takeover_after=0.1))
    path = tmp_path / "store.sqlite3"
    shutil.copy(release / "store.sqlite3", path)
    database = sqlite3.connect(path)
    [[written_at]] = database.execute("SELECT max(taken_at) FROM inbox")
    database.close()
    return f"sqlite:///{path}", lambda: FallbackStore(SqliteStore(path, clock=lambda: written_at + 60))


class OneLoop:
    """A network thread whose loop is the test's."""

    async def call(self, coroutine):
        return await coroutine


def key(number: int) -> str:
    return entry(number, 0.0)[0].key


async def take(store, number: int, *, begin: bool = True) -> bool:
    return (await store.inbox.take(*entry(number, time.time()), begin=begin)).new


async def test_nothing_is_lost(written):
    url, make = written
    store, loop = make(), OneLoop()
    await store.open([BOT])
    assert store.status.ok
    left = 1 if url.startswith("sqlite") else 0  # in a file nobody holds what an earlier process has begun
    assert (await store.inbox.count([BOT]))[BOT] == InboxCount(waiting=1 + left, dead_letters=1)
    assert await ConnectionManager(loop, None, store.state, on_change=print)._read_choice(BOT) == "disconnected"
    ticket = await AppTickets(store.state, loop.call).load(BOT)
    assert ticket.get_secret_value() == "ticket-of-0.1.0"
    chats = await KnownChats(store.state).known(BOT)
    assert chats == [KnownChat("tenant", "group", "oc_2", "omt_3"), KnownChat("tenant", "p2p", "oc_1")]
    assert await store.state.get(f"{BOT}:seen") == "1700000000.000"
    await store.close()


async def test_what_was_not_handled_is_handled_once(written):
    _, make = written
    store = make()
    await store.open([BOT])
    [waiting] = await store.inbox.fetch(BOT, 10)
    assert (waiting.key, waiting.runs, waiting.payload) == (key(WAITING), 1, entry(WAITING, 0.0)[0].payload)
    abandoned = await store.inbox.fetch_abandoned([BOT])
    assert (abandoned.key, abandoned.runs) == (key(ABANDONED), 2)
    assert await store.inbox.fetch_abandoned([BOT]) is None
    await store.inbox.done([key(WAITING), key(ABANDONED)])
    await store.close()
    after = make()
    await after.open([BOT])
    assert await after.inbox.fetch(BOT, 10) == []
    assert await after.inbox.fetch_abandoned([BOT]) is None
    assert [await take(after, number) for number in (DEAD_LETTER, WAITING, ABANDONED, DONE, NEW)] == [False] * 4 + [
        True
    ]
    await after.close()


async def test_the_command_shows_the_dead_letter_and_runs_it_again(written, capsys):
    url, make = written
    assert main(["--store", url, "list"]) == 0
    assert [line.split()[0] for line in capsys.readouterr().out.splitlines()] == [key(DEAD_LETTER)]
    assert main(["--store", url, "show", key(DEAD_LETTER)]) == 0
    assert capsys.readouterr().out.strip() == entry(DEAD_LETTER, 0.0)[0].payload.decode()
    assert main(["--store", url, "retry", key(DEAD_LETTER)]) == 0
    store = make()
    await store.open([BOT])
    assert {it.key for it in await store.inbox.fetch(BOT, 10)} == {key(WAITING), key(DEAD_LETTER)}
    await store.inbox.done([key(DEAD_LETTER)])
    await store.close()
    capsys.readouterr()
    assert main(["--store", url, "list"]) == 0
    assert capsys.readouterr().out == ""


# A rolling update: replicas of the release and of today share one Redis


class OldReplica:
    """A process of the release: its own scripts, its own keys."""

    CLAIM_TTL, MAX_WAITING, SILENCE = 28_800, 100_000, 600_000

    def __init__(self, url: str, release: Path, name: str) -> None:
        self.redis = Redis.from_url(url)
        self.scripts = json.loads((release / "redis.json").read_text("utf-8"))["scripts"]
        self.name = name
        self.inbox, self.alive, self.parked = (f"feishu:{{{BOT}}}:{kind}" for kind in ("inbox", "alive", "parked"))

    async def run(self, script: str, keys: list[str], *args: object):
        return await self.redis.eval(self.scripts[script], len(keys), *keys, *args)

    def claims(self, number: int) -> list[str]:
        return [f"feishu:{{{BOT}}}:claim:{it.partition(':')[2]}" for it in entry(number, 0.0)[1]]

    async def beat(self) -> None:
        await self.run("HEARTBEAT", [self.alive], self.name)

    async def take(self, number: int, *, begin: bool = True) -> int:
        event, _ = entry(number, time.time())
        bounds = (self.CLAIM_TTL, self.MAX_WAITING)
        told = (event.key, event.payload, repr(event.taken_at), int(begin))
        keys = [self.inbox, self.alive, *self.claims(number)]
        return (await self.run("TAKE", keys, self.name, *bounds, *told))[0]

    async def fetch(self) -> list[str]:
        return [fields[1].decode() for fields in await self.run("FETCH", [self.inbox, self.alive], self.name, 10)]

    async def fetch_abandoned(self) -> str | None:
        script = "ORPHAN" if "ORPHAN" in self.scripts else "ABANDONED"
        keys = [self.inbox, self.alive, self.parked]
        _, *found = await self.run(script, keys, self.name, self.SILENCE, MAX_RUNS, 1000, MAX_RUNS)
        return found[0][1].decode() if found else None

    async def done(self, number: int) -> None:
        await self.run("DONE", [self.inbox, *self.claims(number)[:1]])

    async def lock(self) -> int:
        return await self.run("LOCK", [f"feishu:{{{BOT}}}:lock:backfill"], self.name, 60_000)

    async def leave(self) -> None:
        await self.redis.zrem(self.alive, self.name)


@pytest.fixture
async def replicas(redis_server, release):
    """One replica of the release and one of today."""
    old = OldReplica(redis_server.url, release, "elsewhere.1.old")
    await old.beat()
    new = RedisStore(redis_server.url, takeover_after=600)
    await new.open([BOT])
    yield old, new
    await new.close()
    await old.redis.aclose()


@pytest.mark.needs("redis-server")
async def test_an_event_is_taken_by_one_of_both_releases(replicas):
    old, new = replicas
    assert await old.take(1) == 2
    assert not await take(new, 1)
    assert await take(new, 2)
    assert await old.take(2) == 0
    await old.done(1)
    await new.inbox.done([key(2)])
    assert await old.take(2) == 0
    assert not await take(new, 1)
    assert (await old.redis.xlen(old.inbox)) == 0


@pytest.mark.needs("redis-server")
async def test_what_waits_in_one_release_is_handled_by_the_other(replicas):
    old, new = replicas
    await old.take(1, begin=False)
    assert [it.key for it in await new.inbox.fetch(BOT, 10)] == [key(1)]
    await take(new, 2, begin=False)
    assert await old.fetch() == [key(2)]
    await new.inbox.put_back([key(1)])
    assert await old.fetch() == [key(1)]
    await old.done(1)
    await old.done(2)
    assert (await new.inbox.count([BOT]))[BOT] == InboxCount(0, 0)


@pytest.mark.needs("redis-server")
async def test_both_releases_know_of_each_other_that_they_live_and_take_over_when_they_do_not(replicas):
    old, new = replicas
    await old.take(1)
    await take(new, 2)
    assert await new.inbox.fetch_abandoned([BOT]) is None
    assert await old.fetch_abandoned() is None
    await old.leave()
    assert (await new.inbox.fetch_abandoned([BOT])).key == key(1)
    await new.close()
    assert await old.fetch_abandoned() == key(2), "it was begun once, the other one twice"
    assert await old.fetch_abandoned() == key(1)


@pytest.mark.needs("redis-server")
async def test_both_releases_share_their_locks(replicas):
    old, new = replicas
    assert await old.lock()
    assert not await new.locks.try_lock(f"{BOT}:backfill", 60)
    await old.redis.delete(f"feishu:{{{BOT}}}:lock:backfill")
    assert await new.locks.try_lock(f"{BOT}:backfill", 60)
    assert not await old.lock()
