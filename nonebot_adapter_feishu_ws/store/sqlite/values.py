"""The tables ``claims``, ``state`` and ``sets`` of a SQLite file. Runs in the store's thread."""

import sqlite3
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from hashlib import blake2b


def claim(database: sqlite3.Connection, keys: Sequence[str], now: int, ttl: int) -> bool:
    """Remember the keys of an event; False when one of them is younger than ``ttl`` seconds."""
    names = [_digest(key) for key in keys]
    marks = ", ".join("?" * len(names))
    known = f"SELECT 1 FROM claims WHERE name IN ({marks}) AND at > ? LIMIT 1"
    if database.execute(known, (*names, now - ttl)).fetchone() is not None:
        return False
    database.executemany("INSERT OR REPLACE INTO claims VALUES (?, ?)", [(name, now) for name in names])
    return True


def forget_claims(database: sqlite3.Connection, until: int, max_claims: int) -> None:
    """Forget claims from before ``until``, and the oldest of too many."""
    database.execute("DELETE FROM claims WHERE at <= ?", (until,))
    [[count]] = database.execute("SELECT count(*) FROM claims")
    oldest = "DELETE FROM claims WHERE name IN (SELECT name FROM claims ORDER BY at LIMIT ?)"
    database.execute(oldest, (max(0, count - max_claims),))


def get(database: sqlite3.Connection, key: str) -> str | None:
    """Return a value, or None."""
    row = database.execute("SELECT value FROM state WHERE key = ?", (key,)).fetchone()
    return None if row is None else str(row[0])


def put(database: sqlite3.Connection, key: str, value: str | None) -> None:
    """Write a value, or delete it (None)."""
    if value is None:
        database.execute("DELETE FROM state WHERE key = ?", (key,))
        return
    database.execute(
        "INSERT INTO state VALUES (?, ?, ?) "
        "ON CONFLICT (key) DO UPDATE SET value = excluded.value, changed_at = excluded.changed_at",
        (key, value, datetime.now(UTC).isoformat(timespec="seconds")),
    )


def note(database: sqlite3.Connection, name: str, members: Mapping[str, float], keep: int) -> None:
    """Add members to a set, of which the latest ``keep`` stay."""
    rows = [(name, member, at) for member, at in members.items()]
    database.executemany("INSERT OR REPLACE INTO sets VALUES (?, ?, ?)", rows)
    database.execute(
        "DELETE FROM sets WHERE name = ? AND at < "
        "(SELECT at FROM sets WHERE name = ? ORDER BY at DESC LIMIT 1 OFFSET ?)",
        (name, name, keep - 1),
    )


def noted(database: sqlite3.Connection, name: str) -> list[str]:
    """Return the members of a set, latest first."""
    rows = database.execute("SELECT member FROM sets WHERE name = ? ORDER BY at DESC", (name,))
    return [str(member) for (member,) in rows]


def try_to_write(database: sqlite3.Connection) -> None:
    """Write as much as a few events need: a full disk must not look as if there were room again."""
    put(database, "store:ping", "x" * 65_536)
    put(database, "store:ping", None)


def _digest(key: str) -> bytes:
    return blake2b(key.encode(), digest_size=16).digest()
