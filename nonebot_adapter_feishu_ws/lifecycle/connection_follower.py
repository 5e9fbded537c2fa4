"""What follows from a change of a bot's connection: hooks of plugins, the bot in NoneBot, backfill, startup checks."""

import asyncio

from ..backfill import Backfill
from ..transport.manager import ConnectionManager
from ..transport.status import ConnectionState, ConnectionStatus
from .bot_registry import GRACE, BotRegistry
from .startup_checks import StartupChecks
from .state_hooks import StateHooks


class ConnectionFollower:
    """Takes the states of the connections on any thread, and follows them on NoneBot's loop while it is started."""

    def __init__(self) -> None:
        self._loop: asyncio.AbstractEventLoop | None = None

    def start(
        self,
        connections: ConnectionManager,
        registry: BotRegistry,
        hooks: StateHooks,
        backfill: Backfill | None,
        checks: StartupChecks | None,
    ) -> None:
        """Follow on the running loop.

        Args:
            connections: whose states these are.
            registry: registers and removes the bots.
            hooks: the hooks of plugins.
            backfill: looks for missed messages when a bot is connected again.
            checks: run after a bot's first connection.
        """
        self._connections = connections
        self._registry = registry
        self._hooks = hooks
        self._backfill = backfill
        self._checks = checks
        self._loop = asyncio.get_running_loop()

    def stop(self) -> None:
        """Follow no more: the bots stay until their last handler has run."""
        self._loop = None

    def publish(self, status: ConnectionStatus) -> None:
        """A bot's connection has changed."""
        # Read once: NoneBot's loop may stop the follower while the network thread is here.
        if (loop := self._loop) is not None and not loop.is_closed():
            loop.call_soon_threadsafe(self._follow, status)

    def _follow(self, status: ConnectionStatus) -> None:
        bot_id = status.bot_id
        self._hooks.publish(status)
        if self._connections.can_receive(bot_id):
            self._registry.arrive(bot_id)
        else:
            final = status.state is ConnectionState.ERROR and status.next_attempt_at is None
            gone = status.state is ConnectionState.DISCONNECTED or final
            self._registry.leave(bot_id, grace=0.0 if gone else GRACE)
        if status.state is ConnectionState.CONNECTED:
            if self._backfill is not None:
                self._backfill.arrived(bot_id)
            if self._checks is not None:
                self._checks.connected(bot_id)
