"""Tells plugins about connections: ``on_connection_state``. Lives on NoneBot's loop."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from inspect import isawaitable

from ..log import log
from ..transport.status import ConnectionStatus

StateHook = Callable[[ConnectionStatus], Awaitable[None] | None]
"""A function, ``async`` or not, that takes the new status."""


class StateHooks:
    """Runs the hooks of plugins one status after the other, so that each sees the states in their order."""

    def __init__(self, hooks: Sequence[StateHook]) -> None:
        """Create the runner of the hooks.

        Args:
            hooks: what plugins have registered; it may still grow.
        """
        self._hooks = hooks
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
