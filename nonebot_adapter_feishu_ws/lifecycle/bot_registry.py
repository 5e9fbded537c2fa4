"""Which configured bots are NoneBot ``Bot`` objects.

A bot is registered when it has its first way to receive, and removed some time after it has lost the last one, once its
handlers have ended. Lives on NoneBot's loop.
"""

import asyncio
import random
from asyncio import timeout
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from ..api import BotInfo, ClientPool, get_bot_info
from ..bot import Bot, BotHost
from ..config import BotConfig
from ..exception import ActionFailed, NetworkError
from ..intake.bridge import PluginEnd
from ..intake.dispatcher import Dispatcher
from ..logs import log
from ..net.waiting import backoff, doubling
from .warm_up import WarmUp

INFO_PATIENCE = 5.0
"""Seconds that a bot's registration waits for its own profile; then it goes on without, and keeps asking."""
INFO_STEPS = doubling(2.0, 300.0)
"""Seconds between the later questions for a bot's profile."""
GRACE = 60.0
"""Seconds that a bot stays registered without a way to receive, so that short trouble goes unnoticed by plugins."""
DRAIN_TIMEOUT = 10.0
"""Seconds that running handlers get at shutdown, and when their bot is disconnected."""


@dataclass(eq=False, repr=False)
class BotRegistry:
    """Registers and removes the bots, by app id, each in a task of its own."""

    adapter: BotHost
    configs: Mapping[str, BotConfig]
    clients: ClientPool
    dispatcher: Dispatcher
    bridge: PluginEnd
    on_arrival: Callable[[str], None]
    warm_up: WarmUp = field(default_factory=WarmUp)
    _questions: dict[str, asyncio.Task[BotInfo]] = field(default_factory=dict[str, asyncio.Task[BotInfo]])
    _arrivals: dict[str, asyncio.Task[None]] = field(default_factory=dict[str, asyncio.Task[None]])
    _departures: dict[str, asyncio.Task[None]] = field(default_factory=dict[str, asyncio.Task[None]])
    _bots: dict[str, Bot] = field(default_factory=dict[str, Bot])

    def expect(self, bot_id: str) -> None:
        """Ask for the bot's profile already, while its connection is being made."""
        question = asyncio.create_task(self._fetch_info(bot_id), name=f"feishu-info-{bot_id}")
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
            bot_id: the app id.
            grace: seconds that it stays; its running handlers get their time after that.
        """
        if bot_id not in self._arrivals or (grace > 0 and bot_id in self._departures):
            return
        if (earlier := self._departures.pop(bot_id, None)) is not None:
            earlier.cancel()
        departure = asyncio.create_task(self._depart(bot_id, grace), name=f"feishu-departure-{bot_id}")
        departure.add_done_callback(_report)
        self._departures[bot_id] = departure

    async def close(self) -> None:
        """Take all bots out, wait for the ``on_bot_disconnect`` hooks, which may send, and end all questions."""
        tasks: list[asyncio.Task[Any]] = [
            *self._questions.values(),
            *self._departures.values(),
            *self._arrivals.values(),
        ]
        before = asyncio.all_tasks()
        for bot_id in list(self._arrivals):
            self._remove(bot_id)
        if hooks := asyncio.all_tasks() - before:  # NoneBot runs them in tasks that it does not give out
            _, running = await asyncio.wait(hooks, timeout=DRAIN_TIMEOUT)
            if running:
                text = "{} on_bot_disconnect hooks still ran after {:g} s: what they send now fails"
                log("WARNING", text, len(running), DRAIN_TIMEOUT)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _arrive(self, bot_id: str) -> None:
        info, _ = await asyncio.gather(self._first_info(bot_id), self.warm_up.ready())
        bot = Bot(self.adapter, bot_id, bot_config=self.configs[bot_id], bot_info=info or BotInfo())
        self._bots[bot_id] = bot
        self.adapter.bot_connect(bot)
        self.dispatcher.open(bot_id)
        self.bridge.arrive(bot_id)
        self.on_arrival(bot_id)
        if info is None:
            bot.bot_info = await self._ask_on(bot_id)

    async def _depart(self, bot_id: str, grace: float) -> None:
        await asyncio.sleep(grace)
        await self.dispatcher.drain_bot(bot_id, DRAIN_TIMEOUT)
        del self._departures[bot_id]
        self._remove(bot_id)

    def _remove(self, bot_id: str) -> None:
        if (arrival := self._arrivals.pop(bot_id, None)) is not None:
            arrival.cancel()
        if (bot := self._bots.pop(bot_id, None)) is not None:
            self.bridge.leave(bot_id)
            self.dispatcher.pause(bot_id)
            if self.adapter.bots.get(bot_id) is bot:  # a plugin may have disconnected it
                self.adapter.bot_disconnect(bot)

    async def _first_info(self, bot_id: str) -> BotInfo | None:
        if bot_id not in self._questions:
            self.expect(bot_id)
        try:
            async with timeout(INFO_PATIENCE):
                return await self._questions.pop(bot_id)
        except (TimeoutError, ActionFailed, NetworkError) as error:
            log(
                "WARNING",
                "Bot {bot} runs without its own open_id for now, since bot/v3/info failed: until it answers, "
                "an @ in a group is not recognised. It is asked again. {error}",
                bot=bot_id,
                error=error if str(error) else "No answer in time.",
            )
            return None

    async def _ask_on(self, bot_id: str) -> BotInfo:
        for delay in backoff(INFO_STEPS, random.random):
            await asyncio.sleep(delay)
            with suppress(ActionFailed, NetworkError):  # the first failure was logged; its end is logged below
                info = await self._fetch_info(bot_id)
                log("INFO", "Bot {bot} has its open_id now", bot=bot_id)
                return info
        raise AssertionError("unreachable: the back-off has no end")

    async def _fetch_info(self, bot_id: str) -> BotInfo:
        config = self.configs[bot_id]
        # An ISV app has a profile in every tenant: it is asked for with a tenant's first event.
        return BotInfo() if config.app_type == "store" else await get_bot_info(self.clients.get(config))


def _report(task: asyncio.Task[None]) -> None:
    if not task.cancelled() and isinstance(error := task.exception(), Exception):
        log("ERROR", "{}: the bot could not be registered with NoneBot", task.get_name(), exception=error)
