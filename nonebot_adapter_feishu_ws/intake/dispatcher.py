"""Runs the handlers on NoneBot's loop: per bot a bounded number at a time, in tasks that are kept until they end."""

import asyncio
from collections import defaultdict, deque
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field

from nonebot.adapters import Bot as BaseBot

from ..api import ClientPool
from ..bot import Bot
from ..event import EventRegistry, MessageEvent
from ..logs import LogOnce, log, log_context
from .bridge import PluginEnd
from .delivery import Delivery

SLOT_TIME = 1.0
"""Seconds after which a running handler gives its slot back: it waits for a user or a stream, not for the CPU."""
CLEAN_UP = 1.0
"""Seconds that a cancelled handler gets to clean up."""


@dataclass(eq=False, repr=False)
class Handler:
    """Turns a delivery of any bot into an event and runs it through NoneBot.

    Attributes:
        bots: app id -> NoneBot bot, as the adapter keeps them.
        models: event type -> event class.
        clients: learn which chat a message is in, for its chat's rate limit.
    """

    bots: Mapping[str, BaseBot]
    models: EventRegistry
    clients: ClientPool
    _reported: LogOnce = field(default_factory=LogOnce)

    async def handle(self, delivery: Delivery) -> None:
        """Run a delivery's handlers; returns when all have ended."""
        bot = self.bots[delivery.bot_id]
        assert isinstance(bot, Bot)
        _, event_id, message_id = delivery.identity
        with log_context(bot=delivery.bot_id, event_id=event_id, message_id=message_id):
            event = self.models.parse(delivery.read(), on_fallback=self._report_fallback)
            if isinstance(event, MessageEvent):
                self.clients.get(bot.bot_config).learn(event.message_id, event.chat_id)
            event.set_callback(delivery.callback, delivery.key, delivery.attempt)
            try:
                await bot.handle_event(event)
            finally:
                if delivery.callback is not None:
                    delivery.callback.finish()

    def _report_fallback(self, event_type: str, error: Exception | None) -> None:
        if self._reported.first(event_type):
            log(
                "WARNING",
                "No event model fits {}; it is dispatched as the base Event (logged once per type)",
                event_type,
                exception=error,
            )


class Dispatcher:
    """One lane per bot, so that one bot's burst or absence never holds up another."""

    def __init__(
        self,
        handle: Callable[[Delivery], Awaitable[None]],
        bridge: PluginEnd,
        *,
        max_running: int,
        slot_time: float = SLOT_TIME,
    ) -> None:
        """Create the dispatcher: ``max_running`` handlers of a bot run at a time in their first ``slot_time`` seconds.

        ``handle`` returns when a delivery's handlers have ended.
        """
        self.handle = handle
        self.bridge = bridge
        self.max_running = max_running
        self.slot_time = slot_time
        self.running: dict[asyncio.Task[None], Delivery] = {}
        self._lanes: defaultdict[str, _Lane] = defaultdict(lambda: _Lane(self))

    @property
    def waiting(self) -> int:
        """Deliveries whose handlers have not started."""
        return sum(len(lane.waiting) for lane in self._lanes.values())

    def load(self, bot_id: str) -> tuple[int, int]:
        """How many handlers of a bot run, and how many of its deliveries wait for theirs."""
        lane = self._lanes[bot_id]
        return len(lane.tasks), len(lane.waiting)

    def take(self, delivery: Delivery) -> None:
        """Run a delivery as soon as its bot exists and has a free slot."""
        self._lanes[delivery.bot_id].put(delivery)

    def open(self, bot_id: str) -> None:
        """The bot exists: run what waits for it."""
        self._lanes[bot_id].open()

    def pause(self, bot_id: str) -> None:
        """The bot is gone: let its deliveries wait."""
        self._lanes[bot_id].is_open = False

    def lose(self, keys: Sequence[str]) -> None:
        """Forget what waits under these keys, as other processes handle it; the rest may start."""
        lost = frozenset(keys)
        for lane in self._lanes.values():
            lane.lose(lost)

    async def drain_bot(self, bot_id: str, timeout: float) -> None:
        """Wait until nothing of one bot waits or runs, at most ``timeout`` seconds; what runs longer goes on."""
        lane = self._lanes[bot_id]
        await _wait_for_all(lane.tasks, timeout)
        if lane.tasks or lane.waiting:
            log(
                "WARNING",
                "Bot {bot} leaves after {:g} s, while {} handlers still run and {} events wait; the events "
                "are handled when it comes back",
                timeout,
                len(lane.tasks),
                len(lane.waiting),
                bot=bot_id,
            )

    async def drain(self, timeout: float, finish: Callable[[], Awaitable[None]] | None = None) -> None:
        """Wait until nothing waits or runs, at most ``timeout`` seconds; then cancel and give up what still runs.

        ``finish`` runs in between: once an event is given up, another process may begin with it.
        """
        await _wait_for_all(self.running, timeout)
        if finish is not None:
            await finish()
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
        for task, delivery in self.running.items():
            if not task.done():
                self.bridge.ended(delivery, False)
        await asyncio.sleep(0)  # tasks that have just ended report it in the loop's next round


class _Lane:
    def __init__(self, dispatcher: Dispatcher) -> None:
        self._dispatcher = dispatcher
        self._taken_slots = 0
        self.waiting: deque[Delivery] = deque()
        self.tasks: dict[asyncio.Task[None], asyncio.TimerHandle | None] = {}
        """Each with the timer at which it gives its slot back; None when it has."""
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
                # Another process has it; here it counts as begun no more, should it come back.
                self._dispatcher.bridge.ended(delivery, False)
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
        while self.is_open and self.waiting and self._taken_slots < dispatcher.max_running:
            if not dispatcher.bridge.holds_lease(self.waiting[0]):
                return
            delivery = self.waiting.popleft()
            dispatcher.bridge.started(delivery)
            task = asyncio.create_task(self._run(delivery), name=f"feishu-event-{delivery.bot_id}")
            dispatcher.running[task] = delivery
            self._taken_slots += 1
            self.tasks[task] = asyncio.get_running_loop().call_later(dispatcher.slot_time, self._free_slot, task)
            task.add_done_callback(self._end)

    async def _run(self, delivery: Delivery) -> None:
        try:
            await self._dispatcher.handle(delivery)
        except Exception as error:  # noqa: BLE001 - plugins' errors are NoneBot's to report; this is our own part
            log("ERROR", "Bot {bot}: an event could not be handled", bot=delivery.bot_id, exception=error)

    def _end(self, task: asyncio.Task[None]) -> None:
        self._dispatcher.bridge.ended(self._dispatcher.running.pop(task), not task.cancelled())
        if (timer := self.tasks.pop(task)) is not None:
            timer.cancel()
            self._taken_slots -= 1
            self._start()

    def _free_slot(self, task: asyncio.Task[None]) -> None:
        self.tasks[task] = None
        self._taken_slots -= 1
        self._start()


async def _wait_for_all(tasks: Collection[asyncio.Task[None]], timeout: float) -> None:
    """Wait until none is left, also of those that start meanwhile, at most ``timeout`` seconds."""
    loop = asyncio.get_running_loop()
    deadline = loop.time() + timeout
    while tasks and (left := deadline - loop.time()) > 0:
        await asyncio.wait(tasks, timeout=left, return_when=asyncio.FIRST_COMPLETED)
