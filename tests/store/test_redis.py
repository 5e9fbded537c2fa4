"""What is particular to Redis: several processes at once, trouble with the server, what the processes share."""

import asyncio
import time
from contextlib import suppress

import pytest
from redis.asyncio import Redis

from nonebot_adapter_feishu_ws.config.models import Config
from nonebot_adapter_feishu_ws.exception import StoreError
from nonebot_adapter_feishu_ws.store import CLAIM_TTL, FallbackStore, make_store
from nonebot_adapter_feishu_ws.store.process_name import is_dead, new_name
from nonebot_adapter_feishu_ws.store.redis.connection import public_url
from nonebot_adapter_feishu_ws.store.redis.store import RedisStore
from tests.store.test_promises import BOT, OTHER, die, entry, take

needs_redis = pytest.mark.needs("redis-server")
LONG = 600.0
"""A takeover that does not happen during a test."""


@pytest.fixture
async def make(redis_server):
    """Makes stores of processes that live at the same time."""
    made = []

    async def make(*bot_ids, **options):
        store = RedisStore(redis_server.url, **{"takeover_after": LONG, "write_timeout": 5, **options})
        await store.open(bot_ids or (BOT,))
        made.append(store)
        return store

    yield make
    for store in made:
        await store.close()


@pytest.fixture
async def raw(redis_server):
    async with Redis.from_url(redis_server.url) as client:
        yield client


async def until(ask, timeout=20.0):
    """Ask again until there is an answer."""
    deadline = time.monotonic() + timeout
    while (answer := await ask()) is None:
        assert time.monotonic() < deadline, "it did not happen in time"
        await asyncio.sleep(0.05)
    return answer


@needs_redis
@pytest.mark.fault(58)
async def test_a_right_that_is_missing_inside_a_script_is_named(redis_server, raw, saw):
    rights = ["+@stream", "+@scripting", "+@read", "+@write", "+@connection"]  # but not +time
    await raw.execute_command("ACL", "SETUSER", "bot", "on", ">hunter2", "~feishu:*", *rights)
    store = RedisStore(f"unix://bot:hunter2@{redis_server.socket}?db=0")
    with pytest.raises(StoreError, match=r"the Redis user needs the keys feishu:\* and the rights .* \+time") as caught:
        await store.open([BOT])
    await store.close()
    told = str(caught.value).partition("refused ")[2].partition(" script:")[0]
    saw(f'a user without +time: "{told}); the Redis user needs ..."')


