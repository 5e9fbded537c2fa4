"""Detects outages, and fetches what was said meanwhile. Runs on NoneBot's loop.

While a bot can receive events, the mark ``seen`` in the store follows the time. If the bot can receive again and the
mark is old, there was an outage; its start stays in the store until everything since then is fetched, so that a crash
in between loses nothing.
"""

import asyncio
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import KW_ONLY, dataclass, field

from nonebot.adapters import Bot as BaseBot

from ..bot import Bot
from ..exception import FeishuAdapterException, StoreError
from ..intake.receiver import Receiver
from ..logs import log
from ..net.waiting import Sleep, doubling, wait_for_event
from ..store import Store
from ..transport.manager import ConnectionManager
from ..transport.network_thread import NetworkThread
from .known_chats import KnownChats
from .run import BackfillRun

TICK = 30.0
"""Seconds between two updates of the mark."""
LOCK_TTL = 120.0
"""Seconds after which another process may continue when this one has died."""
OVERLAP = 300.0
"""Seconds before the mark that are fetched, too: a dead socket is noticed only after a ping and its timeout."""
PAUSES = doubling(TICK, 900.0)
"""Seconds until the next try, after each failure in a row."""


@dataclass(eq=False, repr=False)
class Backfill:
    """The backfill of all bots.

    Attributes:
        after: seconds; shorter outages are left to Feishu's redelivery.
        window: seconds; older messages are not fetched.
        clock: seconds since the epoch.
    """

    _: KW_ONLY
    after: float
    window: float
    store: Store
    known_chats: KnownChats
    network: NetworkThread
    receiver: Receiver
    connections: ConnectionManager
    bots: Mapping[str, BaseBot]
    clock: Callable[[], float] = time.time
    sleep: Sleep = asyncio.sleep
    _woken: dict[str, asyncio.Event] = field(default_factory=dict[str, asyncio.Event])
    _watches: list[asyncio.Task[None]] = field(default_factory=list[asyncio.Task[None]])
    _runs: dict[str, asyncio.Task[None]] = field(default_factory=dict[str, asyncio.Task[None]])
    _failures: dict[str, int] = field(default_factory=dict[str, int])
    _not_before: dict[str, float] = field(default_factory=dict[str, float])

    def start(self, bot_ids: Sequence[str]) -> None:
        """Start to watch for outages of these bots."""
        for bot_id in bot_ids:
            self._woken[bot_id] = asyncio.Event()
            self._watches.append(asyncio.create_task(self._watch(bot_id), name=f"feishu-backfill-watch-{bot_id}"))

    def arrived(self, bot_id: str) -> None:
        """A bot can receive (again): check at once whether there was an outage."""
        if (woken := self._woken.get(bot_id)) is not None:
            woken.set()

    async def close(self) -> None:
        """Stop, while the bots still receive; what was not fetched is fetched after the next start."""
        tasks = [*self._watches, *self._runs.values()]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        for bot_id in self._woken:
            if self.connections.is_receiving(bot_id):
                await self._last_mark(bot_id)
        await self.network.call(self.known_chats.close())

    async def _last_mark(self, bot_id: str) -> None:
        now = self.clock()
        try:
            seen = await self._get(bot_id, "seen")
            if seen is None or now - seen <= self.after:  # else an outage that was not handled yet
                await self._set(bot_id, "seen", now)
        except StoreError as error:
            log("DEBUG", "Bot {bot}: the time of the shutdown is not stored: {error}", bot=bot_id, error=error)

    async def _watch(self, bot_id: str) -> None:
        while True:
            try:
                if self.connections.is_receiving(bot_id):
                    await self._check(bot_id)
            except StoreError as error:
                # Without the store it is unknown what was missed; the mark does not move, so nothing is forgotten.
                log("DEBUG", "Bot {bot}: backfill waits for the store: {error}", bot=bot_id, error=error)
            await wait_for_event(self._woken[bot_id], TICK, self.sleep)
            self._woken[bot_id].clear()

    async def _check(self, bot_id: str) -> None:
        now = self.clock()
        seen = await self._get(bot_id, "seen")
        since = await self._get(bot_id, "backfill")
        if seen is not None and now - seen > self.after:
            since = await self._begin(bot_id, seen, since, now)
        await self._set(bot_id, "seen", now)
        if since is not None:
            self._run(bot_id, since, now)

    async def _begin(self, bot_id: str, seen: float, since: float | None, now: float) -> float:
        silent = _duration(now - seen)
        log("INFO", "Bot {bot} received nothing for {silent}: its chats are searched", bot=bot_id, silent=silent)
        if now - seen > self.window:
            log(
                "WARNING",
                "Bot {bot}: messages from more than {window} ago are not fetched (FEISHU_BACKFILL_WINDOW)",
                bot=bot_id,
                window=_duration(self.window),
            )
        oldest = max(seen - OVERLAP, now - self.window)
        # A new value, by which a run under way notices that there was another outage.
        since = oldest if since is None else min(since - 0.001, oldest)
        await self._set(bot_id, "backfill", since)
        return since

    def _run(self, bot_id: str, since: float, now: float) -> None:
        bot = self.bots.get(bot_id)
        running = bot_id in self._runs and not self._runs[bot_id].done()
        if isinstance(bot, Bot) and not running and now >= self._not_before.get(bot_id, 0.0):
            name = f"feishu-backfill-{bot_id}"
            run = asyncio.create_task(self._run_backfill(bot, max(since, now - self.window)), name=name)
            run.add_done_callback(_report)
            self._runs[bot_id] = run

    async def _run_backfill(self, bot: Bot, since: float) -> None:
        bot_id = bot.self_id
        lock = f"{bot_id}:backfill"
        try:
            if not await self._try_lock(lock):
                return  # another process is doing it
            keeping = asyncio.create_task(self._keep_lock(lock), name=f"feishu-backfill-lock-{bot_id}")
            try:
                started_at = await self._get(bot_id, "backfill")
                if started_at is not None:  # else another process has just finished it
                    await self._fetch(bot, since, started_at, is_ours=lambda: not keeping.done())
            finally:
                keeping.cancel()
            await self._unlock(lock)
        except FeishuAdapterException as error:
            self._put_off(bot_id, error)

    async def _fetch(self, bot: Bot, since: float, started_at: float, is_ours: Callable[[], bool]) -> None:
        until = self.clock()
        known = await self.network.call(self.known_chats.known(bot.self_id))
        run = BackfillRun(bot, self.network, self.receiver, is_ours, sleep=self.sleep)
        if await run.fetch(known, since, until):
            again = await self._get(bot.self_id, "backfill") != started_at
            await self._set(bot.self_id, "backfill", until - OVERLAP if again else None)
            self._failures.pop(bot.self_id, None)

    async def _try_lock(self, lock: str) -> bool:
        if self.store.locks is None:
            return True
        try:
            return await self.network.call(self.store.locks.try_lock(lock, LOCK_TTL))
        except StoreError as error:
            log("DEBUG", "The lock {lock} cannot be taken or extended: {error}", lock=lock, error=error)
            return False

    async def _unlock(self, lock: str) -> None:
        if self.store.locks is not None:
            with suppress(StoreError):  # the lock expires
                await self.network.call(self.store.locks.unlock(lock))

    async def _keep_lock(self, lock: str) -> None:
        """Extend the lock; returns when it is lost."""
        while True:
            await self.sleep(TICK)
            if not await self._try_lock(lock):
                return

    def _put_off(self, bot_id: str, error: FeishuAdapterException) -> None:
        failures = self._failures.get(bot_id, 0)
        self._failures[bot_id] = failures + 1
        pause = PAUSES[min(failures, len(PAUSES) - 1)]
        self._not_before[bot_id] = self.clock() + pause
        log("WARNING", "Bot {bot}: backfill continues in {pause:.0f} s: {error}", bot=bot_id, pause=pause, error=error)

    # Marks: seconds since the epoch

    async def _get(self, bot_id: str, name: str) -> float | None:
        text = await self.network.call(self.store.state.get(f"{bot_id}:{name}"))
        try:
            return None if text is None else float(text)
        except ValueError:
            return None

    async def _set(self, bot_id: str, name: str, at: float | None) -> None:
        await self.network.call(self.store.state.set(f"{bot_id}:{name}", None if at is None else f"{at:.3f}"))


def _report(task: asyncio.Task[None]) -> None:
    if not task.cancelled() and isinstance(error := task.exception(), Exception):
        log("ERROR", "{}: missed messages could not be fetched; another try follows", task.get_name(), exception=error)


def _duration(seconds: float) -> str:
    if seconds < 120:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 7200 else f"{seconds / 3600:.1f} h"
