"""A small cache: each value lives for a while, is fetched once for all who wait, and the oldest go first."""

from __future__ import annotations

import asyncio
import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Hashable
from typing import Generic, TypeVar

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")


class Cache(Generic[K, V]):
    """Values by key. Errors are not kept: the next one who asks tries again."""

    def __init__(self, *, ttl: float, size: int, clock: Callable[[], float] = time.monotonic) -> None:
        """Args:
        ttl: seconds for which a value is good.
        size: values kept; the one unused for longest goes first.
        clock: monotonic seconds.
        """
        self._ttl = ttl
        self._size = size
        self._clock = clock
        self._values: OrderedDict[K, tuple[float, V]] = OrderedDict()
        self._flights: dict[K, asyncio.Task[V]] = {}

    def __len__(self) -> int:
        return len(self._values)

    async def get(self, key: K, fetch: Callable[[], Awaitable[V]]) -> V:
        """The value of a key.

        Args:
            key: what it is kept under.
            fetch: gets it when there is none, or an old one. Whoever asks meanwhile waits for the same fetch, and
                gets its error.
        """
        if (held := self._values.get(key)) is not None and held[0] > self._clock():
            self._values.move_to_end(key)
            return held[1]
        flight = self._flights.get(key)
        if flight is None:
            flight = self._flights[key] = asyncio.ensure_future(self._fetch(key, fetch))
            # Whoever waits gets the error; a flight whose last waiter was cancelled has none to give it to.
            flight.add_done_callback(lambda task: task.cancelled() or task.exception())
        # One waiter that is cancelled must not take the value from the others.
        return await asyncio.shield(flight)

    def forget(self, key: K) -> None:
        """The value has changed: fetch it at the next call. A fetch that is under way may have begun before."""
        self._values.pop(key, None)
        self._flights.pop(key, None)

    async def _fetch(self, key: K, fetch: Callable[[], Awaitable[V]]) -> V:
        flight = asyncio.current_task()
        try:
            value = await fetch()
        except BaseException:
            if self._flights.get(key) is flight:
                del self._flights[key]
            raise
        if self._flights.get(key) is flight:
            del self._flights[key]
            self._values[key] = (self._clock() + self._ttl, value)
            self._values.move_to_end(key)
            if len(self._values) > self._size:
                self._values.popitem(last=False)
        return value
