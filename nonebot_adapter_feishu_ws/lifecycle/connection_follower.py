"""What follows from a change of a bot's connection: hooks of plugins, the bot in NoneBot, backfill, startup checks.

Everything lives on NoneBot's loop.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from inspect import isawaitable

from ..logs import log
from ..transport.manager import ConnectionManager
from ..transport.status import ConnectionState, ConnectionStatus
from .bot_registry import GRACE, BotRegistry

StateHook = Callable[[ConnectionStatus], Awaitable[None] | None]
"""A function, ``async`` or not, that takes the new status."""
Check = Callable[[str], Awaitable[None]]
"""A check of a bot, by its app id."""


class StateHooks:
    """Runs the hooks of plugins one status after the other, so that each sees the states in their order."""

    def __init__(self, hooks: Sequence[StateHook]) -> None:
        self._hooks = hooks  # it may still grow
        self._waiting: asyncio.Queue[ConnectionStatus] = asyncio.Queue()
        self._task: asyncio.Task[None] | None = None

    def publish(self, status: ConnectionStatus) -> None:
        """Tell all hooks, soon."""
        if not self._hooks:
            return
        self._waiting.put_nowait(status)
        if self._task is None:
            self._task = asyncio.create_task(self._run(), name="feishu-connection-state-hooks")

    async def close(self) -> None:
        """Tell nobody any more."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
            self._task = None

    async def _run(self) -> None:
        while True:
            status = await self._waiting.get()
            await asyncio.gather(*(self._tell(hook, status) for hook in self._hooks))

    async def _tell(self, hook: StateHook, status: ConnectionStatus) -> None:
        try:
            answer = hook(status)
            if isawaitable(answer):
                await answer
        except Exception as error:  # noqa: BLE001 - one plugin's mistake must not keep others from being told
            name = getattr(hook, "__qualname__", repr(hook))
            log("ERROR", "The on_connection_state hook {} raised", name, exception=error)


class StartupChecks:
    """Runs each check once per bot.

    Checks are pairs, ordered by time: seconds after the bot's first connection, and the check.
    """

    def __init__(self, *checks: tuple[float, Check]) -> None:
        self._checks = checks
        self._tasks: dict[str, asyncio.Task[None]] = {}

    def connected(self, bot_id: str) -> None:
        """A bot is connected; only the first time counts."""
        if bot_id not in self._tasks:
            self._tasks[bot_id] = asyncio.create_task(self._run(bot_id), name=f"feishu-startup-checks-{bot_id}")

    async def close(self) -> None:
        """Run no more checks."""
        for task in self._tasks.values():
            task.cancel()
        await asyncio.gather(*self._tasks.values(), return_exceptions=True)

    async def _run(self, bot_id: str) -> None:
        passed = 0.0
        for after, check in self._checks:
            await asyncio.sleep(after - passed)
            passed = after
            try:
                await check(bot_id)
            except Exception as error:  # noqa: BLE001 - a check that fails must not keep the next one from running
                log("WARNING", "Bot {bot}: a check after its first connection failed", bot=bot_id, exception=error)


class ConnectionFollower:
    """Takes the states of the connections on any thread, and follows them on NoneBot's loop while it is started."""

    def __init__(self) -> None:
        self._loop: asyncio.AbstractEventLoop | None = None

    def start(
        self,
        connections: ConnectionManager,
        registry: BotRegistry,
        hooks: StateHooks,
        on_arrival: Callable[[str], None],
        checks: StartupChecks | None,
    ) -> None:
        """Follow on the running loop."""
        self._connections = connections
        self._registry = registry
        self._hooks = hooks
        self._on_arrival = on_arrival
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
            self._on_arrival(bot_id)
            if self._checks is not None:
                self._checks.connected(bot_id)
