"""Runs the handlers: per bot a bounded number at a time, in tasks that are kept until they end.

Lives on NoneBot's loop.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Sequence
from typing import Protocol

from ..log import log
from .bridge import PluginEnd
from .delivery import Delivery

SLOT_TIME = 1.0
"""Seconds after which a running handler gives its slot back: it waits for a user or a stream, not for the CPU."""
CLEAN_UP = 1.0
"""Seconds that a cancelled handler gets to clean up."""


class HandlesDeliveries(Protocol):
    """Runs one delivery."""

    async def handle(self, delivery: Delivery) -> None:
        """Run a delivery's handlers; returns when all have ended."""
        ...


class Dispatcher:
    """One lane per bot, so that one bot's burst or absence never holds up another."""

    def __init__(
        self, handler: HandlesDeliveries, bridge: PluginEnd, *, max_running: int, slot_time: float = SLOT_TIME
    ) -> None:
        """Create the dispatcher.

        Args:
            handler: runs a delivery through NoneBot.
            bridge: is told which handlers have started and ended.
            max_running: handlers of one bot in their first seconds.
            slot_time: seconds after which a running handler gives its slot back.
        """
        self.handler = handler
        self.bridge = bridge
        self.max_running = max_running
        self.slot_time = slot_time
        self.running: dict[asyncio.Task[None], Delivery] = {}
        self._lanes: dict[str, _Lane] = {}

    @property
    def waiting(self) -> int:
        """Deliveries whose handlers have not started."""
        return sum(len(lane.waiting) for lane in self._lanes.values())

    def load(self, bot_id: str) -> tuple[int, int]:
        """How many handlers of a bot run, and how many of its deliveries wait for theirs."""
        lane = self._lane(bot_id)
        return len(lane.tasks), len(lane.waiting)

    def take(self, delivery: Delivery) -> None:
        """Run a delivery as soon as its bot exists and has a free slot."""
        self._lane(delivery.bot_id).put(delivery)

    def open(self, bot_id: str) -> None:
        """The bot exists: run what waits for it."""
        self._lane(bot_id).open()

    def pause(self, bot_id: str) -> None:
        """The bot is gone: let its deliveries wait."""
        self._lane(bot_id).is_open = False

    def lose(self, keys: Sequence[str]) -> None:
        """Forget what waits under these keys, as other processes handle it; the rest may start."""
        lost = frozenset(keys)
        for lane in self._lanes.values():
            lane.lose(lost)

    async def drain_bot(self, bot_id: str, timeout: float) -> None:
        """Wait until nothing of one bot waits or runs, at most ``timeout`` seconds; what runs longer goes on."""
        lane = self._lane(bot_id)
        loop = asyncio.get_running_loop()
        deadline = loop.time() + timeout
        while lane.tasks and (left := deadline - loop.time()) > 0:
            await asyncio.wait(lane.tasks, timeout=left, return_when=asyncio.FIRST_COMPLETED)
        if lane.tasks or lane.waiting:
            log(
                "WARNING",
                "Bot {} leaves after {:g} s, while {} handlers still run and {} events wait; the events "
                "are handled when it comes back",
                bot_id,
                timeout,
                len(lane.tasks),
                len(lane.waiting),
            )

    async def drain(self, timeout: float) -> None:
        """Wait until nothing waits or runs, at most ``timeout`` seconds; then cancel and give up what still runs."""
        loop = asyncio.get_running_loop()
        deadline = loop.time() + timeout
        while self.running and (left := deadline - loop.time()) > 0:
            await asyncio.wait(self.running, timeout=left, return_when=asyncio.FIRST_COMPLETED)
        if self.running or self.waiting:
            log(
                "WARNING",
                "Stopped after {:g} s: {} handlers still ran, {} events waited; with a store on disk the "
                "next start handles them",
                timeout,
                len(self.running),
                self.waiting,
            )
        for lane in self._lanes.values():
            lane.give_up()
        for task in self.running:
            task.cancel()
        if self.running:
            await asyncio.wait(self.running, timeout=CLEAN_UP)
        # NoneBot shields matchers from being cancelled; they end with the loop, which nobody here can wait for.
        for delivery in self.running.values():
            self.bridge.ended(delivery, False)

    def _lane(self, bot_id: str) -> _Lane:
        if (lane := self._lanes.get(bot_id)) is None:
            lane = self._lanes[bot_id] = _Lane(self)
        return lane


class _Lane:
    def __init__(self, dispatcher: Dispatcher) -> None:
        self._dispatcher = dispatcher
        self._running = 0
        self.waiting: deque[Delivery] = deque()
        self.tasks: set[asyncio.Task[None]] = set()
        self.is_open = False

    def put(self, delivery: Delivery) -> None:
        if delivery.abandoned:
            self.waiting.appendleft(delivery)
        else:
            self.waiting.append(delivery)
        self._start()

    def open(self) -> None:
        self.is_open = True
        self._start()

    def lose(self, keys: frozenset[str]) -> None:
        kept = [delivery for delivery in self.waiting if delivery.key not in keys]
        for delivery in self.waiting:
            if delivery.key in keys:
                self._dispatcher.bridge.started(delivery)
        self.waiting = deque(kept)
        self._start()

    def give_up(self) -> None:
        self.is_open = False
        while self.waiting:
            delivery = self.waiting.popleft()
            self._dispatcher.bridge.started(delivery)
            self._dispatcher.bridge.ended(delivery, False)

    def _start(self) -> None:
        dispatcher = self._dispatcher
        while self.is_open and self.waiting and self._running < dispatcher.max_running:
            if not dispatcher.bridge.holds_lease(self.waiting[0]):
                return
            delivery = self.waiting.popleft()
            dispatcher.bridge.started(delivery)
            self._running += 1
            task = asyncio.create_task(self._run(delivery), name=f"feishu-event-{delivery.bot_id}")
            dispatcher.running[task] = delivery
            self.tasks.add(task)
            task.add_done_callback(self._forget)

    async def _run(self, delivery: Delivery) -> None:
        slot = _Slot(self._free)
        handled = True
        timer = asyncio.get_running_loop().call_later(self._dispatcher.slot_time, slot.free)
        try:
            await self._dispatcher.handler.handle(delivery)
        except asyncio.CancelledError:
            handled = False
            raise
        except Exception as error:  # noqa: BLE001 - plugins' errors are NoneBot's to report; this is our own part
            log("ERROR", "Bot {}: an event could not be handled", delivery.bot_id, exception=error)
        finally:
            timer.cancel()
            slot.free()
            self._dispatcher.bridge.ended(delivery, handled)

    def _forget(self, task: asyncio.Task[None]) -> None:
        del self._dispatcher.running[task]
        self.tasks.discard(task)

    def _free(self) -> None:
        self._running -= 1
        self._start()


class _Slot:
    """Given back once: after its time, or when the handler ends, whichever comes first."""

    __slots__ = ("_give_back",)

    def __init__(self, give_back: Callable[[], None]) -> None:
        self._give_back: Callable[[], None] | None = give_back

    def free(self) -> None:
        give_back, self._give_back = self._give_back, None
        if give_back is not None:
            give_back()
