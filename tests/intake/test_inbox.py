"""The durable side of the intake: what does not fit waits on disk, what a crash leaves behind is handled again."""

import asyncio
import json
import sqlite3
import threading

import pytest

from nonebot_adapter_feishu_ws.event.envelope import Envelope
from nonebot_adapter_feishu_ws.intake.bridge import Bridge
from nonebot_adapter_feishu_ws.intake.delivery import Delivery
from nonebot_adapter_feishu_ws.intake.feeder import ABANDONED_ALONE
from nonebot_adapter_feishu_ws.intake.receiver import Receiver
from nonebot_adapter_feishu_ws.store import FallbackStore
from nonebot_adapter_feishu_ws.store.sqlite.store import SqliteStore
from tests.conftest import wait_until
from tests.intake.collector import Collector

BOT, OTHER = "cli_a", "cli_b"


class Process:
    """An intake with its store on disk; both loops are the test's."""

    def __init__(self, path, *, fallback: bool = True, store_options: dict | None = None, **bounds: int) -> None:
        self.taken: list[Delivery] = []
        self.bridge = Bridge(**bounds)
        self.disk = SqliteStore(path, **(store_options or {}))
        self.store = FallbackStore(self.disk, probe_every=0.02) if fallback else self.disk
        self.intake = Receiver(self.store, self.bridge.network)

    async def start(self) -> "Process":
        self.bridge.plugins.open(Collector(self.taken))
        for bot_id in (BOT, OTHER):
            self.bridge.plugins.arrive(bot_id)
        await self.intake.open([BOT, OTHER])
        return self

    async def give(self, number: int, bot_id: str = BOT) -> int:
        payload = {"header": {"event_id": f"e{number}", "event_type": "x"}, "event": {"n": number}}
        envelope = Envelope(bot_id=bot_id, payload=json.dumps(payload).encode(), transport="websocket")
        return (await self.intake.receive(envelope)).code

    def handle(self, delivery: Delivery, handled: bool = True) -> None:
        self.bridge.plugins.started(delivery)
        self.bridge.plugins.ended(delivery, handled)

    @property
    def numbers(self) -> list[int]:
        return [delivery.payload["event"]["n"] for delivery in self.taken]

    async def kill(self) -> None:
        """As kill -9 does: nothing is written any more."""
        await self.intake.watch.stop()
        await self.intake._consumer.stop()
        await self.disk.close()

    def rows(self) -> int:
        with sqlite3.connect(self.disk.path) as database:
            [[count]] = database.execute("SELECT count(*) FROM inbox")
        database.close()
        return count


@pytest.fixture
async def start(tmp_path):
    made: list[Process] = []

    async def start(**options) -> Process:
        made.append(await Process(tmp_path / "s.db", **options).start())
        return made[-1]

    yield start
    for process in made:
        if process.disk._writer._thread is not None:
            await process.intake.close()


async def test_an_event_is_on_disk_before_its_ack_and_gone_when_it_is_handled(start):
    process = await start()
    await wait_until(lambda: not process.intake._consumer.backlog)
    assert await process.give(1) == 200
    assert process.rows() == 1
    await wait_until(lambda: process.taken)
    process.handle(process.taken[0])
    await wait_until(lambda: process.rows() == 0)
    assert await process.give(1) == 200
    await asyncio.sleep(0.05)
    assert process.numbers == [1], "handled once"


async def test_a_burst_waits_on_disk_and_comes_in_order(start):
    process = await start(max_waiting=10)
    assert {await process.give(number) for number in range(100)} == {200}
    assert await process.give(1000, OTHER) == 200
    await wait_until(lambda: 1000 in process.numbers)
    assert len(process.taken) <= 11, "the rest is not in memory, and the other bot did not wait"
    position = 0
    while position < 101:
        await wait_until(lambda: len(process.taken) > position)  # noqa: B023
        process.handle(process.taken[position])
        position += 1
    assert [n for n in process.numbers if n < 1000] == list(range(100))
    await wait_until(lambda: process.rows() == 0)


async def test_what_was_begun_when_the_process_died_is_handled_alone_what_waited_at_once(start):
    before = await start(max_waiting=2)
    await wait_until(lambda: not before.intake._consumer.backlog)
    for number in range(5):
        assert await before.give(number) == 200
    await wait_until(lambda: len(before.taken) == 2)
    await before.kill()

    after = await start()
    await wait_until(lambda: len(after.taken) == 4)
    assert after.numbers[0] in (0, 2)
    assert sorted(after.numbers) == [0, 2, 3, 4], "the second abandoned event waits for the first"
    after.handle(next(it for it in after.taken if it.payload["event"]["n"] == 0))
    await wait_until(lambda: 1 in after.numbers)
    assert await after.give(3) == 200
    assert sorted(after.numbers) == [0, 1, 2, 3, 4], "and a redelivery is known"


async def test_an_abandoned_event_that_waits_holds_up_no_other_for_long(start):
    before = await start()
    await wait_until(lambda: not before.intake._consumer.backlog)
    for number in range(3):
        await before.give(number)
    await before.kill()
    after = await start()
    loop = asyncio.get_running_loop()
    began = loop.time()
    await wait_until(lambda: len(after.taken) == 3)
    assert loop.time() - began >= 2 * ABANDONED_ALONE * 0.9


