"""The open SQLite file: what is done to it. Runs in the store's thread; on the loop while that has nothing to do."""

import math
import sqlite3
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, NamedTuple

from ...exception import StoreError
from ...logs import log
from ..base import Entry, InboxCount
from ..notices import warn_dropped
from ..process_name import new_name
from . import open_work
from .alive import Moment, mark_alive, outage_of
from .claims import PARTS, claim, forget_claims
from .file import BUSY_TIMEOUT, is_damage, open_file, set_aside
from .inbox import Held, InboxTable, count_inbox
from .lost_file import OpenFile, copy_open_file, take_over
from .neighbours import Neighbours

SWEEP_EVERY = 10.0
"""Seconds between two deletions of expired claims, each in the next of :data:`PARTS`."""
MARK_EVERY = 30.0
"""Seconds between two marks that this process serves its bots."""
LAST_PUSH = 21_900.0
"""Seconds from Feishu's first push of an event to its last one, about 6 h 5 min."""
TELL_EVERY = 3600.0
"""Seconds between two warnings of one kind."""
PAGE = 4096
WAL_TOLD_AT = 64 * 1024 * 1024
"""Bytes of the WAL from which on it is told that it grows."""
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


class Mine(NamedTuple):
    """An entry that this process handles, and its number; 0 when that is not known."""

    entry: Entry
    number: int = 0


class Limits(NamedTuple):
    """What bounds a file.

    Attributes:
        replay_window: seconds; what waited becomes a dead letter when nobody has served its bot for longer.
        claim_ttl: seconds a claim is remembered.
        max_claims: how many claims are remembered; the oldest are dropped first.
    """

    replay_window: float
    claim_ttl: int
    max_claims: int


