"""Joins the two loops: deliveries go over to NoneBot's, and what became of them comes back.

Each loop has its own end and calls nothing but that. The ends share counters and queues that one side writes and the
other reads, so no lock is needed. One wake-up serves many events, so it runs in the context in which the other end was
opened, not in that of the event which caused it: else its log lines would carry that event's ids.
"""

from __future__ import annotations

import asyncio
import inspect
import math
from collections import defaultdict, deque
from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager
from contextvars import Context, copy_context
from dataclasses import dataclass
from functools import wraps
from typing import Any, Protocol

from ..store import Lease
from ..store.boottime import boottime
from .delivery import Delivery

LONGEST_HOLD = 0.05
"""Seconds that deliveries wait at most for others that are being written, see :meth:`NetworkEnd.hold`."""
MIN_BEGUN = 32
"""Deliveries of a bot that may wait for their handlers, however few of these run at a time."""

check_loops = False
"""Test mode: bridges that are created while it is on refuse a call of an end on the other end's loop."""


@dataclass(frozen=True, slots=True)
class Ended:
    """What became of a delivery.

    Attributes:
        key: its entry in the inbox.
        handled: False when it was given up because the process ends.
    """

    key: str
    handled: bool


class Results(Protocol):
    """Learns on the network loop what became of the deliveries that have a key."""

    def begun(self, key: str) -> None:
        """The handlers of an abandoned event have started."""
        ...

    def ended(self, batch: Sequence[Ended]) -> None:
        """Handlers have ended."""
        ...


class Deliveries(Protocol):
    """Takes deliveries on NoneBot's loop."""

    def take(self, delivery: Delivery) -> None:
        """Run a delivery's handlers, or let it wait; must not block."""
        ...

    def lose(self, keys: Sequence[str]) -> None:
        """Forget what waits under these keys, as other processes handle it; the rest may start."""
        ...


class Arrivals(Protocol):
    """Learns on NoneBot's loop which bots receive."""

    def arrive(self, bot_id: str) -> None:
        """A bot receives: register it, if it is not yet."""
        ...


class _Load:
    """Deliveries of one bot, counted by one end."""

    __slots__ = ("bytes", "count")

    def __init__(self) -> None:
        self.count = self.bytes = 0

    def add(self, size: int, count: int = 1) -> None:
        self.count += count
        self.bytes += size


class _Shared:
    """What both ends read; each field is written by one of them alone."""

    def __init__(self) -> None:
        # Written by the network end.
        self.network_loop: asyncio.AbstractEventLoop | None = None
        self.network_context: Context | None = None
        self.incoming: deque[Delivery | Lease] = deque()
        # Written by the plugin end.
        self.plugin_loop: asyncio.AbstractEventLoop | None = None
        self.plugin_context: Context | None = None
        self.is_open = False
        self.present: set[str] = set()
        self.started: defaultdict[str, _Load] = defaultdict(_Load)
        self.begun: deque[str] = deque()
        self.ended: deque[Ended] = deque()


class Bridge:
    """The two ends."""

    def __init__(
        self,
        *,
        max_waiting: int = 1_000,
        max_running: int | None = None,
        max_bytes: int = 32 * 1024 * 1024,
        clock: Callable[[], float] = boottime,
    ) -> None:
        """Create both ends; each is opened on its own loop.

        Args:
            max_waiting: deliveries of one bot between arrival and the start of their handlers.
            max_running: handlers of one bot that run at a time. Of the events that can wait in a store only a few more
                than these are taken: when the process dies, all that it had begun are abandoned.
            max_bytes: JSON of one bot's waiting deliveries.
            clock: seconds that count while the machine sleeps.
        """
        shared = _Shared()
        max_begun = max_waiting if max_running is None else min(max_waiting, max(MIN_BEGUN, 2 * max_running))
        self.plugins: PluginEnd = PluginEnd(shared, clock)
        """NoneBot's loop."""
        self.network: NetworkEnd = NetworkEnd(shared, self.plugins, max_waiting, max_begun, max_bytes)
        """The network loop."""
        self.plugins.network = self.network
        if check_loops:
            _check_calls(self.network, lambda: shared.network_loop)
            _check_calls(self.plugins, lambda: shared.plugin_loop)


