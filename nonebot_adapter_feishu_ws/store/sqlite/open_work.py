"""The table ``open_work`` of a SQLite file. Runs in the store's thread.

A note without a holder is one that a dead process has left behind.
"""

import sqlite3
from collections.abc import Mapping, Sequence

from .parts import marks


def hold(database: sqlite3.Connection, key: str, value: str, holder: str) -> None:
    """Write a note of one process."""
    database.execute(
        "INSERT OR REPLACE INTO open_work VALUES (?, ?, ?, ?)", (key, key.partition(":")[0], value, holder)
    )


def find(database: sqlite3.Connection, key: str) -> str | None:
    """Return a note, or None."""
    row = database.execute("SELECT value FROM open_work WHERE key = ?", (key,)).fetchone()
    return None if row is None else str(row[0])


def drop(database: sqlite3.Connection, key: str) -> None:
    """Delete a note."""
    database.execute("DELETE FROM open_work WHERE key = ?", (key,))


def free(database: sqlite3.Connection, bot_ids: Sequence[str], living: Sequence[str]) -> None:
    """Take the notes of these bots from all holders but the living."""
    for bot_id in bot_ids:
        of_dead = f"bot_id = ? AND holder NOT IN ({marks(living)})"
        database.execute(f"UPDATE open_work SET holder = NULL WHERE {of_dead}", (bot_id, *living))


def has_free(database: sqlite3.Connection, bot_id: str) -> bool:
    """Whether there is a note of a bot without a holder."""
    found = database.execute("SELECT 1 FROM open_work WHERE bot_id = ? AND holder IS NULL LIMIT 1", (bot_id,))
    return found.fetchone() is not None


def inherit(database: sqlite3.Connection, bot_id: str, holder: str) -> Mapping[str, str]:
    """Give the notes of a bot without a holder to one; returns them."""
    sql = "SELECT key, value FROM open_work WHERE bot_id = ? AND holder IS NULL"
    found = {str(key): str(value) for key, value in database.execute(sql, (bot_id,))}
    database.executemany("UPDATE open_work SET holder = ? WHERE key = ?", [(holder, key) for key in found])
    return found