async def test_what_the_shutdown_gave_up_waits_for_the_next_start(start):
    before = await start()
    await wait_until(lambda: not before.intake._consumer.backlog)
    await before.give(1)
    await before.give(2)
    await wait_until(lambda: len(before.taken) == 2)
    before.handle(before.taken[0])
    before.handle(before.taken[1], handled=False)
    before.bridge.plugins.close()
    before.bridge.plugins.flush()
    await before.intake.close()
    after = await start()
    await wait_until(lambda: after.taken)
    await asyncio.sleep(0.05)
    assert after.numbers == [2]


async def test_a_closed_door_refuses_so_that_feishu_keeps_the_event(start):
    process = await start()
    process.bridge.plugins.close()
    assert await process.give(1) == 500
    assert process.rows() == 0


async def test_a_callback_is_known_again_but_not_kept(start):
    process = await start()
    payload = {"header": {"event_id": "c", "event_type": "card.action.trigger"}, "event": {}}
    envelope = Envelope(bot_id=BOT, payload=json.dumps(payload).encode(), transport="websocket")
    first = asyncio.create_task(process.intake.receive(envelope))
    await wait_until(lambda: process.taken)
    assert process.rows() == 0
    process.taken[0].callback.finish()
    assert (await first).code == 200
    assert (await process.intake.receive(envelope)).code == 200
    assert len(process.taken) == 1


# A store in trouble


async def test_a_full_disk_is_told_events_go_on_in_memory_and_the_store_comes_back(start, logs):
    process = await start()
    await wait_until(lambda: not process.intake._consumer.backlog)
    database = process.disk._file.connection
    database.execute("PRAGMA max_page_count = 1")  # SQLite's own "disk is full"; it cannot go below what is used
    numbers = iter(range(100_000))
    for number in numbers:
        assert await process.give(number) == 200
        if not process.store.status.ok:
            break
        await asyncio.sleep(0)
    assert "full" in process.store.status.error
    assert any("ERROR" in line and "check the disk" in line and "The bots go on" in line for line in logs)
    assert await process.give(0) == 200
    await wait_until(lambda: len(process.taken) == number + 1)
    assert process.numbers == list(range(number + 1)), "none lost, none twice"
    for delivery in process.taken:
        process.handle(delivery)
    await asyncio.sleep(0.1)
    assert not process.store.status.ok
    database.execute("PRAGMA max_page_count = 1000000")
    await wait_until(lambda: process.store.status.ok)
    assert any("is back" in line for line in logs)
    await wait_until(lambda: process.rows() == 0)
    assert await process.give(number + 1) == 200
    assert process.rows() == 1


async def test_a_store_that_is_locked_for_long_does_not_hold_up_the_acks(start, logs):
    process = await start(store_options={"write_timeout": 0.1})
    await wait_until(lambda: not process.intake._consumer.backlog)
    holder = sqlite3.connect(process.disk.path, isolation_level=None)
    holder.execute("BEGIN IMMEDIATE")
    assert await asyncio.wait_for(process.give(1), 5) == 200
    assert not process.store.status.ok
    assert await process.give(2) == 200
    assert await process.give(1) == 200
    await wait_until(lambda: len(process.taken) == 2)
    assert process.numbers == [1, 2]
    holder.execute("COMMIT")
    holder.close()
    await wait_until(lambda: process.store.status.ok)


async def test_a_file_that_breaks_while_it_is_used_is_set_aside(start, logs, tmp_path):
    process = await start()
    await wait_until(lambda: not process.intake._consumer.backlog)
    await process.give(1)
    process.disk._file.connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    process.disk._file.connection.execute("PRAGMA cache_size = 0")
    with process.disk.path.open("r+b") as file:
        file.seek(4096)
        file.write(b"\xff" * 400_000)
    for number in range(2, 40):
        assert await process.give(number) == 200
        await asyncio.sleep(0)
    await wait_until(lambda: any("is damaged" in line for line in logs))
    await wait_until(lambda: process.store.status.ok)
    await wait_until(lambda: len(process.taken) == 39)
    assert process.numbers == list(range(1, 40)), "none lost, none twice"
    assert list(tmp_path.glob("s.db.damaged-*"))


async def test_with_a_dead_store_a_full_bridge_refuses(start):
    process = await start(max_waiting=2)
    await wait_until(lambda: not process.intake._consumer.backlog)
    process.disk._file.connection.execute("PRAGMA query_only = ON")
    codes = [await process.give(number) for number in range(4)]
    assert codes == [200, 200, 500, 500]


async def test_a_commit_that_hangs_fails_those_who_wait_and_the_next_at_once(start):
    process = await start(store_options={"write_timeout": 0.05})
    await wait_until(lambda: not process.intake._consumer.backlog)
    gate = threading.Event()
    hanging = asyncio.create_task(process.disk._writer.call(lambda: gate.wait(5)))
    await asyncio.sleep(0)
    loop = asyncio.get_running_loop()
    try:
        assert await process.give(1) == 200
        began = loop.time()
        assert await process.give(2) == 200
        assert loop.time() - began < 1
    finally:
        gate.set()
    await hanging
    await wait_until(lambda: process.store.status.ok)
    for delivery in process.taken:
        process.handle(delivery)
    await wait_until(lambda: process.rows() == 0)
