"""Claims, inbox and state in Redis, shared by all processes (replicas) of the same bots."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import groupby
from typing import Any

from typing_extensions import override

from ...exception import InboxFull, StoreError
from ...log import log
from ..base import (
    CLAIM_TTL,
    DUPLICATE,
    MAX_RUNS,
    REPLAY_WINDOW,
    SUSPECT_RUNS,
    TAKEOVER_AFTER,
    Entry,
    Inbox,
    InboxCount,
    KeyValue,
    Lease,
    Locks,
    SharedValues,
    StoreStatus,
    Taken,
)
from ..boottime import boottime
from ..process_name import new_name
from ..sqlite.group_commit import WRITE_TIMEOUT, GroupCommit
from .connection import Call, RedisLink
from .presence import Presence
from .scripts import (
    ABANDONED,
    CLAIM,
    COUNT,
    DONE,
    DROP_OLD,
    FETCH,
    HELD,
    LOCK,
    LOST,
    PUT_BACK,
    RESERVE,
    TAKE,
    UNLOCK,
    Script,
)

LOOK_EVERY = 1.0
"""Seconds between two looks whether the others must be told that this process lives."""
MAX_PARKED = 1_000
_AT_ONCE = 500
"""Keys that one script is given."""


class RedisStore(Inbox, KeyValue, Locks, SharedValues):
    """The store of several processes per bot: they share one inbox, and take over from those that die."""

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
        """Args:
        url: ``redis://``, ``rediss://`` or ``unix://``, with credentials.
        replay_window: seconds; what was left behind is dropped, with a warning, when it is older.
        takeover_after: seconds of silence after which another process counts as dead.
        claim_ttl: seconds a claim is remembered.
        max_waiting: events of one bot in the inbox; when it is full, no more are taken.
        write_timeout: seconds that a write may take before those who wait for it are told.
        clock: seconds since the epoch.
        awake_clock: monotonic seconds that count while the machine sleeps.
        """
        self._link = RedisLink(url)
        self.status: StoreStatus = StoreStatus(self._link.name)
        self.inbox: Inbox = self
        self.state: KeyValue = self
        self.locks: Locks = self
        self.shared: SharedValues = self
        self._replay_window = replay_window
        self._takeover_after = takeover_after
        self._claim_ttl = int(claim_ttl)
        self._max_waiting = max_waiting
        self._clock = clock
        self._started_at = clock()
        self._consumer = new_name()
        self._bot_ids: tuple[str, ...] = ()
        self._commits = GroupCommit[Call](self._link.run, name=self._link.name, timeout=write_timeout)
        self._beat: asyncio.Task[None] | None = None
        self._presence = Presence(self._submit, self._consumer, takeover_after, clock=awake_clock)
        self._settling = asyncio.Lock()
        self._on_lease: Callable[[Lease], None] = lambda lease: None
        self._inherited = False
        self._unsure = False
        self._begun: set[str] = set()
        self._asked: set[str] = set()

    # Open and close

    async def open(self, bot_ids: Sequence[str] = ()) -> None:
        self._bot_ids = tuple(bot_ids)
        self._beat = asyncio.create_task(self._stay_alive(), name="feishu-redis-heartbeat")
        await self._settle_in()

    async def close(self) -> None:
        if self._beat is not None:
            self._beat.cancel()
            await asyncio.wait({self._beat})
        try:
            # What is left here need not wait until this process counts as dead.
            for bot_id in self._bot_ids:
                await self._command("ZREM", _bot_key(bot_id, "alive"), self._consumer)
        except StoreError as error:
            log("DEBUG", "The store could not be told that this process ends: {}", error)
        await self._commits.flush()
        await self._link.close()

    async def ping(self) -> None:
        await self._command("SET", b"feishu:ping", str(self._clock()))
        await self._settle_in()

    async def _settle_in(self) -> None:
        """What must be done before entries are begun: at the start, and after trouble."""
        async with self._settling:
            await self._say_alive()
            if not self._inherited:
                await self._drop_old()
                self._inherited = True
            if self._unsure:
                self._unsure = False
                await self._find_stranded()

    async def _stay_alive(self) -> None:
        while True:
            # Short sleeps: one does not count while the machine is suspended, and nothing is begun until it has ended.
            await asyncio.sleep(min(LOOK_EVERY, self._takeover_after / 3))
            if not self._presence.is_due():
                continue
            try:
                await self._settle_in()
            except StoreError as error:
                log("DEBUG", "The store does not know that this process lives: {}", error)

    async def _say_alive(self) -> None:
        if not self._bot_ids:
            return
        silent = await self._presence.say([_bot_key(bot_id, "alive") for bot_id in self._bot_ids])
        # From here on nobody takes anything over, so what is ours now stays so.
        lost = await self._find_lost(silent) if silent > self._takeover_after else []
        self._presence.confirm()
        self._on_lease(Lease(self._presence.until, lost))

    async def _find_lost(self, silent: float) -> list[str]:
        """What others have taken over while this process was silent."""
        holding = self._begun | self._asked
        lost: list[str] = []
        for bot_id, some in _by_bot(list(holding)):
            numbers = await self._run(LOST, [_bot_key(bot_id, "inbox"), *_claims(some)], self._consumer)
            lost += [some[number] for number in numbers]
        self._begun.difference_update(lost)
        self._asked.difference_update(lost)
        if lost:
            log(
                "WARNING",
                "This process was not heard of for {:.0f} s (it was paused, or Redis was out of reach): "
                "other processes have taken over {} of the {} events that it had begun. Those whose "
                "handlers have not started here are left to them; the others' answers are sent once, as "
                "they carry the same uuid, but other effects of their handlers may happen twice",
                silent,
                len(lost),
                len(holding),
            )
        return lost

    async def _drop_old(self) -> None:
        dropped = 0
        oldest = self._started_at - self._replay_window
        for bot_id in self._bot_ids:
            keys, start = [_bot_key(bot_id, "inbox"), _bot_key(bot_id, "alive")], b"-"
            while start:
                count, start = await self._run(DROP_OLD, keys, self._consumer, self._silence, repr(oldest), start)
                dropped += count
        if dropped:
            log(
                "WARNING",
                "{} events that the last run left behind are older than {:g} s (FEISHU_REPLAY_WINDOW) "
                "and are not handled any more",
                dropped,
                self._replay_window,
            )

    async def _find_stranded(self) -> None:
        """Entries that were begun for this process by a call whose answer never came: nobody handles them."""
        for bot_id in self._bot_ids:
            held = await self._run(HELD, [_bot_key(bot_id, "inbox")], self._consumer)
            await self._put_back([key for key in map(_text, held) if key not in self._begun | self._asked])

    @override
    async def count(self, bot_ids: Sequence[str]) -> Mapping[str, InboxCount]:
        counts: dict[str, InboxCount] = {}
        for bot_id in bot_ids:
            keys = [_bot_key(bot_id, "inbox"), _bot_key(bot_id, "parked")]
            counts[bot_id] = InboxCount(*await self._run(COUNT, keys))
        return counts

    @override
    def on_lease(self, callback: Callable[[Lease], None]) -> None:
        self._on_lease = callback

    @override
    def extend_lease(self, until: float) -> None:
        self._on_lease(Lease(until))

    # Events

    async def claim(self, keys: Sequence[str]) -> bool:
        return bool(await self._run(CLAIM, _claims(keys), self._claim_ttl))

    async def release(self, keys: Sequence[str]) -> None:
        await self._command("DEL", *_claims(keys))

    @override
    async def take(self, entry: Entry, keys: Sequence[str], *, begin: bool) -> Taken:
        names = [_bot_key(entry.bot_id, "inbox"), _bot_key(entry.bot_id, "alive"), *_claims(keys)]
        bounds = (self._claim_ttl, self._max_waiting)
        event = (_bytes(entry.key), entry.payload, repr(entry.taken_at))
        try:
            code, *older = await self._run(TAKE, names, self._consumer, *bounds, *event, int(begin))
        except StoreError:
            if begin:
                self._asked.add(entry.key)  # whoever asked handles it now, and tells when it is done
            raise
        if code == -1:
            raise InboxFull(
                f"the inbox of {entry.bot_id} in the store {self._link.name} is full: {self._max_waiting} wait"
            )
        if code == 0:
            return DUPLICATE
        begun = entry if code == 2 else _entry(entry.bot_id, older[0]) if code == 3 else None
        if begun is not None:
            self._begun.add(begun.key)
        return Taken(new=True, entry=begun)

    @override
    async def fetch(self, bot_id: str, limit: int) -> list[Entry]:
        keys = [_bot_key(bot_id, "inbox"), _bot_key(bot_id, "alive")]
        entries = [_entry(bot_id, fields) for fields in await self._run(FETCH, keys, self._consumer, limit)]
        self._begun.update(entry.key for entry in entries)
        return entries

    @override
    async def fetch_abandoned(self, bot_ids: Sequence[str], *, suspects: bool = True) -> Entry | None:
        for bot_id in bot_ids:
            keys = [_bot_key(bot_id, name) for name in ("inbox", "alive", "parked")]
            bounds = (MAX_RUNS, MAX_PARKED, MAX_RUNS if suspects else SUSPECT_RUNS)
            parked, *found = await self._run(ABANDONED, keys, self._consumer, self._silence, *bounds)
            for key in parked:
                log(
                    "ERROR",
                    "The event {} is parked: {} times the process died while it was handled. Its payload "
                    "stays in the stream {} of {}: python -m nonebot_adapter_feishu_ws.parked shows it, "
                    "and runs it again",
                    _text(key),
                    MAX_RUNS,
                    keys[2].decode(),
                    self._link.name,
                )
            if found:
                entry = _entry(bot_id, found[0], runs=found[1])
                self._begun.add(entry.key)
                return entry
        return None

    @override
    async def done(self, keys: Sequence[str]) -> None:
        for bot_id, some in _by_bot(keys):
            await self._run(DONE, [_bot_key(bot_id, "inbox"), *_claims(some)])
            self._begun.difference_update(some)
            self._asked.difference_update(some)

    @override
    async def put_back(self, keys: Sequence[str]) -> None:
        await self._put_back(keys)
        self._begun.difference_update(keys)
        self._asked.difference_update(keys)

    async def _put_back(self, keys: Sequence[str]) -> None:
        for bot_id, some in _by_bot(keys):
            await self._run(PUT_BACK, [_bot_key(bot_id, "inbox"), *_claims(some)], self._consumer)

    # State, and what the processes share

    @override
    async def note(self, name: str, members: Mapping[str, float], *, keep: int) -> None:
        key = _key("set", name)
        scores = [part for member, at in members.items() for part in (repr(at), _bytes(member))]
        await self._command("ZADD", key, *scores)
        await self._command("ZREMRANGEBYRANK", key, 0, -keep - 1)

    @override
    async def noted(self, name: str) -> list[str]:
        return [_text(member) for member in await self._command("ZREVRANGE", _key("set", name), 0, -1)]

    @override
    async def get(self, key: str) -> str | None:
        value = await self._command("GET", b"feishu:state:" + _bytes(key))
        return None if value is None else _text(value)

    @override
    async def set(self, key: str, value: str | None) -> None:
        name = b"feishu:state:" + _bytes(key)
        await (self._command("DEL", name) if value is None else self._command("SET", name, _bytes(value)))

    @override
    async def try_lock(self, name: str, ttl: float) -> bool:
        return bool(await self._run(LOCK, [_key("lock", name)], self._consumer, _milliseconds(ttl)))

    @override
    async def unlock(self, name: str) -> None:
        await self._run(UNLOCK, [_key("lock", name)], self._consumer)

    @override
    async def get_value(self, key: str) -> str | None:
        value = await self._command("GET", _key("shared", key))
        return None if value is None else _text(value)

    @override
    async def set_value(self, key: str, value: str, ttl: float) -> None:
        await self._command("SET", _key("shared", key), _bytes(value), "PX", _milliseconds(ttl))

    @override
    async def reserve(self, key: str, count: int, period: float) -> float:
        return int(await self._run(RESERVE, [_key("rate", key)], count, _milliseconds(period))) / 1000

    # The wire

    @property
    def _silence(self) -> int:
        return _milliseconds(self._takeover_after)

    async def _run(self, script: Script, keys: Sequence[bytes], *args: bytes | str | int) -> Any:
        return await self._submit(Call(script, tuple(keys), args))

    async def _command(self, *args: bytes | str | int) -> Any:
        return await self._submit(Call(None, (), args))

    async def _submit(self, call: Call) -> Any:
        try:
            result = await self._commits.submit(call)
        except StoreError:
            self._unsure = True
            raise
        if isinstance(result, StoreError):
            raise result
        return result


def _key(kind: str, key: str) -> bytes:
    """The Redis key of something that begins with an app id and a colon. The braces keep a bot in one cluster slot."""
    bot_id, _, rest = key.partition(":")
    return _bot_key(bot_id, kind) + b":" + _bytes(rest)


def _bot_key(bot_id: str, kind: str) -> bytes:
    return _bytes(f"feishu:{{{bot_id}}}:{kind}")


def _claims(keys: Iterable[str]) -> list[bytes]:
    return [_key("claim", key) for key in keys]


def _by_bot(keys: Sequence[str]) -> Iterable[tuple[str, list[str]]]:
    for bot_id, some in groupby(sorted(keys, key=_bot_of), key=_bot_of):
        of_bot = list(some)
        for start in range(0, len(of_bot), _AT_ONCE):
            yield bot_id, of_bot[start : start + _AT_ONCE]


def _bot_of(key: str) -> str:
    return key.partition(":")[0]


def _entry(bot_id: str, fields: Sequence[bytes], *, runs: int = 1) -> Entry:
    _, key, _, payload, _, taken_at = fields
    return Entry(_text(key), bot_id, payload, float(taken_at), runs)


def _milliseconds(seconds: float) -> int:
    return max(1, int(seconds * 1000))


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")


def _text(data: bytes) -> str:
    return data.decode("utf-8", "surrogatepass")
