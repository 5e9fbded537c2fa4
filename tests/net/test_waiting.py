"""The one wait for an event or a time: with a sleep of the test's own."""

import asyncio

from nonebot_adapter_feishu_ws.net.waiting import wait_for_event


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
