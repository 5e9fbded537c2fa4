"""The SQLite store: one file, written by a thread of its own, so that neither loop waits for the disk."""

import asyncio
import sqlite3
import time
import uuid
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, Concatenate, ParamSpec, TypeVar

from typing_extensions import override

from ...exception import InboxFull, StoreError
from ..base import CLAIM_TTL, DUPLICATE, REPLAY_WINDOW, Entry, Inbox, InboxCount, KeyValue, StoreStatus, Taken
from ..group_commit import WRITE_TIMEOUT, GroupCommit
from ..notices import report_dead_letter, warn_dropped
from . import values
from .file import is_damage, open_file, set_aside
from .inbox import DEAD_LETTERS_FOR, InboxTable, count_inbox, put_back

P = ParamSpec("P")
T = TypeVar("T")
Work = Callable[[sqlite3.Connection], Any]
SWEEP_EVERY = 60.0
"""Seconds between two deletions of expired claims."""


class SqliteStore(Inbox, KeyValue):
    """The store of one process per bot; the processes of several bots may share a file."""

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
        """Create the store; :meth:`open` opens the file.

        Args:
            path: the file; it and its folder are created when they do not exist.
            replay_window: seconds; events that a process left behind are dropped, with a warning, when they are older.
            claim_ttl: seconds a claim is remembered.
            max_claims: how many claims are remembered; the oldest are dropped first.
            max_waiting: events in the inbox; when it is full, no more are taken.
            write_timeout: seconds that a write may take before its callers get an error.
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
        self._table = InboxTable(uuid.uuid4().hex)
        self._has_failed = False
        self._mine: set[str] = set()
        self._swept_at = 0.0
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="feishu-sqlite")
        self._database: sqlite3.Connection | None = None
        self._commits = GroupCommit[Work](self._write, name=str(self.path), timeout=write_timeout)

    async def open(self, bot_ids: Sequence[str] = ()) -> None:
        """Open the file; see :meth:`.Store.open`."""
        self._bot_ids = tuple(bot_ids)
        await self._run(self._opened)

    async def close(self) -> None:
        """Wait for the writes that are under way, and close the file."""
        await self._commits.flush()
        await self._run(self._close)
        self._thread.shutdown(wait=False)

    async def claim(self, keys: Sequence[str]) -> bool:
        """Remember an event; see :meth:`.Store.claim`."""
        return await self._submit(values.claim, keys, int(self._clock()), self._claim_ttl)

    async def ping(self) -> None:
        """Check whether the file can be written, and recover what failed before; raises :class:`StoreError` if not."""
        await self._submit(values.try_to_write)
        if self._has_failed:
            await self._submit(self._table.free_stranded, self._mine)
            self._has_failed = False

    # The inbox

    @override
    async def take(self, entry: Entry, keys: Sequence[str], *, begin: bool) -> Taken:
        if self._table.size >= self._max_waiting:
            raise InboxFull(f"the inbox of the store {self.path} is full: {self._table.size} events are in it")
        try:
            new = await self._submit(self._take, entry, keys, begin)
        except StoreError:
            if begin:
                self._mine.add(entry.key)  # the caller handles it all the same, and reports when it is done
            raise
        if not new:
            return DUPLICATE
        if begin:
            self._mine.add(entry.key)
        return Taken(new=True, entry=entry if begin else None)

    @override
    async def fetch(self, bot_id: str, limit: int) -> list[Entry]:
        entries = await self._submit(self._table.begin_waiting, bot_id, limit)
        self._mine.update(entry.key for entry in entries)
        return entries

    @override
    async def fetch_abandoned(self, bot_ids: Sequence[str], *, suspects: bool = True) -> Entry | None:
        entry, dead_letters = await self._submit(self._table.begin_abandoned, bot_ids, suspects, self._clock())
        if entry is not None:
            self._mine.add(entry.key)
        for key in dead_letters:
            report_dead_letter(key, f"the table inbox of {self.path} for {DEAD_LETTERS_FOR / 86_400:.0f} days")
        return entry

    @override
    async def done(self, keys: Sequence[str]) -> None:
        await self._submit(self._table.remove, keys)
        self._mine.difference_update(keys)

    @override
    async def put_back(self, keys: Sequence[str]) -> None:
        await self._submit(put_back, keys)
        self._mine.difference_update(keys)

    @override
    async def count(self, bot_ids: Sequence[str]) -> Mapping[str, InboxCount]:
        return await self._run(lambda: count_inbox(self._opened(), bot_ids))

    # State

    @override
    async def get(self, key: str) -> str | None:
        return await self._run(lambda: values.get(self._opened(), key))

    @override
    async def set(self, key: str, value: str | None) -> None:
        await self._submit(values.put, key, value)

    @override
    async def note(self, name: str, members: Mapping[str, float], *, keep: int) -> None:
        await self._submit(values.note, name, members, keep)

    @override
    async def noted(self, name: str) -> list[str]:
        return await self._run(lambda: values.noted(self._opened(), name))

    # On the way to the thread

    async def _submit(
        self, work: Callable[Concatenate[sqlite3.Connection, P], T], *args: P.args, **kwargs: P.kwargs
    ) -> T:
        try:
            return await self._commits.submit(lambda database: work(database, *args, **kwargs))
        except StoreError:
            self._has_failed = True  # it may have been written all the same
            raise

    async def _write(self, works: Sequence[Work]) -> Sequence[Any]:
        return await self._run(lambda: self._commit(works))

    async def _run(self, work: Callable[[], T]) -> T:
        try:
            return await asyncio.get_running_loop().run_in_executor(self._thread, work)
        except (sqlite3.Error, OSError) as error:
            locked = "locked" in str(error)
            advice = "see which other process writes to it" if locked else "check the disk and the file's owner"
            raise StoreError(f"the store {self.path} failed ({error}); {advice}") from error

    # In the thread

    def _opened(self) -> sqlite3.Connection:
        """The open database. If it could not be opened before, it is tried again: the disk may be back."""
        if self._database is None:
            database = open_file(self.path)
            self._inherit(database)
            self._database = database
        return self._database

    def _inherit(self, database: sqlite3.Connection) -> None:
        now = self._clock()
        database.execute("BEGIN IMMEDIATE")
        dropped = self._table.inherit(database, self._bot_ids, now - self._replay_window, now)
        database.execute("COMMIT")
        self._table.measure(database)
        warn_dropped(dropped, self._replay_window)

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
        self._table.measure(database)

    def _take(self, database: sqlite3.Connection, entry: Entry, keys: Sequence[str], begin: bool) -> bool:
        new = values.claim(database, keys, int(self._clock()), self._claim_ttl)
        if new:
            self._table.add(database, entry, begin)
        return new

    def _sweep(self, database: sqlite3.Connection) -> None:
        now = self._clock()
        if abs(now - self._swept_at) >= SWEEP_EVERY:
            self._swept_at = now
            values.forget_claims(database, int(now) - self._claim_ttl, self._max_claims)

    def _close(self) -> None:
        database, self._database = self._database, None
        if database is not None:
            database.close()
