"""Claims, inbox and state in a SQLite file, written by a thread of its own, so that neither loop waits for the disk."""

from __future__ import annotations

import asyncio
import sqlite3
import time
import uuid
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from hashlib import blake2b
from pathlib import Path
from typing import Any, TypeVar

from typing_extensions import override

from ...exception import InboxFull, StoreError
from ...log import log
from ..base import (
    CLAIM_TTL,
    DUPLICATE,
    MAX_RUNS,
    REPLAY_WINDOW,
    SUSPECT_RUNS,
    Entry,
    Inbox,
    InboxCount,
    KeyValue,
    StoreStatus,
    Taken,
)
from .file import is_damage, open_file, set_aside
from .group_commit import WRITE_TIMEOUT, GroupCommit
from .inbox import count_inbox, free_stranded

T = TypeVar("T")
Work = Callable[[sqlite3.Connection], Any]

PARKED_FOR = 30 * 86_400.0
"""Seconds that a parked event is kept."""
SWEEP_EVERY = 60.0
"""Seconds between two looks for claims that have aged."""
_ADVICE = "check the disk and the file's owner"
_WAITING = "holder IS NULL AND parked_at IS NULL"


class SqliteStore(Inbox, KeyValue):
    """The store of one process per bot; several bots' processes may share a file."""

    def __init__(
        self,
        path: str | Path,
        *,
        replay_window: float = REPLAY_WINDOW,
        claim_ttl: float = CLAIM_TTL,
        max_claims: int = 1_000_000,
        max_waiting: int = 100_000,
        write_timeout: float = WRITE_TIMEOUT,
        clock: Callable[[], float] = time.time,
    ) -> None:
        """Args:
        path: the file; it and its folder are made when they are not there.
        replay_window: seconds; what a process left behind is dropped, with a warning, when it is older.
        claim_ttl: seconds a claim is remembered.
        max_claims: how many are remembered; the oldest go first.
        max_waiting: events in the inbox; when it is full, no more are taken.
        write_timeout: seconds that a write may take before those who wait for it are told.
        clock: seconds since the epoch.
        """
        self.path: Path = Path(path)
        self.status: StoreStatus = StoreStatus(f"sqlite:///{path}")
        self.inbox: Inbox = self
        self.state: KeyValue = self
        self.locks: None = None
        self.shared: None = None
        self._replay_window = replay_window
        self._claim_ttl = int(claim_ttl)
        self._max_claims = max_claims
        self._max_waiting = max_waiting
        self._clock = clock
        self._bot_ids: tuple[str, ...] = ()
        self._holder = uuid.uuid4().hex
        self._count = 0
        self._unsure = False
        self._mine: set[str] = set()
        self._swept_at = 0.0
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="feishu-sqlite")
        self._database: sqlite3.Connection | None = None
        self._commits = GroupCommit[Work](self._write, name=str(self.path), timeout=write_timeout)

    async def open(self, bot_ids: Sequence[str] = ()) -> None:
        self._bot_ids = tuple(bot_ids)
        await self._run(self._opened)

    async def close(self) -> None:
        await self._commits.flush()
        await self._run(self._close)
        self._thread.shutdown(wait=False)

    async def claim(self, keys: Sequence[str]) -> bool:
        return bool(await self._commits.submit(lambda database: self._claim(database, keys)))

    async def release(self, keys: Sequence[str]) -> None:
        names = [(_name(key),) for key in keys]
        await self._commits.submit(lambda database: _many(database, "DELETE FROM claims WHERE name = ?", names))

    @override
    async def take(self, entry: Entry, keys: Sequence[str], *, begin: bool) -> Taken:
        if self._count >= self._max_waiting:
            raise InboxFull(f"the inbox of the store {self.path} is full: {self._count} events are in it")
        try:
            new = await self._submit(lambda database: self._take(database, entry, keys, begin))
        except StoreError:
            if begin:
                self._mine.add(entry.key)  # whoever asked handles it now, and tells when it is done
            raise
        if new and begin:
            self._mine.add(entry.key)
        return Taken(new=True, entry=entry if begin else None) if new else DUPLICATE

    @override
    async def fetch(self, bot_id: str, limit: int) -> list[Entry]:
        entries: list[Entry] = await self._submit(
            lambda database: self._begin(database, "runs = 0", (bot_id,), limit, order="number")
        )
        self._mine.update(entry.key for entry in entries)
        return entries

    @override
    async def fetch_abandoned(self, bot_ids: Sequence[str], *, suspects: bool = True) -> Entry | None:
        entry, parked = await self._submit(lambda database: self._fetch_abandoned(database, bot_ids, suspects))
        if entry is not None:
            self._mine.add(entry.key)
        for key in parked:
            log(
                "ERROR",
                "The event {} is parked: {} times the process died while it was handled. Its payload "
                "stays in the table inbox of {} for {:.0f} days: python -m "
                "nonebot_adapter_feishu_ws.parked shows it, and runs it again",
                key,
                MAX_RUNS,
                self.path,
                PARKED_FOR / 86400,
            )
        return entry

    @override
    async def done(self, keys: Sequence[str]) -> None:
        await self._submit(lambda database: self._done(database, keys))
        self._mine.difference_update(keys)

    @override
    async def put_back(self, keys: Sequence[str]) -> None:
        rows = [(key,) for key in keys]
        sql = "UPDATE inbox SET holder = NULL, runs = 0 WHERE key = ?"
        await self._submit(lambda database: _many(database, sql, rows))
        self._mine.difference_update(keys)

    async def ping(self) -> None:
        await self._submit(_ping)
        if self._unsure:
            await self._submit(lambda database: free_stranded(database, self._holder, self._mine))
            self._unsure = False

    @override
    async def count(self, bot_ids: Sequence[str]) -> Mapping[str, InboxCount]:
        return await self._run(lambda: count_inbox(self._opened(), bot_ids))

    @override
    async def note(self, name: str, members: Mapping[str, float], *, keep: int) -> None:
        rows = [(name, member, at) for member, at in members.items()]
        await self._commits.submit(lambda database: _note(database, name, rows, keep))

    @override
    async def noted(self, name: str) -> list[str]:
        sql = "SELECT member FROM sets WHERE name = ? ORDER BY at DESC"
        rows = await self._run(lambda: self._opened().execute(sql, (name,)).fetchall())
        return [str(row[0]) for row in rows]

    @override
    async def get(self, key: str) -> str | None:
        row = await self._run(
            lambda: self._opened().execute("SELECT value FROM state WHERE key = ?", (key,)).fetchone()
        )
        return None if row is None else str(row[0])

    @override
    async def set(self, key: str, value: str | None) -> None:
        await self._commits.submit(lambda database: _set(database, key, value))

    async def _submit(self, work: Work) -> Any:
        try:
            return await self._commits.submit(work)
        except StoreError:
            self._unsure = True  # it may have been written all the same
            raise

    async def _write(self, works: Sequence[Work]) -> Sequence[Any]:
        return await self._run(lambda: self._commit(works))

    async def _run(self, work: Callable[[], T]) -> T:
        try:
            return await asyncio.get_running_loop().run_in_executor(self._thread, work)
        except (sqlite3.Error, OSError) as error:
            what = "see which other process writes to it" if "locked" in str(error) else _ADVICE
            raise StoreError(f"the store {self.path} failed ({error}); {what}") from error

    # In the thread

    def _opened(self) -> sqlite3.Connection:
        """The open database; one that could not be opened before is tried again, as the disk may be back."""
        if self._database is None:
            database = open_file(self.path)
            self._inherit(database)
            self._database = database
        return self._database

    def _commit(self, works: Sequence[Work]) -> list[Any]:
        database = self._opened()
        try:
            database.execute("BEGIN IMMEDIATE")
            results = [work(database) for work in works]
            self._sweep(database)
            database.execute("COMMIT")
        except sqlite3.Error as error:
            self._roll_back(database, error)
            raise
        return results

    def _roll_back(self, database: sqlite3.Connection, error: sqlite3.Error) -> None:
        if is_damage(error):
            self._close()
            set_aside(self.path, error)
            return
        if database.in_transaction:
            database.execute("ROLLBACK")
        self._count = _count(database)

    def _inherit(self, database: sqlite3.Connection) -> None:
        """Free what an earlier process of these bots held, and drop what is too old to be answered."""
        now = self._clock()
        dropped = 0
        database.execute("BEGIN IMMEDIATE")
        for bot_id in self._bot_ids:
            database.execute("UPDATE inbox SET holder = NULL WHERE bot_id = ? AND holder <> ?", (bot_id, self._holder))
            dropped += database.execute(
                f"DELETE FROM inbox WHERE bot_id = ? AND {_WAITING} AND taken_at < ?",
                (bot_id, now - self._replay_window),
            ).rowcount
        database.execute("DELETE FROM inbox WHERE parked_at < ?", (now - PARKED_FOR,))
        database.execute("COMMIT")
        self._count = _count(database)
        if dropped:
            log(
                "WARNING",
                "{} events that the last run left behind are older than {:g} s (FEISHU_REPLAY_WINDOW) "
                "and are not handled any more",
                dropped,
                self._replay_window,
            )

    def _claim(self, database: sqlite3.Connection, keys: Sequence[str]) -> bool:
        now = int(self._clock())
        names = [_name(key) for key in keys]
        marks = ", ".join("?" * len(names))
        found = database.execute(
            f"SELECT 1 FROM claims WHERE name IN ({marks}) AND at > ? LIMIT 1", (*names, now - self._claim_ttl)
        ).fetchone()
        if found is not None:
            return False
        _many(database, "INSERT OR REPLACE INTO claims VALUES (?, ?)", [(name, now) for name in names])
        return True

    def _take(self, database: sqlite3.Connection, entry: Entry, keys: Sequence[str], begin: bool) -> bool:
        if not self._claim(database, keys):
            return False
        holder, runs = (self._holder, 1) if begin else (None, 0)
        database.execute(
            "INSERT OR REPLACE INTO inbox (key, bot_id, payload, taken_at, runs, holder) VALUES (?, ?, ?, ?, ?, ?)",
            (entry.key, entry.bot_id, entry.payload, entry.taken_at, runs, holder),
        )
        self._count += 1
        return True

    def _fetch_abandoned(
        self, database: sqlite3.Connection, bot_ids: Sequence[str], suspects: bool
    ) -> tuple[Entry | None, list[str]]:
        marks = ", ".join("?" * len(bot_ids))
        parked = database.execute(
            f"SELECT key FROM inbox WHERE {_WAITING} AND bot_id IN ({marks}) AND runs >= ?", (*bot_ids, MAX_RUNS)
        ).fetchall()
        now = self._clock()
        _many(database, "UPDATE inbox SET parked_at = ? WHERE key = ?", [(now, key) for (key,) in parked])
        # The least suspected first: kills that come soon after a start then hit one event after the other, not always
        # the same, and what does kill its process holds up nothing else.
        which = f"runs BETWEEN 1 AND {MAX_RUNS if suspects else SUSPECT_RUNS - 1}"
        found = self._begin(database, which, bot_ids, 1, order="runs, number")
        return found[0] if found else None, [str(key) for (key,) in parked]

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
        _many(database, "UPDATE inbox SET holder = ?, runs = runs + 1 WHERE key = ?", held)
        return [Entry(*row) for row in rows]

    def _done(self, database: sqlite3.Connection, keys: Sequence[str]) -> None:
        rows = [(key,) for key in keys]
        self._count -= database.executemany("DELETE FROM inbox WHERE key = ?", rows).rowcount

    def _sweep(self, database: sqlite3.Connection) -> None:
        """Forget old claims, now and then."""
        now = self._clock()
        if abs(now - self._swept_at) < SWEEP_EVERY:
            return
        self._swept_at = now
        database.execute("DELETE FROM claims WHERE at <= ?", (int(now) - self._claim_ttl,))
        [[count]] = database.execute("SELECT count(*) FROM claims")
        if count > self._max_claims:
            database.execute(
                "DELETE FROM claims WHERE name IN (SELECT name FROM claims ORDER BY at LIMIT ?)",
                (count - self._max_claims,),
            )

    def _close(self) -> None:
        database, self._database = self._database, None
        if database is not None:
            database.close()


