"""A set of names that expire, in little memory: 8 bytes each once their generation is closed."""

from __future__ import annotations

import time
from array import array
from bisect import bisect_left
from collections import deque
from collections.abc import Callable, Sequence

from .base import CLAIM_TTL

GENERATIONS = 16
"""Parts into which age and number are divided; the oldest part is dropped as a whole."""


class Claims:
    """A set of names that drops the oldest. It stores 64-bit hashes, which Python keys per process."""

    def __init__(
        self, *, ttl: float = CLAIM_TTL, max_claims: int = 100_000, clock: Callable[[], float] = time.monotonic
    ) -> None:
        """Create an empty set; a name is remembered for ``ttl`` seconds, or up to a sixteenth longer."""
        self._ttl = ttl
        self._size = max(1, max_claims // GENERATIONS)
        self._clock = clock
        self._open: set[int] = set()
        self._opened_at = 0.0
        self._last_at = 0.0
        self._closed: deque[tuple[array[int], float]] = deque()
        """Sorted hashes, and the time of the last one, of each generation that takes no more names."""

    def claim(self, names: Sequence[str]) -> bool:
        """Add all of these names; False, and nothing is added, when one of them is known."""
        now = self._clock()
        self._forget(now)
        keys = [hash(name) for name in names]
        for key in keys:
            if key in self._open or any(_find(hashes, key) is not None for hashes, _ in self._closed):
                return False
        if not self._open:
            self._opened_at = now
        self._last_at = now
        self._open.update(keys)
        return True

    def discard(self, names: Sequence[str]) -> None:
        """Remove names."""
        for key in map(hash, names):
            self._open.discard(key)
            for hashes, _ in self._closed:
                if (index := _find(hashes, key)) is not None:
                    del hashes[index]

    def clear(self) -> None:
        """Remove all names."""
        self._open.clear()
        self._closed.clear()

    def _forget(self, now: float) -> None:
        """Drop names that are too old or too many."""
        if self._open and (len(self._open) >= self._size or now - self._opened_at > self._ttl / GENERATIONS):
            self._closed.append((array("q", sorted(self._open)), self._last_at))
            self._open = set()
        while self._closed and (len(self._closed) >= GENERATIONS or now - self._closed[0][1] > self._ttl):
            self._closed.popleft()


def _find(hashes: array[int], key: int) -> int | None:
    index = bisect_left(hashes, key)
    return index if index < len(hashes) and hashes[index] == key else None
