"""The parked events of a store. The bots may run meanwhile."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from ..exception import StoreError


@dataclass(frozen=True, slots=True)
class ParkedEvent:
    """An event that was given up because the process died again and again while it was handled.

    Attributes:
        key: its name in the store; begins with the app id and a colon.
        taken_at: when it came, seconds since the epoch.
        payload: the event's JSON as Feishu sent it.
    """

    key: str
    taken_at: float
    payload: bytes


class ParkedEvents(Protocol):
    """What can be done with them."""

    def list(self) -> Sequence[ParkedEvent]:
        """All of them, the oldest first."""
        ...

    def retry(self, key: str) -> bool:
        """Let an event wait as if it had just come; False when none of this name is parked."""
        ...

    def drop(self, key: str) -> bool:
        """Forget an event; False when none of this name is parked."""
        ...

    def close(self) -> None:
        """Free what it holds."""
        ...


def open_parked(url: str) -> ParkedEvents:
    """The parked events of the store that a URL of ``FEISHU_STORE`` names.

    Raises:
        StoreError: it has none, or cannot be opened.
    """
    scheme, _, rest = url.partition("://")
    if scheme == "sqlite":
        from .sqlite import SqliteParked

        return SqliteParked(Path(rest[1:]))
    if scheme in ("redis", "rediss", "unix"):
        from .redis import RedisParked  # the redis package is an extra

        return RedisParked(url)
    raise StoreError("FEISHU_STORE is memory://, which keeps no event: there is nothing to look at")
