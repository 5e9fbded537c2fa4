"""The one bridge between the two loops: deliveries go over to NoneBot's, what became of them comes back."""

from __future__ import annotations

import asyncio
import math
from collections import defaultdict, deque
from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from ..event.callback import Callback
from ..store import Lease
from ..store.boottime import boottime

LONGEST_HOLD = 0.05
"""Seconds that deliveries wait at most for others that are being written, see :meth:`HandOff.hold`."""
MIN_BEGUN = 32
"""Deliveries of a bot that may wait for their handlers, however few of these run at a time."""


@dataclass(frozen=True, slots=True)
class Delivery:
    """A claimed event on its way to the plugins.

    Attributes:
        bot_id: the app id.
        payload: the event's JSON as Feishu sent it.
        size: bytes of that JSON.
        callback: what waits for an answer; None for an event that is only told.
        key: its entry in the store's inbox; None when it has none.
        orphan: whether its process died while it was handled: it goes before what waits, and its beginning is told.
    """

    bot_id: str
    payload: dict[str, Any] = field(repr=False)
    size: int
    callback: Callback | None = None
    key: str | None = None
    orphan: bool = False


@dataclass(frozen=True, slots=True)
class Ended:
    """What became of a delivery.

    Attributes:
        key: its entry in the inbox.
        handled: False when it was given up because the process ends.
    """

    key: str
    handled: bool


class _Load:
    """What one side has counted of one bot."""

    __slots__ = ("bytes", "count")

    def __init__(self) -> None:
        self.count = self.bytes = 0

    def add(self, size: int, count: int = 1) -> None:
        self.count += count
        self.bytes += size


