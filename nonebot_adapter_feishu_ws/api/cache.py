"""The one single-flight TTL cache: concurrent callers share one fetch, and the least recently used values go first."""

import asyncio
import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Hashable
from typing import Generic, TypeVar

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")


class Cache(Generic[K, V]):
    """Values by key. Errors are not cached: the next caller tries again."""

    def __init__(
        self, *, ttl: float | Callable[[V], float], size: int, clock: Callable[[], float] = time.monotonic
    ) -> None:
        """Create an empty cache of ``size`` values, each good for ``ttl`` seconds, which may depend on the value."""
        self._ttl = ttl
        self._size = size
        self._clock = clock
        self._values: OrderedDict[K, tuple[float, V]] = OrderedDict()
        self._flights: dict[K, asyncio.Task[V]] = {}

    async def get(self, key: K, fetch: Callable[[], Awaitable[V]]) -> V:
        """The value of a key, fetched if there is none or it has expired.

        Concurrent callers wait for the same fetch and get its error.
        """
        if (held := self._values.get(key)) is not None and held[0] > self._clock():
            self._values.move_to_end(key)
            return held[1]
        # A cancelled caller must not cancel the fetch of the others.
        return await asyncio.shield(self.refresh(key, fetch))

    def peek(self, key: K) -> V | None:
        """The cached value, also an expired one; None when there is none."""
        held = self._values.get(key)
        return None if held is None else held[1]

    def refresh(self, key: K, fetch: Callable[[], Awaitable[V]]) -> asyncio.Task[V]:
        """Fetch a value, or join the fetch that is under way; until it is there the old one is served."""
        flight = self._flights.get(key)
        if flight is None or flight.get_loop() is not asyncio.get_running_loop():  # a thread with a loop of its own
            flight = self._flights[key] = asyncio.ensure_future(self._fetch(key, fetch))
            # Callers get the error; when all of them were cancelled, asyncio would report it as never retrieved.
            flight.add_done_callback(lambda task: task.cancelled() or task.exception())
        return flight

    def forget(self, key: K) -> None:
        """The value has changed: fetch it at the next call. A fetch under way may have begun before the change."""
        self._values.pop(key, None)
        self._flights.pop(key, None)

    async def _fetch(self, key: K, fetch: Callable[[], Awaitable[V]]) -> V:
        flight = asyncio.current_task()
        try:
            value = await fetch()
            if self._flights.get(key) is flight:
                ttl = self._ttl(value) if callable(self._ttl) else self._ttl
                self._values[key] = (self._clock() + ttl, value)
                self._values.move_to_end(key)
                if len(self._values) > self._size:
                    self._values.popitem(last=False)
            return value
        finally:
            if self._flights.get(key) is flight:
                del self._flights[key]
