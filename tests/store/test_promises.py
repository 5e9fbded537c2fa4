"""What every store promises, and what those promise that keep events on disk or on a server."""

import asyncio
import os
import time

import pytest

from nonebot_adapter_feishu_ws.store import CLAIM_TTL, MAX_RUNS, Entry, FallbackStore, InboxCount, MemoryStore
from nonebot_adapter_feishu_ws.store.redis.store import RedisStore
from nonebot_adapter_feishu_ws.store.sqlite.store import SqliteStore

BOT, OTHER = "cli_a", "cli_b"


class Now:
    """A clock that is set by hand, and may be ahead of the one that counts while the machine runs."""

    def __init__(self) -> None:
        self.at = time.time()
        self.ahead = 0.0

    def __call__(self) -> float:
        return self.at + self.ahead

    def awake(self) -> float:
        return self.at


@pytest.fixture
def now() -> Now:
    return Now()


REDIS = pytest.mark.needs("redis-server")
TAKEOVER_AFTER = 0.2


@pytest.fixture(
    params=[
        "sqlite",
        "sqlite+fallback",
        pytest.param("redis", marks=REDIS),
        pytest.param("redis+fallback", marks=REDIS),
    ]
)
async def make(request, tmp_path, now):
    """Makes stores that see the same data, each as a process of its own would after the one before has crashed."""
    made = []
    url = request.getfixturevalue("redis_server").url if request.param.startswith("redis") else None

    async def make(*bot_ids: str, **options):
        for earlier in made:
            die(getattr(earlier, "inner", earlier))
        if url is None:
            store = SqliteStore(tmp_path / "s.db", clock=now, awake_clock=now.awake, **options)
        else:
            await asyncio.sleep(TAKEOVER_AFTER * 1.5 if made else 0)
            store = RedisStore(url, clock=now, takeover_after=TAKEOVER_AFTER, **options)
        if request.param.endswith("fallback"):
            store = FallbackStore(store)
        await store.open(bot_ids or (BOT,))
        made.append(store)
        return store

    yield make
    for store in made:
        await store.close()


def die(store: RedisStore | SqliteStore) -> None:
    """What a killed process does for the others: nothing any more."""
    if isinstance(store, RedisStore):
        store._beating.cancel()
    elif (own := store._file.neighbours._own) is not None:
        os.close(own)  # as the system does
        store._file.neighbours._own = None


def entry(number: int, bot_id: str = BOT, at: float | None = None) -> Entry:
    return Entry(f"{bot_id}:event:{number}", bot_id, b'{"n": %d}' % number, time.time() if at is None else at)


async def take(store, it: Entry, *, begin: bool = True) -> bool:
    return (await store.inbox.take(it, [it.key], begin=begin)).new


async def test_a_claim_is_known_under_all_its_keys(make):
    store = await make()
    assert await store.claim(["a", "b"])
    assert not await store.claim(["b", "c"])
    assert await store.claim(["c"]), "a claim that was refused has left nothing behind"
    assert not await store.claim(["a"])


async def test_concurrent_takes_of_one_event_are_won_by_one(make):
    store = await make()
    won = await asyncio.gather(*(take(store, entry(1)) for _ in range(50)))
    assert won.count(True) == 1


async def test_what_was_taken_is_known_after_a_crash_even_when_it_is_done(make):
    store = await make()
    assert await take(store, entry(1))
    assert await take(store, entry(2))
    await store.inbox.done([entry(1).key])
    after = await make()
    assert not await take(after, entry(1))
    assert not await take(after, entry(2))


async def test_a_claim_is_forgotten_after_its_time(make, now, request):
    store = await make()
    if "redis" in request.node.name:
        pytest.skip("Redis has a clock of its own; test_redis.py looks at the key")
    assert await store.claim(["old"])
    now.at += CLAIM_TTL + 1
    assert await (await make()).claim(["old"])


