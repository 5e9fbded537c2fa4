"""A process that was paused, or cut off from Redis, starts nothing that another process handles by now."""

import asyncio

import pytest

from nonebot_adapter_feishu_ws.intake.bridge import Bridge
from nonebot_adapter_feishu_ws.intake.delivery import Delivery
from nonebot_adapter_feishu_ws.intake.dispatcher import Dispatcher
from nonebot_adapter_feishu_ws.intake.receiver import Receiver
from nonebot_adapter_feishu_ws.store import FallbackStore
from nonebot_adapter_feishu_ws.store.redis.store import RedisStore
from tests.conftest import wait_until
from tests.intake.test_intake import envelope, message

pytestmark = pytest.mark.needs("redis-server")
BOT = "a"
TAKEOVER_AFTER = 0.5


class Clock:
    """Seconds as this process counts them."""

    def __init__(self) -> None:
        self.slept = 0.0

    def __call__(self) -> float:
        return asyncio.get_running_loop().time() + self.slept


class Replica:
    """A process: its intake, its dispatcher with one slot, and handlers that end when ``gate`` is open."""

    def __init__(self, url: str, takeover_after: float = TAKEOVER_AFTER) -> None:
        self.clock = Clock()
        self.gate = asyncio.Event()
        self.begun: list[int] = []
        self.redis = RedisStore(url, takeover_after=takeover_after, write_timeout=0.3, awake_clock=self.clock)
        self.store = FallbackStore(self.redis, probe_every=0.2, clock=self.clock)
        self.bridge = Bridge(clock=self.clock)
        self.dispatcher = Dispatcher(self.handle, self.bridge.plugins, max_running=1, slot_time=60)
        self.intake = Receiver(self.store, self.bridge.network)

    async def handle(self, delivery: Delivery) -> None:
        self.begun.append(int(delivery.payload["header"]["event_id"][1:]))
        await self.gate.wait()

    async def open(self) -> "Replica":
        self.bridge.plugins.open(self.dispatcher)
        self.bridge.plugins.arrive(BOT)
        self.dispatcher.open(BOT)
        await self.intake.open([BOT])
        await wait_until(lambda: not self.intake._consumer.backlog)
        return self

    async def give(self, *numbers: int) -> None:
        for number in numbers:
            assert (await self.intake.receive(envelope(message(f"e{number}", f"om{number}")))).code == 200

    async def pause(self) -> None:
        """As SIGSTOP does for the others: nothing is asked of Redis any more."""
        for task in (self.redis._beating, self.intake._consumer._feeder):
            task.cancel()
            await asyncio.wait({task})

    def wake(self) -> None:
        """As SIGCONT does."""
        self.redis._beating = asyncio.create_task(self.redis._beat())
        self.intake._consumer._feeder = asyncio.create_task(self.intake._consumer._feed(self.store.inbox))

    async def close(self) -> None:
        self.bridge.plugins.close()
        await self.dispatcher.drain(0.05)
        self.bridge.plugins.flush()
        await self.intake.close()


@pytest.fixture
async def start(redis_server):
    made: list[Replica] = []

    async def start(**options) -> Replica:
        made.append(await Replica(redis_server.url, **options).open())
        return made[-1]

    yield start
    for replica in made:
        await replica.close()


async def paused_with_four_events(start) -> tuple[Replica, Replica]:
    """One replica runs the first of four events when it is paused; another one takes over all of them."""
    paused, other = await start(), await start()
    await paused.give(0, 1, 2, 3)
    await wait_until(lambda: paused.begun == [0] and paused.dispatcher.waiting == 3)
    other.gate.set()
    await paused.pause()
    await wait_until(lambda: sorted(other.begun) == [0, 1, 2, 3])
    return paused, other


async def test_a_replica_that_was_paused_does_not_start_what_another_has_taken_over(start, logs):
    """It went on with all that it had begun, so every handler that still waited ran twice."""
    paused, other = await paused_with_four_events(start)
    paused.gate.set()  # the first thing that happens: the handler that runs ends, and the next is due
    await asyncio.sleep(0.1)
    assert paused.begun == [0], "nothing starts before it is known what is lost"
    paused.wake()
    await wait_until(lambda: paused.dispatcher.waiting == 0)
    await paused.give(7)
    await wait_until(lambda: 7 in paused.begun)
    assert paused.begun == [0, 7]
    assert sorted(other.begun) == [0, 1, 2, 3]
    [warning] = [line for line in logs if "was not heard of" in line]
    assert "taken over 3 of the 3 events" in warning
    assert "same uuid" in warning
    assert paused.bridge.network.waiting(BOT) == 0, "their places are free"


