"""A set of names that expire, in little memory: 8 bytes each once their generation is closed."""

from __future__ import annotations

from array import array
from bisect import bisect_left
from collections import deque

GENERATIONS = 16
"""Parts into which age and number are divided; the oldest part is dropped as a whole."""


class _Closed:
    """The hashes of a generation that takes no more names."""

    __slots__ = ("hashes", "last_at")

    def __init__(self, hashes: set[int], last_at: float) -> None:
        self.hashes = array("q", sorted(hashes))
        self.last_at = last_at

    def find(self, name: int) -> int | None:
        index = bisect_left(self.hashes, name)
        return index if index < len(self.hashes) and self.hashes[index] == name else None


class Claims:
    """A set of names that drops the oldest. It stores 64-bit hashes, which Python keys per process."""

    def __init__(self, *, ttl: float, max_claims: int) -> None:
        """Create an empty set.

        Args:
            ttl: seconds for which a name is remembered, or up to a sixteenth longer.
            max_claims: how many names are remembered.
        """
        self._ttl = ttl
        self._size = max(1, max_claims // GENERATIONS)
        self._open: set[int] = set()
        self._opened_at = 0.0
        self._last_at = 0.0
        self._closed: deque[_Closed] = deque()

    def __contains__(self, name: str) -> bool:
        key = hash(name)
        return key in self._open or any(part.find(key) is not None for part in self._closed)

    def add(self, name: str, now: float) -> None:
        """Add a name."""
        if not self._open:
            self._opened_at = now
        self._open.add(hash(name))
        self._last_at = now

    def discard(self, name: str) -> None:
        """Remove a name."""
        key = hash(name)
        self._open.discard(key)
        for part in self._closed:
            if (index := part.find(key)) is not None:
                del part.hashes[index]

    def forget(self, now: float) -> None:
        """Drop names that are too old or too many."""
        if self._open and (len(self._open) >= self._size or now - self._opened_at > self._ttl / GENERATIONS):
            self._closed.append(_Closed(self._open, self._last_at))
            self._open = set()
        while self._closed and (len(self._closed) >= GENERATIONS or now - self._closed[0].last_at > self._ttl):
            self._closed.popleft()

    def clear(self) -> None:
        """Remove all names."""
        self._open.clear()
        self._closed.clear()
