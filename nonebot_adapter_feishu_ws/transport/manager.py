"""The connections of all bots, controlled and read from NoneBot's loop."""

import asyncio
from collections.abc import Callable
from dataclasses import KW_ONLY, dataclass, field, replace
from datetime import datetime

from ..event.envelope import EventReceiver
from ..exception import BotDisabled, BotNotFound, StoreError
from ..logs import log
from ..store import KeyValue
from .clock import watch_clock
from .network_thread import NetworkThread
from .status import ConnectionState, ConnectionStatus, Timing, Transport, utc
from .supervisor import ReconnectPolicy, Supervisor

WAKE_SPREAD = 1.0
"""Seconds over which the bots' reconnects are spread after the machine has slept."""
_DISABLED = 'Set "enabled": true in the bot\'s entry of .env and restart.'


@dataclass(frozen=True, slots=True, kw_only=True)
class ManagedBot:
    """What the manager knows about a bot.

    Attributes:
        bot_id: the app id.
        make_transport: creates its transport, on the network loop.
        use_websocket: whether the configuration wants a long connection.
        webhook: whether the webhook route takes its deliveries.
        enabled: False for a bot that the configuration disables.
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

    @property
    def running(self) -> bool:
        """Whether the supervisor has not come to its end."""
        return self.task is not None and not self.task.done()


@dataclass(eq=False, repr=False)
class ConnectionManager:
    """One supervised connection per bot, on the network loop.

    The methods are called from NoneBot's loop; snapshots may be read from any thread. What is connected or
    disconnected through it is the operator's choice: it is kept in the store and wins over the configuration.
    ``on_change`` is called with every new state, mostly on the network loop, and must not block.

    Every method with a ``bot_id`` raises :class:`BotNotFound` when no such bot is configured; ``connect``,
    ``disconnect`` and ``reconnect`` raise :class:`BotDisabled` when the configuration disables it.
    """

    network: NetworkThread
    receiver: EventReceiver
    state: KeyValue
    _: KW_ONLY
    policy: ReconnectPolicy = field(default_factory=ReconnectPolicy)
    timing: Timing = field(default_factory=Timing)
    on_change: Callable[[ConnectionStatus], None]
    _entries: dict[str, _Entry] = field(default_factory=dict[str, _Entry])
    _clock: asyncio.Task[None] | None = None

    # For operators

    async def connect(self, bot_id: str) -> ConnectionStatus:
        """Keep the bot connected from now on; returns at once, without waiting for the socket.

        A bot that is connected, or connecting, keeps its one socket; slow probing is cut short by an attempt now.
        """
        entry = self._get_enabled(bot_id)
        async with entry.lock:
            await self._keep_choice(entry, "connected")
            entry.disconnected_by_operator = False
            await self.network.call(self._start(entry))
        return self.get_status(bot_id)

    async def disconnect(self, bot_id: str) -> ConnectionStatus:
        """Close the bot's connection and stop its attempts; its webhook refuses deliveries, too.

        Returns when no new frame is read, the pending acks are sent and the socket is closed with a close frame.
        Running handlers go on: the adapter keeps the NoneBot bot until they have ended, within a bound.
        """
        entry = self._get_enabled(bot_id)
        async with entry.lock:
            await self._keep_choice(entry, "disconnected")
            entry.disconnected_by_operator = True
            running = entry.running
            await self.network.call(self._stop(entry))
            if not running:  # a running supervisor reports its own end
                self.on_change(self.get_status(bot_id))
        return self.get_status(bot_id)

    async def reconnect(self, bot_id: str) -> ConnectionStatus:
        """Close the bot's connection, if any, and open a new one at once."""
        entry = self._get_enabled(bot_id)
        async with entry.lock:
            await self.network.call(self._stop(entry))
        return await self.connect(bot_id)

    def get_status(self, bot_id: str) -> ConnectionStatus:
        """Snapshot of one connection; for a disabled bot it says so."""
        entry = self._get(bot_id)
        bot, supervisor = entry.bot, entry.supervisor
        if not bot.enabled:
            return ConnectionStatus(bot_id=bot_id, error=str(BotDisabled(bot_id)), advice=_DISABLED)
        status = ConnectionStatus(bot_id=bot_id) if supervisor is None else supervisor.status
        without_socket = status.state is ConnectionState.ERROR or (supervisor is None and not bot.use_websocket)
        transport = "webhook" if bot.webhook and without_socket else "websocket"
        return replace(
            status,
            transport=transport,
            last_heartbeat=status.last_heartbeat or entry.last_heartbeat,
            last_event_at=utc(self.receiver.last_event_at(bot_id)),
        )

    def get_all_statuses(self) -> list[ConnectionStatus]:
        """Snapshots of all configured bots, in the order of the configuration."""
        return [self.get_status(bot_id) for bot_id in self._entries]

    def is_connected(self, bot_id: str) -> bool:
        """Whether the bot's long connection is open and the server answers."""
        return self.get_status(bot_id).state is ConnectionState.CONNECTED

    def is_enabled(self, bot_id: str) -> bool:
        """Whether the configuration enables the bot."""
        return self._get(bot_id).bot.enabled

    def is_disconnected_by_operator(self, bot_id: str) -> bool:
        """Whether an operator has disconnected the bot, now or before the last restart."""
        return self._get(bot_id).disconnected_by_operator

    def can_receive(self, bot_id: str) -> bool:
        """Whether events can reach the bot now, by socket or webhook."""
        entry = self._get(bot_id)
        if not entry.bot.enabled or entry.disconnected_by_operator:
            return False
        return entry.bot.webhook or self.is_connected(bot_id)

    def is_receiving(self, bot_id: str) -> bool:
        """Whether events of the bot do arrive: by its socket if it has one, since the webhook may not be chosen."""
        return self.is_connected(bot_id) if self._get(bot_id).bot.use_websocket else self.can_receive(bot_id)

    # For the adapter

    def add(self, bot: ManagedBot) -> None:
        """Register a bot."""
        self._entries[bot.bot_id] = _Entry(bot)

    async def start(self, bot_id: str) -> None:
        """Apply the operator's last choice, or else the configuration."""
        entry = self._get_enabled(bot_id)
        choice = await self._read_choice(bot_id)
        if choice is not None:
            log(
                "WARNING",
                "Bot {bot} stays {}, as its operator chose before the restart; this wins over .env. The "
                "status page or POST /feishu/bots/{bot}/ws/connect and .../disconnect change it",
                choice,
                bot=bot_id,
            )
        entry.disconnected_by_operator = choice == "disconnected"
        if choice == "connected" or (choice is None and entry.bot.use_websocket):
            await self.network.call(self._start(entry))

    async def close(self) -> None:
        """Close all connections concurrently; the operator's choices are kept."""
        await self.network.call(self._stop_all())

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
        # The configuration's own choice is not stored, so that the next start has nothing to warn about.
        by_default = choice == "connected" and entry.bot.use_websocket
        try:
            await self.network.call(self.state.set(_key(entry.bot.bot_id), None if by_default else choice))
        except StoreError as error:
            text = "Bot {bot} is {} now, but that will not survive a restart: {}"
            log("ERROR", text, choice, error, bot=entry.bot.bot_id)

    async def _read_choice(self, bot_id: str) -> str | None:
        try:
            choice = await self.network.call(self.state.get(_key(bot_id)))
        except StoreError as error:
            log("ERROR", "Bot {bot}: the operator's choice cannot be read: {}", error, bot=bot_id)
            return None
        return choice if choice in ("connected", "disconnected") else None

    # On the network loop

    async def _start(self, entry: _Entry) -> None:
        bot_id, supervisor = entry.bot.bot_id, entry.supervisor
        if self._clock is None:
            self._clock = asyncio.create_task(watch_clock(self.timing, self._reconnect_all), name="feishu-clock")
        if supervisor is not None and entry.running:
            if supervisor.status.state is ConnectionState.ERROR:
                supervisor.reconnect_now()
            else:
                log("WARNING", "Bot {bot} already has its connection: no second one is opened", bot=bot_id)
            return
        entry.supervisor = Supervisor(
            bot_id,
            entry.bot.make_transport(),
            self.receiver,
            policy=self.policy,
            timing=self.timing,
            on_change=self._changed,
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

    def _changed(self, status: ConnectionStatus) -> None:
        self.on_change(self.get_status(status.bot_id))

    def _reconnect_all(self, missing: float) -> None:
        running = [entry.supervisor for entry in self._entries.values() if entry.supervisor and entry.running]
        text = "The clock jumped by {:.0f} s (did the machine sleep?): {} bots reconnect"
        log("WARNING", text, missing, len(running))
        for supervisor in running:
            supervisor.reconnect_now(WAKE_SPREAD)


def _key(bot_id: str) -> str:
    return f"operator-choice:{bot_id}"