async def test_what_was_taken_in_memory_and_lost_is_handled_when_it_comes_back(start):
    """It counted as begun here for good, so the store never gave it out again."""
    paused, _ = await paused_with_four_events(start)
    lost = {delivery.key for lane in paused.dispatcher._lanes.values() for delivery in lane.waiting}
    paused.store._in_memory.update(lost)  # as if Redis had been down when they came
    paused.gate.set()
    paused.wake()
    await wait_until(lambda: paused.dispatcher.waiting == 0)
    await wait_until(lambda: not paused.store._in_memory)
    assert len(lost) == 3


async def test_what_nobody_has_taken_over_is_started_after_the_pause(start, logs):
    alone = await start()
    await alone.give(0, 1, 2)
    await wait_until(lambda: alone.dispatcher.waiting == 2)
    await alone.pause()
    alone.clock.slept += 60
    alone.gate.set()
    await asyncio.sleep(0.1)
    assert alone.begun == [0]
    alone.wake()
    await wait_until(lambda: alone.begun == [0, 1, 2])
    assert not any("was not heard of" in line for line in logs)


async def test_a_machine_that_slept_asks_at_once(start):
    """Its loop's clock stood still, so the timer of the next heartbeat has still long to go."""
    alone = await start(takeover_after=600)
    await alone.give(0, 1)
    await wait_until(lambda: alone.dispatcher.waiting == 1)
    alone.clock.slept += 3600
    alone.gate.set()
    await asyncio.sleep(0.05)
    assert alone.begun == [0]
    await wait_until(lambda: alone.begun == [0, 1], timeout=5)


async def test_a_virtual_machine_whose_clocks_stood_still_is_told_by_redis(start):
    paused, other = await paused_with_four_events(start)
    paused.clock.slept = -(paused.clock() - paused.redis._heartbeat._confirmed_at)
    assert paused.clock() < paused.bridge.plugins._lease_until, "by its own clock no time has passed"
    paused.wake()
    await wait_until(lambda: paused.dispatcher.waiting == 0)
    paused.gate.set()
    await asyncio.sleep(0.1)
    assert paused.begun == [0]
    assert sorted(other.begun) == [0, 1, 2, 3]


async def test_a_request_that_was_under_way_when_it_was_paused_changes_nothing(start, redis_server):
    """Its answer comes too late, so the store seems to be down: that is no reason to go on at once."""
    paused, other = await paused_with_four_events(start)
    redis_server.pause()
    assert await paused.store.inbox.fetch(BOT, 1) == []
    assert not paused.store.status.ok
    redis_server.pause(False)
    paused.gate.set()
    await asyncio.sleep(0.05)
    assert paused.begun == [0]
    await wait_until(lambda: paused.store.status.ok)
    await wait_until(lambda: paused.dispatcher.waiting == 0)
    paused.wake()
    assert paused.begun == [0]
    assert sorted(other.begun) == [0, 1, 2, 3]


async def test_while_redis_is_down_handlers_go_on_and_start_nothing_lost_when_it_is_back(start, redis_server):
    cut_off = await start()
    await cut_off.give(0, 1)
    await wait_until(lambda: cut_off.dispatcher.waiting == 1)
    redis_server.stop()
    await cut_off.give(2)
    assert not cut_off.store.status.ok
    cut_off.clock.slept += 60
    cut_off.gate.set()
    await wait_until(lambda: cut_off.begun == [0, 1, 2], timeout=10)
    cut_off.gate.clear()
    await cut_off.give(3, 4)
    await wait_until(lambda: cut_off.dispatcher.waiting == 1)
    redis_server.start()
    await wait_until(lambda: cut_off.store.status.ok)
    cut_off.gate.set()
    await wait_until(lambda: cut_off.begun == [0, 1, 2, 3, 4])


async def test_an_outage_that_was_longer_than_the_takeover_is_asked_about(start, redis_server):
    """Only failed heartbeats lay between: they were taken for signs of life, and nothing was told."""
    cut_off, other = await start(), await start()
    await cut_off.give(0, 1, 2)
    await wait_until(lambda: cut_off.dispatcher.waiting == 2)
    await other.pause()
    redis_server.stop()
    await cut_off.give(3)
    known = cut_off.bridge.plugins._lease_until
    await wait_until(lambda: cut_off.bridge.plugins._lease_until > known)
    assert cut_off.begun == [0]
    await cut_off.pause()
    cut_off.store._probing.cancel()
    redis_server.start()
    other.wake()
    other.gate.set()
    await wait_until(lambda: sorted(other.begun) == [0, 1, 2])
    cut_off.clock.slept += 60  # and it was paused meanwhile
    cut_off.gate.set()
    await asyncio.sleep(0.05)
    assert cut_off.begun == [0], "that the store was down is not known for ever"
    cut_off.store._probing = asyncio.create_task(cut_off.store._probe())
    await wait_until(lambda: cut_off.store.status.ok)
    await wait_until(lambda: cut_off.begun == [0, 3])
    cut_off.wake()