class HandOff:
    """Bounded per bot, and batched into one wake-up, in both directions.

    What stands below "On the network loop" is called there, everything else on NoneBot's. The two sides count what they
    did in counters of their own, so that no lock is needed.
    """

    def __init__(
        self,
        take: Callable[[Delivery], None],
        *,
        max_waiting: int = 1_000,
        max_running: int | None = None,
        max_bytes: int = 32 * 1024 * 1024,
        lose: Callable[[Sequence[str]], None] = lambda keys: None,
        clock: Callable[[], float] = boottime,
    ) -> None:
        """Args:
        take: receives each delivery on NoneBot's loop; must not block.
        max_waiting: deliveries of one bot between arrival and the start of their handlers.
        max_running: slots of one bot. Of those that can wait in a store, few more are taken: a process that dies leaves
            all of them as orphans.
        max_bytes: their JSON together.
        lose: called on NoneBot's loop when it is known again what is this process's own: what waits with one of these
            keys is another's now, and the rest may start.
        clock: seconds that count while the machine sleeps.
        """
        self._take = take
        self._max_waiting = max_waiting
        self._max_begun = max_waiting if max_running is None else min(max_waiting, max(MIN_BEGUN, 2 * max_running))
        self._max_bytes = max_bytes
        self._lose = lose
        self._clock = clock
        self._lease_until = math.inf
        self._queue: deque[Delivery | Lease] = deque()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._is_open = False
        self._present: set[str] = set()
        self._waking = False
        self._held = 0
        self._hold_timer: asyncio.TimerHandle | None = None
        self._put: defaultdict[str, _Load] = defaultdict(_Load)
        self._started: defaultdict[str, _Load] = defaultdict(_Load)
        self._ended: deque[Ended] = deque()
        self._begun: deque[str] = deque()
        self._listener: tuple[asyncio.AbstractEventLoop, Callable[[Sequence[Ended]], None]] | None = None
        self._on_begun: Callable[[str], None] = lambda key: None
        self._telling = False

    @property
    def is_open(self) -> bool:
        """Whether deliveries are handed over."""
        return self._is_open

    def open(self, loop: asyncio.AbstractEventLoop) -> None:
        """Begin to hand over to NoneBot's loop."""
        self._loop = loop
        self._is_open = True

    def close(self) -> None:
        """Take nothing more; what is under way still arrives."""
        self._is_open = False

    # On the network loop

    def waiting(self, bot_id: str) -> int:
        """A bot's deliveries taken whose handlers have not started."""
        return self._put[bot_id].count - self._started[bot_id].count

    def room(self, bot_id: str, *, stored: bool = False) -> int:
        """How many more deliveries of a bot may be taken; 0 when it is closed or they hold too many bytes.

        Args:
            bot_id: the bot.
            stored: whether they can wait in a store as well.
        """
        if not self._is_open or self._put[bot_id].bytes - self._started[bot_id].bytes >= self._max_bytes:
            return 0
        return max(0, (self._max_begun if stored else self._max_waiting) - self.waiting(bot_id))

    def wanted(self, bot_id: str) -> int:
        """How many deliveries to fetch from the store: none while half of the places are taken, so that they come in
        batches."""
        room = self.room(bot_id, stored=True)
        return room if 2 * room >= self._max_begun else 0

    def reserve(self, bot_id: str, size: int, *, stored: bool = False, force: bool = False) -> bool:
        """Keep a place for a delivery.

        Args:
            bot_id: its bot.
            size: bytes of its JSON.
            stored: whether it can wait in a store as well.
            force: keep it even when there is no room.

        Returns:
            False when it is closed or full.
        """
        put = self._put[bot_id]
        fits = put.bytes - self._started[bot_id].bytes + size <= self._max_bytes
        if not force and not (self.room(bot_id, stored=stored) and fits):
            return False
        put.add(size)
        return True

    def cancel(self, bot_id: str, size: int) -> None:
        """Free a place that is not needed."""
        self._put[bot_id].add(-size, -1)

    def put(self, delivery: Delivery, reserved: int) -> None:
        """Hand over a delivery into a place that was kept for ``reserved`` bytes."""
        self._put[delivery.bot_id].add(delivery.size - reserved, 0)
        self._send(delivery)

    def renew(self, lease: Lease) -> None:
        """Pass a renewed lease on to NoneBot's loop."""
        self._send(lease)

    def _send(self, item: Delivery | Lease) -> None:
        self._queue.append(item)
        if self._held == 0:
            self._wake_soon()
        elif self._hold_timer is None:
            self._hold_timer = asyncio.get_running_loop().call_later(LONGEST_HOLD, self._wake_soon)

    @contextmanager
    def hold(self) -> Generator[None, None, None]:
        """Another delivery is being written: what is there waits for it, for a moment.

        A plugin that computes takes Python's lock from this thread at every step, so of a burst as much as possible is
        written and acked before the first handler starts.
        """
        self._held += 1
        try:
            yield
        finally:
            self._held -= 1
            if self._held == 0 and self._queue:
                self._wake_soon()

    def _wake_soon(self) -> None:
        if self._hold_timer is not None:
            self._hold_timer.cancel()
            self._hold_timer = None
        if not self._waking and (loop := self._loop) is not None:
            self._waking = True
            # In the network loop's next round: by then the ack is out, and one wake-up serves a whole batch.
            asyncio.get_running_loop().call_soon(self._wake, loop)

    def listen(self, ended: Callable[[Sequence[Ended]], None], begun: Callable[[str], None]) -> None:
        """Be told on this loop what became of the deliveries that have a key, and which orphans' handlers started."""
        self._listener = (asyncio.get_running_loop(), ended)
        self._on_begun = begun

    def _wake(self, loop: asyncio.AbstractEventLoop) -> None:
        self._waking = False
        loop.call_soon_threadsafe(self._drain)

    def _listen(self) -> None:
        while self._begun:
            self._on_begun(self._begun.popleft())
        if self._listener is not None and self._ended:
            batch = [self._ended.popleft() for _ in range(len(self._ended))]
            self._listener[1](batch)

    def is_present(self, bot_id: str) -> bool:
        """Whether a bot's deliveries are handled, and do not wait for the bot."""
        return bot_id in self._present

    # On NoneBot's loop

    def arrive(self, bot_id: str) -> None:
        """The bot is there."""
        self._present.add(bot_id)

    def leave(self, bot_id: str) -> None:
        """The bot is gone."""
        self._present.discard(bot_id)

    def may_start(self, delivery: Delivery) -> bool:
        """Whether a delivery is certainly this process's own; when not, it waits until the network loop has asked."""
        return delivery.key is None or self._clock() < self._lease_until

    def started(self, delivery: Delivery) -> None:
        """A delivery's handlers have started: its place is free."""
        self._started[delivery.bot_id].add(delivery.size)
        if delivery.orphan and delivery.key is not None:
            self._begun.append(delivery.key)
            self._tell_soon()

    def ended(self, delivery: Delivery, handled: bool) -> None:
        """A delivery's handlers have run, or (not ``handled``) were given up because the process ends."""
        if delivery.key is None:
            return
        self._ended.append(Ended(delivery.key, handled))
        self._tell_soon()

    def _tell_soon(self) -> None:
        if not self._telling:
            self._telling = True
            asyncio.get_running_loop().call_soon(self.tell)

    def tell(self) -> None:
        """Tell the network loop at once what has begun and ended."""
        self._telling = False
        if self._listener is not None and not self._listener[0].is_closed():
            self._listener[0].call_soon_threadsafe(self._listen)

    def _drain(self) -> None:
        while self._queue:
            item = self._queue.popleft()
            if isinstance(item, Delivery):
                self._take(item)
                continue
            waited = self._clock() >= self._lease_until
            self._lease_until = item.valid_until
            if waited or item.lost_keys:
                self._lose(item.lost_keys)
