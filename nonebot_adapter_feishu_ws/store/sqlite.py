"""State in a SQLite file, written by a thread of its own, so that neither loop waits for the disk."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import datetime, timezone
from pathlib import Path
from typing import Final, TypeVar

from typing_extensions import override

from ..exception import StoreError
from ..log import escape, log
from .memory import MemoryStore

T = TypeVar("T")

SCHEMA_VERSION: Final = 1
BUSY_TIMEOUT: Final = 5.0
"""Seconds that a write waits for another process that is writing."""
_SCHEMA: Final = """
CREATE TABLE IF NOT EXISTS state (key TEXT PRIMARY KEY, value TEXT NOT NULL, changed_at TEXT NOT NULL) WITHOUT ROWID;
"""


class SqliteStore(MemoryStore):
    """Small state in a file; claims are held in memory, as in :class:`MemoryStore`."""

    def __init__(self, path: str | Path) -> None:
        """Args:
        path: the file; it and its folder are made when they are not there.
        """
        super().__init__()
        self.path = Path(path)
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="feishu-sqlite")
        self._database: sqlite3.Connection | None = None

    @override
    async def open(self) -> None:
        await self._run(self._opened)

    @override
    async def close(self) -> None:
        await super().close()
        await self._run(self._close)
        self._thread.shutdown(wait=False)

    @override
    async def get(self, key: str) -> str | None:
        row = await self._run(
            lambda: self._opened().execute("SELECT value FROM state WHERE key = ?", (key,)).fetchone()
        )
        return None if row is None else str(row[0])

    @override
    async def set(self, key: str, value: str | None) -> None:
        await self._run(lambda: self._set(key, value))

    async def _run(self, work: Callable[[], T]) -> T:
        try:
            return await asyncio.get_running_loop().run_in_executor(self._thread, work)
        except (sqlite3.Error, OSError) as error:
            raise StoreError(f"the store {self.path} failed ({error}); check the disk and the file's owner") from error

    # In the thread

    def _opened(self) -> sqlite3.Connection:
        """The open database; one that could not be opened before is tried again, as the disk may be back."""
        if self._database is None:
            self._database = self._open()
        return self._database

    def _open(self) -> sqlite3.Connection:
        self.path.parent.mkdir(parents=True, exist_ok=True)
        try:
            return self._connect()
        except sqlite3.DatabaseError as error:
            if isinstance(error, sqlite3.OperationalError):  # a trouble with the disk, not with the content
                raise
            aside = self._set_aside()
            log(
                "ERROR",
                f"The store {escape(str(self.path))} is damaged ({escape(str(error))}). It was set aside as "
                f"{escape(aside.name)} and a new one begun: choices made on the status page are forgotten",
            )
            return self._connect()

    def _connect(self) -> sqlite3.Connection:
        database = sqlite3.connect(self.path, timeout=BUSY_TIMEOUT, isolation_level=None, check_same_thread=False)
        try:
            database.execute("PRAGMA journal_mode = WAL")
            database.execute("PRAGMA synchronous = FULL")
            [[found]] = database.execute("PRAGMA quick_check(1)")
            if found != "ok":
                raise sqlite3.DatabaseError(str(found))
            [[version]] = database.execute("PRAGMA user_version")
            if version > SCHEMA_VERSION:
                raise StoreError(
                    f"the store {self.path} was written by a newer version of this adapter (schema {version}, known is "
                    f"{SCHEMA_VERSION}); update the adapter, or name another file in FEISHU_STORE"
                )
            database.executescript(_SCHEMA)
            database.execute(f"PRAGMA user_version = {SCHEMA_VERSION}")
        except BaseException:
            database.close()
            raise
        return database

    def _set_aside(self) -> Path:
        stamp = datetime.now(timezone.utc).strftime("%Y%m%dT%H%M%S%f")
        aside = self.path.with_name(f"{self.path.name}.damaged-{stamp}")
        self.path.rename(aside)
        for suffix in ("-wal", "-shm"):
            with suppress(FileNotFoundError):
                self.path.with_name(self.path.name + suffix).rename(aside.with_name(aside.name + suffix))
        return aside

    def _set(self, key: str, value: str | None) -> None:
        if value is None:
            self._opened().execute("DELETE FROM state WHERE key = ?", (key,))
            return
        self._opened().execute(
            "INSERT INTO state VALUES (?, ?, ?) "
            "ON CONFLICT (key) DO UPDATE SET value = excluded.value, changed_at = excluded.changed_at",
            (key, value, datetime.now(timezone.utc).isoformat(timespec="seconds")),
        )

    def _close(self) -> None:
        database, self._database = self._database, None
        if database is not None:
            database.close()