class NetworkEnd:
    """The end on the network loop: takes deliveries, within bounds per bot, and passes results on."""

    def __init__(self, shared: _Shared, plugins: PluginEnd, max_waiting: int, max_begun: int, max_bytes: int) -> None:
        self._shared = shared
        self._plugins = plugins
        self._max_waiting = max_waiting
        self._max_begun = max_begun
        self._max_bytes = max_bytes
        self._put: defaultdict[str, _Load] = defaultdict(_Load)
        self._waking = False
        self._holds = 0
        self._hold_timer: asyncio.TimerHandle | None = None
        self._results: Results | None = None

    def open(self, results: Results | None) -> None:
        """Work on the running loop.

        Args:
            results: learns what became of the deliveries that have a key.
        """
        self._shared.network_loop = asyncio.get_running_loop()
        self._shared.network_context = copy_context()
        self._results = results

    @property
    def is_open(self) -> bool:
        """Whether deliveries are handed over."""
        return self._shared.is_open

    def is_present(self, bot_id: str) -> bool:
        """Whether a bot's deliveries are handled, rather than wait for the bot."""
        return bot_id in self._shared.present

    def waiting(self, bot_id: str) -> int:
        """A bot's deliveries taken whose handlers have not started."""
        return self._put[bot_id].count - self._shared.started[bot_id].count

    def room(self, bot_id: str, *, stored: bool = False) -> int:
        """How many more deliveries of a bot may be taken; 0 when it is closed or they hold too many bytes.

        Args:
            bot_id: the bot.
            stored: whether they can wait in a store as well.
        """
        if not self.is_open or self._put[bot_id].bytes - self._shared.started[bot_id].bytes >= self._max_bytes:
            return 0
        return max(0, (self._max_begun if stored else self._max_waiting) - self.waiting(bot_id))

    def wanted(self, bot_id: str) -> int:
        """How many deliveries to fetch from the store: none while half of the places are taken, for whole batches."""
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
        fits = put.bytes - self._shared.started[bot_id].bytes + size <= self._max_bytes
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
            if self._holds == 0 and self._shared.incoming:
                self._wake_soon()

    def _send(self, item: Delivery | Lease) -> None:
        self._shared.incoming.append(item)
        if self._holds == 0:
            self._wake_soon()
        elif self._hold_timer is None:
            self._hold_timer = asyncio.get_running_loop().call_later(LONGEST_HOLD, self._wake_soon)

    def _wake_soon(self) -> None:
        if self._hold_timer is not None:
            self._hold_timer.cancel()
            self._hold_timer = None
        if not self._waking and (loop := self._shared.plugin_loop) is not None:
            self._waking = True
            # In the network loop's next round: by then the ack is out, and one wake-up serves a whole batch.
            asyncio.get_running_loop().call_soon(self._wake, loop)

    def _wake(self, loop: asyncio.AbstractEventLoop) -> None:
        self._waking = False
        loop.call_soon_threadsafe(self._plugins.drain, context=self._shared.plugin_context)

    def collect(self) -> None:
        """Pass on what NoneBot's loop has told; called by the plugin end, on this loop."""
        if self._results is None:
            return
        begun, ended = self._shared.begun, self._shared.ended
        while begun:
            self._results.begun(begun.popleft())
        if ended:
            self._results.ended([ended.popleft() for _ in range(len(ended))])


class PluginEnd:
    """The end on NoneBot's loop: hands deliveries to the dispatcher, and tells the network loop what became of them."""

    network: NetworkEnd

    def __init__(self, shared: _Shared, clock: Callable[[], float]) -> None:
        self._shared = shared
        self._clock = clock
        self._arrivals: Arrivals | None = None
        self._deliveries: Deliveries | None = None
        self._lease_until = math.inf
        self._telling = False

    def open(self, deliveries: Deliveries, arrivals: Arrivals | None = None) -> None:
        """Hand over to the running loop from now on.

        Args:
            deliveries: takes them.
            arrivals: learns first that a delivery's bot receives.
        """
        self._deliveries = deliveries
        self._arrivals = arrivals
        self._shared.plugin_loop = asyncio.get_running_loop()
        self._shared.plugin_context = copy_context()
        self._shared.is_open = True

    def close(self) -> None:
        """Take nothing more; what is under way still arrives."""
        self._shared.is_open = False

    def arrive(self, bot_id: str) -> None:
        """The bot is there."""
        self._shared.present.add(bot_id)

    def leave(self, bot_id: str) -> None:
        """The bot is gone."""
        self._shared.present.discard(bot_id)

    def holds_lease(self, delivery: Delivery) -> bool:
        """Whether a delivery is certainly this process's own; if not, it waits for the lease to be renewed."""
        return delivery.key is None or self._clock() < self._lease_until

    def started(self, delivery: Delivery) -> None:
        """A delivery's handlers have started: its place is free."""
        self._shared.started[delivery.bot_id].add(delivery.size)
        if delivery.abandoned and delivery.key is not None:
            self._shared.begun.append(delivery.key)
            self._tell_soon()

    def ended(self, delivery: Delivery, handled: bool) -> None:
        """A delivery's handlers have run, or (not ``handled``) were given up because the process ends."""
        if delivery.key is not None:
            self._shared.ended.append(Ended(delivery.key, handled))
            self._tell_soon()

    def _tell_soon(self) -> None:
        if not self._telling:
            self._telling = True
            asyncio.get_running_loop().call_soon(self.flush)

    def flush(self) -> None:
        """Tell the network loop at once what has begun and ended."""
        self._telling = False
        if (loop := self._shared.network_loop) is not None and not loop.is_closed():
            loop.call_soon_threadsafe(self.network.collect, context=self._shared.network_context)

    def drain(self) -> None:
        """Hand over what the network loop has put; called by the network end, on this loop."""
        incoming, deliveries = self._shared.incoming, self._deliveries
        while incoming and deliveries is not None:
            item = incoming.popleft()
            if isinstance(item, Delivery):
                if self._arrivals is not None:
                    self._arrivals.arrive(item.bot_id)
                deliveries.take(item)
                continue
            expired = self._clock() >= self._lease_until
            self._lease_until = item.valid_until
            if expired or item.lost_keys:
                deliveries.lose(item.lost_keys)


class WrongLoop(RuntimeError):
    """An end of the bridge was called on a loop that is not its own."""


def _check_calls(end: object, own_loop: Callable[[], asyncio.AbstractEventLoop | None]) -> None:
    """Have each public method of an end refuse calls on another loop, once the end is open."""

    def checked(method: Callable[..., Any]) -> Callable[..., Any]:
        @wraps(method)
        def call(*args: Any, **kwargs: Any) -> Any:
            if (own := own_loop()) is not None and asyncio.get_running_loop() is not own:
                raise WrongLoop(f"{method.__qualname__} was called on the other loop")
            return method(*args, **kwargs)

        return call

    for name, method in inspect.getmembers(end, inspect.ismethod):
        if not name.startswith("_") and name != "open":
            setattr(end, name, checked(method))
