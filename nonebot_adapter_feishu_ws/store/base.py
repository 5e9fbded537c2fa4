"""What must be remembered. One small protocol; every backend keeps the same promises."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

CLAIM_TTL = 8 * 3600.0
"""Seconds a claim is remembered: longer than Feishu's last redelivery, about 6 h 5 min after the first push."""


class Store(Protocol):
    """Remembers which events were taken, and small state. Its methods are awaited on the network loop."""

    async def open(self) -> None:
        """Make it ready; called once, before any other method.

        Raises:
            StoreError: it cannot be used.
        """
        ...

    async def close(self) -> None:
        """Flush and free what it holds."""
        ...

    async def claim(self, keys: Sequence[str]) -> bool:
        """Take an event under all of its keys at once.

        Args:
            keys: names of one event (bot and event id, bot and message id).

        Returns:
            True when it is ours to handle; False when any key was claimed within :data:`CLAIM_TTL`.
        """
        ...

    async def release(self, keys: Sequence[str]) -> None:
        """Give a claimed event back, so that its redelivery is taken."""
        ...

    async def get(self, key: str) -> str | None:
        """A piece of state, or None.

        Raises:
            StoreError: it cannot be read.
        """
        ...

    async def set(self, key: str, value: str | None) -> None:
        """Keep a piece of state, or (None) forget it; it is safe on disk when this returns.

        Raises:
            StoreError: it cannot be written.
        """
        ...
