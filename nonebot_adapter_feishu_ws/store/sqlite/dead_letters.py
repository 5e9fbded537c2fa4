"""Dead letters in a SQLite file."""

import sqlite3
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from typing_extensions import override

from ...exception import StoreError
from ..base import DeadLetters, Entry

BUSY_TIMEOUT: Final = 5.0
"""Seconds to wait for the bots' own writes."""


class SqliteDeadLetters(DeadLetters):
    """The dead letters of all bots."""

    def __init__(self, path: Path) -> None:
        """Open the file as it is: nothing is created, migrated or set aside.

        Raises:
            StoreError: it does not exist, or is not a store.
        """
        if not path.is_file():
            raise StoreError(f"there is no store {path}: run this in the bot's folder, or name it with --store")
        self._database = sqlite3.connect(path, timeout=BUSY_TIMEOUT, isolation_level=None)
        try:
            self.list()
        except sqlite3.Error as error:
            self._database.close()
            raise StoreError(f"{path} cannot be read as a store ({error})") from error

    @override
    def list(self) -> Sequence[Entry]:
        sql = "SELECT key, bot_id, payload, taken_at, runs FROM inbox WHERE parked_at IS NOT NULL ORDER BY number"
        return [Entry(*row) for row in self._database.execute(sql)]

    @override
    def retry(self, key: str) -> bool:
        columns = {str(name) for _, name, *_ in self._database.execute("PRAGMA table_info(inbox)")}
        # Promised to the operator, however long the bot has been away; a file of an earlier version has no such mark.
        mark = ", put_back = 1" if "put_back" in columns else ""
        waits = f"parked_at = NULL, holder = NULL, runs = 0{mark}, taken_at = ?"
        sql = f"UPDATE inbox SET {waits} WHERE key = ? AND parked_at > 0"
        return self._database.execute(sql, (time.time(), key)).rowcount > 0

    @override
    def drop(self, key: str) -> bool:
        return self._database.execute("DELETE FROM inbox WHERE key = ? AND parked_at > 0", (key,)).rowcount > 0

    @override
    def close(self) -> None:
        self._database.close()
