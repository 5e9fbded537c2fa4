"""Owns the connections of all bots; the door through which NoneBot's side steers and reads them."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime

from ..event.envelope import EventReceiver
from ..exception import BotDisabled, BotNotFound, StoreError
from ..log import log
from ..store import KeyValue
from .clock import watch_clock
from .network_thread import NetworkThread
from .status import ConnectionState, ConnectionStatus, Timing, Transport, utc
from .supervisor import ReconnectPolicy, Supervisor

WAKE_SPREAD = 1.0
"""Seconds over which the bots reconnect after the machine has slept."""
_DISABLED = 'Set "enabled": true in the bot\'s entry of .env and restart.'


@dataclass(frozen=True, slots=True, kw_only=True)
class ManagedBot:
    """What the manager must know of a bot.

    Attributes:
        bot_id: the app id.
        make_transport: makes its transport, on the network loop.
        use_websocket: whether the configuration wants a long connection.
        webhook: whether the webhook route takes its deliveries.
        enabled: False for a bot that the configuration leaves out.
    """

    bot_id: str
    make_transport: Callable[[], Transport]
    use_websocket: bool = True
    webhook: bool = False
    enabled: bool = True


@dataclass(slots=True)
class _Entry:
    bot: ManagedBot
    supervisor: Supervisor | None = None
    task: asyncio.Task[None] | None = None
    disconnected_by_operator: bool = False
    last_heartbeat: datetime | None = None
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)


class ConnectionManager:
    """One supervised connection per bot, on the network loop.

    The methods are called from NoneBot's loop; snapshots may be read from any thread. What is connected or
    disconnected through it is the operator's choice: it is kept in the store and wins over the configuration.
    """

    def __init__(
        self,
        network: NetworkThread,
        receiver: EventReceiver,
        state: KeyValue,
        *,
        policy: ReconnectPolicy | None = None,
        timing: Timing | None = None,
        on_change: Callable[[ConnectionStatus], None],
    ) -> None:
        """Args:
        network: the thread whose loop holds the sockets; started by the owner.
        receiver: takes the envelopes, on the network loop.
        state: keeps the operator's choice; opened by the owner.
        policy: the quick attempts.
        timing: clocks, sleep and randomness.
        on_change: called with every new state, mostly on the network loop; must not block.
        """
        self._network = network
        self._receiver = receiver
        self._state = state
        self._policy = policy or ReconnectPolicy()
        self._timing = timing or Timing()
        self._on_change = on_change
        self._entries: dict[str, _Entry] = {}
        self._clock: asyncio.Task[None] | None = None

    # The operator's side

    async def connect(self, bot_id: str) -> ConnectionStatus:
        """Keep the bot connected from now on; returns at once, without waiting for the socket.

        A bot that is connected, or about to be, keeps its one socket; a bot that is being probed slowly is tried now.

        Raises:
            BotNotFound: no such bot is configured.
            BotDisabled: the configuration leaves it out.
        """
        entry = self._get_enabled(bot_id)
        async with entry.lock:
            await self._keep_choice(entry, "connected")
            entry.disconnected_by_operator = False
            await self._network.call(self._start(entry))
        return self.get_status(bot_id)

    async def disconnect(self, bot_id: str) -> ConnectionStatus:
        """Close the bot's connection and stop its attempts; its webhook takes nothing either.

        Returns when no new frame is read, the acks that are due are out and the socket is closed with a close frame.
        Handlers that run go on: the adapter keeps the NoneBot bot until they have ended, within a bound.

        Raises:
            BotNotFound: no such bot is configured.
            BotDisabled: the configuration leaves it out.
        """
        entry = self._get_enabled(bot_id)
        async with entry.lock:
            await self._keep_choice(entry, "disconnected")
            entry.disconnected_by_operator = True
            running = entry.task is not None and not entry.task.done()
            await self._network.call(self._stop(entry))
            if not running:  # a running supervisor tells of its end itself
                self._on_change(self.get_status(bot_id))
        return self.get_status(bot_id)

    async def reconnect(self, bot_id: str) -> ConnectionStatus:
        """Close the bot's connection, if any, and open a new one at once.

        Raises:
            BotNotFound: no such bot is configured.
            BotDisabled: the configuration leaves it out.
        """
        entry = self._get_enabled(bot_id)
        async with entry.lock:
            await self._network.call(self._stop(entry))
        return await self.connect(bot_id)

    def get_status(self, bot_id: str) -> ConnectionStatus:
        """A snapshot of one connection; that of a disabled bot says so.

        Raises:
            BotNotFound: no such bot is configured.
        """
        entry = self._get(bot_id)
        bot = entry.bot
        if not bot.enabled:
            return ConnectionStatus(bot_id=bot_id, error=str(BotDisabled(bot_id)), advice=_DISABLED)
        supervisor = entry.supervisor
        status = ConnectionStatus(bot_id=bot_id) if supervisor is None else supervisor.status
        without_socket = status.state is ConnectionState.ERROR or (supervisor is None and not bot.use_websocket)
        transport = "webhook" if bot.webhook and without_socket else "websocket"
        return replace(
            status,
            transport=transport,
            last_heartbeat=status.last_heartbeat or entry.last_heartbeat,
            last_event_at=utc(self._receiver.last_event_at(bot_id)),
        )

    def get_all_statuses(self) -> list[ConnectionStatus]:
        """Snapshots of all configured bots, in the order of the configuration."""
        return [self.get_status(bot_id) for bot_id in self._entries]

    def is_connected(self, bot_id: str) -> bool:
        """Whether the bot's long connection is open and the server answers.

        Raises:
            BotNotFound: no such bot is configured.
        """
        return self.get_status(bot_id).state is ConnectionState.CONNECTED

    def is_enabled(self, bot_id: str) -> bool:
        """Whether the configuration lets the bot run.

        Raises:
            BotNotFound: no such bot is configured.
        """
        return self._get(bot_id).bot.enabled

    def is_disconnected_by_operator(self, bot_id: str) -> bool:
        """Whether somebody has disconnected the bot by hand, now or before the last restart."""
        return self._get(bot_id).disconnected_by_operator

    def can_receive(self, bot_id: str) -> bool:
        """Whether events of the bot can arrive now, by socket or webhook.

        Raises:
            BotNotFound: no such bot is configured.
        """
        entry = self._get(bot_id)
        if not entry.bot.enabled or entry.disconnected_by_operator:
            return False
        return entry.bot.webhook or self.is_connected(bot_id)

    def is_receiving(self, bot_id: str) -> bool:
        """Whether events of the bot do arrive: by its socket if it has one, since the webhook may not be chosen.

        Raises:
            BotNotFound: no such bot is configured.
        """
        return self.is_connected(bot_id) if self._get(bot_id).bot.use_websocket else self.can_receive(bot_id)

    # The adapter's side

    def add(self, bot: ManagedBot) -> None:
        """Make a bot known."""
        self._entries[bot.bot_id] = _Entry(bot)

    async def start(self, bot_id: str) -> None:
        """Do what the operator chose last, else what the configuration says."""
        entry = self._get_enabled(bot_id)
        choice = await self._read_choice(bot_id)
        wanted = entry.bot.use_websocket if choice is None else choice == "connected"
        if choice is not None:
            log(
                "WARNING",
                "Bot {} stays {}, as its operator chose before the restart; this wins over .env. The "
                "status page or POST /feishu/bots/{}/ws/connect and .../disconnect change it",
                bot_id,
                choice,
                bot_id,
            )
        entry.disconnected_by_operator = choice == "disconnected"
        if wanted:
            await self._network.call(self._start(entry))

    async def close(self) -> None:
        """Close all connections at the same time; the operator's choices stay as they are."""
        await self._network.call(self._stop_all())

    def _get(self, bot_id: str) -> _Entry:
        if (entry := self._entries.get(bot_id)) is None:
            raise BotNotFound(bot_id, known=tuple(self._entries))
        return entry

    def _get_enabled(self, bot_id: str) -> _Entry:
        entry = self._get(bot_id)
        if not entry.bot.enabled:
            raise BotDisabled(bot_id)
        return entry

    # The operator's choice

    async def _keep_choice(self, entry: _Entry, choice: str) -> None:
        # What the configuration says anyway needs no memory, and no warning at the next start.
        by_default = choice == "connected" and entry.bot.use_websocket
        try:
            await self._network.call(self._state.set(_key(entry.bot.bot_id), None if by_default else choice))
        except StoreError as error:
            log("ERROR", "Bot {} is {} now, but that will not survive a restart: {}", entry.bot.bot_id, choice, error)

    async def _read_choice(self, bot_id: str) -> str | None:
        try:
            choice = await self._network.call(self._state.get(_key(bot_id)))
        except StoreError as error:
            log("ERROR", "Bot {}: what its operator chose cannot be read: {}", bot_id, error)
            return None
        return choice if choice in ("connected", "disconnected") else None

    # On the network loop

    async def _start(self, entry: _Entry) -> None:
        bot_id, supervisor = entry.bot.bot_id, entry.supervisor
        if self._clock is None:
            self._clock = asyncio.create_task(watch_clock(self._timing, self._wake), name="feishu-clock")
        if supervisor is not None and entry.task is not None and not entry.task.done():
            if supervisor.status.state is ConnectionState.ERROR:
                supervisor.nudge()
            else:
                log("WARNING", "Bot {} already has its connection: no second one is opened", bot_id)
            return
        entry.supervisor = Supervisor(
            bot_id,
            entry.bot.make_transport(),
            self._receiver.receive,
            policy=self._policy,
            timing=self._timing,
            on_change=lambda _: self._on_change(self.get_status(bot_id)),
        )
        entry.task = asyncio.create_task(entry.supervisor.run(), name=f"feishu-supervisor-{bot_id}")

    async def _stop(self, entry: _Entry) -> None:
        task, entry.task = entry.task, None
        if task is not None:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
        if entry.supervisor is not None:
            entry.last_heartbeat = entry.supervisor.status.last_heartbeat or entry.last_heartbeat
        entry.supervisor = None

    async def _stop_all(self) -> None:
        if self._clock is not None:
            self._clock.cancel()
            self._clock = None
        await asyncio.gather(*(self._stop(entry) for entry in self._entries.values()))

    def _wake(self, missing: float) -> None:
        running = [entry for entry in self._entries.values() if entry.task is not None and not entry.task.done()]
        log(
            "WARNING",
            "The clock jumped by {:.0f} s (the machine slept?): {} bots connect anew",
            missing,
            len(running),
        )
        for entry in running:
            if entry.supervisor is not None:
                entry.supervisor.nudge(WAKE_SPREAD)


def _key(bot_id: str) -> str:
    return f"operator-choice:{bot_id}"
