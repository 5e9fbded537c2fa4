"""The table ``inbox`` of a SQLite file. Runs in the store's thread, inside its transactions."""

import sqlite3
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from itertools import chain
from typing import Final

from ..base import MAX_RUNS, SUSPECT_RUNS, Entry, InboxCount
from .parts import in_parts, marks

Held = tuple[str, int]
"""An entry that this process handles: its key, and the number where it was last seen; 0 when that is not known."""

DEAD_LETTERS_FOR: Final = 30 * 86_400.0
"""Seconds that a dead letter is kept."""
_WAITING: Final = "holder IS NULL AND parked_at IS NULL"


class InboxTable:
    """The inbox as one process, its holder, sees it."""

    def __init__(self, holder: str) -> None:
        """Create the view of one process, by a name that no other process has."""
        self._holder = holder
        self.size: int = 0
        """Events that are not dead letters; known after :meth:`measure`."""

    def measure(self, database: sqlite3.Connection) -> None:
        """Count all events."""
        dead_letters = "SELECT count(*) FROM inbox WHERE parked_at IS NOT NULL"
        [[self.size]] = database.execute(f"SELECT count(*) - ({dead_letters}) FROM inbox")

    def inherit(
        self,
        database: sqlite3.Connection,
        bot_ids: Sequence[str],
        living: Mapping[str, Collection[str]],
        too_late: Collection[str],
        now: float,
    ) -> int:
        """Free what dead processes of these bots held.

        Args:
            database: the file.
            bot_ids: the bots of this process.
            living: the other holders that run, each with its bots: what they hold stays theirs.
            too_late: bots that nobody has served for so long that what waits for them becomes a dead letter, except
                for what was begun already.
            now: seconds since the epoch.

        Returns:
            How many events became dead letters.
        """
        parked = 0
        for bot_id in bot_ids:
            free = f"UPDATE inbox SET holder = NULL WHERE bot_id = ? AND holder NOT IN (?{', ?' * len(living)})"
            database.execute(free, (bot_id, self._holder, *living))
            if bot_id in too_late and not any(bot_id in bots for bots in living.values()):
                never_begun = f"bot_id = ? AND {_WAITING} AND runs = 0 AND put_back IS NULL"
                park = f"UPDATE inbox SET parked_at = ? WHERE {never_begun}"
                parked += database.execute(park, (now, bot_id)).rowcount
        database.execute("DELETE FROM inbox WHERE parked_at < ?", (now - DEAD_LETTERS_FOR,))
        return parked

    def add(self, database: sqlite3.Connection, events: Sequence[tuple[Entry, bool]]) -> list[int]:
        """Write events, each with whether this process handles it now or it waits; returns their numbers."""
        numbers: list[int] = []
        rows = [_to_row(entry, self._holder if begin else None) for entry, begin in events]
        insert = "INSERT INTO inbox (key, bot_id, payload, taken_at, runs, holder) VALUES {}"
        for sql, part in in_parts(insert, "(?, ?, ?, ?, ?, ?)", rows):
            added = database.execute(sql, tuple(chain.from_iterable(part)))
            last = added.lastrowid or 0
            numbers += range(last - len(part) + 1, last + 1)
        self.size += len(rows)
        return numbers

    def begin_waiting(self, database: sqlite3.Connection, bot_id: str, limit: int) -> list[tuple[Entry, int]]:
        """Start events that were never started before, oldest first; returns them with their numbers."""
        return self._begin(database, "runs = 0", (bot_id,), limit, order="number")

    def begin_abandoned(
        self, database: sqlite3.Connection, bot_ids: Sequence[str], suspects: bool, now: float
    ) -> tuple[list[tuple[Entry, int]], list[str]]:
        """Start one event again; returns it, if there is one, and the keys of those that became dead letters."""
        given_up = f"SELECT number, key FROM inbox WHERE {_WAITING} AND bot_id IN ({marks(bot_ids)}) AND runs >= ?"
        dead = database.execute(given_up, (*bot_ids, MAX_RUNS)).fetchall()
        database.executemany("UPDATE inbox SET parked_at = ? WHERE number = ?", [(now, number) for number, _ in dead])
        self.size -= len(dead)
        # Least suspected first: kills soon after a start then hit one event after the other, not always the same, and
        # an event that does kill its process holds up nothing else.
        which = f"runs BETWEEN 1 AND {MAX_RUNS if suspects else SUSPECT_RUNS - 1}"
        found = self._begin(database, which, bot_ids, 1, order="runs, number")
        return found, [str(key) for _, key in dead]

    def _begin(
        self, database: sqlite3.Connection, which: str, bot_ids: Sequence[str], limit: int, *, order: str
    ) -> list[tuple[Entry, int]]:
        rows = database.execute(
            "SELECT number, key, bot_id, payload, taken_at, runs + 1, runs + 1 + coalesce(put_back, 0) "
            f"FROM inbox WHERE {_WAITING} AND {which} AND bot_id IN ({marks(bot_ids)}) ORDER BY {order} LIMIT ?",
            (*bot_ids, limit),
        ).fetchall()
        update = "UPDATE inbox SET holder = ?, runs = runs + 1 WHERE number IN ({})"
        for sql, part in in_parts(update, "?", [number for number, *_ in rows]):
            database.execute(sql, (self._holder, *part))
        return [(Entry(*row), number) for number, *row in rows]

    def missing(self, database: sqlite3.Connection, keys: Collection[str]) -> Collection[str]:
        """Which of these entries the file does not hold as this process's own."""
        held = database.execute("SELECT key FROM inbox WHERE holder = ?", (self._holder,))
        return set(keys).difference(key for (key,) in held)

    def remove(self, database: sqlite3.Connection, entries: Sequence[Held]) -> None:
        """Delete events that were handled."""
        self.size -= _change(database, "DELETE FROM inbox", entries)

    def free_stranded(self, database: sqlite3.Connection, mine: Collection[str]) -> None:
        """Let entries wait again that were started by a write whose answer never arrived: no process handles them."""
        sql = "SELECT number, key FROM inbox WHERE holder = ? AND parked_at IS NULL"
        held = database.execute(sql, (self._holder,)).fetchall()
        stranded = [(number,) for number, key in held if key not in mine]
        database.executemany("UPDATE inbox SET holder = NULL, runs = runs - 1 WHERE number = ?", stranded)


