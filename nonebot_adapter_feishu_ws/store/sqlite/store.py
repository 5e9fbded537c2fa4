"""The SQLite store: one file, written by a thread of its own, so that neither loop waits for the disk.

An event that comes alone is written at once: into the page cache, while moving it into the file and whatever else takes
long stays the thread's.
"""

import sqlite3
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, Concatenate, NamedTuple, ParamSpec, TypeVar

from typing_extensions import override

from ...exception import InboxFull, StoreError
from ..base import CLAIM_TTL, DUPLICATE, REPLAY_WINDOW, Entry, Inbox, InboxCount, KeyValue, StoreStatus, Taken
from ..boottime import boottime
from ..group_commit import WRITE_TIMEOUT, unexpected
from ..notices import report_dead_letter, warn_dropped
from ..process_name import new_name
from . import values
from .alive import Moment, mark_alive, outage_of
from .claims import PARTS, claim, forget_claims
from .file import BUSY_TIMEOUT, is_damage, open_file, set_aside
from .inbox import DEAD_LETTERS_FOR, Held, InboxTable, count_inbox, put_back
from .neighbours import Neighbours
from .writer import Writer

P = ParamSpec("P")
T = TypeVar("T")
SWEEP_EVERY = 10.0
"""Seconds between two deletions of expired claims, each in the next of :data:`PARTS`."""
MARK_EVERY = 30.0
"""Seconds between two marks that this process serves its bots; twice as many when no event comes."""
CHECKPOINT_EVERY = 200
"""Events that are written at once until the thread moves them from the WAL into the file, which waits for the disk;
SQLite itself would do so after about 300."""


class Take(NamedTuple):
    """Claims an event and, with ``entry``, writes it; the result is its number, 0 without one, None for a duplicate."""

    keys: Sequence[str]
    entry: Entry | None = None
    begin: bool = False


class Done(NamedTuple):
    """Deletes events that were handled."""

    entries: Sequence[Held]


Work = Callable[[sqlite3.Connection], Any]
Op = Take | Done | Work