class Database:
    """The file as one process uses it. It is opened when it is used, again after trouble, and anew when it is gone."""

    def __init__(
        self, path: Path, limits: Limits, clock: Callable[[], float], awake_clock: Callable[[], float]
    ) -> None:
        """Create it; see :class:`.SqliteStore` for the clocks."""
        self.path = path
        self.bot_ids: tuple[str, ...] = ()
        self.connection: sqlite3.Connection | None = None
        self.mine: dict[str, Mine] = {}
        """Entries that this process handles, whether or not they could be written. Changed on the loop only."""
        self.holder: str = new_name()
        self.table: InboxTable = InboxTable(self.holder)
        self.neighbours: Neighbours = Neighbours(path, self.holder)
        self._limits = limits
        self._clock = clock
        self._awake_clock = awake_clock
        self._mark_every = min(MARK_EVERY, limits.replay_window / 4)
        self._marked_at: float | None = None
        self._swept_at = 0.0
        self._sweeps = 0
        self._since_checkpoint = 0
        self._patience = BUSY_TIMEOUT
        self._wal_told_at = self._claims_told_at = -math.inf
        self._on_disk: OpenFile | None = None
        self._counted: Mapping[str, InboxCount] = {}

    def opened(self) -> sqlite3.Connection:
        """The open database. If it could not be opened before, it is tried again: the disk may be back."""
        if self.connection is None:
            connection = open_file(self.path)
            self._patience = BUSY_TIMEOUT
            self.neighbours.enter(self.bot_ids)
            self._inherit(connection, self.neighbours.look().living)
            self._write_what_runs(connection)
            self.connection = connection
            self._on_disk = OpenFile(self.path)
        return self.connection

    def close(self) -> None:
        """Close the file, which may be opened again."""
        connection, self.connection = self.connection, None
        if connection is not None:
            connection.close()

    def end(self) -> None:
        """Close the file for good."""
        if self.connection is not None:
            with suppress(sqlite3.Error):  # the mark there is at most a minute old
                self._mark_alive(self.connection, 0.0)
        self.close()

    def count(self, bot_ids: Sequence[str]) -> Mapping[str, InboxCount]:
        """Count the events in the inbox, and see to what happens beside it."""
        if self.connection is not None and self._on_disk is not None and (what := self._on_disk.look()):
            self._recover(self.connection, self._on_disk, what)
        connection = self.opened()
        others = self.neighbours.look()
        if others.has_died:
            self._inherit(connection, others.living)
        self._tidy(connection)
        self._counted = count_inbox(connection, bot_ids)
        return self._counted

    # Writing

    def needs_thread(self) -> bool:
        """Whether the next write has to do more than to write events."""
        if self.connection is None or self._since_checkpoint >= CHECKPOINT_EVERY:
            return True
        return self._is_sweep_due()

    def _tidy(self, connection: sqlite3.Connection) -> None:
        """Do what is due although no event comes, unless another process writes now."""
        if not self._is_sweep_due():
            return
        self._wait_for_others(BUSY_TIMEOUT)
        try:
            self._commit(connection, ())
        except sqlite3.OperationalError as error:
            if "locked" not in str(error):
                raise

    def _is_sweep_due(self) -> bool:
        return abs(self._clock() - self._swept_at) >= SWEEP_EVERY

    def write(self, operations: Sequence[Op]) -> Sequence[Any]:
        """Write a batch, and what else is due."""
        self._wait_for_others(BUSY_TIMEOUT)
        results = self._commit(self.opened(), operations)
        if self._since_checkpoint >= CHECKPOINT_EVERY:
            self._since_checkpoint = 0
            [[_, frames, moved]] = self.opened().execute("PRAGMA wal_checkpoint(PASSIVE)")
            self._tell_of_wal(frames, moved)
        return results

    def _tell_of_wal(self, frames: int, moved: int) -> None:
        """Report a WAL that grows as somebody reads an old state: SQLite can begin it anew only when he has ended."""
        now = self._awake_clock()
        if moved < frames and frames * PAGE > WAL_TOLD_AT and now - self._wal_told_at >= TELL_EVERY:
            self._wal_told_at = now
            log(
                "WARNING",
                "The store {}-wal has grown to {} MB, since another program has been reading the store for long (a "
                "backup, a sqlite3 shell with an open transaction). It grows until that ends; lsof names it",
                self.path,
                frames * PAGE // 1024**2,
            )

    def write_at_once(self, operations: Sequence[Op]) -> Sequence[Any]:
        """Write a batch, without waiting for another process."""
        self._wait_for_others(0.0)
        results = self._commit(self.opened(), operations)
        self._since_checkpoint += len(operations)
        return results

    def _wait_for_others(self, seconds: float) -> None:
        """Let writes wait for those of other processes, for so long."""
        if seconds != self._patience:
            self.opened().execute(f"PRAGMA busy_timeout = {round(seconds * 1000)}")
            self._patience = seconds

    def _commit(self, connection: sqlite3.Connection, operations: Sequence[Op]) -> Sequence[Any]:
        try:
            connection.execute("BEGIN IMMEDIATE")
            results = self._apply(connection, operations)
            self._sweep(connection)
            connection.execute("COMMIT")
        except Exception as error:
            self._roll_back(connection, error)
            raise
        return results

    def _apply(self, connection: sqlite3.Connection, operations: Sequence[Op]) -> Sequence[Any]:
        """Do what comes with every event first, in few statements; nobody waits for one before submitting another."""
        takes = [it for it in operations if isinstance(it, Take)]
        taken = iter(self._take(connection, takes) if takes else ())
        if done := [entry for it in operations if isinstance(it, Done) for entry in it.entries]:
            self.table.remove(connection, done)
        return [
            next(taken) if isinstance(it, Take) else None if isinstance(it, Done) else it(connection)
            for it in operations
        ]

    def _roll_back(self, connection: sqlite3.Connection, error: Exception) -> None:
        if isinstance(error, sqlite3.Error) and is_damage(error):
            self.close()
            set_aside(self.path, error)
            return
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        self.table.measure(connection)

    def _take(self, connection: sqlite3.Connection, takes: Sequence[Take]) -> Sequence[int | None]:
        new = claim(connection, [take.keys for take in takes], int(self._clock()), self._limits.claim_ttl)
        numbers = [0 if is_new else None for is_new in new]
        stored = [index for index, take in enumerate(takes) if new[index] and take.entry is not None]
        events = [(entry, takes[index].begin) for index in stored if (entry := takes[index].entry) is not None]
        for index, number in zip(stored, self.table.add(connection, events), strict=True):
            numbers[index] = number
        return numbers

    def _sweep(self, connection: sqlite3.Connection) -> None:
        if not self._is_sweep_due():
            return
        now = self._swept_at = self._clock()
        self._mark_alive(connection, self._mark_every)
        self._sweeps += 1
        until = int(now) - self._limits.claim_ttl
        youngest = forget_claims(connection, self._sweeps % PARTS, until, self._limits.max_claims)
        awake = self._awake_clock()
        if youngest is not None and now - youngest < LAST_PUSH and awake - self._claims_told_at >= TELL_EVERY:
            self._claims_told_at = awake
            log(
                "WARNING",
                "The store {} remembers {} ids of events, which last for {:.1f} h at this rate; Feishu pushes an event "
                "again up to {:.1f} h later, and it is then handled twice. Redis (FEISHU_STORE) has no such bound",
                self.path,
                self._limits.max_claims,
                (now - youngest) / 3600,
                LAST_PUSH / 3600,
            )

    # What other processes left behind, and what this one would

    def _inherit(self, connection: sqlite3.Connection, living: Mapping[str, Sequence[str]]) -> None:
        now, window = self._now(), self._limits.replay_window
        too_late: list[str] = []
        with connection:
            connection.execute("BEGIN IMMEDIATE")
            if self._marked_at is None:  # else this process has served them
                too_late = [it for it in self.bot_ids if outage_of(connection, it, now) > window]
            parked = self.table.inherit(connection, self.bot_ids, living, too_late, now.at)
            open_work.free(connection, self.bot_ids, [self.holder, *living])
            mark_alive(connection, self.bot_ids, now)
        self._marked_at = now.awake
        self.table.measure(connection)
        warn_dropped(parked, window)

    def _mark_alive(self, connection: sqlite3.Connection, every: float) -> None:
        """Write down that this process serves its bots, if that was not done for ``every`` seconds."""
        now = self._now()
        if self._marked_at is not None and now.awake - self._marked_at >= every:
            mark_alive(connection, self.bot_ids, now)
            self._marked_at = now.awake

    def _now(self) -> Moment:
        return Moment(self._clock(), self._awake_clock())

    def _write_what_runs(self, connection: sqlite3.Connection) -> None:
        """Write the entries that this process handles into a file that lacks them."""
        running = {key: mine.entry for key, mine in list(self.mine.items())}
        with connection:
            connection.execute("BEGIN IMMEDIATE")
            if missing := [running[key] for key in self.table.missing(connection, running)]:
                claim(connection, [[entry.key] for entry in missing], int(self._clock()), self._limits.claim_ttl)
                self.table.add(connection, [(entry, True) for entry in missing])

    def _recover(self, connection: sqlite3.Connection, on_disk: OpenFile, what: str) -> None:
        """Go on in a new file with what the open one holds, since that one is gone when the process ends."""
        copy, error = None, None
        try:
            copy = copy_open_file(connection, self.path)
        except sqlite3.Error as found:
            if not on_disk.is_cut and not is_damage(found):
                raise  # the disk is full, say: go on with the open one
            error = found
        on_disk.remove_remains()
        self.close()
        self.neighbours.leave()
        if copy is not None and not self.path.exists():
            copy.rename(self.path)
        connection = self.opened()
        if copy is not None and copy.exists():
            living = self.neighbours.look().living.values()
            take_over(connection, copy, {bot_id for bots in living for bot_id in bots} - {*self.bot_ids})
            copy.unlink()
        self.table.measure(connection)
        self._tell(what, error)

    def _tell(self, what: str, error: sqlite3.Error | None) -> None:
        if error is None:
            log(
                "ERROR",
                "The store {} {} while it was used. All that was in it has been written to that place again, and "
                "nothing is lost; find out who did it",
                self.path,
                what,
            )
            return
        counts = sum((Counter(count._asdict()) for count in self._counted.values()), Counter[str]())
        log(
            "ERROR",
            "The store {} {} while it was used, and can be read no more ({}). The {} events that run here were written "
            "again; lost are the others: at the last count {} waited and {} were dead letters. Find out who did it",
            self.path,
            what,
            error,
            len(self.mine),
            counts["waiting"],
            counts["dead_letters"],
        )


def explain(path: Path, error: sqlite3.Error | OSError) -> StoreError:
    """What callers get when the file cannot be used."""
    locked = "locked" in str(error)
    advice = "see which other process writes to it" if locked else "check the disk and the file's owner"
    return StoreError(f"the store {path} failed ({error}); {advice}")
