"""Lanes and gates on a clock that jumps."""

import asyncio
from contextlib import asynccontextmanager

import pytest

from nonebot_adapter_feishu_ws.api.limiter import CALM, Gate, Lane, Limiter, Rate

from .virtual_time import VirtualTime


@asynccontextmanager
async def turn(lane: Lane):
    await lane.enter()
    try:
        yield
    finally:
        lane.leave()


@asynccontextmanager
async def token(lane: Lane):
    await lane.take_token()
    try:
        yield
    finally:
        lane.return_token()


@asynccontextmanager
async def passage(gate: Gate):
    await gate.enter()
    try:
        yield
    finally:
        gate.leave()


def make() -> tuple[VirtualTime, Limiter]:
    time = VirtualTime()
    return time, Limiter(Rate(5, 1.0), time.clock, time.sleep)


async def test_a_chat_sees_at_most_five_messages_in_any_second_however_long_they_take():
    time, limiter = make()
    arrivals: list[float] = []

    async def send(takes: float) -> None:
        lane = limiter.lane("oc_1")
        async with turn(lane), token(lane):
            await time.sleep(takes)
            arrivals.append(time.now)

    await time.run(*(send(0.01 if number % 3 else 0.3) for number in range(40)))
    assert len(arrivals) == 40
    assert all(later - earlier >= 1.0 for earlier, later in zip(arrivals, arrivals[5:], strict=False))
    assert time.now < 40 / 5 + 3


async def test_chats_do_not_wait_for_each_other():
    time, limiter = make()

    async def send(chat: int) -> None:
        lane = limiter.lane(f"oc_{chat}")
        async with turn(lane), token(lane):
            await time.sleep(0.05)

    await time.run(*(send(number % 100) for number in range(500)))
    assert time.now < 0.5


async def test_the_order_of_a_chat_holds_while_one_is_tried_again():
    time, limiter = make()
    order: list[int] = []

    async def send(number: int) -> None:
        lane = limiter.lane("oc_1")
        async with turn(lane):
            for _ in range(3 if number == 1 else 1):
                async with token(lane):
                    await time.sleep(0.01)
                await time.sleep(0.5 if number == 1 else 0)
            order.append(number)

    await time.run(*(send(number) for number in range(6)))
    assert order == [0, 1, 2, 3, 4, 5]


async def test_a_cancelled_waiter_leaves_the_lane_to_the_next():
    time, limiter = make()
    lane = limiter.lane("oc_1")

    async def hold() -> None:
        async with turn(lane):
            await time.sleep(5)

    async def give_up() -> None:
        waiting = asyncio.ensure_future(hold())
        await time.sleep(1)
        waiting.cancel()

    await time.run(hold(), give_up(), hold())
    assert time.now == 10
    assert lane.idle


async def test_idle_lanes_are_forgotten_and_busy_ones_kept(monkeypatch):
    monkeypatch.setattr("nonebot_adapter_feishu_ws.api.limiter.MAX_LANES", 100)
    time, limiter = make()
    kept = limiter.lane("oc_busy")
    async with turn(kept):
        for number in range(1000):
            limiter.lane(f"oc_{number}")
        assert len(limiter._lanes) <= 111
        assert limiter.lane("oc_busy") is kept
    just_used = limiter.lane("oc_used")
    async with turn(just_used), token(just_used):
        pass
    for number in range(1000):
        limiter.lane(f"oc_{number}")
    assert limiter.lane("oc_used") is just_used, "its second is not over"
    time.now += 2
    for number in range(1000):
        limiter.lane(f"oc_x{number}")
    assert limiter.lane("oc_used") is not just_used


async def test_replies_share_the_lane_of_their_chat_once_it_is_known():
    _, limiter = make()
    assert limiter.lane("om_1") is not limiter.lane("oc_1")
    limiter.learn("om_1", "oc_1")
    assert limiter.lane("om_1") is limiter.lane("oc_1")


async def test_who_waits_for_a_user_is_not_overtaken_through_the_chat():
    """The first answer tells that ou_1 is oc_1; the lane itself moves over, with those who wait in it."""
    _, limiter = make()
    lane = limiter.lane("ou_1")
    async with turn(lane):
        limiter.learn("ou_1", "oc_1")
        assert limiter.lane("oc_1") is lane
        assert limiter.lane("ou_1") is lane


async def test_two_lanes_in_use_stay_apart_until_one_is_free():
    _, limiter = make()
    lane, chat = limiter.lane("ou_1"), limiter.lane("oc_1")
    async with turn(lane):
        limiter.learn("ou_1", "oc_1")
        assert limiter.lane("ou_1") is lane
    limiter.learn("ou_1", "oc_1")
    assert limiter.lane("ou_1") is chat


class Api:
    """An API that takes ``count`` calls in a second."""

    def __init__(self, time: VirtualTime, gate: Gate, count: int = 50) -> None:
        self.time, self.gate, self.count = time, gate, count
        self.seen: list[float] = []
        self.refused = 0

    async def call(self) -> None:
        while True:
            async with passage(self.gate):
                await self.time.sleep(0.02)
                if sum(at > self.time.now - 1 for at in self.seen) < self.count:
                    self.seen.append(self.time.now)
                    self.gate.passed()
                    return
                self.refused += 1
                self.gate.refused(1.0)


async def test_a_gate_is_wide_open_until_the_platform_refuses():
    time = VirtualTime()
    api = Api(time, Gate(time.clock, time.sleep), count=1000)
    await time.run(*(api.call() for _ in range(500)))
    assert time.now < 0.1
    assert api.gate.idle


async def test_a_gate_closes_for_the_named_seconds():
    time = VirtualTime()
    gate = Gate(time.clock, time.sleep)
    gate.refused(52)
    passed: list[float] = []

    async def call() -> None:
        async with passage(gate):
            passed.append(time.now)
            gate.passed()

    await time.run(*(call() for _ in range(10)))
    assert min(passed) == 52
    assert len(passed) == 10


async def test_a_crowd_does_not_run_into_the_next_refusal_together():
    time = VirtualTime()
    api = Api(time, Gate(time.clock, time.sleep))
    await time.run(*(api.call() for _ in range(500)))
    assert len(api.seen) == 500
    # All of the first crowd are refused but 50; afterwards a few at a time find out where the limit is.
    assert api.refused < 450 + 450 / 2
    assert time.now < 60


async def test_a_waiter_at_the_gate_that_is_cancelled_as_its_turn_comes_is_skipped():
    gate = Gate(lambda: 1000.0, asyncio.sleep)
    async with passage(gate):
        gate.refused(0)
        waiting = asyncio.ensure_future(gate.enter())
        await asyncio.sleep(0)
        waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    async with passage(gate):
        pass


async def test_a_cancelled_waiter_at_the_gate_takes_no_place():
    time = VirtualTime()
    gate = Gate(time.clock, time.sleep)
    gate.refused(5)

    async def call() -> str:
        async with passage(gate):
            return "through"

    async def cancelled() -> None:
        waiting = [asyncio.ensure_future(call()) for _ in range(3)]
        await time.sleep(1)
        for task in waiting:
            task.cancel()

    results = await time.run(cancelled(), call(), call())
    assert results[1:] == ["through", "through"]
    time.now += CALM
    assert gate.idle