@needs_redis
async def test_an_event_is_taken_by_one_of_three_processes(make):
    stores = [await make() for _ in range(3)]
    won = await asyncio.gather(*(take(stores[n % 3], entry(n // 3)) for n in range(90)))
    assert won.count(True) == 30


@needs_redis
async def test_what_waits_in_one_process_is_fetched_by_another(make):
    one, other = await make(), await make()
    for number in range(3):
        await take(one, entry(number), begin=False)
    assert [it.key for it in await other.inbox.fetch(BOT, 10)] == [entry(number).key for number in range(3)]
    assert await one.inbox.fetch(BOT, 10) == []


@needs_redis
async def test_what_is_begun_is_the_oldest_that_waits(make):
    store = await make()
    await take(store, entry(1), begin=False)
    mine = entry(2)
    taken = await store.inbox.take(mine, [mine.key], begin=True)
    assert taken.new
    assert (taken.entry.key, taken.entry.payload) == (entry(1).key, entry(1).payload)
    assert [it.key for it in await store.inbox.fetch(BOT, 5)] == [mine.key]
    third = entry(3)
    assert (await store.inbox.take(third, [third.key], begin=True)).entry is third


@needs_redis
async def test_what_was_put_back_is_there_for_another_process_at_once(make):
    one, other = await make(), await make()
    await take(one, entry(1))
    assert await other.inbox.fetch(BOT, 5) == []
    await one.inbox.put_back([entry(1).key])
    assert [(it.key, it.runs) for it in await other.inbox.fetch(BOT, 5)] == [(entry(1).key, 1)]
    await other.inbox.done([entry(1).key])
    assert await one.inbox.fetch(BOT, 5) == []


@needs_redis
async def test_a_live_process_keeps_what_it_handles(make):
    one, other = await make(takeover_after=2), await make(takeover_after=2)
    await take(one, entry(1))
    for _ in range(30):
        assert await other.inbox.fetch_abandoned([BOT]) is None
        await asyncio.sleep(0.1)


@needs_redis
async def test_a_paused_process_does_not_steal_back(make, logs):
    paused, other = await make(takeover_after=0.5), await make(takeover_after=0.5)
    await take(paused, entry(1))
    die(paused)
    assert (await until(lambda: other.inbox.fetch_abandoned([BOT]))).runs == 2
    paused._heartbeat._confirmed_at -= 60
    await paused.ping()
    assert any("was not heard of" in line and "same uuid" in line for line in logs)
    assert await paused.inbox.fetch_abandoned([BOT]) is None
    await paused.inbox.put_back([entry(1).key])
    assert await other.inbox.fetch(BOT, 5) == [], "it was not the paused one's to put back"
    await paused.inbox.done([entry(1).key])
    await other.inbox.done([entry(1).key])
    assert await other.inbox.fetch_abandoned([BOT]) is None


@needs_redis
async def test_what_a_process_leaves_at_its_end_does_not_wait(make):
    one, other = await make(), await make()
    await take(one, entry(1))
    assert await other.inbox.fetch_abandoned([BOT]) is None
    await one.close()
    assert (await other.inbox.fetch_abandoned([BOT])).key == entry(1).key


@needs_redis
async def test_dead_consumers_are_removed(make, raw):
    one, other = await make(), await make()
    await take(one, entry(1))
    await one.inbox.done([entry(1).key])
    await take(other, entry(2))
    await one.close()
    assert len(await raw.xinfo_consumers(f"feishu:{{{BOT}}}:inbox", "inbox")) == 2
    assert await other.inbox.fetch_abandoned([BOT]) is None
    [left] = await raw.xinfo_consumers(f"feishu:{{{BOT}}}:inbox", "inbox")
    assert left["name"].decode() == other.consumer


@needs_redis
async def test_the_certainly_dead_are_not_waited_for(make, raw):
    process = await asyncio.create_subprocess_exec("true")
    await process.wait()
    store = await make()
    machine, _, rest = store.consumer.split(".")
    if not machine:
        pytest.skip("only on Linux")
    dead = f"{machine}.{process.pid}.{rest}"
    assert is_dead(dead)
    assert not is_dead(new_name())
    assert not is_dead(f"{machine}.1.{rest}"), "that is init, or ourselves"
    assert not is_dead(f"elsewhere.{process.pid}.{rest}")
    assert await store.inbox.fetch(BOT, 1) == []
    await take(store, entry(1), begin=False)
    await raw.xreadgroup("inbox", dead, {f"feishu:{{{BOT}}}:inbox": ">"})
    await raw.zadd(f"feishu:{{{BOT}}}:alive", {dead: time.time() * 1000})
    assert await store.inbox.fetch_abandoned([BOT]) is None
    await store.ping()
    assert (await store.inbox.fetch_abandoned([BOT])).key == entry(1).key


@needs_redis
async def test_the_backlog_of_a_living_process_is_not_too_old(make):
    one = await make()
    await take(one, entry(1, at=time.time() - 5000), begin=False)
    other = await make(replay_window=600)
    assert [it.key for it in await other.inbox.fetch(BOT, 5)] == [entry(1).key]


@needs_redis
async def test_claims_age_and_the_inbox_is_bounded(make, raw):
    store = await make(max_waiting=1)
    await take(store, entry(1))
    left = await raw.ttl(f"feishu:{{{BOT}}}:claim:event:1")
    assert CLAIM_TTL - 60 < left <= CLAIM_TTL
    with pytest.raises(StoreError, match="full"):
        await take(store, entry(2))
    await store.inbox.done([entry(1).key])
    assert await take(store, entry(2))


@needs_redis
async def test_it_recovers_when_redis_comes_back_with_or_without_its_data(make, redis_server, raw):
    store = await make()
    await take(store, entry(1))
    await raw.script_flush()
    await take(store, entry(2))
    redis_server.stop()
    with pytest.raises(StoreError, match="check that Redis runs"):
        await take(store, entry(3))
    redis_server.start()
    await store.ping()
    assert not await take(store, entry(1))
    assert await take(store, entry(4))
    redis_server.stop()
    redis_server.forget()
    redis_server.start()
    with suppress(StoreError):  # the old connection is cut
        await store.ping()
    await store.ping()
    await store.inbox.done([entry(4).key])
    assert await take(store, entry(5), begin=False)
    assert [it.key for it in await store.inbox.fetch(BOT, 5)] == [entry(5).key]


@needs_redis
async def test_an_answer_that_was_lost_strands_nothing(make, redis_server):
    """The script runs, but its answer comes too late for who asked: the entry must not stay with nobody."""
    other = await make()
    store = FallbackStore(RedisStore(redis_server.url, takeover_after=LONG), probe_every=0.05)
    await store.open([BOT])
    await take(store, entry(1), begin=False)
    await take(store, entry(2), begin=False)
    redis_server.pause()
    asking = asyncio.create_task(store.inbox.fetch(BOT, 1))
    event = entry(3)
    taking = asyncio.create_task(store.inbox.take(event, [event.key], begin=True))
    assert await asking == []
    assert (await taking).entry is event, "handled from memory"
    redis_server.pause(False)
    while not store.status.ok:
        await asyncio.sleep(0.02)
    await store.inbox.done([event.key])

    keys = [it.key for it in await other.inbox.fetch(BOT, 10)]
    assert sorted(keys) == [entry(1).key, entry(2).key]
    await store.close()


@needs_redis
async def test_one_process_holds_a_lock(make):
    one, other = await make(), await make()
    assert await one.locks.try_lock(f"{BOT}:backfill", 60)
    assert await one.locks.try_lock(f"{BOT}:backfill", 60), "still ours"
    assert not await other.locks.try_lock(f"{BOT}:backfill", 60)
    await other.locks.unlock(f"{BOT}:backfill")
    assert not await other.locks.try_lock(f"{BOT}:backfill", 60)
    await one.locks.unlock(f"{BOT}:backfill")
    assert await other.locks.try_lock(f"{BOT}:backfill", 0.05)
    await until(lambda: _true(one.locks.try_lock(f"{BOT}:backfill", 60)))


async def _true(asked):
    return True if await asked else None


@needs_redis
async def test_turns_are_counted_over_all_processes(make):
    stores = [await make() for _ in range(3)]
    waits = [await stores[n % 3].shared.reserve(f"{BOT}:oc_1", 5, 1000.0) for n in range(12)]
    assert waits[:5] == [0.0] * 5
    assert all(900 < wait <= 1000 for wait in waits[5:10])
    assert all(1900 < wait <= 2000 for wait in waits[10:])
    assert await stores[0].shared.reserve(f"{BOT}:oc_2", 5, 1000.0) == 0.0


@needs_redis
async def test_values_are_shared_for_their_time(make, raw):
    one, other = await make(BOT, OTHER), await make()
    await one.shared.set_value(f"{BOT}:token", "t-1", 60)
    assert await other.shared.get_value(f"{BOT}:token") == "t-1"
    assert await other.shared.get_value(f"{OTHER}:token") is None
    assert 50 < await raw.ttl(f"feishu:{{{BOT}}}:shared:token") <= 60


@needs_redis
async def test_a_user_with_the_documented_rights_is_enough_and_a_wrong_password_is_told(redis_server, raw):
    rights = ["+@stream", "+@scripting", "+@read", "+@write", "+@connection", "+time"]
    await raw.execute_command("ACL", "SETUSER", "bot", "on", ">hunter2", "~feishu:*", *rights)
    store = RedisStore(f"unix://bot:hunter2@{redis_server.socket}?db=0")
    await store.open([BOT])
    assert await take(store, entry(1))
    assert await store.inbox.fetch(BOT, 1) == []
    assert await store.inbox.fetch_abandoned([BOT]) is None
    await store.inbox.put_back([entry(1).key])
    await store.inbox.done([entry(1).key])
    assert await store.locks.try_lock(f"{BOT}:x", 1)
    assert await store.shared.reserve(f"{BOT}:x", 1, 1) == 0
    assert (await store.inbox.count([BOT]))[BOT].waiting == 0
    await take(store, entry(2))
    store._heartbeat._confirmed_at -= 60
    await store.ping()
    await store.close()
    wrong = RedisStore(f"unix://bot:hunter3@{redis_server.socket}?db=0")
    with pytest.raises(StoreError, match="check user and password") as caught:
        await wrong.open([BOT])
    assert "hunter" not in str(caught.value)
    await wrong.close()


@needs_redis
async def test_what_redis_refuses_is_explained(make, raw):
    store = await make()
    await raw.config_set("maxmemory", 1)
    with pytest.raises(StoreError, match="raise maxmemory"):
        await take(store, entry(1))
    await raw.config_set("maxmemory", 0)
    assert await take(store, entry(1)), "the refused one has left nothing behind"


async def test_without_a_server_it_says_what_to_do_and_never_the_password(tmp_path):
    store = RedisStore(f"unix://user:hunter2@{tmp_path}/none.sock?password=hunter2")
    with pytest.raises(StoreError, match="check that Redis runs") as caught:
        await store.open([BOT])
    assert "hunter2" not in str(caught.value)
    await store.close()


def test_urls():
    store = make_store("redis://user:hunter2@localhost:6379/0")
    assert isinstance(store, FallbackStore)
    assert store.status.name == "redis://localhost:6379/0"
    assert public_url("unix://u:hunter2@/run/redis.sock?password=hunter2") == "unix:///run/redis.sock"
    for right in ("redis://h", "rediss://:p@h:1/3", "unix:///run/redis.sock?db=1", "redis://[::1]:6379/0"):
        assert "hunter2" not in repr(Config(feishu_store=right))
    assert "hunter2" not in repr(Config(feishu_store="redis://:hunter2@h"))
    for wrong in ("redis://", "redis:///0", "redis://h:x/0", "redis://h/name", "redis:h", "unix://"):
        with pytest.raises(ValueError, match=r"redis://|% signs"):
            Config(feishu_store=wrong)


@needs_redis
@pytest.mark.fault(58)
async def test_a_redis_400_ms_away_is_up_from_the_start(redis_server, saw):
    """Opening the connection takes several round trips, which the first batch had to pay for."""

    async def pipe(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while data := await reader.read(65_536):
            await asyncio.sleep(0.2)
            writer.write(data)
        writer.close()

    async def connect(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        near, back = await asyncio.open_unix_connection(redis_server.socket)
        await asyncio.gather(pipe(reader, back), pipe(near, writer), return_exceptions=True)

    server = await asyncio.start_server(connect, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    store = FallbackStore(RedisStore(f"redis://127.0.0.1:{port}/1"))
    await store.open([BOT])
    state = "up" if store.status.ok else f"down ({store.status.error})"
    taken = await take(store, entry(1))
    await store.close()
    server.close()
    assert (state, taken) == ("up", True)
    saw(f"Redis answers after 0.4 s: {state} after the start")
