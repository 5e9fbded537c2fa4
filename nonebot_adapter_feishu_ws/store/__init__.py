"""Stores: which events were taken, which are not handled yet, and small state that outlives a restart."""

from __future__ import annotations

from .base import CLAIM_TTL, DUPLICATE, MAX_RUNS, Entry, Store, Taken
from .fallback import FallbackStore, StoreStatus
from .memory import MemoryStore

REPLAY_WINDOW = 600.0


def make_store(url: str, *, replay_window: float = REPLAY_WINDOW) -> Store:
    """The store that a URL of ``FEISHU_STORE`` names: ``memory://``, ``sqlite:///relative`` or ``sqlite:////absolute``.

    Args:
        url: its kind and place.
        replay_window: seconds; what an earlier process left behind is handled when it is not older.

    Raises:
        ValueError: it names none.
    """
    scheme, separator, rest = url.partition("://")
    if separator and scheme == "memory":
        return MemoryStore()
    if separator and scheme == "sqlite" and len(rest) > 1 and rest.startswith("/"):
        from .sqlite import SqliteStore  # only who keeps state on disk loads sqlite3

        return FallbackStore(SqliteStore(rest[1:], replay_window=replay_window), url)
    raise ValueError(
        "must be memory://, sqlite:///relative/path or sqlite:////absolute/path (redis comes with a later version)"
    )


__all__ = [
    "CLAIM_TTL",
    "DUPLICATE",
    "MAX_RUNS",
    "Entry",
    "FallbackStore",
    "MemoryStore",
    "Store",
    "StoreStatus",
    "Taken",
    "make_store",
]
