"""The store of a single process; everything is forgotten when the process ends."""

import math
import time
from collections.abc import Callable, Mapping, Sequence

from typing_extensions import override

from .base import CLAIM_TTL, ExpiringValues, KeyValue, StoreStatus
from .claims import Claims

VALUES = 5_000
"""Values that expire, of all bots together."""


class MemoryStore:
    """Claims and state in memory, without an inbox or locks."""

    def __init__(
        self,
        *,
        ttl: float = CLAIM_TTL,
        max_claims: int = 100_000,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Create an empty store that remembers ``max_claims`` claims, each for ``ttl`` seconds."""
        self.status: StoreStatus = StoreStatus("memory://")
        self.state: KeyValue = MemoryState()
        self.values: ExpiringValues = MemoryValues(clock=clock)
        self.inbox: None = None
        self.locks: None = None
        self.shared: None = None
        self.open_work: None = None
        self._claims = Claims(ttl=ttl, max_claims=max_claims, clock=clock)

    async def open(self, bot_ids: Sequence[str] = ()) -> None:
        """There is nothing to open."""

    async def close(self) -> None:
        """Forget everything."""
        self._claims.clear()

    async def claim(self, keys: Sequence[str]) -> bool:
        """Remember an event; see :meth:`.Store.claim`."""
        return self._claims.claim(keys)


class MemoryState(KeyValue):
    """Values and sets in dictionaries."""

    def __init__(self) -> None:
        self._values: dict[str, str] = {}
        self._sets: dict[str, dict[str, float]] = {}

    @override
    async def get(self, key: str) -> str | None:
        return self._values.get(key)

    @override
    async def set(self, key: str, value: str | None) -> None:
        if value is None:
            self._values.pop(key, None)
        else:
            self._values[key] = value

    @override
    async def note(self, name: str, members: Mapping[str, float], *, keep: int) -> None:
        both = {**self._sets.get(name, {}), **members}
        self._sets[name] = dict(sorted(both.items(), key=lambda item: item[1])[-keep:])

    @override
    async def noted(self, name: str) -> list[str]:
        members = self._sets.get(name, {})
        return sorted(members, key=lambda member: members[member], reverse=True)


class MemoryValues(ExpiringValues):
    """Values in a dictionary, of which those that were written longest ago are dropped when there are too many."""

    def __init__(self, *, keep: int = VALUES, clock: Callable[[], float] = time.monotonic) -> None:
        """Create an empty collection of at most ``keep`` values that expire."""
        self._keep = keep
        self._clock = clock
        self._values: dict[str, tuple[str, float]] = {}

    @override
    async def get_value(self, key: str) -> str | None:
        value, until = self._values.get(key, ("", -math.inf))
        return value if self._clock() < until else None

    @override
    async def set_value(self, key: str, value: str | None, ttl: float | None) -> None:
        self._values.pop(key, None)
        if value is None:
            return
        self._values[key] = (value, math.inf if ttl is None else self._clock() + ttl)
        if len(self._values) > self._keep:
            oldest = (name for name, (_, until) in self._values.items() if until < math.inf)
            self._values.pop(next(oldest, ""), None)

    @override
    async def add_value(self, key: str, value: str, ttl: float) -> str:
        if (found := await self.get_value(key)) is not None:
            return found
        await self.set_value(key, value, ttl)
        return value
