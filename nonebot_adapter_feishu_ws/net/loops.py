"""Calls from a thread with a loop of its own, such as ``asyncio.run(bot.send(...))``, to the loop of what they use."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

from ..exception import NetworkError

T = TypeVar("T")
PATIENCE = 10.0
"""Seconds in which the other loop must begin."""


async def run_on(loop: asyncio.AbstractEventLoop, work: Callable[[], Awaitable[T]]) -> T:
    """Await ``work()`` on the loop of another thread, in the context of the caller.

    Args:
        loop: the loop on which it must run.
        work: makes what is to be awaited.

    Raises:
        NetworkError: that loop does not begin, or has ended; nothing was sent.
    """
    has_begun = False

    async def begin() -> T:
        nonlocal has_begun
        has_begun = True
        return await work()

    if loop.is_closed():
        raise NetworkError("not sent: NoneBot has ended", sent=False)
    waiter = asyncio.wrap_future(asyncio.run_coroutine_threadsafe(begin(), loop))
    try:
        await asyncio.wait({waiter}, timeout=PATIENCE)
        if not has_begun and not waiter.done():
            raise NetworkError(
                f"not sent: NoneBot's event loop is blocked, and did not take the call within {PATIENCE:g} s. If it "
                "waits for the thread that calls, call from the handler instead: await bot.send(...)",
                sent=False,
            )
        return await waiter
    finally:
        waiter.cancel()  # the caller may have lost patience, which asyncio.wait does not pass on
