"""Keeps the bots going while their store is down: events are remembered in memory until it is back."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timezone
from itertools import islice
from typing import TypeVar

from typing_extensions import override

from ..exception import InboxFull, StoreError
from ..log import log
from .base import DUPLICATE, Entry, Held, InboxCount, Store, Taken
from .boottime import boottime
from .memory import MemoryStore

T = TypeVar("T")
PROBE_EVERY = 2.0
"""Seconds between two tries of a store that is down."""
STAYS_DOWN = 5
"""Tries for which a store that two tries in a row have found down counts as down."""
MAX_OWED = 100_000
"""Handled events whose entries could not be deleted, and claims that could not be written: remembered for later."""
_AT_ONCE = 500
"""Claims that are written at the same time."""


@dataclass(frozen=True, slots=True)
class StoreStatus:
    """What operators see of the store.

    Attributes:
        name: its URL without credentials.
        error: why it is down; None while it works.
        since: when it went down or came back; None when it has worked from the start.
    """

    name: str
    error: str | None = None
    since: datetime | None = None

    @property
    def ok(self) -> bool:
        """Whether events are written to it."""
        return self.error is None


class FallbackStore(Store):
    """A durable store, and a memory store that knows the same claims and stands in for it."""

    def __init__(
        self,
        inner: Store,
        name: str,
        *,
        probe_every: float = PROBE_EVERY,
        on_change: Callable[[StoreStatus], None] = lambda status: None,
        clock: Callable[[], float] = boottime,
    ) -> None:
        """Args:
        inner: the store that is used while it works.
        name: its URL without credentials, for people.
        probe_every: seconds between two tries while it is down.
        on_change: told of every change, on the network loop.
        clock: monotonic seconds that count while the machine sleeps.
        """
        self.status: StoreStatus = StoreStatus(name)
        self._inner = inner
        self._memory = MemoryStore()
        self._probe_every = probe_every
        self._on_change = on_change
        self._clock = clock
        self._failed_at = 0.0
        self._held: Held = lambda until, lost: None
        self._owed: dict[str, None] = {}
        self._unwritten: dict[tuple[str, ...], None] = {}
        self._probe: asyncio.Task[None] | None = None

    @property
    def inner(self) -> Store:
        """The store that is used while it works."""
        return self._inner

    @property
    @override
    def durable(self) -> bool:
        return self.status.ok

    @property
    @override
    def shared(self) -> bool:
        return self._inner.shared

    @override
    async def open(self, bot_ids: Sequence[str] = ()) -> None:
        try:
            await self._inner.open(bot_ids)
        except StoreError as error:
            self._fail(error)

    @override
    async def close(self) -> None:
        if self._probe is not None:
            self._probe.cancel()
            await asyncio.wait({self._probe})
        if self.status.ok and (self._owed or self._unwritten):
            await self._pay()
        await self._inner.close()

    @override
    async def claim(self, keys: Sequence[str]) -> bool:
        if not await self._memory.claim(keys):
            return False
        if self.status.ok:
            try:
                return await self._inner.claim(keys)
            except StoreError as error:
                self._fail(error)
        _remember(self._unwritten, [tuple(keys)])
        return True

    @override
    async def release(self, keys: Sequence[str]) -> None:
        await self._memory.release(keys)
        if self.status.ok:
            await self._inner.release(keys)

    @override
    async def take(self, entry: Entry, keys: Sequence[str], *, begin: bool) -> Taken:
        if not await self._memory.claim(keys):
            return DUPLICATE
        if self.status.ok:
            try:
                return await self._inner.take(entry, keys, begin=begin)
            except InboxFull:
                await self._memory.release(keys)  # nothing is wrong with the store
                raise
            except StoreError as error:
                self._fail(error)
        if not begin:
            await self._memory.release(keys)
            raise StoreError(f"the store {self.status.name} is down, and there is no room to handle the event at once")
        _remember(self._unwritten, [tuple(keys)])
        return Taken(new=True, entry=entry)

    @override
    async def fetch(self, bot_id: str, limit: int) -> list[Entry]:
        if self.status.ok:
            try:
                return await self._inner.fetch(bot_id, limit)
            except StoreError as error:
                self._fail(error)
        return []

    @override
    async def fetch_orphan(self, bot_ids: Sequence[str] | None = None, *, suspects: bool = True) -> Entry | None:
        if self.status.ok:
            try:
                return await self._inner.fetch_orphan(bot_ids, suspects=suspects)
            except StoreError as error:
                self._fail(error)
        return None

    @override
    async def done(self, keys: Sequence[str]) -> None:
        if self.status.ok:
            try:
                await self._inner.done(keys)
            except StoreError as error:
                self._fail(error)
            else:
                return
        # The entry may be there, even when the write that made it was told as failed.
        _remember(self._owed, keys)

    @override
    async def put_back(self, keys: Sequence[str]) -> None:
        await self._inner.put_back(keys)

    @override
    async def ping(self) -> None:
        await self._inner.ping()

    @override
    async def count(self, bot_ids: Sequence[str]) -> Mapping[str, InboxCount]:
        if self.status.ok:
            try:
                return await self._inner.count(bot_ids)
            except StoreError as error:
                self._fail(error)
        return {}

    @override
    def watch(self, held: Held) -> None:
        self._held = held
        self._inner.watch(held)

    @override
    async def try_lock(self, name: str, ttl: float) -> bool:
        if self.status.ok:
            try:
                return await self._inner.try_lock(name, ttl)
            except StoreError as error:
                self._fail(error)
        return not self.shared  # who else does it, nobody can tell

    @override
    async def unlock(self, name: str) -> None:
        if self.status.ok:
            try:
                await self._inner.unlock(name)
            except StoreError as error:
                self._fail(error)

    @override
    async def note(self, name: str, members: Mapping[str, float], *, keep: int) -> None:
        await self._inner.note(name, members, keep=keep)

    @override
    async def noted(self, name: str) -> list[str]:
        return await self._inner.noted(name)

    @override
    async def get(self, key: str) -> str | None:
        return await self._inner.get(key)

    @override
    async def set(self, key: str, value: str | None) -> None:
        await self._inner.set(key, value)

    def _fail(self, error: StoreError) -> None:
        if not self.status.ok:
            return
        log(
            "ERROR",
            "{}. The bots go on with what is in memory: until the store is back, events that are being "
            "handled are lost when the process ends, and are not known to other processes",
            error,
        )
        self._change(str(error))
        self._failed_at = self._clock()
        self._probe = asyncio.create_task(self._try_again(), name="feishu-store-probe")

    async def _try_again(self) -> None:
        while True:
            await asyncio.sleep(self._probe_every)
            try:
                await self._inner.ping()
                await self._pay()
            except StoreError as error:
                log("DEBUG", "The store is still down: {}", error)
                self._go_on()
            else:
                break
        log("SUCCESS", "The store {} is back: events are written to it again", self.status.name)
        self._change(None)

    def _go_on(self) -> None:
        """Nobody can ask the store what is whose, and the bots must not wait for that. Not said at the first error, and
        not for long: a process that was paused sees an error when it wakes, too, and the store is there to be asked."""
        now, before = self._clock(), self._failed_at
        self._failed_at = now
        patience = STAYS_DOWN * self._probe_every
        if self.shared and now - before < patience:
            self._held(now + patience, ())

    async def _pay(self) -> None:
        owed = list(self._owed)
        await self._inner.done(owed)
        for key in owed:
            self._owed.pop(key, None)
        # What came meanwhile must be known after a restart, too: Feishu pushes for hours, and backfill looks back.
        while unwritten := list(islice(self._unwritten, _AT_ONCE)):
            await asyncio.gather(*(self._inner.claim(keys) for keys in unwritten))
            for keys in unwritten:
                self._unwritten.pop(keys, None)

    def _change(self, error: str | None) -> None:
        self.status = StoreStatus(self.status.name, error, datetime.now(timezone.utc))
        self._on_change(self.status)


def _remember(memory: dict[T, None], new: Iterable[T]) -> None:
    memory.update(dict.fromkeys(new))
    while len(memory) > MAX_OWED:
        del memory[next(iter(memory))]
