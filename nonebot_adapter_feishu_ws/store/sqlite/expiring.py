"""The table ``expiring`` of a SQLite file: values that outlive a restart for a while. Runs in the store's thread."""

import sqlite3
from typing import Final

KEEP: Final = 20_000
"""Values of all bots together; those that were written longest ago are dropped first."""


def get(database: sqlite3.Connection, key: str, now: float) -> str | None:
    """Return a value, or None."""
    wanted = "SELECT value FROM expiring WHERE key = ? AND (until IS NULL OR until > ?)"
    row = database.execute(wanted, (key, now)).fetchone()
    return None if row is None else str(row[0])


def put(database: sqlite3.Connection, key: str, value: str | None, until: float | None, now: float) -> None:
    """Write a value that is good until a time in seconds since the epoch (None: for ever), or delete it (None)."""
    if value is None:
        database.execute("DELETE FROM expiring WHERE key = ?", (key,))
        return
    database.execute("DELETE FROM expiring WHERE until <= ?", (now,))
    row = database.execute("INSERT OR REPLACE INTO expiring (key, value, until) VALUES (?, ?, ?)", (key, value, until))
    number = row.lastrowid or 0
    database.execute("DELETE FROM expiring WHERE number <= ? AND until IS NOT NULL", (number - KEEP,))


def add(database: sqlite3.Connection, key: str, value: str, until: float, now: float) -> str:
    """Write a value unless there is one; returns the one that is there then."""
    if (found := get(database, key, now)) is not None:
        return found
    put(database, key, value, until, now)
    return value
