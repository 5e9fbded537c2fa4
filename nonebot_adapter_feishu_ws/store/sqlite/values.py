"""The tables ``state`` and ``sets`` of a SQLite file. Runs in the store's thread."""

import sqlite3
from collections.abc import Mapping
from datetime import UTC, datetime


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
