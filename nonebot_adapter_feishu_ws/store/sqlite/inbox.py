"""The table ``inbox`` of a SQLite file. Runs in the store's thread, inside its transactions."""

import sqlite3
from collections.abc import Collection, Mapping, Sequence
from typing import Final

from ..base import MAX_RUNS, SUSPECT_RUNS, Entry, InboxCount

DEAD_LETTERS_FOR: Final = 30 * 86_400.0
"""Seconds that a dead letter is kept."""
_WAITING: Final = "holder IS NULL AND parked_at IS NULL"


class InboxTable:
    """The inbox as one process, its holder, sees it."""

    def __init__(self, holder: str) -> None:
        """Create the view of one process, by a name that no other process has."""
        self._holder = holder
        self.size: int = 0
        """Events in the table, dead letters included; known after :meth:`measure`."""

    def measure(self, database: sqlite3.Connection) -> None:
        """Count all events."""
        [[self.size]] = database.execute("SELECT count(*) FROM inbox")

    def inherit(self, database: sqlite3.Connection, bot_ids: Sequence[str], oldest: float, now: float) -> int:
        """Free what an earlier process of these bots held, and drop events from before ``oldest``; returns how many."""
        dropped = 0
        for bot_id in bot_ids:
            database.execute("UPDATE inbox SET holder = NULL WHERE bot_id = ? AND holder <> ?", (bot_id, self._holder))
            too_old = f"DELETE FROM inbox WHERE bot_id = ? AND {_WAITING} AND taken_at < ?"
            dropped += database.execute(too_old, (bot_id, oldest)).rowcount
        database.execute("DELETE FROM inbox WHERE parked_at < ?", (now - DEAD_LETTERS_FOR,))
        return dropped

    def add(self, database: sqlite3.Connection, entry: Entry, begin: bool) -> None:
        """Write an event, which this process handles now (``begin``) or which waits."""
        holder, runs = (self._holder, 1) if begin else (None, 0)
        database.execute(
            "INSERT OR REPLACE INTO inbox (key, bot_id, payload, taken_at, runs, holder) VALUES (?, ?, ?, ?, ?, ?)",
            (entry.key, entry.bot_id, entry.payload, entry.taken_at, runs, holder),
        )
        self.size += 1

    def begin_waiting(self, database: sqlite3.Connection, bot_id: str, limit: int) -> list[Entry]:
        """Start events that were never started before, oldest first."""
        return self._begin(database, "runs = 0", (bot_id,), limit, order="number")

    def begin_abandoned(
        self, database: sqlite3.Connection, bot_ids: Sequence[str], suspects: bool, now: float
    ) -> tuple[Entry | None, list[str]]:
        """Start one event again; returns it, and the keys of those that became dead letters."""
        marks = ", ".join("?" * len(bot_ids))
        given_up = f"SELECT key FROM inbox WHERE {_WAITING} AND bot_id IN ({marks}) AND runs >= ?"
        keys = database.execute(given_up, (*bot_ids, MAX_RUNS)).fetchall()
        database.executemany("UPDATE inbox SET parked_at = ? WHERE key = ?", [(now, key) for (key,) in keys])
        # Least suspected first: kills soon after a start then hit one event after the other, not always the same, and
        # an event that does kill its process holds up nothing else.
        which = f"runs BETWEEN 1 AND {MAX_RUNS if suspects else SUSPECT_RUNS - 1}"
        found = self._begin(database, which, bot_ids, 1, order="runs, number")
        return found[0] if found else None, [str(key) for (key,) in keys]

    def _begin(
        self, database: sqlite3.Connection, which: str, bot_ids: Sequence[str], limit: int, *, order: str
    ) -> list[Entry]:
        marks = ", ".join("?" * len(bot_ids))
        rows = database.execute(
            f"SELECT key, bot_id, payload, taken_at, runs + 1 FROM inbox WHERE {_WAITING} AND {which} "
            f"AND bot_id IN ({marks}) ORDER BY {order} LIMIT ?",
            (*bot_ids, limit),
        ).fetchall()
        held = [(self._holder, row[0]) for row in rows]
        database.executemany("UPDATE inbox SET holder = ?, runs = runs + 1 WHERE key = ?", held)
        return [Entry(*row) for row in rows]

    def remove(self, database: sqlite3.Connection, keys: Sequence[str]) -> None:
        """Delete events that were handled."""
        rows = [(key,) for key in keys]
        self.size -= database.executemany("DELETE FROM inbox WHERE key = ?", rows).rowcount

    def free_stranded(self, database: sqlite3.Connection, mine: Collection[str]) -> None:
        """Let entries wait again that were started by a write whose answer never arrived: no process handles them."""
        held = database.execute("SELECT key FROM inbox WHERE holder = ? AND parked_at IS NULL", (self._holder,))
        stranded = [(key,) for (key,) in held.fetchall() if key not in mine]
        database.executemany("UPDATE inbox SET holder = NULL, runs = runs - 1 WHERE key = ?", stranded)


def put_back(database: sqlite3.Connection, keys: Sequence[str]) -> None:
    """Let events wait as if they had never been started."""
    database.executemany("UPDATE inbox SET holder = NULL, runs = 0 WHERE key = ?", [(key,) for key in keys])


def count_inbox(database: sqlite3.Connection, bot_ids: Sequence[str]) -> Mapping[str, InboxCount]:
    """How many events of each bot wait, and how many are dead letters; from the indexes alone."""
    waiting = f"SELECT bot_id, count(*) FROM inbox WHERE {_WAITING} GROUP BY bot_id"
    dead_letters = "SELECT bot_id, count(*) FROM inbox WHERE parked_at IS NOT NULL GROUP BY bot_id"
    counts = [dict(database.execute(sql).fetchall()) for sql in (waiting, dead_letters)]
    return {bot_id: InboxCount(*(count.get(bot_id, 0) for count in counts)) for bot_id in bot_ids}
