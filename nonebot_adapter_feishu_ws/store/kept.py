"""What the bots remember beyond a restart: topics, answers to questions, texts of streams.

The store runs on the network loop, its callers here on NoneBot's or on a loop of a plugin's own.
"""

from collections.abc import Coroutine
from typing import Any, TypeVar

from .base import Store, storable
from .memory import MemoryValues
from .shared import OnNetwork, ask_if_up

T = TypeVar("T")


class Kept:
    """Access to a store's expiring values. Never raises: while the store is down, this process remembers by itself."""

    def __init__(self, store: Store, call: OnNetwork) -> None:
        """Use the values of a store; ``call`` runs a coroutine on the network loop."""
        self._store = store
        self._call = call
        self._own = MemoryValues()
        """Written while the store was down."""

    @property
    def is_shared(self) -> bool:
        """Whether other processes may write, too."""
        return self._store.shared is not None

    async def get(self, key: str) -> str | None:
        """Return a value, or None."""
        own = await self._own.get_value(key)
        return own if own is not None else await self._ask(self._store.values.get_value(key), None)

    async def set(self, key: str, value: str | None, ttl: float | None) -> None:
        """Write a value that expires after ``ttl`` seconds (None: never), or delete it (None)."""
        text = None if value is None else storable(value)

        async def write() -> bool:
            await self._store.values.set_value(key, text, ttl)
            return True

        is_safe = await self._ask(write(), False)
        await self._own.set_value(key, None if is_safe else text, ttl)

    async def add(self, key: str, value: str, ttl: float) -> str:
        """Write a value unless there is one; returns the one that is there then."""
        if (own := await self._own.get_value(key)) is not None:
            return own
        found = await self._ask(self._store.values.add_value(key, storable(value), ttl), None)
        return found if found is not None else await self._own.add_value(key, storable(value), ttl)

    async def _ask(self, question: Coroutine[Any, Any, T], otherwise: T) -> T:
        return await ask_if_up(self._store, self._call, question, otherwise)