async def test_what_waits_is_fetched_once_in_order_and_per_bot(make):
    store = await make(BOT, OTHER)
    for number in range(5):
        assert await take(store, entry(number), begin=False)
    assert await take(store, entry(9, OTHER), begin=False)
    first, rest = await store.inbox.fetch(BOT, 3), await store.inbox.fetch(BOT, 3)
    assert [it.key for it in first + rest] == [entry(number).key for number in range(5)]
    assert first[0].payload == b'{"n": 0}'
    assert first[0].runs == 1
    assert await store.inbox.fetch(BOT, 3) == []
    assert [it.bot_id for it in await store.inbox.fetch(OTHER, 3)] == [OTHER]


async def test_after_a_crash_what_waited_is_fetched_and_what_was_begun_is_abandoned(make):
    store = await make()
    await take(store, entry(1))
    await take(store, entry(2))
    await take(store, entry(4))
    await take(store, entry(3), begin=False)
    await store.inbox.done([entry(4).key])
    after = await make()
    assert [it.key for it in await after.inbox.fetch(BOT, 10)] == [entry(3).key]
    abandoned = [await after.inbox.fetch_abandoned([BOT]) for _ in range(3)]
    assert [(it.key, it.runs) for it in abandoned[:2]] == [(entry(1).key, 2), (entry(2).key, 2)]
    assert abandoned[2] is None


async def test_another_bots_events_are_left_to_its_own_process(make):
    store = await make(BOT, OTHER)
    await take(store, entry(1, OTHER))
    await take(store, entry(2, OTHER), begin=False)
    mine = await make(BOT)
    assert await mine.inbox.fetch_abandoned([BOT]) is None
    assert await mine.inbox.fetch(BOT, 10) == []
    theirs = await make(OTHER)
    assert (await theirs.inbox.fetch_abandoned([OTHER])).key == entry(1, OTHER).key


async def test_an_event_that_kills_its_process_is_parked_and_the_others_are_not(make, logs):
    await take(await make(), entry(1))
    for run in range(2, MAX_RUNS + 1):
        it = await (await make()).inbox.fetch_abandoned([BOT])
        assert it.runs == run
    last = await make()
    await take(last, entry(2))
    assert await last.inbox.fetch_abandoned([BOT]) is None
    assert any("parked" in line and entry(1).key in line for line in logs)
    again = await make()
    assert (await again.inbox.fetch_abandoned([BOT])).key == entry(2).key
    assert not await take(again, entry(1)), "parked is not forgotten"


async def test_a_suspect_is_begun_only_when_it_is_asked_for(make):
    assert await take(await make(), entry(1))
    assert (await (await make()).inbox.fetch_abandoned([BOT], suspects=False)).runs == 2
    third = await make()
    assert await third.inbox.fetch_abandoned([BOT], suspects=False) is None
    assert (await third.inbox.fetch_abandoned([BOT])).runs == 3


async def test_kills_soon_after_a_start_hit_one_event_after_the_other(make):
    """Found by the crash ledger: the oldest was begun first every time, and parked after three kills of chance."""
    before = await make()
    for number in (1, 2, 3):
        assert await take(before, entry(number))
    begun = [(await (await make()).inbox.fetch_abandoned([BOT])).key for _ in range(6)]
    assert begun == [entry(number).key for number in (1, 2, 3)] * 2


async def test_what_was_put_back_is_not_abandoned(make):
    store = await make()
    await take(store, entry(1))
    await store.inbox.put_back([entry(1).key])
    [it] = await (await make()).inbox.fetch(BOT, 5)
    assert (it.key, it.runs) == (entry(1).key, 1)


async def test_attempts_are_counted_over_good_ends_and_crashes(make):
    store = await make()
    await take(store, entry(1))
    seen = [entry(1).attempt]
    for _ in range(2):
        await store.inbox.put_back([entry(1).key])
        store = await make()
        [it] = await store.inbox.fetch(BOT, 5)
        seen.append(it.attempt)
    last = await (await make()).inbox.fetch_abandoned([BOT])
    assert [*seen, last.attempt] == [1, 2, 3, 4]
    assert last.runs == 2, "good ends are not held against it"


