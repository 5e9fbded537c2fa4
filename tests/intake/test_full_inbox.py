"""An inbox that is full is no trouble of its store, and what a slow write leaves behind is handled."""

import asyncio
import sqlite3
import time

import pytest

from nonebot_adapter_feishu_ws.exception import InboxFull, StoreError
from nonebot_adapter_feishu_ws.intake import feeder
from nonebot_adapter_feishu_ws.intake.bridge import TELL_AFTER, Bridge
from nonebot_adapter_feishu_ws.intake.delivery import Delivery
from nonebot_adapter_feishu_ws.intake.receiver import Receiver
from nonebot_adapter_feishu_ws.store import FallbackStore, MemoryStore
from nonebot_adapter_feishu_ws.store.redis.store import RedisStore
from nonebot_adapter_feishu_ws.store.sqlite.store import SqliteStore
from tests.conftest import wait_until
from tests.intake.collector import Collector
from tests.intake.test_intake import envelope, message

BOT = "a"


class Process:
    """An intake whose handlers do not keep up: nothing ends before the test says so."""

    def __init__(self, store: FallbackStore, **bounds: int) -> None:
        self.taken: list[Delivery] = []
        self.store = store
        self.bridge = Bridge(**bounds)
        self.intake = Receiver(store, self.bridge.network)

    async def open(self) -> None:
        self.bridge.plugins.open(Collector(self.taken))
        self.bridge.plugins.arrive(BOT)
        await self.intake.open([BOT])
        await wait_until(lambda: not self.intake._consumer.backlog)

    async def give(self, number: int) -> int:
        return (await self.intake.receive(envelope(message(f"e{number}", f"om{number}")))).code

    def handle(self) -> None:
        for delivery in self.taken:
            self.bridge.plugins.started(delivery)
            self.bridge.plugins.ended(delivery, True)

    @property
    def numbers(self) -> list[int]:
        return [int(delivery.payload["header"]["event_id"][1:]) for delivery in self.taken]


@pytest.fixture(params=["sqlite", pytest.param("redis", marks=pytest.mark.needs("redis-server"))])
async def full(request, tmp_path):
    """A process whose inbox has three places."""
    if request.param == "sqlite":
        inner = SqliteStore(tmp_path / "s.db", max_waiting=3)
    else:
        inner = RedisStore(request.getfixturevalue("redis_server").url, max_waiting=3)
    process = Process(FallbackStore(inner), max_waiting=2)
    await process.open()
    yield process
    await process.intake.close()


async def test_a_full_inbox_refuses_and_is_not_taken_for_a_store_that_is_down(full, logs):
    """It used to fail over for two seconds, with an ERROR, and to take further events into memory."""
    assert [await full.give(number) for number in range(6)] == [200, 200, 200, 500, 500, 500]
    assert full.store.status.ok
    warnings = [line for line in logs if "WARNING" in line]
    assert len(warnings) == 1, "said once, not with every event"
    assert "is full" in warnings[0]
    assert "pushes it again" in warnings[0]
    assert "FEISHU_MAX_RUNNING_HANDLERS" in warnings[0]
    assert not any("ERROR" in line for line in logs)
    await wait_until(lambda: len(full.taken) == 2)
    full.handle()
    await wait_until(lambda: 2 in full.numbers)
    await asyncio.sleep(5 * TELL_AFTER)  # until what was handled has left the inbox
    assert await full.give(3) == 200, "the redelivery is taken"
    assert await full.give(0) == 200
    await wait_until(lambda: full.numbers == [0, 1, 2, 3])


@pytest.mark.parametrize("store", ["memory", "down"])
async def test_a_full_memory_is_told_once_with_what_to_do(tmp_path, logs, store):
    """Each refused event had a line of its own, which advised nothing: thousands in a burst."""
    inner = MemoryStore() if store == "memory" else FallbackStore(SqliteStore(tmp_path / "no" / "s.db"))
    if store == "down":
        (tmp_path / "no").write_text("a file where the folder should be")
    bridge, taken = Bridge(max_waiting=2), []
    bridge.plugins.open(Collector(taken))
    bridge.plugins.arrive(BOT)
    intake = Receiver(inner, bridge.network)
    await intake.open([BOT])
    codes = [(await intake.receive(envelope(message(f"e{number}", f"om{number}")))).code for number in range(6)]
    assert codes == [200, 200, 500, 500, 500, 500]
    [line] = [line for line in logs if "refused with 500" in line]
    assert "the memory for waiting events is full: 2 wait" in line
    assert ("FEISHU_STORE=sqlite:///" in line) == (store == "memory")
    assert "FEISHU_MAX_RUNNING_HANDLERS" in line
    await intake.close()


async def test_a_full_inbox_is_told_by_an_exception_of_its_own(full):
    for number in range(3):
        await full.give(number)
    assert issubclass(InboxFull, StoreError)
    from tests.store.test_promises import entry

    event = entry(9, BOT)
    for _ in range(2):
        with pytest.raises(InboxFull, match="is full"):
            await full.store.inbox.take(event, [event.key], begin=False)


@pytest.fixture
async def slow(tmp_path):
    """A process whose file another one locks with ``hang`` until it rolls back, for longer than a write may take."""
    disk = SqliteStore(tmp_path / "s.db")
    process = Process(FallbackStore(disk, probe_every=0.02), max_waiting=2)
    await process.open()
    other = sqlite3.connect(disk.path, isolation_level=None)

    def hang() -> sqlite3.Connection:
        disk._writer.timeout = 0.05  # not before: a busy disk may need longer for what must succeed
        other.execute("BEGIN IMMEDIATE")
        return other

    yield process, hang
    other.close()
    await process.intake.close()


