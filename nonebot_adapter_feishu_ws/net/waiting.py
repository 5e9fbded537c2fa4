"""Back-off with jitter, and waiting for an event or a timeout, whichever comes first."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator, Sequence
from itertools import chain, repeat

Sleep = Callable[[float], Awaitable[object]]
"""The signature of :func:`asyncio.sleep`; an argument everywhere, so that tests run without waiting."""
FULL_JITTER = (0.0, 1.0)


def doubling(first: float, cap: float) -> tuple[float, ...]:
    """Delays in seconds that double from ``first`` up to ``cap``."""
    steps = [first]
    while steps[-1] < cap:
        steps.append(min(steps[-1] * 2, cap))
    return tuple(steps)


def backoff(
    steps: Sequence[float], random: Callable[[], float], *, spread: tuple[float, float] = (0.5, 1.5)
) -> Iterator[float]:
    """Yield the seconds before each further attempt, endlessly; the last step repeats.

    Each step is multiplied by a random factor between the two of ``spread``.
    """
    low, high = spread
    for step in chain(steps, repeat(steps[-1])):
        yield step * (low + (high - low) * random())


async def wait_for_event(event: asyncio.Event, seconds: float, sleep: Sleep = asyncio.sleep) -> bool:
    """Wait until the event is set or the time is up; returns whether it is set."""
    if event.is_set():
        return True
    waiting = [asyncio.ensure_future(event.wait()), asyncio.ensure_future(sleep(seconds))]
    try:
        await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for future in waiting:
            future.cancel()
    return event.is_set()
