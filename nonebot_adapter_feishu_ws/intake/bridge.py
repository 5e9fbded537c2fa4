"""Joins the two loops: deliveries go over to NoneBot's, and what became of them comes back.

Each loop has its own end and calls nothing but that. Only an end itself writes its counters and adds to its queues; the
other one reads them and empties the queues, so no lock is needed. One wake-up serves many events, so it runs in the
context in which the other end was opened, not in that of the event which caused it: else its log lines would carry that
event's ids.
"""

from __future__ import annotations

import asyncio
import math
from collections import Counter, deque
from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager
from contextvars import Context, copy_context
from typing import Protocol

from ..store import Lease
from ..store.boottime import boottime
from .delivery import Delivery

LONGEST_HOLD = 0.05
"""Seconds that deliveries wait at most for others that are being written, see :meth:`NetworkEnd.hold`."""
TELL_AFTER = 0.05
"""Seconds after which the network loop is told what has ended, if no event has come by then: its write then goes with
that event's, and costs no wake-up."""
TELL_AT = 16
"""Ended events that are told at once."""
CROWD = 64
"""Waiting deliveries of a bot from which on further ones are kept as text: parsed, each would be a dozen objects more
for Python's collector to walk."""
MAX_BYTES = 256 * 1024 * 1024
"""Bytes of JSON of a bot's waiting deliveries without a store, or while it is down: what does not fit is refused."""
STORED_PART = 8
"""Where more can wait in a store, only this part of it is taken: 32 MB, about 40,000 texts."""
AHEAD = 32
"""Further places of a bot for events that pass those in the store; so many pass until some of these are fetched."""
MIN_BEGUN = 32
"""Deliveries of a bot that may wait for their handlers, however few of these run at a time."""


class Results(Protocol):
    """Learns on the network loop what became of the deliveries that have a key."""

    def begun(self, key: str) -> None:
        """The handlers of an abandoned event have started."""

    def ended(self, handled: Sequence[str], given_up: Sequence[str]) -> None:
        """Handlers have run, or were given up because the process ends."""


class Deliveries(Protocol):
    """Takes deliveries on NoneBot's loop."""

    def take(self, delivery: Delivery) -> None:
        """Run a delivery's handlers, or let it wait; must not block."""

    def lose(self, keys: Sequence[str]) -> None:
        """Forget what waits under these keys, as other processes handle it; the rest may start."""


class Bridge:
    """The two ends."""

    def __init__(
        self,
        *,
        max_waiting: int = 100_000,
        max_running: int | None = None,
        max_bytes: int = MAX_BYTES,
        clock: Callable[[], float] = boottime,
    ) -> None:
        """Create both ends; each is opened on its own loop.

        Args:
            max_waiting: deliveries of one bot between arrival and the start of their handlers.
            max_running: handlers of one bot that run at a time. Of the events that can wait in a store only a few more
                than these are taken: when the process dies, all that it had begun are abandoned.
            max_bytes: JSON of one bot's waiting deliveries, where no store can take more.
            clock: seconds that count while the machine sleeps.
        """
        max_begun = max_waiting if max_running is None else min(max_waiting, max(MIN_BEGUN, 2 * max_running))
        self.plugins: PluginEnd = PluginEnd(clock)
        """NoneBot's loop."""
        self.network: NetworkEnd = NetworkEnd(self.plugins, max_waiting, max_begun, max_bytes)
        """The network loop."""
        self.plugins.network = self.network


