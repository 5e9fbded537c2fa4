"""The Redis store: one inbox that all processes (replicas) of the same bots share."""

import asyncio
import time
from collections.abc import Callable, Sequence

from ...exception import StoreError
from ...logs import log
from ..base import CLAIM_TTL, REPLAY_WINDOW, TAKEOVER_AFTER, Lease, StoreStatus
from ..boottime import boottime
from ..group_commit import WRITE_TIMEOUT
from ..notices import warn_dropped
from ..process_name import new_name
from .connection import RedisConnection, to_milliseconds
from .heartbeat import Heartbeat
from .inbox import RedisInbox
from .keys import of_bot, of_claims
from .open_work import RedisOpenWork
from .scripts import CLAIM
from .server import find_risks
from .values import RedisLocks, RedisValues

LOOK_EVERY = 1.0
"""Seconds between two checks whether a heartbeat is due."""


class RedisStore:
    """The store of several processes per bot, which take over the events of those that die."""

    def __init__(
        self,
        url: str,
        *,
        replay_window: float = REPLAY_WINDOW,
        takeover_after: float = TAKEOVER_AFTER,
        claim_ttl: float = CLAIM_TTL,
        max_waiting: int = 100_000,
        write_timeout: float = WRITE_TIMEOUT,
        clock: Callable[[], float] = time.time,
        awake_clock: Callable[[], float] = boottime,
    ) -> None:
        """Create the store; :meth:`open` connects it.

        Args:
            url: ``redis://``, ``rediss://`` or ``unix://``, with credentials.
            replay_window: seconds; what waited becomes a dead letter when nobody has served its bot for longer.
            takeover_after: seconds without a heartbeat after which another process counts as dead.
            claim_ttl: seconds a claim is remembered.
            max_waiting: events of one bot in the inbox; when it is full, no more are taken.
            write_timeout: seconds that a write may take before its callers get an error.
            clock: seconds since the epoch.
            awake_clock: monotonic seconds that count while the machine sleeps.
        """
        self.consumer: str = new_name()
        """The name of this process."""
        self._connection = RedisConnection(url, write_timeout=write_timeout)
        self.status: StoreStatus = StoreStatus(self._connection.name)
        self.inbox: RedisInbox = RedisInbox(
            self._connection, self.consumer, int(claim_ttl), max_waiting, to_milliseconds(takeover_after)
        )
        self.state: RedisValues = RedisValues(self._connection)
        self.values: RedisValues = self.state
        self.shared: RedisValues = self.state
        self.locks: RedisLocks = RedisLocks(self._connection, self.consumer)
        self.open_work: RedisOpenWork = RedisOpenWork(self._connection, self.consumer, to_milliseconds(takeover_after))
        self._heartbeat = Heartbeat(self._connection, self.consumer, takeover_after, awake_clock)
        self._takeover_after = takeover_after
        self._replay_window = replay_window
        self._claim_ttl = int(claim_ttl)
        self._clock = clock
        self._bot_ids: tuple[str, ...] = ()
        self._beating: asyncio.Task[None] | None = None
        self._settling = asyncio.Lock()
        self._has_parked_late = False

    async def open(self, bot_ids: Sequence[str] = ()) -> None:
        """Connect, and start the heartbeats; see :meth:`.Store.open`."""
        self._bot_ids = tuple(bot_ids)
        try:
            await self._connection.connect()
        finally:
            self._beating = asyncio.create_task(self._beat(), name="feishu-redis-heartbeat")
        await self._settle()
        try:
            for risk in await find_risks(self._connection):
                log("WARNING", "The store {}: {}", self.status.name, risk)
        except StoreError as error:  # INFO is no right that the bots need
            log("DEBUG", "The settings of Redis are not known: {}", error)

    async def close(self) -> None:
        """Tell the other processes that this one ends, and disconnect."""
        if self._beating is not None:
            self._beating.cancel()
            await asyncio.wait({self._beating})
        try:
            # What is left here need not wait until this process counts as dead.
            for bot_id in self._bot_ids:
                await self._connection.execute("ZREM", of_bot(bot_id, "alive"), self.consumer)
        except StoreError as error:
            log("DEBUG", "The store could not be told that this process ends: {}", error)
        await self._connection.close()

    async def claim(self, keys: Sequence[str]) -> bool:
        """Remember an event for all processes; see :meth:`.Store.claim`."""
        return bool(await self._connection.run(CLAIM, of_claims(keys), self._claim_ttl))

    async def ping(self) -> None:
        """Check whether Redis can be written, and recover what failed before; raises :class:`StoreError` if not.

        By a command that needs no memory: a full Redis is up, and what is done makes room there.
        """
        await self._connection.connect()
        await self._connection.execute("DEL", b"feishu:ping")
        await self._settle()

    async def _settle(self) -> None:
        """Do what must precede the start of entries: when opening, after errors, and with every heartbeat."""
        async with self._settling:
            if self._bot_ids:
                await self._renew_lease()
                self._report_emptied()
            if not self._has_parked_late:
                window = to_milliseconds(self._replay_window)
                parked = await self.inbox.park_late(self._heartbeat.seen_before, window)
                self._has_parked_late = True
                warn_dropped(parked, self._replay_window)
            if self._connection.has_failed:
                self._connection.has_failed = False
                await self.inbox.free_stranded(self._bot_ids)

    async def _renew_lease(self) -> None:
        silent = await self._heartbeat.send(self._bot_ids)
        # From here on no other process takes anything over, so this one keeps what it holds now.
        lost = await self.inbox.find_lost(silent) if silent > self._takeover_after else []
        self._heartbeat.confirm()
        self.locks.renew(Lease(self._heartbeat.valid_until, lost))

    def _report_emptied(self) -> None:
        while self._heartbeat.emptied:
            bot_id = self._heartbeat.emptied.pop()
            waiting, dead_letters = self.inbox.counts.pop(bot_id, (0, 0))
            log(
                "ERROR",
                "The store {} has lost the data of {} while it was used (FLUSHALL, an eviction policy, a restart "
                "without appendonly?). At the last count {} events waited and {} were parked: these are lost. What "
                "runs here goes on, and events that Feishu pushes again may be handled twice",
                self.status.name,
                bot_id,
                waiting,
                dead_letters,
                bot=bot_id,
            )

    async def _beat(self) -> None:
        while True:
            # Short sleeps: while the machine is suspended they do not progress, and nothing starts until one has ended.
            await asyncio.sleep(min(LOOK_EVERY, self._takeover_after / 3))
            if self._heartbeat.is_due():
                try:
                    await self._settle()
                except StoreError as error:
                    log("DEBUG", "The heartbeat failed: {}", error)
