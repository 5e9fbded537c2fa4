"""Keeps the bots running while their store is down: events are remembered in memory until it is back."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from contextvars import Context
from dataclasses import KW_ONLY, dataclass, field
from datetime import UTC, datetime
from functools import partial
from itertools import islice
from typing import Protocol, TypeVar

from typing_extensions import override

from ..exception import InboxFull, StoreError
from ..logs import log
from .base import (
    DUPLICATE,
    Entry,
    ExpiringValues,
    Inbox,
    InboxCount,
    KeyValue,
    Locks,
    OpenWork,
    SharedValues,
    Store,
    StoreStatus,
    Taken,
)
from .boottime import boottime
from .claims import Claims
from .group_commit import WRITE_TIMEOUT

T = TypeVar("T")
PROBE_EVERY = 2.0
"""Seconds between two probes of a store that is down."""
STAYS_DOWN = 5
"""Number of probe intervals for which a store that failed twice in a row is taken to be down."""
MAX_OWED = 100_000
"""Handled events that could not be deleted, and claims that could not be written: remembered for later."""
_AT_ONCE = 500
"""Claims that are written at the same time."""


class DurableStore(Store, Protocol):
    """A store with an inbox, which may go down and come back."""

    @property
    @override
    def inbox(self) -> Inbox: ...

    async def ping(self) -> None:
        """Check whether it can be written; raises :class:`StoreError` if not."""


@dataclass(eq=False, repr=False)
class FallbackStore(Inbox):
    """A durable store, and a memory of claims that tells new events from duplicates while it is down."""

    inner: DurableStore
    _: KW_ONLY
    probe_every: float = PROBE_EVERY
    clock: Callable[[], float] = boottime
    _claims: Claims = field(default_factory=Claims)
    _failed_at: float = 0.0
    _owed: dict[str, None] = field(default_factory=dict[str, None])
    _unwritten: dict[tuple[str, ...], None] = field(default_factory=dict[tuple[str, ...], None])
    _in_memory: set[str] = field(default_factory=set[str])
    """Entries that were begun while the store was down and are not done. It may hold them as waiting: a write that was
    refused as too slow is made all the same, and Feishu has pushed its event again meanwhile."""
    _probing: asyncio.Task[None] | None = None
    _undecided: set[str] = field(default_factory=set[str])
    """The names of events that are being written."""
    _decided: asyncio.Future[None] | None = None
    """Ends with the next of these writes; None while no redelivery waits for one."""

    def __post_init__(self) -> None:
        self.status: StoreStatus = self.inner.status
        self.inbox: Inbox = self
        self.state: KeyValue = self.inner.state
        self.values: ExpiringValues = self.inner.values
        self.locks: Locks | None = self.inner.locks
        self.shared: SharedValues | None = self.inner.shared
        self.open_work: OpenWork | None = self.inner.open_work

    async def open(self, bot_ids: Sequence[str] = ()) -> None:
        """Open the store, or go on without it; see :meth:`.Store.open`."""
        try:
            await self.inner.open(bot_ids)
        except StoreError as error:
            self._fail(error)

    async def close(self) -> None:
        """Write what is still owed, and close the store."""
        if self._probing is not None:
            self._probing.cancel()
            await asyncio.wait({self._probing})
        if self.status.ok and (self._owed or self._unwritten):
            await self._write_owed()
        await self.inner.close()

    async def claim(self, keys: Sequence[str]) -> bool:
        """Claim an event, in memory while the store is down; see :meth:`.Store.claim`."""
        if not await self._claim_in_memory(keys):
            return False
        try:
            try:
                is_ours = await self._ask(lambda: self.inner.claim(keys))
            except InboxFull:
                is_ours = None
            if is_ours is None:
                _remember(self._unwritten, [tuple(keys)])
        except BaseException:
            self._claims.discard(keys)
            raise
        finally:
            self._settle(keys)
        return is_ours is not False

    @override
    async def take(self, entry: Entry, keys: Sequence[str], *, begin: bool, ahead: bool = False) -> Taken:
        # First in memory: a redelivery may wait behind a write that fails, and succeed.
        if not await self._claim_in_memory(keys):
            return DUPLICATE
        try:
            return await self._take(entry, keys, begin, ahead)
        except BaseException:
            self._claims.discard(keys)  # else its redelivery would be acked as a duplicate
            raise
        finally:
            self._settle(keys)

    async def _take(self, entry: Entry, keys: Sequence[str], begin: bool, ahead: bool) -> Taken:
        if self.status.ok:
            try:
                taken = await self.inner.inbox.take(entry, keys, begin=begin, ahead=ahead)
                known = taken.entry is not None and taken.entry.key in self._in_memory
                return Taken(taken.new) if known else taken
            except InboxFull:
                raise
            except StoreError as error:
                self._fail(error)
        if not begin:
            raise StoreError(f"the store {self.status.name} is down, and there is no room to handle the event at once")
        _remember(self._unwritten, [tuple(keys)])
        self._in_memory.add(entry.key)
        return Taken(new=True, entry=entry)

    async def _claim_in_memory(self, keys: Sequence[str]) -> bool:
        """Claim an event in memory; False for a redelivery, once the first delivery is safe.

        Raises:
            StoreError: what becomes of the first delivery is still open, so this one must not be acked.
        """
        give_up_at = asyncio.get_running_loop().time() + WRITE_TIMEOUT
        while not self._claims.claim(keys):
            if self._undecided.isdisjoint(keys):
                return False
            if self._decided is None:
                self._decided = asyncio.get_running_loop().create_future()
            try:
                async with asyncio.timeout_at(give_up_at):
                    await asyncio.shield(self._decided)
            except TimeoutError:
                raise StoreError(f"the store {self.status.name} has not written its first delivery yet") from None
        self._undecided.update(keys)
        return True

    def _settle(self, keys: Sequence[str]) -> None:
        """It is known what became of an event: redeliveries that wait for that go on."""
        self._undecided.difference_update(keys)
        if self._decided is not None:
            self._decided.set_result(None)
            self._decided = None

    @override
    async def fetch(self, bot_id: str, limit: int) -> list[Entry]:
        found: list[Entry] = []
        while (want := limit - len(found)) > 0:
            some = await self._ask(partial(self.inner.inbox.fetch, bot_id, want)) or []
            found += (entry for entry in some if entry.key not in self._in_memory)
            if len(some) < want:
                break
        return found

    @override
    async def peek(
        self, bot_id: str, group_of: Callable[[bytes], bytes], after: int, limit: int
    ) -> tuple[Mapping[bytes, str], int | None]:
        return await self._ask(lambda: self.inner.inbox.peek(bot_id, group_of, after, limit)) or ({}, None)

    @override
    async def fetch_abandoned(self, bot_ids: Sequence[str], *, suspects: bool = True) -> Entry | None:
        return await self._ask(lambda: self.inner.inbox.fetch_abandoned(bot_ids, suspects=suspects))

    @override
    async def count(self, bot_ids: Sequence[str]) -> Mapping[str, InboxCount]:
        return await self._ask(lambda: self.inner.inbox.count(bot_ids)) or {}

    @override
    async def done(self, keys: Sequence[str]) -> None:
        self._in_memory.difference_update(keys)
        if self.status.ok:
            try:
                return await self.inner.inbox.done(keys)
            except StoreError as error:
                self._fail(error)
        # The entries may exist even if the write that made them was reported as failed.
        _remember(self._owed, keys)

    @override
    async def put_back(self, keys: Sequence[str]) -> None:
        self._in_memory.difference_update(keys)
        await self.inner.inbox.put_back(keys)

    async def _ask(self, ask: Callable[[], Awaitable[T]]) -> T | None:
        """Return the store's answer; None while it is down."""
        if self.status.ok:
            try:
                return await ask()
            except InboxFull:
                raise
            except StoreError as error:
                self._fail(error)
        return None

    def _fail(self, error: StoreError) -> None:
        if not self.status.ok:
            return
        log(
            "ERROR",
            "{}. The bots go on with what is in memory: until the store is back, events that are being "
            "handled are lost when the process ends, and are not known to other processes",
            error,
        )
        self._set_status(str(error))
        self._failed_at = self.clock()
        # In a context of its own: its log lines must not carry the ids of the event that found the store down.
        self._probing = asyncio.create_task(self._probe(), name="feishu-store-probe", context=Context())

    async def _probe(self) -> None:
        while True:
            await asyncio.sleep(self.probe_every)
            try:
                await self.inner.ping()
                await self._write_owed()
            except StoreError as error:
                log("DEBUG", "The store is still down: {}", error)
                self._extend_lease()
            else:
                break
        log("SUCCESS", "The store {} is back: events are written to it again", self.status.name)
        self._set_status(None)

    def _extend_lease(self) -> None:
        """Let handlers start although the lease cannot be renewed, as nobody else can ask the store either.

        Not after a single error, and not for long: a process that was paused also sees an error when it wakes up, while
        the store works and others may have taken over.
        """
        now, before = self.clock(), self._failed_at
        self._failed_at = now
        patience = STAYS_DOWN * self.probe_every
        if self.locks is not None and now - before < patience:
            self.locks.extend_lease(now + patience)

    async def _write_owed(self) -> None:
        owed = list(self._owed)
        await self.inner.inbox.done(owed)
        for key in owed:
            self._owed.pop(key, None)
        # Claims made meanwhile must survive a restart, too: Feishu pushes for hours, and backfill looks back.
        while unwritten := list(islice(self._unwritten, _AT_ONCE)):
            try:
                await asyncio.gather(*(self.inner.claim(keys) for keys in unwritten))
            except InboxFull as error:
                return log("DEBUG", "Claims made in memory are written when the store is closed: {}", error)
            for keys in unwritten:
                self._unwritten.pop(keys, None)
        return None

    def _set_status(self, error: str | None) -> None:
        self.status = StoreStatus(self.status.name, error, datetime.now(UTC))


def _remember(memory: dict[T, None], new: Iterable[T]) -> None:
    memory.update(dict.fromkeys(new))
    while len(memory) > MAX_OWED:
        del memory[next(iter(memory))]
