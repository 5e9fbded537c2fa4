"""The SQLite store: one file, written by a thread of its own, so that neither loop waits for the disk.

An event that comes alone is written at once: into the page cache, while moving it into the file and whatever else takes
long stays the thread's.
"""

import sqlite3
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Concatenate, ParamSpec, TypeVar

from typing_extensions import override

from ...exception import InboxFull, StoreError
from ..base import (
    CLAIM_TTL,
    DUPLICATE,
    REPLAY_WINDOW,
    Entry,
    ExpiringValues,
    Inbox,
    InboxCount,
    KeyValue,
    OpenWork,
    StoreStatus,
    Taken,
)
from ..boottime import boottime
from ..group_commit import WRITE_TIMEOUT, unexpected
from ..notices import report_dead_letter
from . import expiring, open_work, values
from .database import Database, Done, Limits, Mine, Op, Take, explain
from .inbox import DEAD_LETTERS_FOR, Held, peek, put_back
from .writer import Writer

P = ParamSpec("P")
T = TypeVar("T")


class SqliteStore(Inbox, KeyValue, ExpiringValues, OpenWork):
    """The store of one process per bot; the processes of several bots may share a file.

    If a bot is started twice by mistake, each process keeps what it handles; see :class:`.Neighbours`.
    """

    def __init__(
        self,
        path: str | Path,
        *,
        replay_window: float = REPLAY_WINDOW,
        claim_ttl: float = CLAIM_TTL,
        max_claims: int = 4_000_000,
        max_waiting: int = 100_000,
        write_timeout: float = WRITE_TIMEOUT,
        clock: Callable[[], float] = time.time,
        awake_clock: Callable[[], float] = boottime,
    ) -> None:
        """Create the store; :meth:`open` opens the file.

        Args:
            path: the file; it and its folder are created when they do not exist.
            replay_window: seconds; what waited becomes a dead letter when nobody has served its bot for longer.
            claim_ttl: seconds a claim is remembered.
            max_claims: how many claims are remembered; the oldest are dropped first.
            max_waiting: events in the inbox; when it is full, no more are taken.
            write_timeout: seconds that a write may take before its callers get an error.
            clock: seconds since the epoch.
            awake_clock: monotonic seconds that count while the machine sleeps.
        """
        # The file itself, whatever links lead to it and wherever a plugin changes to: its neighbours stand beside it.
        self.path: Path = Path(path).resolve()
        self.status: StoreStatus = StoreStatus(f"sqlite:///{path}")
        self.inbox: Inbox = self
        self.state: KeyValue = self
        self.values: ExpiringValues = self
        self.locks: None = None
        self.shared: None = None
        self.open_work: OpenWork = self
        self._max_waiting = max_waiting
        self._clock = clock
        self._has_failed = False
        self._file = Database(self.path, Limits(replay_window, int(claim_ttl), max_claims), clock, awake_clock)
        self._mine = self._file.mine
        self._table = self._file.table
        self._writer = Writer[Op](self._write, name=str(self.path), timeout=write_timeout)

    async def open(self, bot_ids: Sequence[str] = ()) -> None:
        """Open the file; see :meth:`.Store.open`."""
        self._file.bot_ids = tuple(bot_ids)
        await self._run(self._file.opened)

    async def close(self) -> None:
        """Wait for the writes that are under way, and close the file."""
        await self._run(self._file.end)
        self._file.neighbours.leave()
        self._writer.stop()

    async def claim(self, keys: Sequence[str]) -> bool:
        """Remember an event; see :meth:`.Store.claim`."""
        return await self._submit(Take(keys)) is not None

    async def ping(self) -> None:
        """Check whether the file can be written, and recover what failed before; raises :class:`StoreError` if not."""
        await self._do(values.try_to_write)
        if self._has_failed:
            await self._do(self._table.free_stranded, self._mine)
            self._has_failed = False

    # The inbox

    @override
    async def take(self, entry: Entry, keys: Sequence[str], *, begin: bool, ahead: bool = False) -> Taken:
        if self._table.size >= self._max_waiting:
            raise InboxFull(f"the inbox of the store {self.path} is full: {self._table.size} events are in it")
        try:
            number = await self._submit(Take(keys, entry, begin))
        except StoreError:
            if begin:
                self._mine[entry.key] = Mine(entry)  # the caller handles it all the same, and reports when it is done
            raise
        if number is None:
            return DUPLICATE
        if begin:
            self._mine[entry.key] = Mine(entry, number)
        return Taken(new=True, entry=entry if begin else None)

    @override
    async def fetch(self, bot_id: str, limit: int) -> list[Entry]:
        return self._hold(await self._do(self._table.begin_waiting, bot_id, limit))

    @override
    async def peek(
        self, bot_id: str, group_of: Callable[[bytes], bytes], after: int, limit: int
    ) -> tuple[Mapping[bytes, str], int | None]:
        return await self._run(lambda: peek(self._file.opened(), bot_id, group_of, after, limit))

    @override
    async def fetch_abandoned(self, bot_ids: Sequence[str], *, suspects: bool = True) -> Entry | None:
        found, dead_letters = await self._do(self._table.begin_abandoned, bot_ids, suspects, self._clock())
        for key in dead_letters:
            report_dead_letter(key, f"the table inbox of {self.path} for {DEAD_LETTERS_FOR / 86_400:.0f} days")
        return next(iter(self._hold(found)), None)

    @override
    async def done(self, keys: Sequence[str]) -> None:
        await self._submit(Done(self._held(keys)), later=True)
        self._release(keys)

    @override
    async def put_back(self, keys: Sequence[str]) -> None:
        await self._do(put_back, self._held(keys))
        self._release(keys)

    @override
    async def count(self, bot_ids: Sequence[str]) -> Mapping[str, InboxCount]:
        return await self._run(lambda: self._file.count(bot_ids))

    def _hold(self, begun: Sequence[tuple[Entry, int]]) -> list[Entry]:
        self._mine.update((entry.key, Mine(entry, number)) for entry, number in begun)
        return [entry for entry, _ in begun]

    def _held(self, keys: Sequence[str]) -> list[Held]:
        return [(key, mine.number if (mine := self._mine.get(key)) else 0) for key in keys]

    def _release(self, keys: Sequence[str]) -> None:
        for key in keys:
            self._mine.pop(key, None)

    # State

    @override
    async def get(self, key: str) -> str | None:
        return await self._run(lambda: values.get(self._file.opened(), key))

    @override
    async def set(self, key: str, value: str | None) -> None:
        await self._do(values.put, key, value)

    @override
    async def note(self, name: str, members: Mapping[str, float], *, keep: int) -> None:
        await self._do(values.note, name, members, keep)

    @override
    async def noted(self, name: str) -> list[str]:
        return await self._run(lambda: values.noted(self._file.opened(), name))

    @override
    async def get_value(self, key: str) -> str | None:
        return await self._run(lambda: expiring.get(self._file.opened(), key, self._clock()))

    @override
    async def set_value(self, key: str, value: str | None, ttl: float | None) -> None:
        now = self._clock()
        await self._do(expiring.put, key, value, None if ttl is None else now + ttl, now)

    @override
    async def add_value(self, key: str, value: str, ttl: float) -> str:
        now = self._clock()
        return await self._do(expiring.add, key, value, now + ttl, now)

    # Work that is begun and not ended

    @override
    async def hold(self, key: str, value: str) -> None:
        await self._do(open_work.hold, key, value, self._file.holder)

    @override
    async def find(self, key: str) -> str | None:
        return await self._run(lambda: open_work.find(self._file.opened(), key))

    @override
    async def drop(self, key: str) -> None:
        await self._do(open_work.drop, key)

    @override
    async def inherit(self, bot_id: str) -> Mapping[str, str]:
        if not await self._run(lambda: open_work.has_free(self._file.opened(), bot_id)):
            return {}  # without a write, as nearly always
        return await self._do(open_work.inherit, bot_id, self._file.holder)

    # On the way to the thread

    async def _do(self, work: Callable[Concatenate[sqlite3.Connection, P], T], *args: P.args, **kwargs: P.kwargs) -> T:
        return await self._submit(lambda database: work(database, *args, **kwargs))

    async def _submit(self, operation: Op, *, later: bool = False) -> Any:
        at_once = isinstance(operation, Take) and not self._file.needs_thread()
        try:
            return await self._writer.submit(operation, later=later, here=self._write_at_once if at_once else None)
        except StoreError:
            self._has_failed = True  # it may have been written all the same
            raise

    async def _run(self, call: Callable[[], T]) -> T:
        try:
            return await self._writer.call(call)
        except StoreError:
            raise
        except Exception as error:
            raise self._failed(error) from error

    def _write(self, operations: Sequence[Op]) -> Sequence[Any]:
        try:
            return self._file.write(operations)
        except StoreError:
            raise
        except Exception as error:
            raise self._failed(error) from error

    def _write_at_once(self, operations: Sequence[Op]) -> Sequence[Any] | None:
        """Write events on the network loop, while the thread has nothing to do; None if another process writes."""
        try:
            return self._file.write_at_once(operations)
        except Exception as error:
            if isinstance(error, sqlite3.Error) and "locked" in str(error):
                return None
            raise self._failed(error) from error

    def _failed(self, error: Exception) -> StoreError:
        if isinstance(error, (sqlite3.Error, OSError)):
            return explain(self.path, error)
        return unexpected(str(self.path), error)
