"""The one back-off, pure; and the one wait for an event or a time, with a sleep of the test's own."""

import asyncio
from itertools import islice

from nonebot_adapter_feishu_ws.net.waiting import FULL_JITTER, backoff, doubling, wait_for_event


def first(count, steps, random, **options):
    return list(islice(backoff(steps, lambda: random, **options), count))


def test_delays_are_spread_to_both_sides_and_the_last_repeats():
    assert first(5, [1, 2, 4], 0.5) == [1, 2, 4, 4, 4]
    assert first(2, [1, 2], 0.0) == [0.5, 1]
    assert first(2, [1, 2], 1.0) == [1.5, 3]


def test_full_jitter_goes_down_to_nothing():
    assert first(2, [1, 2], 0.0, spread=FULL_JITTER) == [0, 0]
    assert first(2, [1, 2], 1.0, spread=FULL_JITTER) == [1, 2]


def test_seconds_double_up_to_the_cap():
    assert doubling(1, 10) == (1, 2, 4, 8, 10)
    assert doubling(5, 5) == (5,)


async def forever(seconds: float) -> None:
    await asyncio.Event().wait()


async def at_once(seconds: float) -> None:
    return


async def test_an_event_that_is_set_needs_no_sleep():
    event = asyncio.Event()
    event.set()
    slept: list[float] = []

    async def sleep(seconds: float) -> None:
        slept.append(seconds)

    assert await wait_for_event(event, 5, sleep)
    assert slept == []


async def test_the_event_ends_the_wait():
    event = asyncio.Event()
    asyncio.get_running_loop().call_soon(event.set)
    assert await wait_for_event(event, 5, forever)


async def test_the_time_ends_the_wait():
    assert not await wait_for_event(asyncio.Event(), 5, at_once)


async def test_a_cancelled_wait_leaves_no_task_behind():
    before = asyncio.all_tasks()
    waiting = asyncio.create_task(wait_for_event(asyncio.Event(), 5, forever))
    for _ in range(3):
        await asyncio.sleep(0)
    waiting.cancel()
    await asyncio.gather(waiting, return_exceptions=True)
    for _ in range(3):
        await asyncio.sleep(0)
    assert asyncio.all_tasks() == before