def _count(database: sqlite3.Connection) -> int:
    [[count]] = database.execute("SELECT count(*) FROM inbox")
    return int(count)


def _name(key: str) -> bytes:
    return blake2b(key.encode(), digest_size=16).digest()


def _many(database: sqlite3.Connection, sql: str, rows: Sequence[Sequence[Any]]) -> None:
    database.executemany(sql, rows)


def _note(database: sqlite3.Connection, name: str, rows: Sequence[Sequence[Any]], keep: int) -> None:
    _many(database, "INSERT OR REPLACE INTO sets VALUES (?, ?, ?)", rows)
    database.execute(
        "DELETE FROM sets WHERE name = ? AND at < "
        "(SELECT at FROM sets WHERE name = ? ORDER BY at DESC LIMIT 1 OFFSET ?)",
        (name, name, keep - 1),
    )


def _ping(database: sqlite3.Connection) -> None:
    """As much as a few events need: a full disk must not look as if it were back."""
    _set(database, "store:ping", "x" * 65_536)
    _set(database, "store:ping", None)


def _set(database: sqlite3.Connection, key: str, value: str | None) -> None:
    if value is None:
        database.execute("DELETE FROM state WHERE key = ?", (key,))
        return
    database.execute(
        "INSERT INTO state VALUES (?, ?, ?) "
        "ON CONFLICT (key) DO UPDATE SET value = excluded.value, changed_at = excluded.changed_at",
        (key, value, datetime.now(UTC).isoformat(timespec="seconds")),
    )
