"""The store of a single process: forgets everything when the process ends."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence

from typing_extensions import override

from .base import CLAIM_TTL, DUPLICATE, Entry, Held, InboxCount, Store, Taken
from .claims import Claims


class MemoryStore(Store):
    """Claims in memory, bounded in age and number; nothing waits in it."""

    def __init__(
        self,
        *,
        ttl: float = CLAIM_TTL,
        max_claims: int = 100_000,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Args:
        ttl: seconds a claim is remembered.
        max_claims: how many; the oldest go first.
        clock: monotonic seconds.
        """
        self._clock = clock
        self._claims = Claims(ttl=ttl, max_claims=max_claims)
        self._state: dict[str, str] = {}
        self._sets: dict[str, dict[str, float]] = {}

    @property
    @override
    def durable(self) -> bool:
        return False

    @property
    @override
    def shared(self) -> bool:
        return False

    @override
    async def open(self, bot_ids: Sequence[str] = ()) -> None:
        return

    @override
    async def close(self) -> None:
        self._claims.clear()

    @override
    async def claim(self, keys: Sequence[str]) -> bool:
        now = self._clock()
        self._claims.forget(now)
        if any(key in self._claims for key in keys):
            return False
        for key in keys:
            self._claims.add(key, now)
        return True

    @override
    async def release(self, keys: Sequence[str]) -> None:
        for key in keys:
            self._claims.discard(key)

    @override
    async def take(self, entry: Entry, keys: Sequence[str], *, begin: bool) -> Taken:
        return Taken(new=True, entry=entry if begin else None) if await self.claim(keys) else DUPLICATE

    @override
    async def fetch(self, bot_id: str, limit: int) -> list[Entry]:
        return []

    @override
    async def fetch_orphan(self, bot_ids: Sequence[str] | None = None, *, suspects: bool = True) -> Entry | None:
        return None

    @override
    async def done(self, keys: Sequence[str]) -> None:
        return

    @override
    async def put_back(self, keys: Sequence[str]) -> None:
        return

    @override
    async def ping(self) -> None:
        return

    @override
    async def count(self, bot_ids: Sequence[str]) -> Mapping[str, InboxCount]:
        return {}

    @override
    def watch(self, held: Held) -> None:
        return

    @override
    async def try_lock(self, name: str, ttl: float) -> bool:
        return True

    @override
    async def unlock(self, name: str) -> None:
        return

    @override
    async def note(self, name: str, members: Mapping[str, float], *, keep: int) -> None:
        both = {**self._sets.get(name, {}), **members}
        self._sets[name] = dict(sorted(both.items(), key=lambda item: item[1])[-keep:])

    @override
    async def noted(self, name: str) -> list[str]:
        members = self._sets.get(name, {})
        return sorted(members, key=lambda member: members[member], reverse=True)

    @override
    async def get(self, key: str) -> str | None:
        return self._state.get(key)

    @override
    async def set(self, key: str, value: str | None) -> None:
        if value is None:
            self._state.pop(key, None)
        else:
            self._state[key] = value
