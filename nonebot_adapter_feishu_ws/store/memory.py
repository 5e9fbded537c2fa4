"""The store of a single process; everything is forgotten when the process ends."""

import time
from collections.abc import Callable, Mapping, Sequence

from typing_extensions import override

from .base import CLAIM_TTL, KeyValue, StoreStatus
from .claims import Claims


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
