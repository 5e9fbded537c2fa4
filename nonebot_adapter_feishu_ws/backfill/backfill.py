"""Decides when messages were missed, and has them fetched and handled. Lives on NoneBot's loop.

While a bot receives, a mark in the store moves with the time. When it receives again and the mark is old, there was an
outage; its beginning is kept in the store until everything since then was fetched, so that a crash in between loses
nothing.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from ..bot import Bot
from ..exception import FeishuAdapterException, StoreError
from ..log import log
from ..store import Store
from .known_chats import KnownChats
from .run import BackfillRun, Feed

TICK = 30.0
"""Seconds between two moves of the mark."""
LOCK_TTL = 120.0
"""Seconds after which another process may go on when this one has died."""
OVERLAP = 300.0
"""Seconds before the mark that are fetched, too: a dead socket is noticed only after a ping interval and its window."""
LONGEST_PAUSE = 900.0
"""Seconds between two tries, at the most."""
OnNetwork = Callable[[Coroutine[Any, Any, Any]], Awaitable[Any]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """When backfill happens.

    Attributes:
        after: seconds; a shorter outage is left to Feishu's redelivery.
        window: seconds; what is older is not fetched.
    """

    after: float
    window: float


class Backfill:
    """Watches all bots."""

    def __init__(
        self,
        policy: Policy,
        *,
        store: Store,
        on_network: OnNetwork,
        feed: Feed,
        bot_of: Callable[[str], Bot | None],
        is_receiving: Callable[[str], bool],
        clock: Callable[[], float] = time.time,
        sleep: Callable[[float], Awaitable[object]] = asyncio.sleep,
    ) -> None:
        """Args:
        policy: when it happens.
        store: keeps marks and places, for all processes of a bot.
        on_network: awaits the store's methods, on the network loop.
        feed: the intake's door, awaited on the network loop.
        bot_of: the NoneBot bot of an app id, if it is there.
        is_receiving: whether a bot's events can arrive now.
        clock: seconds since the epoch.
        sleep: waits for seconds.
        """
        self.known_chats: KnownChats = KnownChats(store.state, clock=clock)
        """Where the bots are talked to; used on the network loop."""
        self._policy = policy
        self._store = store
        self._on_network = on_network
        self._feed = feed
        self._bot_of = bot_of
        self._is_receiving = is_receiving
        self._clock = clock
        self._sleep = sleep
        self._woken: dict[str, asyncio.Event] = {}
        self._watches: list[asyncio.Task[None]] = []
        self._runs: dict[str, asyncio.Task[None]] = {}
        self._failures: dict[str, int] = {}
        self._not_before: dict[str, float] = {}

    def start(self, bot_ids: Sequence[str]) -> None:
        """Begin to watch these bots."""
        for bot_id in bot_ids:
            self._woken[bot_id] = asyncio.Event()
            self._watches.append(asyncio.create_task(self._watch(bot_id), name=f"feishu-backfill-watch-{bot_id}"))

    def arrived(self, bot_id: str) -> None:
        """A bot receives (again): look at once."""
        if (woken := self._woken.get(bot_id)) is not None:
            woken.set()

    async def close(self) -> None:
        """End, while the bots still receive; what was not fetched is fetched after the next start."""
        tasks = [*self._watches, *self._runs.values()]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        for bot_id in self._woken:
            if self._is_receiving(bot_id):
                await self._last_mark(bot_id)
        await self._on_network(self.known_chats.close())

    async def _last_mark(self, bot_id: str) -> None:
        now = self._clock()
        try:
            seen = await self._get(bot_id, "seen")
            if seen is None or now - seen <= self._policy.after:  # else an outage that was not looked at yet
                await self._set(bot_id, "seen", now)
        except StoreError as error:
            log("DEBUG", "Bot {}: the time of the end is not kept: {}", bot_id, error)

    async def _watch(self, bot_id: str) -> None:
        while True:
            try:
                if self._is_receiving(bot_id):
                    await self._look(bot_id)
            except StoreError as error:
                # Without the store nobody knows what was missed; the mark stays where it was, so nothing is forgotten.
                log("DEBUG", "Bot {}: backfill waits for the store: {}", bot_id, error)
            await self._pause(self._woken[bot_id])

    async def _pause(self, woken: asyncio.Event) -> None:
        waiting = [asyncio.ensure_future(woken.wait()), asyncio.ensure_future(self._sleep(TICK))]
        try:
            await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in waiting:
                task.cancel()
        woken.clear()

    async def _look(self, bot_id: str) -> None:
        now = self._clock()
        seen = await self._get(bot_id, "seen")
        since = await self._get(bot_id, "backfill")
        if seen is not None and now - seen > self._policy.after:
            since = await self._begin(bot_id, seen, since, now)
        await self._set(bot_id, "seen", now)
        if since is not None:
            self._run(bot_id, since, now)

    async def _begin(self, bot_id: str, seen: float, since: float | None, now: float) -> float:
        log("INFO", "Bot {} received nothing for {}: its chats are looked through", bot_id, _duration(now - seen))
        if now - seen > self._policy.window:
            log(
                "WARNING",
                "Bot {}: messages from more than {} ago are not fetched (FEISHU_BACKFILL_WINDOW)",
                bot_id,
                _duration(self._policy.window),
            )
        oldest = max(seen - OVERLAP, now - self._policy.window)
        # Another value than before, by which a run that is under way sees that there was one more outage.
        since = oldest if since is None else min(since - 0.001, oldest)
        await self._set(bot_id, "backfill", since)
        return since

    def _run(self, bot_id: str, since: float, now: float) -> None:
        bot = self._bot_of(bot_id)
        running = bot_id in self._runs and not self._runs[bot_id].done()
        if bot is not None and not running and now >= self._not_before.get(bot_id, 0.0):
            name = f"feishu-backfill-{bot_id}"
            run = asyncio.create_task(self._run_backfill(bot, max(since, now - self._policy.window)), name=name)
            run.add_done_callback(_report)
            self._runs[bot_id] = run

    async def _run_backfill(self, bot: Bot, since: float) -> None:
        bot_id = bot.self_id
        lock = f"{bot_id}:backfill"
        try:
            if not await self._try_lock(lock):
                return  # another process is at it
            keeping = asyncio.create_task(self._keep_lock(lock), name=f"feishu-backfill-lock-{bot_id}")
            try:
                begun = await self._get(bot_id, "backfill")
                if begun is not None:  # else another process has just done it
                    await self._fetch(bot, since, begun, is_ours=lambda: not keeping.done())
            finally:
                keeping.cancel()
            await self._unlock(lock)
        except FeishuAdapterException as error:
            self._put_off(bot_id, error)

    async def _fetch(self, bot: Bot, since: float, begun: float, is_ours: Callable[[], bool]) -> None:
        until = self._clock()
        known = await self._on_network(self.known_chats.known(bot.self_id))
        run = BackfillRun(bot, lambda envelope: self._on_network(self._feed(envelope)), is_ours, sleep=self._sleep)
        if await run.fetch(known, since, until):
            again = await self._get(bot.self_id, "backfill") != begun
            await self._set(bot.self_id, "backfill", until - OVERLAP if again else None)
            self._failures.pop(bot.self_id, None)

    async def _try_lock(self, lock: str) -> bool:
        if self._store.locks is None:
            return True
        try:
            return bool(await self._on_network(self._store.locks.try_lock(lock, LOCK_TTL)))
        except StoreError as error:
            log("DEBUG", "The lock of the backfill {} cannot be taken or extended: {}", lock, error)
            return False

    async def _unlock(self, lock: str) -> None:
        if self._store.locks is not None:
            with suppress(StoreError):  # it expires
                await self._on_network(self._store.locks.unlock(lock))

    async def _keep_lock(self, lock: str) -> None:
        """Ends when another process has it."""
        while True:
            await self._sleep(TICK)
            if not await self._try_lock(lock):
                return

    def _put_off(self, bot_id: str, error: FeishuAdapterException) -> None:
        failures = self._failures[bot_id] = self._failures.get(bot_id, 0) + 1
        pause = min(TICK * 2 ** (failures - 1), LONGEST_PAUSE)
        self._not_before[bot_id] = self._clock() + pause
        log("WARNING", "Bot {}: backfill goes on in {:.0f} s: {}", bot_id, pause, error)

    # Marks: seconds since the epoch

    async def _get(self, bot_id: str, name: str) -> float | None:
        text = await self._on_network(self._store.state.get(f"{bot_id}:{name}"))
        try:
            return None if text is None else float(text)
        except ValueError:
            return None

    async def _set(self, bot_id: str, name: str, at: float | None) -> None:
        await self._on_network(self._store.state.set(f"{bot_id}:{name}", None if at is None else f"{at:.3f}"))


def _report(task: asyncio.Task[None]) -> None:
    if not task.cancelled() and isinstance(error := task.exception(), Exception):
        log("ERROR", "{}: what was missed could not be fetched; it is tried again", task.get_name(), exception=error)


def _duration(seconds: float) -> str:
    if seconds < 120:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 7200 else f"{seconds / 3600:.1f} h"
