"""The SQLite file on disk, which somebody may delete, move, replace or cut while it is open.

A process writes on into a file that has no name any more, and hears nothing of it: what it takes is gone when it ends.
But until then everything can still be read, and written to a new file. Runs in the store's thread.
"""

import os
import sqlite3
from collections.abc import Collection
from pathlib import Path

from .parts import marks

_COLUMNS = "key, bot_id, payload, taken_at, runs, holder, parked_at, put_back"


class OpenFile:
    """The file and its ``-wal`` as they were when they were opened."""

    def __init__(self, path: Path) -> None:
        """Remember the file, which exists and is open."""
        self._path = path
        self._wal_path = path.with_name(f"{path.name}-wal")
        found = path.stat()
        self._name, self._size = (found.st_dev, found.st_ino), found.st_size
        self._wal = _name_of(self._wal_path)
        self.is_cut: bool = False
        """Whether some of it is gone."""

    def look(self) -> str | None:
        """Compare what is open with what stands on the disk; returns what has happened to it, None if nothing has."""
        try:
            found = self._path.stat()
        except FileNotFoundError:
            return "was deleted or moved"
        if (found.st_dev, found.st_ino) != self._name:
            return "was replaced by another file"
        if found.st_size < self._size:  # SQLite lets it only grow
            self.is_cut = True
            return "was truncated"
        self._size = found.st_size
        wal = _name_of(self._wal_path)
        if self._wal is not None and wal != self._wal:
            return "has lost its -wal"
        self._wal = wal
        return None

    def remove_remains(self) -> None:
        """Delete the ``-wal`` of a file that is gone: SQLite would read it into the next one of that name."""
        if self._wal is not None and _name_of(self._wal_path) == self._wal:
            self._wal_path.unlink()
            self._path.with_name(f"{self._path.name}-shm").unlink(missing_ok=True)


def copy_open_file(database: sqlite3.Connection, path: Path) -> Path:
    """Write all that an open database holds to a file beside ``path``, and return its path.

    Raises:
        sqlite3.Error, OSError: it cannot be read any more, or the disk cannot be written.
    """
    copy = path.with_name(f"{path.name}-copy")
    path.parent.mkdir(parents=True, exist_ok=True)
    copy.unlink(missing_ok=True)
    os.close(os.open(copy, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
    target = sqlite3.connect(copy)
    try:
        database.backup(target)
    finally:
        target.close()
    return copy


def take_over(database: sqlite3.Connection, copy: Path, others: Collection[str]) -> None:
    """Add what a copy holds and the file does not. What belongs to ``others``, bots of other processes, they add."""
    rest = tuple(others)
    database.execute("ATTACH ? AS copy", (str(copy),))
    try:
        with database:
            database.execute("BEGIN IMMEDIATE")
            for table in ("claims", "state", "sets", "open_work"):
                database.execute(f"INSERT OR IGNORE INTO {table} SELECT * FROM copy.{table}")
            database.execute(
                "INSERT OR IGNORE INTO expiring (key, value, until) "
                "SELECT key, value, until FROM copy.expiring ORDER BY number"
            )
            database.execute(
                f"INSERT INTO inbox ({_COLUMNS}) SELECT {_COLUMNS} FROM copy.inbox "
                f"WHERE key NOT IN (SELECT key FROM inbox) AND bot_id NOT IN ({marks(rest)}) ORDER BY number",
                rest,
            )
    finally:
        database.execute("DETACH copy")


def _name_of(path: Path) -> tuple[int, int] | None:
    try:
        found = path.stat()
    except FileNotFoundError:
        return None
    return found.st_dev, found.st_ino
