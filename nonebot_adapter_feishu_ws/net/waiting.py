"""Waiting for an event or a timeout, whichever comes first."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

Sleep = Callable[[float], Awaitable[object]]
"""The signature of :func:`asyncio.sleep`; an argument everywhere, so that tests run without waiting."""


async def wait_for_event(event: asyncio.Event, seconds: float, sleep: Sleep = asyncio.sleep) -> bool:
    """Wait until the event is set or the time is up.

    Args:
        event: the event.
        seconds: how long at most.
        sleep: :func:`asyncio.sleep`, or a test's.

    Returns:
        Whether the event is set.
    """
    if event.is_set():
        return True
    waiting = [asyncio.ensure_future(event.wait()), asyncio.ensure_future(sleep(seconds))]
    try:
        await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for future in waiting:
            future.cancel()
    return event.is_set()