async def test_what_waits_and_what_is_parked_is_counted_by_bot(make):
    store = await make(BOT, OTHER)
    assert dict(await store.inbox.count([BOT, OTHER])) == {BOT: InboxCount(0, 0), OTHER: InboxCount(0, 0)}
    for number in range(3):
        await take(store, entry(number), begin=False)
    await take(store, entry(9, OTHER))
    assert dict(await store.inbox.count([BOT, OTHER])) == {BOT: InboxCount(3, 0), OTHER: InboxCount(0, 0)}
    await store.inbox.fetch(BOT, 2)
    assert dict(await store.inbox.count([BOT])) == {BOT: InboxCount(1, 0)}
    for _ in range(MAX_RUNS):
        store = await make(OTHER)
        await store.inbox.fetch_abandoned([OTHER])
    assert (await store.inbox.count([OTHER]))[OTHER] == InboxCount(0, 1)


async def test_a_backlog_is_handled_however_old_it_is_when_nobody_was_away(make, now, logs):
    """The window counted the age of each event, so a planned restart dropped what had waited for longer."""
    store = await make()
    for number in range(3):
        await take(store, entry(number, at=now.at - 5000), begin=number == 0)
    await store.inbox.fetch(BOT, 1)
    await store.inbox.put_back([entry(1).key])
    after = await make()
    assert (await after.inbox.fetch_abandoned([BOT])).key == entry(0).key
    assert {it.key for it in await after.inbox.fetch(BOT, 5)} == {entry(1).key, entry(2).key}
    assert not any("FEISHU_REPLAY_WINDOW" in line for line in logs)


async def test_what_waited_longer_than_the_window_with_nobody_there_is_parked_and_told(make, now, logs):
    """But not what was begun, or put back by a process that said that the next one handles it."""
    store = await make()
    for number in range(4):
        await take(store, entry(number, at=now.at), begin=number == 0)
    await store.inbox.fetch(BOT, 1)
    await store.inbox.put_back([entry(1).key])
    now.at += 1
    after = await make(replay_window=0.05)
    assert (await after.inbox.fetch_abandoned([BOT])).key == entry(0).key
    assert [it.key for it in await after.inbox.fetch(BOT, 5)] == [entry(1).key]
    assert (await after.inbox.count([BOT]))[BOT] == InboxCount(waiting=0, dead_letters=2)
    assert any("2 events waited when the last process ended" in line for line in logs)


async def test_a_clock_that_is_ahead_drops_nothing(make, now):
    """The clock on the wall of a machine that has just started; Redis counts by its own, SQLite within one boot."""
    store = await make()
    await take(store, entry(1), begin=False)
    now.ahead = 1200
    after = await make()
    assert [it.key for it in await after.inbox.fetch(BOT, 5)] == [entry(1).key]


async def test_state_is_shared_and_outlives(make):
    store = await make()
    await store.state.set("a", "1")
    await store.state.set("b", "'; DROP TABLE state; --")
    await store.state.set("a", "2")
    after = await make()
    assert (await after.state.get("a"), await after.state.get("b")) == ("2", "'; DROP TABLE state; --")
    await after.state.set("a", None)
    assert await store.state.get("a") is None


async def test_a_set_keeps_its_latest_members_and_outlives(make):
    store = await make()
    await store.state.note(f"{BOT}:places", {"a": 1.0, "b": 2.0}, keep=3)
    await store.state.note(f"{BOT}:places", {"c": 3.0, "a": 4.0, "d": 5.0}, keep=3)
    await store.state.note(f"{OTHER}:places", {"x": 1.0}, keep=3)
    after = await make()
    assert await after.state.noted(f"{BOT}:places") == ["d", "a", "c"]
    assert await after.state.noted(f"{OTHER}:places") == ["x"]
    assert await after.state.noted("cli_c:places") == []


