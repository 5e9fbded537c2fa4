"""What must be remembered. One small protocol; every backend keeps the same promises."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

CLAIM_TTL = 8 * 3600.0
"""Seconds a claim is remembered: longer than Feishu's last redelivery, about 6 h 5 min after the first push."""
MAX_RUNS = 3
"""How often an event is begun: once when it comes, and twice more, alone, when its process died. Then it is parked."""


SUSPECT_RUNS = MAX_RUNS - 1
"""An event that was begun so often is parked when its process dies once more."""


@dataclass(frozen=True, slots=True)
class Entry:
    """An event in the inbox.

    Attributes:
        key: its name, the first of the keys under which it was claimed; begins with the app id and a colon.
        bot_id: the app id.
        payload: the event's JSON as Feishu sent it.
        taken_at: when it came, seconds since the epoch.
        runs: how often its handling was begun, this time included; 0 while it waits.
    """

    key: str
    bot_id: str
    payload: bytes = field(repr=False)
    taken_at: float
    runs: int = 1


@dataclass(frozen=True, slots=True)
class Taken:
    """The answer to :meth:`Store.take`.

    Attributes:
        new: False for an event that was taken before.
        entry: what is to be handled now: the event itself, or one that has waited for longer; None when there is none.
    """

    new: bool
    entry: Entry | None = None


DUPLICATE = Taken(new=False)
Held = Callable[[float, Sequence[str]], None]
"""Lease callback: (valid_until, lost_keys).

``valid_until`` is a time of :func:`~.boottime.boottime`; the lost keys are entries that other processes took over."""


@dataclass(frozen=True, slots=True)
class InboxCount:
    """How much of a bot is in the inbox.

    Attributes:
        waiting: events that nobody handles yet.
        parked: events that were given up because they killed their process.
    """

    waiting: int
    parked: int


class Store(Protocol):
    """Remembers which events were taken and which are not done, and small state. Used on the network loop alone."""

    @property
    def durable(self) -> bool:
        """Whether an event that is taken outlives the process, so that it may wait in the inbox."""
        ...

    @property
    def shared(self) -> bool:
        """Whether other processes of the same bots work on the same inbox."""
        ...

    async def open(self, bot_ids: Sequence[str] = ()) -> None:
        """Make it ready; called once, before any other method.

        Args:
            bot_ids: the bots whose unfinished events this process takes over.

        Raises:
            StoreError: it cannot be used.
        """
        ...

    async def close(self) -> None:
        """Flush and free what it holds."""
        ...

    async def claim(self, keys: Sequence[str]) -> bool:
        """Remember an event under all of its keys at once, without keeping it.

        Args:
            keys: names of one event (bot and event id, bot and message id).

        Returns:
            True when it is ours to handle; False when any key was claimed within the time of a claim,
            :data:`CLAIM_TTL` or more.

        Raises:
            StoreError: it cannot be written.
        """
        ...

    async def release(self, keys: Sequence[str]) -> None:
        """Give a claimed event back, so that its redelivery is taken.

        Raises:
            StoreError: it cannot be written.
        """
        ...

    async def take(self, entry: Entry, keys: Sequence[str], *, begin: bool) -> Taken:
        """Claim an event and write it into the inbox; it is safe there when this returns.

        Args:
            entry: the event.
            keys: its names; the first is the entry's.
            begin: whether it is handled now; otherwise it waits in the inbox.

        Raises:
            StoreError: it cannot be written; the event must not be acked.
            InboxFull: it could be, but too many events wait already; the event must not be acked.
        """
        ...

    async def fetch(self, bot_id: str, limit: int) -> list[Entry]:
        """Begin events of a bot that wait in the inbox and that nobody has begun before, the oldest first.

        Raises:
            StoreError: it cannot be read.
        """
        ...

    async def fetch_orphan(self, bot_ids: Sequence[str] | None = None, *, suspects: bool = True) -> Entry | None:
        """Begin again one event whose process died while it was handled; one after the other, so that an event that
        kills its process is found. Those that were begun least often come first; what was begun :data:`MAX_RUNS` times
        is parked and reported.

        Args:
            bot_ids: whose events; those of all bots of :meth:`open` when it is None.
            suspects: whether it may be one that was begun :data:`SUSPECT_RUNS` times.

        Raises:
            StoreError: it cannot be read.
        """
        ...

    async def done(self, keys: Sequence[str]) -> None:
        """These entries are handled: forget their payloads, but not their claims.

        Raises:
            StoreError: it cannot be written.
        """
        ...

    async def put_back(self, keys: Sequence[str]) -> None:
        """These entries were begun but not handled, because the process ends: let them wait for the next one.

        Raises:
            StoreError: it cannot be written.
        """
        ...

    async def ping(self) -> None:
        """Try whether it can be written.

        Raises:
            StoreError: it cannot.
        """
        ...

    async def count(self, bot_ids: Sequence[str]) -> Mapping[str, InboxCount]:
        """How many events of these bots are in the inbox, of all processes; bots of which nobody knows are missing.

        Raises:
            StoreError: it cannot be read.
        """
        ...

    def watch(self, held: Held) -> None:
        """Have somebody told, on the network loop, how long what was begun is certainly this process's own, and what of
        it is lost to others. A store that is not shared has nothing to tell.

        Args:
            held: what is told; to be given before :meth:`open`.
        """
        ...

    async def try_lock(self, name: str, ttl: float) -> bool:
        """Have this process be the only one of a bot's processes to do something, for a while.

        Args:
            name: what is done; begins with the app id and a colon.
            ttl: seconds until others may have it; a further call of the holder counts from anew.

        Returns:
            True when it is ours, now or still. Always so in a store of a single process.

        Raises:
            StoreError: it cannot be written.
        """
        ...

    async def unlock(self, name: str) -> None:
        """Give a lock back, if it is ours.

        Raises:
            StoreError: it cannot be written.
        """
        ...

    async def note(self, name: str, members: Mapping[str, float], *, keep: int) -> None:
        """Add members to a set, or move them to a later time.

        Args:
            name: the set; begins with the app id and a colon.
            members: each with its time, seconds since the epoch.
            keep: how many stay in the set; the oldest go.

        Raises:
            StoreError: it cannot be written.
        """
        ...

    async def noted(self, name: str) -> list[str]:
        """The members of a set, the latest first.

        Raises:
            StoreError: it cannot be read.
        """
        ...

    async def get(self, key: str) -> str | None:
        """A piece of state, or None.

        Raises:
            StoreError: it cannot be read.
        """
        ...

    async def set(self, key: str, value: str | None) -> None:
        """Keep a piece of state, or (None) forget it; it is safe when this returns.

        Raises:
            StoreError: it cannot be written.
        """
        ...
