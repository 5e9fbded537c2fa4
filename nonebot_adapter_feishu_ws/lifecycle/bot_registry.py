"""Decides when a configured bot is a NoneBot ``Bot``: it arrives with its first way to receive, and leaves some time
after the last, when its handlers have ended. Lives on NoneBot's loop."""

from __future__ import annotations

import asyncio
from asyncio import timeout
from collections.abc import Awaitable, Callable, Iterator
from contextlib import suppress
from typing import Any

from ..api import BotInfo
from ..bot import Bot
from ..exception import ActionFailed, NetworkError
from ..log import log

INFO_PATIENCE = 5.0
"""Seconds that a bot's arrival waits for its own profile; then it arrives without, and asks on."""
GRACE = 60.0
"""Seconds that a bot stays registered without a way to receive, so that short trouble goes unnoticed by plugins."""


def info_delays() -> Iterator[float]:
    """Seconds between the later questions for a bot's profile."""
    delay = 2.0
    while True:
        yield delay
        delay = min(delay * 2, 300.0)


class Registrar:
    """Makes and registers the bots, each in a task of its own."""

    def __init__(
        self,
        *,
        fetch_info: Callable[[str], Awaitable[BotInfo]],
        make_bot: Callable[[str, BotInfo], Bot],
        connected: Callable[[Bot], None],
        disconnected: Callable[[Bot], None],
        drain: Callable[[str], Awaitable[None]],
        sleep: Callable[[float], Awaitable[object]] = asyncio.sleep,
    ) -> None:
        """Args:
        fetch_info: asks Feishu for a bot's profile.
        make_bot: makes the NoneBot bot of an app id.
        connected: tells NoneBot that it is there.
        disconnected: tells NoneBot that it is gone.
        drain: waits until the bot's handlers have ended, within a bound.
        sleep: waits for seconds.
        """
        self._fetch_info = fetch_info
        self._make_bot = make_bot
        self._connected = connected
        self._disconnected = disconnected
        self._drain = drain
        self._sleep = sleep
        self._questions: dict[str, asyncio.Task[BotInfo]] = {}
        self._arrivals: dict[str, asyncio.Task[None]] = {}
        self._departures: dict[str, asyncio.Task[None]] = {}
        self._bots: dict[str, Bot] = {}

    def expect(self, bot_id: str) -> None:
        """Ask for the bot's profile already, while its connection is being made."""
        question = asyncio.create_task(self._ask(bot_id), name=f"feishu-info-{bot_id}")
        # A bot that never arrives leaves its question unread: its connection has already told why.
        question.add_done_callback(lambda task: task.cancelled() or task.exception())
        self._questions[bot_id] = question

    def arrive(self, bot_id: str) -> None:
        """A way to receive is open: register the bot, if it is not yet."""
        if (departure := self._departures.pop(bot_id, None)) is not None:
            departure.cancel()
        if bot_id not in self._arrivals:
            task = asyncio.create_task(self._arrive(bot_id), name=f"feishu-arrival-{bot_id}")
            task.add_done_callback(_report)
            self._arrivals[bot_id] = task

    def leave(self, bot_id: str, *, grace: float = 0.0) -> None:
        """No way to receive is left: take the bot out of NoneBot, unless it arrives again.

        Args:
            grace: seconds that it stays; its running handlers get their time after that.
        """
        if bot_id not in self._arrivals or (grace > 0 and bot_id in self._departures):
            return
        if (earlier := self._departures.pop(bot_id, None)) is not None:
            earlier.cancel()
        departure = asyncio.create_task(self._depart(bot_id, grace), name=f"feishu-departure-{bot_id}")
        departure.add_done_callback(_report)
        self._departures[bot_id] = departure

    async def _depart(self, bot_id: str, grace: float) -> None:
        await self._sleep(grace)
        await self._drain(bot_id)
        del self._departures[bot_id]
        self._remove(bot_id)

    def _remove(self, bot_id: str) -> None:
        if (arrival := self._arrivals.pop(bot_id, None)) is not None:
            arrival.cancel()
        if (bot := self._bots.pop(bot_id, None)) is not None:
            self._disconnected(bot)

    async def close(self) -> None:
        """Take all bots out and end all questions."""
        tasks: list[asyncio.Task[Any]] = [
            *self._questions.values(),
            *self._departures.values(),
            *self._arrivals.values(),
        ]
        for bot_id in list(self._arrivals):
            self._remove(bot_id)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _arrive(self, bot_id: str) -> None:
        info = await self._first_info(bot_id)
        bot = self._bots[bot_id] = self._make_bot(bot_id, info or BotInfo())
        self._connected(bot)
        if info is None:
            bot.bot_info = await self._ask_on(bot_id)

    async def _first_info(self, bot_id: str) -> BotInfo | None:
        if bot_id not in self._questions:
            self.expect(bot_id)
        try:
            async with timeout(INFO_PATIENCE):
                return await self._questions.pop(bot_id)
        except (TimeoutError, ActionFailed, NetworkError) as error:
            log(
                "WARNING",
                "Bot {} runs without its own open_id for now, since bot/v3/info failed: until it "
                "answers, an @ in a group is not recognised. It is asked again. {}",
                bot_id,
                str(error) or "No answer in time.",
            )
            return None

    async def _ask_on(self, bot_id: str) -> BotInfo:
        for delay in info_delays():
            await self._sleep(delay)
            with suppress(ActionFailed, NetworkError):  # the first failure was told; the end of it is told below
                info = await self._ask(bot_id)
                log("INFO", "Bot {} has its open_id now", bot_id)
                return info
        raise AssertionError("unreachable: the delays have no end")

    async def _ask(self, bot_id: str) -> BotInfo:
        return await self._fetch_info(bot_id)


def _report(task: asyncio.Task[None]) -> None:
    if not task.cancelled() and isinstance(error := task.exception(), Exception):
        log("ERROR", "{}: the bot could not be registered with NoneBot", task.get_name(), exception=error)
