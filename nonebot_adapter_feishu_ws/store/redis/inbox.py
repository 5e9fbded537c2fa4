"""The inbox in Redis: a stream per bot that all processes read."""

from collections.abc import Callable, Mapping, Sequence
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
    counts: dict[str, InboxCount] = field(default_factory=dict[str, InboxCount])
    """As last counted, by app id."""
    _mine: dict[str, bytes] = field(default_factory=dict[str, bytes])
    """Entries that this process handles, whether or not Redis could be asked, with their ids in the stream; empty for
    one whose write was not answered. A claim has the id as well, but may expire or be evicted before its entry."""

    @override
    async def take(self, entry: Entry, keys: Sequence[str], *, begin: bool, ahead: bool = False) -> Taken:
        names = [*_of_inbox(entry.bot_id), *of_claims(keys)]
        bounds = (self.claim_ttl, self.max_waiting)
        event = (to_bytes(entry.key), entry.payload, repr(entry.taken_at))
        try:
            code, *begun = await self.connection.run(TAKE, names, self.consumer, *bounds, *event, begin + ahead)
        except InboxFull:
            raise
        except StoreError:
            if begin:
                self._mine[entry.key] = b""  # the caller handles it all the same, and reports when it is done
            raise
        if code == -1:
            name = self.connection.name
            raise InboxFull(f"the inbox of {entry.bot_id} in the store {name} is full: {self.max_waiting} wait")
        if code == 0:
            return DUPLICATE
        if code == 1:
            return Taken(new=True)
        number, *fields = begun
        now = to_entry(entry.bot_id, fields[0]) if fields else entry
        self._mine[now.key] = number
        return Taken(new=True, entry=now)

    @override
    async def fetch(self, bot_id: str, limit: int) -> list[Entry]:
        found: list[Any] = await self.connection.run(FETCH, _of_inbox(bot_id), self.consumer, limit)
        entries = [to_entry(bot_id, fields) for _, fields in found]
        self._mine.update((entry.key, number) for entry, (number, _) in zip(entries, found, strict=True))
        return entries

    @override
    async def peek(
        self, bot_id: str, group_of: Callable[[bytes], bytes], after: int, limit: int
    ) -> tuple[Mapping[bytes, str], int | None]:
        return {}, None

    @override
    async def fetch_abandoned(self, bot_ids: Sequence[str], *, suspects: bool = True) -> Entry | None:
        bounds = (self.takeover_after, MAX_RUNS, MAX_DEAD_LETTERS, MAX_RUNS if suspects else SUSPECT_RUNS)
        for bot_id in bot_ids:
            keys = [of_bot(bot_id, kind) for kind in ("inbox", "alive", DEAD_LETTERS)]
            dead_letters, *found = await self.connection.run(ABANDONED, keys, self.consumer, *bounds)
            for key in dead_letters:
                report_dead_letter(to_text(key), f"the stream {to_text(keys[2])} of {self.connection.name}")
            if found:
                number, fields, runs = found
                entry = to_entry(bot_id, fields, runs=runs)
                self._mine[entry.key] = number
                return entry
        return None

    @override
    async def done(self, keys: Sequence[str]) -> None:
        await self._learn_numbers(keys)
        for bot_id, some in by_bot(keys):
            await self.connection.run(DONE, [of_bot(bot_id, "inbox"), *of_claims(some)], *self._numbers(some))
            self._forget(some)

    @override
    async def put_back(self, keys: Sequence[str]) -> None:
        await self._learn_numbers(keys)
        for bot_id, some in by_bot(keys):
            names = [of_bot(bot_id, "inbox"), *of_claims(some)]
            await self.connection.run(PUT_BACK, names, self.consumer, *self._numbers(some))
        self._forget(keys)

    async def _learn_numbers(self, keys: Sequence[str]) -> None:
        """Find entries in the stream of which only the key is known: their writes were not answered."""
        unknown = {key for key in keys if not self._mine.get(key)}
        for bot_id, _ in by_bot(unknown):
            for number, name in await self.connection.run(HELD, [of_bot(bot_id, "inbox")], self.consumer):
                if (key := to_text(name)) in unknown:
                    self._mine[key] = number

    def _numbers(self, keys: Sequence[str]) -> list[bytes]:
        return [self._mine.get(key, b"") for key in keys]

    def _forget(self, keys: Sequence[str]) -> None:
        for key in keys:
            self._mine.pop(key, None)

    @override
    async def count(self, bot_ids: Sequence[str]) -> Mapping[str, InboxCount]:
        for bot_id in bot_ids:
            keys = [of_bot(bot_id, "inbox"), of_bot(bot_id, DEAD_LETTERS)]
            self.counts[bot_id] = InboxCount(*await self.connection.run(COUNT, keys))
        return {bot_id: self.counts[bot_id] for bot_id in bot_ids}

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
            names = [of_bot(bot_id, "inbox"), *of_claims(some)]
            indexes = await self.connection.run(LOST, names, self.consumer, *self._numbers(some))
            lost += [some[index] for index in indexes]
        self._forget(lost)
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
            await self.put_back([key for _, name in held if (key := to_text(name)) not in self._mine])


def _of_inbox(bot_id: str) -> list[bytes]:
    return [of_bot(bot_id, kind) for kind in ("inbox", "alive", "ahead")]
