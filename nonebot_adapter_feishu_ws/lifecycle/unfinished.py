"""Joins what is being written with the store's notes of it, and with what finishes them after a crash."""

from collections.abc import Awaitable, Callable, Coroutine
from typing import Any

from nonebot.adapters import Bot as BaseBot

from ..bot import Bot
from ..sending.unfinished import Unfinished
from ..store import OpenWorkDoor, Shared, Store

FINISH_TIMEOUT = 5.0
"""Seconds in which answers that are being written are finished when the process ends."""


def make_unfinished(
    store: Store, shared: Shared | None, call: Callable[[Coroutine[Any, Any, Any]], Awaitable[Any]]
) -> Unfinished:
    """What the bots of an adapter are writing; ``call`` runs a coroutine on the network loop."""
    work = OpenWorkDoor(store, call)

    async def finish(bot: BaseBot, key: str, note: str) -> None:
        from ..stream.abandoned import finish_abandoned  # loaded only where something was left

        assert isinstance(bot, Bot)
        await finish_abandoned(bot, work, key, note)

    return Unfinished(work, shared, finish)