def peek(
    database: sqlite3.Connection, bot_id: str, group_of: Callable[[bytes], bytes], after: int, limit: int
) -> tuple[Mapping[bytes, str], int | None]:
    """Group waiting events; see :meth:`.Inbox.peek`."""
    rows = database.execute(
        f"SELECT number, key, payload FROM inbox WHERE {_WAITING} AND runs = 0 AND bot_id = ? AND number > ? "
        "ORDER BY number LIMIT ?",
        (bot_id, after, limit),
    )
    last: dict[bytes, str] = {}
    looked_at = count = 0
    for count, (looked_at, key, payload) in enumerate(rows, 1):  # noqa: B007 - the last ones count
        last[group_of(payload)] = key
    return last, looked_at if count == limit else None


def put_back(database: sqlite3.Connection, entries: Sequence[Held]) -> None:
    """Let events wait as if they had never been started, but for how often they were."""
    before = "coalesce(put_back, 0) + max(runs, 1)"
    _change(database, f"UPDATE inbox SET holder = NULL, put_back = {before}, runs = 0", entries)


def count_inbox(database: sqlite3.Connection, bot_ids: Sequence[str]) -> Mapping[str, InboxCount]:
    """How many events of each bot wait, and how many are dead letters; from the indexes alone."""
    waiting = f"SELECT bot_id, count(*) FROM inbox WHERE {_WAITING} GROUP BY bot_id"
    dead_letters = "SELECT bot_id, count(*) FROM inbox WHERE parked_at IS NOT NULL GROUP BY bot_id"
    counts = [dict(database.execute(sql).fetchall()) for sql in (waiting, dead_letters)]
    return {bot_id: InboxCount(*(count.get(bot_id, 0) for count in counts)) for bot_id in bot_ids}


def _to_row(entry: Entry, holder: str | None) -> tuple[object, ...]:
    return entry.key, entry.bot_id, entry.payload, entry.taken_at, 0 if holder is None else 1, holder


def _change(database: sqlite3.Connection, statement: str, entries: Sequence[Held]) -> int:
    """Delete or update entries; returns how many there were."""
    changed = _change_by_number(database, statement, entries)
    if changed < len(entries):
        # After trouble: written without an answer, or in a file that was set aside.
        keys = {key for key, _ in entries}
        everything: Iterable[Held] = database.execute("SELECT key, number FROM inbox").fetchall()
        changed += _change_by_number(database, statement, [it for it in everything if it[0] in keys])
    return changed


def _change_by_number(database: sqlite3.Connection, statement: str, entries: Sequence[Held]) -> int:
    changed = 0
    # The key as well: another event may have got the number.
    for sql, part in in_parts(f"{statement} WHERE number IN ({{}}) AND key IN ({{}})", "?", entries):
        keys, numbers = zip(*part, strict=True)
        changed += database.execute(sql, (*numbers, *keys)).rowcount
    return changed
