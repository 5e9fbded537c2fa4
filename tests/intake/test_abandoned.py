"""The inbox on a real file, over several runs of the process."""

import asyncio
import sqlite3
import time
from contextlib import asynccontextmanager

from nonebot_adapter_feishu_ws.intake import feeder as inbox
from nonebot_adapter_feishu_ws.intake.bridge import Bridge
from nonebot_adapter_feishu_ws.intake.delivery import Delivery
from nonebot_adapter_feishu_ws.intake.receiver import Receiver
from nonebot_adapter_feishu_ws.store import MAX_RUNS, Entry, FallbackStore
from nonebot_adapter_feishu_ws.store.sqlite.store import SqliteStore
from tests.conftest import wait_until
from tests.intake.collector import Collector
from tests.intake.test_intake import envelope, message


@asynccontextmanager
async def run(path, *, arrives: bool):
    """One run of a process; nothing that it takes comes to its end, as when it is killed."""
    taken: list[Delivery] = []
    polls: list[float] = []

    async def sleep(seconds: float) -> None:
        polls.append(seconds)
        await asyncio.sleep(0.001)

    bridge = Bridge()
    bridge.plugins.open(Collector(taken))
    intake = Receiver(SqliteStore(path), bridge.network, sleep=sleep)
    if arrives:
        bridge.plugins.arrive("a")
    await intake.open(["a"])
    try:
        yield intake, taken, polls
    finally:
        await intake.close()


async def test_deaths_before_the_bot_is_there_are_not_blamed_on_an_event(tmp_path):
    """Found by the crash ledger: three kills during the start, and the first event that waited was parked."""
    path = tmp_path / "store.sqlite3"
    async with run(path, arrives=True) as (intake, taken, _):
        assert (await intake.receive(envelope(message()))).code == 200
        await wait_until(lambda: taken)
    for _ in range(MAX_RUNS + 1):
        async with run(path, arrives=False) as (_, taken, polls):
            await wait_until(lambda polls=polls: len(polls) > 5)
            assert taken == []
    async with run(path, arrives=True) as (_, taken, _):
        await wait_until(lambda: taken)


async def test_kills_soon_after_every_start_park_no_event(tmp_path, monkeypatch):
    """Found by the crash ledger: three quick kills in a row hit the only abandoned event each time."""
    path = tmp_path / "store.sqlite3"
    async with run(path, arrives=True) as (intake, taken, _):
        await intake.receive(envelope(message()))
        await wait_until(lambda: taken)
    async with run(path, arrives=True) as (_, taken, _):
        await wait_until(lambda: taken)
    for _ in range(MAX_RUNS):
        async with run(path, arrives=True) as (_, taken, polls):
            await wait_until(lambda polls=polls: len(polls) > 20)
            assert taken == [], "it was hit twice, and this process may be killed soon"
    monkeypatch.setattr(inbox, "SETTLED_AFTER", 0.0)
    async with run(path, arrives=True) as (_, taken, _):
        await wait_until(lambda: taken)


async def test_one_kill_blames_one_abandoned_event_also_when_its_handlers_start_late(tmp_path, monkeypatch):
    """Found by the crash ledger: at a crowded start several events had been handed over and none had started."""
    monkeypatch.setattr(inbox, "ABANDONED_ALONE", 0.05)
    path = tmp_path / "store.sqlite3"
    async with run(path, arrives=True) as (intake, taken, _):
        for number in range(3):
            await intake.receive(envelope(message(event_id=f"e{number}", message_id=f"m{number}")))
        await wait_until(lambda: len(taken) == 3)
    async with run(path, arrives=True) as (intake, taken, polls):
        await wait_until(lambda: taken)
        seen = len(polls)
        await wait_until(lambda: len(polls) > seen + 100)
        assert len(taken) == 1, "the first one has not started yet"
        intake._bridge._plugins.started(taken[0])
        await wait_until(lambda: len(taken) == 2)


async def test_an_event_that_kills_its_process_is_parked(tmp_path, logs, monkeypatch):
    monkeypatch.setattr(inbox, "SETTLED_AFTER", 0.0)
    path = tmp_path / "store.sqlite3"
    async with run(path, arrives=True) as (intake, taken, _):
        await intake.receive(envelope(message()))
        await wait_until(lambda: taken)
    for _ in range(MAX_RUNS - 1):
        async with run(path, arrives=True) as (_, again, _):
            await wait_until(lambda again=again: again)
    async with run(path, arrives=True) as (_, at_last, _):
        await wait_until(lambda: any("is parked" in line for line in logs))
        assert at_last == []


async def test_what_waits_in_a_store_that_was_down_is_handled_when_it_is_back(tmp_path):
    """Found by the crash ledger: after one slow write the backlog was taken for empty, until the next start."""
    path = tmp_path / "store.sqlite3"
    before = SqliteStore(path)
    await before.open(["a"])
    for number, begin in ((1, False), (2, True)):
        entry = Entry(f"a:event:{number}", "a", b'{"header": {}}', time.time())
        await before.inbox.take(entry, [entry.key], begin=begin)
    await before.close()
    taken: list[Delivery] = []
    bridge = Bridge()
    bridge.plugins.open(Collector(taken))
    bridge.plugins.arrive("a")
    store = FallbackStore(SqliteStore(path), probe_every=0.05)
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN EXCLUSIVE")
    intake = Receiver(store, bridge.network)
    await intake.open(["a"])
    assert not store.status.ok
    await asyncio.sleep(0.5)
    assert taken == []
    other.execute("ROLLBACK")
    other.close()
    await wait_until(lambda: {delivery.key for delivery in taken} == {"a:event:1", "a:event:2"})
    await intake.close()
