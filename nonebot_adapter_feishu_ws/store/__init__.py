"""Stores: which events were taken, and small state that outlives a restart."""

from __future__ import annotations

from .base import CLAIM_TTL, Store
from .memory import MemoryStore


def make_store(url: str) -> Store:
    """The store that a URL of ``FEISHU_STORE`` names: ``memory://``, ``sqlite:///relative`` or ``sqlite:////absolute``.

    Raises:
        ValueError: it names none.
    """
    scheme, separator, rest = url.partition("://")
    if separator and scheme == "memory":
        return MemoryStore()
    if separator and scheme == "sqlite" and len(rest) > 1 and rest.startswith("/"):
        from .sqlite import SqliteStore  # only who keeps state on disk loads sqlite3

        return SqliteStore(rest[1:])
    raise ValueError(
        "must be memory://, sqlite:///relative/path or sqlite:////absolute/path (redis comes with a later version)"
    )


__all__ = ["CLAIM_TTL", "MemoryStore", "Store", "make_store"]