async def test_what_a_slow_write_left_waiting_is_fetched_when_the_store_is_back(slow):
    """It was told as failed and refused, written all the same, and its redelivery called a duplicate: until the next
    backlog nobody handled it."""
    process, hang = slow
    assert [await process.give(number) for number in range(2)] == [200, 200]
    lock = hang()
    assert await process.give(2) == 500
    lock.rollback()
    await wait_until(lambda: process.store.status.ok)
    assert await process.give(2) == 200
    await wait_until(lambda: len(process.taken) == 2)
    process.handle()
    await wait_until(lambda: process.numbers == [0, 1, 2])


async def test_what_a_slow_fetch_has_begun_is_fetched_again(slow):
    """Its entries were begun for this process, and no answer came: they stayed so until its end."""
    process, hang = slow
    assert [await process.give(number) for number in range(5)] == [200] * 5
    await wait_until(lambda: len(process.taken) == 2)
    lock = hang()
    done = list(process.taken)
    for delivery in done:
        process.bridge.plugins.started(delivery)  # there is room now, so the feeder fetches
    await wait_until(lambda: not process.store.status.ok)
    lock.rollback()
    for delivery in done:
        process.bridge.plugins.ended(delivery, True)
    await wait_until(lambda: len(process.taken) == 4)
    for delivery in process.taken[2:]:
        process.bridge.plugins.started(delivery)
        process.bridge.plugins.ended(delivery, True)
    await wait_until(lambda: process.numbers == [0, 1, 2, 3, 4])


async def test_few_events_are_begun_ahead_where_they_can_wait_in_the_store(tmp_path):
    """A kill left a thousand abandoned events per bot, which come back one at a time."""
    process = Process(FallbackStore(SqliteStore(tmp_path / "s.db")), max_running=20)
    await process.open()
    assert {await process.give(number) for number in range(300)} == {200}
    await wait_until(lambda: len(process.taken) == 40)
    await asyncio.sleep(0.3)
    assert len(process.taken) == 40
    position = 0
    while position < 300:
        await wait_until(lambda: len(process.taken) > position)  # noqa: B023
        process.bridge.plugins.started(process.taken[position])
        process.bridge.plugins.ended(process.taken[position], True)
        position += 1
        assert len(process.taken) - position <= 40
    assert process.numbers == list(range(300))
    await process.intake.close()


async def test_while_the_store_is_down_events_wait_in_memory_up_to_its_bound(tmp_path):
    disk = SqliteStore(tmp_path / "s.db")
    process = Process(FallbackStore(disk), max_running=1, max_bytes=300_000)
    await process.open()
    disk._file.connection.execute("PRAGMA query_only = ON")
    codes = [await process.give(number) for number in range(3000)]
    refused = codes.index(500)
    assert refused > 1000
    assert codes == [200] * refused + [500] * (3000 - refused)
    await wait_until(lambda: len(process.taken) == refused)
    assert [delivery.read()["header"]["event_id"] for delivery in process.taken] == [f"e{n}" for n in range(refused)]
    assert isinstance(process.taken[-1].payload, bytes), "what waits in a crowd takes less memory as text"
    await process.intake.close()


async def test_while_the_store_is_down_as_much_fits_into_memory_as_without_one(tmp_path):
    """Of a burst of 50 MB a quarter was refused, though ``memory://`` took all of it."""
    process = Process(FallbackStore(SqliteStore(tmp_path / "s.db")), max_bytes=8000)
    await process.open()
    assert not process.bridge.network.reserve("cli_a", 1001, stored=True)
    assert process.bridge.network.reserve("cli_a", 8000)
    assert not process.bridge.network.reserve("cli_a", 1)
    await process.intake.close()


async def test_trouble_of_a_store_that_is_not_shared_never_holds_up_a_handler(tmp_path):
    disk = SqliteStore(tmp_path / "s.db")
    process = Process(FallbackStore(disk, probe_every=0.01))
    await process.open()
    disk._file.connection.execute("PRAGMA query_only = ON")
    assert await process.give(0) == 200
    await asyncio.sleep(0.2)
    assert not process.store.status.ok
    disk._file.connection.execute("PRAGMA query_only = OFF")
    await wait_until(lambda: process.store.status.ok)
    await asyncio.sleep(0.2)
    assert process.bridge.plugins.holds_lease(process.taken[0])
    await process.intake.close()


@pytest.mark.parametrize("runs", [0, 1])
async def test_what_waits_in_the_store_without_the_feeders_knowing_is_found_by_the_count(tmp_path, runs, monkeypatch):
    """An operator lets a parked event run again, or a slow read of an abandoned event was undone."""
    monkeypatch.setattr(feeder, "SETTLED_AFTER", 0.0)
    disk = SqliteStore(tmp_path / "s.db")
    process = Process(FallbackStore(disk))
    process.intake.watch._count_every = 0.05
    await process.open()
    await wait_until(lambda: not process.intake._consumer._may_have_abandoned)
    with sqlite3.connect(disk.path) as other:
        other.execute(
            "INSERT INTO inbox (key, bot_id, payload, taken_at, runs) VALUES (?, ?, ?, ?, ?)",
            ("a:event:e5", BOT, b'{"header": {"event_id": "e5"}}', time.time(), runs),
        )
    other.close()
    await wait_until(lambda: process.numbers == [5])
    await process.intake.close()
