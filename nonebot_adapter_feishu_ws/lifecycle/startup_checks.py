"""Checks of each bot some time after its first connection. Lives on NoneBot's loop."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

from ..log import log
from ..net.waiting import Sleep


@dataclass(frozen=True, slots=True)
class Check:
    """One check of a bot.

    Attributes:
        after: seconds after the bot's first connection.
        run: takes the app id.
    """

    after: float
    run: Callable[[str], Awaitable[None]]


class StartupChecks:
    """Runs each check once per bot."""

    def __init__(self, checks: Sequence[Check], *, sleep: Sleep = asyncio.sleep) -> None:
        """Create the checks.

        Args:
            checks: in order of time.
            sleep: as asyncio's.
        """
        self._checks = checks
        self._sleep = sleep
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
        for check in self._checks:
            await self._sleep(check.after - passed)
            passed = check.after
            try:
                await check.run(bot_id)
            except Exception as error:  # noqa: BLE001 - a check that fails must not keep the next one from running
                log("WARNING", "Bot {bot}: a check after its first connection failed", bot=bot_id, exception=error)