class SqliteStore(Inbox, KeyValue):
    """The store of one process per bot; the processes of several bots may share a file.

    If a bot is started twice by mistake, each process keeps what it handles; see :class:`.Neighbours`.
    """

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
        self.locks: None = None
        self.shared: None = None
        self._replay_window = replay_window
        self._claim_ttl = int(claim_ttl)
        self._max_claims = max_claims
        self._max_waiting = max_waiting
        self._clock = clock
        self._awake_clock = awake_clock
        self._mark_every = min(MARK_EVERY, replay_window / 4)
        self._marked_at: float | None = None
        self._bot_ids: tuple[str, ...] = ()
        holder = new_name()
        self._table = InboxTable(holder)
        self._neighbours = Neighbours(self.path, holder)
        self._has_failed = False
        self._mine: dict[str, int] = {}
        """Entries that this process handles, whether or not they could be written: key -> number, or 0."""
        self._swept_at = 0.0
        self._sweeps = 0
        self._since_checkpoint = 0
        self._patience = BUSY_TIMEOUT
        self._database: sqlite3.Connection | None = None
        self._writer = Writer[Op](self._write, name=str(self.path), timeout=write_timeout)

    async def open(self, bot_ids: Sequence[str] = ()) -> None:
        """Open the file; see :meth:`.Store.open`."""
        self._bot_ids = tuple(bot_ids)
        await self._run(self._opened)

    async def close(self) -> None:
        """Wait for the writes that are under way, and close the file."""
        await self._run(self._end)
        self._neighbours.leave()
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
    async def take(self, entry: Entry, keys: Sequence[str], *, begin: bool) -> Taken:
        if self._table.size >= self._max_waiting:
            raise InboxFull(f"the inbox of the store {self.path} is full: {self._table.size} events are in it")
        try:
            number = await self._submit(Take(keys, entry, begin))
        except StoreError:
            if begin:
                self._mine[entry.key] = 0  # the caller handles it all the same, and reports when it is done
            raise
        if number is None:
            return DUPLICATE
        if begin:
            self._mine[entry.key] = number
        return Taken(new=True, entry=entry if begin else None)

    @override
    async def fetch(self, bot_id: str, limit: int) -> list[Entry]:
        return self._hold(await self._do(self._table.begin_waiting, bot_id, limit))

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
        return await self._run(lambda: self._count(bot_ids))

    def _hold(self, begun: Sequence[tuple[Entry, int]]) -> list[Entry]:
        self._mine.update((entry.key, number) for entry, number in begun)
        return [entry for entry, _ in begun]

    def _held(self, keys: Sequence[str]) -> list[Held]:
        return [(key, self._mine.get(key, 0)) for key in keys]

    def _release(self, keys: Sequence[str]) -> None:
        for key in keys:
            self._mine.pop(key, None)

    # State

    @override
    async def get(self, key: str) -> str | None:
        return await self._run(lambda: values.get(self._opened(), key))

    @override
    async def set(self, key: str, value: str | None) -> None:
        await self._do(values.put, key, value)

    @override
    async def note(self, name: str, members: Mapping[str, float], *, keep: int) -> None:
        await self._do(values.note, name, members, keep)

    @override
    async def noted(self, name: str) -> list[str]:
        return await self._run(lambda: values.noted(self._opened(), name))

    # On the way to the thread

    async def _do(self, work: Callable[Concatenate[sqlite3.Connection, P], T], *args: P.args, **kwargs: P.kwargs) -> T:
        return await self._submit(lambda database: work(database, *args, **kwargs))

    async def _submit(self, operation: Op, *, later: bool = False) -> Any:
        at_once = isinstance(operation, Take) and not self._needs_thread()
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

    def _needs_thread(self) -> bool:
        """Whether the next write has to do more than to write events."""
        if self._database is None or self._since_checkpoint >= CHECKPOINT_EVERY:
            return True
        return abs(self._clock() - self._swept_at) >= SWEEP_EVERY

    def _write_at_once(self, operations: Sequence[Op]) -> Sequence[Any] | None:
        """Write events on the network loop, while the thread has nothing to do; None if another process writes."""
        try:
            self._wait_for_others(0.0)
            results = self._commit(self._opened(), operations)
        except Exception as error:
            if isinstance(error, sqlite3.Error) and "locked" in str(error):
                return None
            raise self._failed(error) from error
        self._since_checkpoint += len(operations)
        return results

    def _wait_for_others(self, seconds: float) -> None:
        """Let writes wait for those of other processes, for so long."""
        if seconds != self._patience:
            self._opened().execute(f"PRAGMA busy_timeout = {round(seconds * 1000)}")
            self._patience = seconds

    def _failed(self, error: Exception) -> StoreError:
        if not isinstance(error, (sqlite3.Error, OSError)):
            return unexpected(str(self.path), error)
        locked = "locked" in str(error)
        advice = "see which other process writes to it" if locked else "check the disk and the file's owner"
        return StoreError(f"the store {self.path} failed ({error}); {advice}")

    # In the thread

    def _opened(self) -> sqlite3.Connection:
        """The open database. If it could not be opened before, it is tried again: the disk may be back."""
        if self._database is None:
            database = open_file(self.path)
            self._neighbours.enter(self._bot_ids)
            self._inherit(database, self._neighbours.look().living)
            self._database = database
        return self._database

    def _count(self, bot_ids: Sequence[str]) -> Mapping[str, InboxCount]:
        database = self._opened()
        others = self._neighbours.look()
        if others.has_died:
            self._inherit(database, others.living)
        self._mark_alive(database, 2 * self._mark_every)  # those that are busy do so with their events
        return count_inbox(database, bot_ids)

    def _inherit(self, database: sqlite3.Connection, living: Mapping[str, Sequence[str]]) -> None:
        now = Moment(self._clock(), self._awake_clock())
        too_late: list[str] = []
        with database:
            database.execute("BEGIN IMMEDIATE")
            if self._marked_at is None:  # else this process has served them
                too_late = [it for it in self._bot_ids if outage_of(database, it, now) > self._replay_window]
            parked = self._table.inherit(database, self._bot_ids, living, too_late, now.at)
            mark_alive(database, self._bot_ids, now)
        self._marked_at = now.awake
        self._table.measure(database)
        warn_dropped(parked, self._replay_window)

    def _mark_alive(self, database: sqlite3.Connection, every: float) -> None:
        """Write down that this process serves its bots, if that was not done for ``every`` seconds."""
        now = Moment(self._clock(), self._awake_clock())
        if self._marked_at is not None and now.awake - self._marked_at >= every:
            mark_alive(database, self._bot_ids, now)
            self._marked_at = now.awake

    def _write(self, operations: Sequence[Op]) -> Sequence[Any]:
        try:
            self._wait_for_others(BUSY_TIMEOUT)
            results = self._commit(self._opened(), operations)
            if self._since_checkpoint >= CHECKPOINT_EVERY:
                self._since_checkpoint = 0
                self._opened().execute("PRAGMA wal_checkpoint(PASSIVE)")
        except StoreError:
            raise
        except Exception as error:
            raise self._failed(error) from error
        return results

    def _commit(self, database: sqlite3.Connection, operations: Sequence[Op]) -> Sequence[Any]:
        try:
            database.execute("BEGIN IMMEDIATE")
            results = self._apply(database, operations)
            self._sweep(database)
            database.execute("COMMIT")
        except Exception as error:
            self._roll_back(database, error)
            raise
        return results

    def _apply(self, database: sqlite3.Connection, operations: Sequence[Op]) -> Sequence[Any]:
        """Do what comes with every event first, in few statements; nobody waits for one before submitting another."""
        takes = [it for it in operations if isinstance(it, Take)]
        taken = iter(self._take(database, takes) if takes else ())
        if done := [entry for it in operations if isinstance(it, Done) for entry in it.entries]:
            self._table.remove(database, done)
        return [
            next(taken) if isinstance(it, Take) else None if isinstance(it, Done) else it(database) for it in operations
        ]

    def _roll_back(self, database: sqlite3.Connection, error: Exception) -> None:
        if isinstance(error, sqlite3.Error) and is_damage(error):
            self._close()
            set_aside(self.path, error)
            return
        if database.in_transaction:
            database.execute("ROLLBACK")
        self._table.measure(database)

    def _take(self, database: sqlite3.Connection, takes: Sequence[Take]) -> Sequence[int | None]:
        new = claim(database, [take.keys for take in takes], int(self._clock()), self._claim_ttl)
        numbers = [0 if is_new else None for is_new in new]
        stored = [index for index, take in enumerate(takes) if new[index] and take.entry is not None]
        events = [(entry, takes[index].begin) for index in stored if (entry := takes[index].entry) is not None]
        for index, number in zip(stored, self._table.add(database, events), strict=True):
            numbers[index] = number
        return numbers

    def _sweep(self, database: sqlite3.Connection) -> None:
        now = self._clock()
        if abs(now - self._swept_at) >= SWEEP_EVERY:
            self._swept_at = now
            self._mark_alive(database, self._mark_every)
            self._sweeps += 1
            forget_claims(database, self._sweeps % PARTS, int(now) - self._claim_ttl, self._max_claims)

    def _end(self) -> None:
        if self._database is not None:
            with suppress(sqlite3.Error):  # the mark there is at most a minute old
                self._mark_alive(self._database, 0.0)
        self._close()

    def _close(self) -> None:
        database, self._database = self._database, None
        if database is not None:
            database.close()
