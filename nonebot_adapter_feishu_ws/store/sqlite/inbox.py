"""Looks at the inbox of a SQLite file as a whole. Runs in the store's thread."""

from __future__ import annotations

import sqlite3
from collections.abc import Collection, Mapping, Sequence

from ..base import InboxCount


def count_inbox(database: sqlite3.Connection, bot_ids: Sequence[str]) -> Mapping[str, InboxCount]:
    """How many events of each bot wait, and how many are parked; from the indexes alone."""
    waiting = dict(
        database.execute(
            "SELECT bot_id, count(*) FROM inbox WHERE holder IS NULL AND parked_at IS NULL GROUP BY bot_id"
        ).fetchall()
    )
    parked = dict(
        database.execute("SELECT bot_id, count(*) FROM inbox WHERE parked_at IS NOT NULL GROUP BY bot_id").fetchall()
    )
    return {bot_id: InboxCount(waiting.get(bot_id, 0), parked.get(bot_id, 0)) for bot_id in bot_ids}


def free_stranded(database: sqlite3.Connection, holder: str, mine: Collection[str]) -> None:
    """Let entries wait again that were begun by a write whose answer never came: nobody handles them."""
    held = database.execute("SELECT key FROM inbox WHERE holder = ? AND parked_at IS NULL", (holder,)).fetchall()
    stranded = [(key,) for (key,) in held if key not in mine]
    database.executemany("UPDATE inbox SET holder = NULL, runs = runs - 1 WHERE key = ?", stranded)