async def test_an_expiring_value_outlives_a_crash_and_not_its_time(make, now, request):
    store = await make()
    await store.values.set_value(f"{BOT}:a", "1", 60)
    await store.values.set_value(f"{BOT}:a", "2", 60)
    await store.values.set_value(f"{BOT}:for good", "3", None)
    await store.values.set_value(f"{BOT}:gone", "4", 60)
    await store.values.set_value(f"{BOT}:gone", None, None)
    after = await make()
    found = [await after.values.get_value(f"{BOT}:{name}") for name in ("a", "for good", "gone", "never")]
    assert found == ["2", "3", None, None]
    if "redis" in request.node.name:
        await after.values.set_value(f"{BOT}:a", "2", 0.01)  # it has a clock of its own
        await asyncio.sleep(0.05)
    now.at += 61
    assert await after.values.get_value(f"{BOT}:a") is None
    assert await after.values.get_value(f"{BOT}:for good") == "3"


async def test_the_first_of_several_writers_of_a_value_wins(make):
    store = await make()
    names = [str(number) for number in range(20)]
    given = await asyncio.gather(*(store.values.add_value(f"{BOT}:answer", name, 60) for name in names))
    assert set(given) == {given[0]}
    assert await (await make()).values.add_value(f"{BOT}:answer", "late", 60) == given[0]


async def test_a_claim_may_be_remembered_for_longer(make, now, request):
    if "redis" in request.node.name:
        pytest.skip("Redis has a clock of its own; test_redis.py looks at the key")
    store = await make(claim_ttl=25 * 3600.0)
    assert await store.claim(["old"])
    now.at += 24.9 * 3600
    assert not await (await make(claim_ttl=25 * 3600.0)).claim(["old"])
    now.at += 0.2 * 3600
    assert await (await make(claim_ttl=25 * 3600.0)).claim(["old"])


async def test_memory_keeps_claims_and_state_only():
    store = MemoryStore()
    assert store.inbox is store.locks is store.shared is None
    assert await store.claim([entry(1).key])
    assert not await store.claim([entry(1).key])
    await store.state.set("a", "1")
    assert await store.state.get("a") == "1"


async def test_open_work_is_inherited_from_the_dead_only(make):
    one = await make(BOT, OTHER)
    await one.open_work.hold(f"{BOT}:card", "first")
    await one.open_work.hold(f"{BOT}:card", "card\nwith two lines")
    await one.open_work.hold(f"{BOT}:ended", "x")
    await one.open_work.hold(f"{OTHER}:card", "other")
    await one.open_work.drop(f"{BOT}:ended")
    assert await one.open_work.find(f"{BOT}:card") == "card\nwith two lines"
    assert await one.open_work.find(f"{BOT}:ended") is None
    assert await one.open_work.inherit(BOT) == {}, "it lives"
    two = await make(BOT)
    assert await two.open_work.inherit(BOT) == {f"{BOT}:card": "card\nwith two lines"}
    assert await two.open_work.inherit(BOT) == {}, "once"
    third = await make(OTHER)
    assert await third.open_work.inherit(OTHER) == {f"{OTHER}:card": "other"}


@REDIS
async def test_open_work_of_a_living_process_is_never_touched(request, tmp_path):
    for kind in ("sqlite", "redis"):
        if kind == "redis":
            url = request.getfixturevalue("redis_server").url
            living, other = (RedisStore(url, takeover_after=1.0) for _ in range(2))
        else:
            living, other = (SqliteStore(tmp_path / "s.db") for _ in range(2))
        await living.open([BOT])
        await living.open_work.hold(f"{BOT}:card", "mine")
        await other.open([BOT])
        assert await other.open_work.inherit(BOT) == {}, kind
        await living.close()
        assert await other.open_work.inherit(BOT) == ({f"{BOT}:card": "mine"} if kind == "redis" else {}), kind
        if kind == "sqlite":
            await other.inbox.count([BOT])  # looks for dead neighbours
            assert await other.open_work.inherit(BOT) == {f"{BOT}:card": "mine"}
        await other.close()
