"""Looks at each bot some time after its first connection. Lives on NoneBot's loop."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence

from ..log import log

OTHER_CLIENTS_AFTER = 60.0
"""Seconds after which a former process of the app is no longer counted as online."""
SILENCE_AFTER = 600.0
"""Seconds in which a bot should have received something."""


class FirstMinutes:
    """Runs each look once per bot."""

    def __init__(
        self,
        looks: Sequence[tuple[float, Callable[[str], Awaitable[None]]]],
        *,
        sleep: Callable[[float], Awaitable[object]] = asyncio.sleep,
    ) -> None:
        """Args:
        looks: seconds after a bot's first connection, and what to do with its app id then; in order of time.
        sleep: waits for seconds.
        """
        self._looks = looks
        self._sleep = sleep
        self._tasks: dict[str, asyncio.Task[None]] = {}

    def connected(self, bot_id: str) -> None:
        """A bot is connected; only the first time counts."""
        if bot_id not in self._tasks:
            self._tasks[bot_id] = asyncio.create_task(self._run(bot_id), name=f"feishu-first-minutes-{bot_id}")

    async def close(self) -> None:
        """Look no more."""
        for task in self._tasks.values():
            task.cancel()
        await asyncio.gather(*self._tasks.values(), return_exceptions=True)

    async def _run(self, bot_id: str) -> None:
        passed = 0.0
        for after, look in self._looks:
            await self._sleep(after - passed)
            passed = after
            try:
                await look(bot_id)
            except Exception as error:  # noqa: BLE001 - a look that fails must not keep the next one from happening
                log("WARNING", "Bot {}: a check after its first connection failed", bot_id, exception=error)
