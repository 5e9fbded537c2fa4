"""The last moment of a process in which bots can still send."""

import asyncio
from collections.abc import Awaitable, Callable

from anyio import CancelScope

from ..logs import log


async def at_the_end(close: Callable[[], Awaitable[None]]) -> None:
    """Run in NoneBot's task group: close when it ends, which is after all ``on_shutdown`` hooks.

    A hook of our own would run before those that were registered before the adapter, and they could not send any more.
    """
    try:
        await asyncio.get_running_loop().create_future()
    finally:
        with CancelScope(shield=True):
            try:
                await close()
            except Exception as error:  # noqa: BLE001 - NoneBot drops what its tasks raise at the end
                log("ERROR", "The bots could not be closed properly", exception=error)
