"""Owns the connections of all bots; the door through which NoneBot's side steers and reads them."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass

from ..exception import BotNotFound
from ..log import escape, log
from .connection import ConnectionState, ConnectionStatus, Receive, Timing, Transport
from .network import NetworkThread
from .supervisor import ReconnectPolicy, Supervisor


@dataclass(slots=True)
class _Entry:
    make_transport: Callable[[], Transport] | None
    supervisor: Supervisor | None = None
    task: asyncio.Task[None] | None = None


class ConnectionManager:
    """One supervised connection per bot, on the network loop.

    The methods are called from NoneBot's loop; snapshots may be read from any thread.
    """

    def __init__(
        self,
        network: NetworkThread,
        receive: Receive,
        *,
        policy: ReconnectPolicy | None = None,
        timing: Timing | None = None,
        on_change: Callable[[ConnectionStatus], None],
    ) -> None:
        """Args:
        network: the thread whose loop holds the sockets; started by the owner.
        receive: the intake's door, awaited on the network loop.
        policy: the quick attempts.
        timing: clocks, sleep and randomness.
        on_change: called on the network loop with every new state; must not block.
        """
        self._network = network
        self._receive = receive
        self._policy = policy or ReconnectPolicy()
        self._timing = timing or Timing()
        self._on_change = on_change
        self._entries: dict[str, _Entry] = {}

    def add(self, bot_id: str, make_transport: Callable[[], Transport] | None) -> None:
        """Make a bot known.

        Args:
            bot_id: its app id.
            make_transport: makes its transport on the network loop; None for a bot that has the webhook only.
        """
        self._entries[bot_id] = _Entry(make_transport)

    async def connect(self, bot_id: str) -> ConnectionStatus:
        """Start keeping the bot connected; returns at once, without waiting for the socket.

        Raises:
            BotNotFound: no such bot is configured.
        """
        entry = self._get(bot_id)
        if entry.make_transport is None:
            log("WARNING", f"Bot {escape(bot_id)} is configured without a long connection: nothing to connect")
        else:
            await self._network.call(self._start(bot_id, entry, entry.make_transport))
        return self.get_status(bot_id)

    async def disconnect(self, bot_id: str) -> ConnectionStatus:
        """Close the bot's connection and stop its attempts; returns when the socket is closed.

        Raises:
            BotNotFound: no such bot is configured.
        """
        entry = self._get(bot_id)
        if entry.task is not None:
            await self._network.call(self._stop(entry))
        return self.get_status(bot_id)

    async def reconnect(self, bot_id: str) -> ConnectionStatus:
        """Close the bot's connection, if any, and open a new one at once."""
        await self.disconnect(bot_id)
        return await self.connect(bot_id)

    def get_status(self, bot_id: str) -> ConnectionStatus:
        """A snapshot of one connection.

        Raises:
            BotNotFound: no such bot is configured.
        """
        entry = self._get(bot_id)
        if entry.supervisor is not None:
            return entry.supervisor.status
        return ConnectionStatus(bot_id=bot_id, transport="websocket" if entry.make_transport else "webhook")

    def get_all_statuses(self) -> list[ConnectionStatus]:
        """Snapshots of all configured bots, in the order of the configuration."""
        return [self.get_status(bot_id) for bot_id in self._entries]

    def is_connected(self, bot_id: str) -> bool:
        """Whether the bot's long connection is open and the server answers."""
        return self.get_status(bot_id).state is ConnectionState.CONNECTED

    async def close(self) -> None:
        """Close all connections at the same time."""
        entries = [entry for entry in self._entries.values() if entry.task is not None]
        if entries:
            await self._network.call(self._stop_all(entries))

    def _get(self, bot_id: str) -> _Entry:
        if (entry := self._entries.get(bot_id)) is None:
            raise BotNotFound(bot_id, known=tuple(self._entries))
        return entry

    async def _start(self, bot_id: str, entry: _Entry, make_transport: Callable[[], Transport]) -> None:
        if entry.task is not None and not entry.task.done():
            log("WARNING", f"Bot {escape(bot_id)} already has its connection: no second one is opened")
            return
        entry.supervisor = Supervisor(
            bot_id,
            make_transport(),
            self._receive,
            policy=self._policy,
            timing=self._timing,
            on_change=self._on_change,
        )
        entry.task = asyncio.create_task(entry.supervisor.run(), name=f"feishu-supervisor-{bot_id}")

    async def _stop(self, entry: _Entry) -> None:
        task, entry.task = entry.task, None
        if task is not None:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

    async def _stop_all(self, entries: list[_Entry]) -> None:
        await asyncio.gather(*(self._stop(entry) for entry in entries))
