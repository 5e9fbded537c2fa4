"""Stores: claims of events, the inbox of those that are not handled yet, and state that outlives a restart."""

from .base import (
    CLAIM_TTL,
    MAX_RUNS,
    REPLAY_WINDOW,
    TAKEOVER_AFTER,
    Entry,
    ExpiringValues,
    Inbox,
    InboxCount,
    KeyValue,
    Lease,
    OpenWork,
    Store,
    storable,
)
from .fallback import FallbackStore
from .kept import Kept
from .memory import MemoryStore
from .open_work import OpenWorkDoor
from .shared import Shared, shared_of
from .view import StoreView, StoreWatch

SCHEMES = "memory://, sqlite:///relative/path, sqlite:////absolute/path or redis://host:6379/0 (rediss://, unix://)"


def make_store(
    url: str,
    *,
    replay_window: float = REPLAY_WINDOW,
    takeover_after: float = TAKEOVER_AFTER,
    claim_ttl: float = CLAIM_TTL,
) -> Store:
    """Create the store that ``FEISHU_STORE`` names.

    Args:
        url: the kind and the place: ``memory://``, ``sqlite:///relative``, ``sqlite:////absolute``,
            ``redis://[user:password@]host:port/0``, ``rediss://`` (TLS) or ``unix:///path/of/socket``.
        replay_window: seconds; what an earlier process left behind is handled unless it ended longer ago.
        takeover_after: seconds without a heartbeat after which another process counts as dead; for Redis.
        claim_ttl: seconds for which a redelivery of an event is recognised.

    Raises:
        ValueError: the URL names no store.
        ImportError: the extra of its kind is not installed.
    """
    scheme, separator, rest = url.partition("://")
    if separator and scheme == "memory":
        return MemoryStore(ttl=claim_ttl)
    if separator and scheme == "sqlite" and len(rest) > 1 and rest.startswith("/"):
        from .sqlite.store import SqliteStore  # sqlite3 is loaded only when it is used

        return FallbackStore(SqliteStore(rest[1:], replay_window=replay_window, claim_ttl=claim_ttl))
    if separator and scheme in ("redis", "rediss", "unix") and rest:
        from .redis.store import RedisStore  # the redis package is an extra

        redis = RedisStore(url, replay_window=replay_window, takeover_after=takeover_after, claim_ttl=claim_ttl)
        return FallbackStore(redis)
    raise ValueError(f"must be {SCHEMES}")


__all__ = [
    "CLAIM_TTL",
    "MAX_RUNS",
    "Entry",
    "ExpiringValues",
    "FallbackStore",
    "Inbox",
    "InboxCount",
    "Kept",
    "KeyValue",
    "Lease",
    "MemoryStore",
    "OpenWork",
    "OpenWorkDoor",
    "Shared",
    "Store",
    "StoreView",
    "StoreWatch",
    "make_store",
    "shared_of",
    "storable",
]
