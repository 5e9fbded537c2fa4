"""What the replicas of a bot share besides the inbox: tokens, names and rate limits.

The store runs on the network loop, its callers here on NoneBot's. Nothing of it is required: while the store is down,
every process continues with what it knows itself.
"""

from collections.abc import Awaitable, Callable, Coroutine
from typing import Any, TypeVar

from ..exception import StoreError
from .base import SharedValues, Store

T = TypeVar("T")
OnNetwork = Callable[[Coroutine[Any, Any, Any]], Awaitable[Any]]


class Shared:
    """Access to the shared values from NoneBot's loop. Never raises: without the store there are no values."""

    def __init__(self, store: Store, values: SharedValues, call: OnNetwork) -> None:
        """Use the values of a store; ``call`` runs a coroutine on the network loop."""
        self._store = store
        self._values = values
        self._call = call

    async def get(self, key: str) -> str | None:
        """Return a value; None when there is none, or the store is down."""
        return await self._ask(self._values.get_value(key), None)

    async def set(self, key: str, value: str, ttl: float) -> None:
        """Write a value that expires after ``ttl`` seconds, if that is possible."""
        await self._ask(self._values.set_value(key, value, ttl), None)

    async def reserve(self, key: str, count: int, period: float) -> float:
        """Reserve a call in a rate limit; returns the seconds until it may be made, 0 while the store is down."""
        return await self._ask(self._values.reserve(key, count, period), 0.0)

    async def _ask(self, question: Coroutine[Any, Any, T], otherwise: T) -> T:
        return await ask_if_up(self._store, self._call, question, otherwise)


async def ask_if_up(store: Store, call: OnNetwork, question: Coroutine[Any, Any, T], otherwise: T) -> T:
    """Return the store's answer, or ``otherwise`` while it cannot give one."""
    if not store.status.ok:
        question.close()
        return otherwise
    try:
        return await call(question)
    except (StoreError, RuntimeError):  # the network thread does not run
        return otherwise


def shared_of(store: Store, call: OnNetwork) -> Shared | None:
    """Return the shared values of a store that several processes use; None for any other store."""
    return None if store.shared is None else Shared(store, store.shared, call)