class NetworkEnd:
    """The end on the network loop: takes deliveries, within bounds per bot, and passes results on."""

    def __init__(self, plugins: PluginEnd, max_waiting: int, max_begun: int, max_bytes: int) -> None:
        self.loop: asyncio.AbstractEventLoop | None = None
        self.context: Context | None = None
        self.incoming: deque[Delivery | Lease] = deque()
        self._plugins = plugins
        self._max_waiting = max_waiting
        self._max_begun = max_begun
        self._max_bytes = max_bytes
        self._taken: Counter[str] = Counter()
        self._taken_bytes: Counter[str] = Counter()
        self._waking = False
        self._holds = 0
        self._hold_timer: asyncio.TimerHandle | None = None
        self._results: Results | None = None

    def open(self, results: Results | None) -> None:
        """Work on the running loop; ``results`` learns what became of the deliveries that have a key."""
        self.loop = asyncio.get_running_loop()
        self.context = copy_context()
        self._results = results

    @property
    def is_open(self) -> bool:
        """Whether deliveries are handed over."""
        return self._plugins.is_open

    def is_present(self, bot_id: str) -> bool:
        """Whether a bot's deliveries are handled, rather than wait for the bot."""
        return bot_id in self._plugins.present

    def waiting(self, bot_id: str) -> int:
        """A bot's deliveries taken whose handlers have not started."""
        return self._taken[bot_id] - self._plugins.started_count[bot_id]

    def is_crowded(self, bot_id: str) -> bool:
        """Whether so many deliveries of a bot wait that their memory matters."""
        return self.waiting(bot_id) >= CROWD

    def _waiting_bytes(self, bot_id: str) -> int:
        return self._taken_bytes[bot_id] - self._plugins.started_bytes[bot_id]

    def _bytes_left(self, bot_id: str, stored: bool) -> int:
        return (self._max_bytes // STORED_PART if stored else self._max_bytes) - self._waiting_bytes(bot_id)

    def room(self, bot_id: str, *, stored: bool = False, more: int = 0) -> int:
        """How many deliveries of a bot fit, fewer if they are stored as well, and ``more``; 0 when it is closed."""
        if not self.is_open or self._bytes_left(bot_id, stored) <= 0:
            return 0
        return max(0, (self._max_begun if stored else self._max_waiting) + more - self.waiting(bot_id))

    def wanted(self, bot_id: str) -> int:
        """How many deliveries to fetch from the store: none while half of the places are taken, for whole batches."""
        room = self.room(bot_id, stored=True)
        return room if 2 * room >= self._max_begun else 0

    def reserve(
        self, bot_id: str, size: int, *, stored: bool = False, ahead: bool = False, force: bool = False
    ) -> bool:
        """Keep a place for a delivery; False when it is closed or full.

        Args:
            bot_id: its bot.
            size: bytes of its JSON.
            stored: whether it can wait in a store as well.
            ahead: whether it goes ahead of those that wait in a store.
            force: keep it even when there is no room.
        """
        room = self.room(bot_id, stored=stored, more=AHEAD if ahead else 0)
        if not force and (size > self._bytes_left(bot_id, stored) or not room):
            return False
        self._taken[bot_id] += 1
        self._taken_bytes[bot_id] += size
        return True

    def cancel(self, bot_id: str, size: int) -> None:
        """Free a place that is not needed."""
        self._taken[bot_id] -= 1
        self._taken_bytes[bot_id] -= size

    def put(self, delivery: Delivery, reserved: int) -> None:
        """Hand over a delivery into a place that was kept for ``reserved`` bytes."""
        self._taken_bytes[delivery.bot_id] += delivery.size - reserved
        self.send(delivery)

    def send(self, item: Delivery | Lease) -> None:
        """Pass a delivery that has its place, or a renewed lease, on to NoneBot's loop."""
        self.incoming.append(item)
        if self._holds == 0:
            self._wake_soon()
        elif self._hold_timer is None:
            self._hold_timer = asyncio.get_running_loop().call_later(LONGEST_HOLD, self._wake_soon)

    @contextmanager
    def hold(self) -> Generator[None, None, None]:
        """While another delivery is being written, those that are there wait for it, for a moment.

        A plugin that computes takes Python's lock from this thread at every step, so of a burst as much as possible is
        written and acked before the first handler starts.
        """
        self._holds += 1
        try:
            yield
        finally:
            self._holds -= 1
            if self._holds == 0 and self.incoming:
                self._wake_soon()

    def _wake_soon(self) -> None:
        if self._hold_timer is not None:
            self._hold_timer.cancel()
            self._hold_timer = None
        if not self._waking and (loop := self._plugins.loop) is not None:
            self._waking = True
            # In the network loop's next round: by then the ack is out, and one wake-up serves a whole batch.
            asyncio.get_running_loop().call_soon(self._wake, loop)

    def _wake(self, loop: asyncio.AbstractEventLoop) -> None:
        self._waking = False
        loop.call_soon_threadsafe(self._plugins.drain, context=self._plugins.context)

    def collect(self) -> None:
        """Pass on what NoneBot's loop has told; called on this loop, with each event and by the plugin end."""
        if self._results is None:
            return
        for key in _take_all(self._plugins.begun):
            self._results.begun(key)
        handled, given_up = _take_all(self._plugins.handled), _take_all(self._plugins.given_up)
        if handled or given_up:
            self._results.ended(handled, given_up)


class PluginEnd:
    """The end on NoneBot's loop: hands deliveries to the dispatcher, and tells the network loop what became of them."""

    network: NetworkEnd

    def __init__(self, clock: Callable[[], float]) -> None:
        self.loop: asyncio.AbstractEventLoop | None = None
        self.context: Context | None = None
        self.is_open: bool = False
        self.present: set[str] = set()
        self.started_count: Counter[str] = Counter()
        self.started_bytes: Counter[str] = Counter()
        self.begun: deque[str] = deque()
        self.handled: deque[str] = deque()
        self.given_up: deque[str] = deque()
        self._clock = clock
        self._arrive: Callable[[str], None] | None = None
        self._deliveries: Deliveries | None = None
        self._lease_until = math.inf
        self._telling = False
        self._telling_now = False

    def open(self, deliveries: Deliveries, arrive: Callable[[str], None] | None = None) -> None:
        """Hand over on the running loop from now on; ``arrive`` learns first that a delivery's bot receives."""
        self._deliveries = deliveries
        self._arrive = arrive
        self.loop = asyncio.get_running_loop()
        self.context = copy_context()
        self.is_open = True

    def close(self) -> None:
        """Take nothing more; what is under way still arrives."""
        self.is_open = False

    def arrive(self, bot_id: str) -> None:
        """The bot is there."""
        self.present.add(bot_id)

    def leave(self, bot_id: str) -> None:
        """The bot is gone."""
        self.present.discard(bot_id)

    def holds_lease(self, delivery: Delivery) -> bool:
        """Whether a delivery is certainly this process's own; if not, it waits for the lease to be renewed."""
        return delivery.key is None or self._clock() < self._lease_until

    def started(self, delivery: Delivery) -> None:
        """A delivery's handlers have started: its place is free."""
        self.started_count[delivery.bot_id] += 1
        self.started_bytes[delivery.bot_id] += delivery.size
        if delivery.abandoned and delivery.key is not None:
            self.begun.append(delivery.key)
            self._tell_soon()

    def ended(self, delivery: Delivery, handled: bool) -> None:
        """A delivery's handlers have run, or (not ``handled``) were given up because the process ends."""
        if delivery.key is not None:
            (self.handled if handled else self.given_up).append(delivery.key)
            self._tell_soon()

    def _tell_soon(self) -> None:
        if not self._telling:
            self._telling = True
            asyncio.get_running_loop().call_later(TELL_AFTER, self.flush)
        if len(self.handled) >= TELL_AT and not self._telling_now:
            self._telling_now = True
            asyncio.get_running_loop().call_soon(self.flush)

    def flush(self) -> None:
        """Tell the network loop at once what has begun and ended."""
        self._telling = self._telling_now = False
        if not (self.begun or self.handled or self.given_up):
            return  # it has looked by itself
        if (loop := self.network.loop) is not None and not loop.is_closed():
            loop.call_soon_threadsafe(self.network.collect, context=self.network.context)

    def drain(self) -> None:
        """Hand over what the network loop has put; called by the network end, on this loop."""
        incoming, deliveries = self.network.incoming, self._deliveries
        while incoming and deliveries is not None:
            item = incoming.popleft()
            if isinstance(item, Delivery):
                if self._arrive is not None:
                    self._arrive(item.bot_id)
                deliveries.take(item)
                continue
            expired = self._clock() >= self._lease_until
            self._lease_until = item.valid_until
            if expired or item.lost_keys:
                deliveries.lose(item.lost_keys)


def _take_all(queue: deque[str]) -> list[str]:
    return [queue.popleft() for _ in range(len(queue))]
