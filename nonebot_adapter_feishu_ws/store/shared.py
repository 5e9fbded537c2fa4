"""What the replicas of a bot share beside the inbox: tokens, names, and turns at a rate.

The store lives on the network loop, who asks for these on NoneBot's; and none of it is needed: while the store is down,
every process goes on with what it knows itself.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Coroutine
from typing import Any, TypeVar

from ..exception import StoreError
from .base import SharedValues, Store

T = TypeVar("T")


class Shared:
    """The shared values as NoneBot's loop sees them. Never fails: what cannot be asked is not there."""

    def __init__(
        self,
        values: SharedValues,
        is_up: Callable[[], bool],
        call: Callable[[Coroutine[Any, Any, Any]], Awaitable[Any]],
    ) -> None:
        """Args:
        values: the store's.
        is_up: whether the store works, so that nobody waits for one that does not.
        call: runs a coroutine on the network loop.
        """
        self._values = values
        self._is_up = is_up
        self._call = call

    async def get(self, key: str) -> str | None:
        """A value; None when there is none, or nobody can tell."""
        return await self._ask(lambda: self._values.get_value(key), None)

    async def set(self, key: str, value: str, ttl: float) -> None:
        """Keep a value for ``ttl`` seconds, if that is possible."""
        await self._ask(lambda: self._values.set_value(key, value, ttl), None)

    async def reserve(self, key: str, count: int, period: float) -> float:
        """Take a turn; returns the seconds until it comes, 0 when nobody can tell."""
        return await self._ask(lambda: self._values.reserve(key, count, period), 0.0)

    async def _ask(self, make: Callable[[], Coroutine[Any, Any, T]], otherwise: T) -> T:
        if not self._is_up():
            return otherwise
        try:
            return await self._call(make())
        except (StoreError, RuntimeError):  # the network thread does not run yet, or not any more
            return otherwise


def shared_of(store: Store, call: Callable[[Coroutine[Any, Any, Any]], Awaitable[Any]]) -> Shared | None:
    """The shared values of a store that several processes use; None for every other store.

    Args:
        store: as :func:`~.make_store` made it.
        call: runs a coroutine on the network loop.
    """
    return None if store.shared is None else Shared(store.shared, lambda: store.status.ok, call)
