"""The inbox in Redis: a stream per bot that all processes read."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from typing_extensions import override

from ...exception import InboxFull, StoreError
from ...logs import log
from ..base import DUPLICATE, MAX_RUNS, SUSPECT_RUNS, Entry, Inbox, InboxCount, Taken
from ..notices import report_dead_letter
from .connection import RedisConnection
from .keys import DEAD_LETTERS, by_bot, of_bot, of_claims, to_bytes, to_entry, to_text
from .scripts import ABANDONED, COUNT, DONE, FETCH, HELD, LOST, PARK_LATE, PUT_BACK, TAKE

MAX_DEAD_LETTERS = 100_000
"""As many as events wait at most: all of them become dead letters after a long outage."""


@dataclass(eq=False)
class RedisInbox(Inbox):
    """The inbox as one process, a consumer of the stream, sees it.

    Attributes:
        consumer: the name of this process.
        claim_ttl: seconds a claim is remembered.
        max_waiting: events of one bot in the inbox; when it is full, no more are taken.
        takeover_after: milliseconds without a heartbeat after which another process counts as dead.
    """

    connection: RedisConnection
    consumer: str
    claim_ttl: int
    max_waiting: int
    takeover_after: int
    _mine: set[str] = field(default_factory=set[str])
    """Entries that this process handles, whether or not Redis could be asked."""

    @override
    async def take(self, entry: Entry, keys: Sequence[str], *, begin: bool) -> Taken:
        names = [of_bot(entry.bot_id, "inbox"), of_bot(entry.bot_id, "alive"), *of_claims(keys)]
        bounds = (self.claim_ttl, self.max_waiting)
        event = (to_bytes(entry.key), entry.payload, repr(entry.taken_at))
        try:
            code, *older = await self.connection.run(TAKE, names, self.consumer, *bounds, *event, int(begin))
        except StoreError:
            if begin:
                self._mine.add(entry.key)  # the caller handles it all the same, and reports when it is done
            raise
        if code == -1:
            name = self.connection.name
            raise InboxFull(f"the inbox of {entry.bot_id} in the store {name} is full: {self.max_waiting} wait")
        if code == 0:
            return DUPLICATE
        begun = entry if code == 2 else to_entry(entry.bot_id, older[0]) if code == 3 else None
        if begun is not None:
            self._mine.add(begun.key)
        return Taken(new=True, entry=begun)

    @override
    async def fetch(self, bot_id: str, limit: int) -> list[Entry]:
        keys = [of_bot(bot_id, "inbox"), of_bot(bot_id, "alive")]
        found: list[Any] = await self.connection.run(FETCH, keys, self.consumer, limit)
        entries = [to_entry(bot_id, fields) for fields in found]
        self._mine.update(entry.key for entry in entries)
        return entries

    @override
    async def fetch_abandoned(self, bot_ids: Sequence[str], *, suspects: bool = True) -> Entry | None:
        bounds = (self.takeover_after, MAX_RUNS, MAX_DEAD_LETTERS, MAX_RUNS if suspects else SUSPECT_RUNS)
        for bot_id in bot_ids:
            keys = [of_bot(bot_id, kind) for kind in ("inbox", "alive", DEAD_LETTERS)]
            dead_letters, *found = await self.connection.run(ABANDONED, keys, self.consumer, *bounds)
            for key in dead_letters:
                report_dead_letter(to_text(key), f"the stream {to_text(keys[2])} of {self.connection.name}")
            if found:
                entry = to_entry(bot_id, found[0], runs=found[1])
                self._mine.add(entry.key)
                return entry
        return None

    @override
    async def done(self, keys: Sequence[str]) -> None:
        for bot_id, some in by_bot(keys):
            await self.connection.run(DONE, [of_bot(bot_id, "inbox"), *of_claims(some)])
            self._mine.difference_update(some)

    @override
    async def put_back(self, keys: Sequence[str]) -> None:
        for bot_id, some in by_bot(keys):
            await self.connection.run(PUT_BACK, [of_bot(bot_id, "inbox"), *of_claims(some)], self.consumer)
        self._mine.difference_update(keys)

    @override
    async def count(self, bot_ids: Sequence[str]) -> Mapping[str, InboxCount]:
        counts: dict[str, InboxCount] = {}
        for bot_id in bot_ids:
            keys = [of_bot(bot_id, "inbox"), of_bot(bot_id, DEAD_LETTERS)]
            counts[bot_id] = InboxCount(*await self.connection.run(COUNT, keys))
        return counts

    async def park_late(self, seen_before: Mapping[str, int], replay_window: int) -> int:
        """Make dead letters of what was never begun, for bots that nobody has served for too long.

        Args:
            seen_before: app id -> when a process had been seen before this one, in milliseconds of Redis's clock.
            replay_window: milliseconds.

        Returns:
            How many events became dead letters.
        """
        parked = 0
        for bot_id, seen in seen_before.items():
            keys = [of_bot(bot_id, kind) for kind in ("inbox", "alive", DEAD_LETTERS)]
            bounds = (self.takeover_after, replay_window, seen, MAX_DEAD_LETTERS)
            while count := await self.connection.run(PARK_LATE, keys, self.consumer, *bounds):
                parked += count
        return parked

    async def find_lost(self, silent: float) -> list[str]:
        """Return what other processes have taken over while this one was silent; ``silent`` seconds, for the log."""
        mine = len(self._mine)
        lost: list[str] = []
        for bot_id, some in by_bot(self._mine):
            indexes = await self.connection.run(LOST, [of_bot(bot_id, "inbox"), *of_claims(some)], self.consumer)
            lost += [some[index] for index in indexes]
        self._mine.difference_update(lost)
        if lost:
            log(
                "WARNING",
                "This process was not heard of for {:.0f} s (it was paused, or Redis was out of reach): "
                "other processes have taken over {} of the {} events that it had begun. Those whose "
                "handlers have not started here are left to them; the others' answers are sent once, as "
                "they carry the same uuid, but other effects of their handlers may happen twice",
                silent,
                len(lost),
                mine,
            )
        return lost

    async def free_stranded(self, bot_ids: Sequence[str]) -> None:
        """Put back entries that were started by a script whose answer never arrived: no process handles them."""
        for bot_id in bot_ids:
            held = await self.connection.run(HELD, [of_bot(bot_id, "inbox")], self.consumer)
            await self.put_back([key for key in map(to_text, held) if key not in self._mine])
