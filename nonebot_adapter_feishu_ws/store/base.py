"""What a store can do, in small protocols; every backend keeps the same promises."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple, Protocol

CLAIM_TTL = 8 * 3600.0
"""Seconds a claim is remembered: longer than Feishu's last redelivery, about 6 h 5 min after the first push."""
REPLAY_WINDOW = 600.0
"""Seconds: events that waited when the last process ended are handled by the next one unless that was longer ago."""
TAKEOVER_AFTER = 30.0
"""Seconds without a heartbeat after which a process counts as dead; others then handle its unfinished events."""
MAX_RUNS = 3
"""Attempts to handle an event: when it arrives, and twice more, alone, if its process died. Then it is set aside as a
dead letter."""
SUSPECT_RUNS = MAX_RUNS - 1
"""After this many attempts, an event becomes a dead letter if its process dies once more."""


def storable(text: str) -> str:
    r"""A text that every store can write: half a character, which Feishu delivers, is spelled out as ``\\ud83d``."""
    return text if text.isascii() else text.encode("utf-8", "backslashreplace").decode()


@dataclass(frozen=True, slots=True)
class Entry:
    """An event in the inbox.

    Attributes:
        key: its name, the first of the keys under which it was claimed; starts with the app id and a colon.
        bot_id: the app id.
        payload: the event's JSON as Feishu sent it.
        taken_at: when it arrived, seconds since the epoch.
        runs: attempts to handle it, including this one; 0 while it waits.
        attempt: the same, but counted on when a process has ended in good order and put the event back.
    """

    key: str
    bot_id: str
    payload: bytes = field(repr=False)
    taken_at: float
    runs: int = 1
    attempt: int = 1


class Taken(NamedTuple):
    """The answer to :meth:`Inbox.take`.

    Attributes:
        new: False for an event that was taken before.
        entry: what to handle now: the event itself, or one that has waited longer; None when there is none.
    """

    new: bool
    entry: Entry | None = None


DUPLICATE = Taken(new=False)


class Lease(NamedTuple):
    """How long this process may handle the events that it has started.

    Attributes:
        valid_until: the end, in seconds of :func:`~.boottime.boottime`.
        lost_keys: entries that other processes have taken over.
    """

    valid_until: float
    lost_keys: Sequence[str] = ()


class InboxCount(NamedTuple):
    """How many events of a bot are in the inbox.

    Attributes:
        waiting: events that no process has started to handle.
        dead_letters: events that were given up because their process died each time they were handled.
    """

    waiting: int
    dead_letters: int


class StoreStatus(NamedTuple):
    """What operators see of the store.

    Attributes:
        name: its URL without credentials.
        error: why it is down; None while it works.
        since: when it went down or came back; None when it has worked from the start.
    """

    name: str
    error: str | None = None
    since: datetime | None = None

    @property
    def ok(self) -> bool:
        """Whether events are written to it."""
        return self.error is None


class KeyValue(Protocol):
    """Small state that outlives a restart: values, and sets ordered by time.

    Raises:
        StoreError: every method, when the store cannot be used.
    """

    async def get(self, key: str) -> str | None:
        """Return a value, or None."""
        ...

    async def set(self, key: str, value: str | None) -> None:
        """Write a value, or delete it (None); it is safe when this returns."""
        ...

    async def note(self, name: str, members: Mapping[str, float], *, keep: int) -> None:
        """Add members, each with its time in seconds since the epoch, to a set, or move them to a later time.

        The name starts with the app id and a colon; the latest ``keep`` members stay.
        """
        ...

    async def noted(self, name: str) -> list[str]:
        """Return the members of a set, latest first."""
        ...


class Inbox(Protocol):
    """Events that were taken and are not done yet.

    Raises:
        StoreError: every method, when the store cannot be used.
    """

    async def take(self, entry: Entry, keys: Sequence[str], *, begin: bool, ahead: bool = False) -> Taken:
        """Claim an event and write it into the inbox; it is safe there when this returns.

        Args:
            entry: the event.
            keys: its names; the first is the entry's.
            begin: whether it is handled now; otherwise it waits in the inbox.
            ahead: whether it is handled before those that wait; otherwise one of them may begin in its place.

        Raises:
            StoreError: it cannot be written; the event must not be acked.
            InboxFull: the store works, but too many events wait already; the event must not be acked.
        """
        ...

    async def fetch(self, bot_id: str, limit: int) -> list[Entry]:
        """Start waiting events of a bot that were never started before, oldest first."""
        ...

    async def peek(
        self, bot_id: str, group_of: Callable[[bytes], bytes], after: int, limit: int
    ) -> tuple[Mapping[bytes, str], int | None]:
        """Group waiting events of a bot without starting them; a store of several processes finds none.

        Args:
            bot_id: the app id.
            group_of: the group of an event by its JSON; called in the store's thread.
            after: the number of the last event that was looked at; 0 at first.
            limit: how many events are looked at.

        Returns:
            The key of the last event of each group, and the number to go on after; None when there are no more.
        """
        ...

    async def fetch_abandoned(self, bot_ids: Sequence[str], *, suspects: bool = True) -> Entry | None:
        """Start again one event whose process died while handling it.

        Returns one at a time, so that an event that kills its process can be told from the others; those with the
        fewest attempts come first. After :data:`MAX_RUNS` attempts an event becomes a dead letter and is reported.

        Args:
            bot_ids: the bots whose events are considered.
            suspects: whether to include events after :data:`SUSPECT_RUNS` attempts.
        """
        ...

    async def done(self, keys: Sequence[str]) -> None:
        """Delete entries that were handled; their claims stay."""
        ...

    async def put_back(self, keys: Sequence[str]) -> None:
        """Let entries wait again that were started but not handled, because this process is shutting down."""
        ...

    async def count(self, bot_ids: Sequence[str]) -> Mapping[str, InboxCount]:
        """Count the events of these bots in the inbox, over all processes; unknown bots are missing."""
        ...


class Locks(Protocol):
    """Locks between the processes of a bot, and the lease on the events that this process has started.

    Raises:
        StoreError: ``try_lock`` and ``unlock``, when the store cannot be used.
    """

    async def try_lock(self, name: str, ttl: float) -> bool:
        """Take a lock, or extend it; True when this process holds it.

        The name starts with the app id and a colon. The lock expires ``ttl`` seconds after its holder's last call.
        """
        ...

    async def unlock(self, name: str) -> None:
        """Release a lock, if this process holds it."""
        ...

    def on_lease(self, callback: Callable[[Lease], None]) -> None:
        """Set the callback for each renewal of the lease, called on the network loop; to be set before ``open``."""
        ...

    def extend_lease(self, until: float) -> None:
        """Renew the lease without asking the store, which is down; nothing can be taken over there meanwhile."""
        ...


class ExpiringValues(Protocol):
    """Values that outlive a restart for a while. Keys start with the app id and a colon.

    Raises:
        StoreError: every method, when the store cannot be used.
    """

    async def get_value(self, key: str) -> str | None:
        """Return a value, or None."""
        ...

    async def set_value(self, key: str, value: str | None, ttl: float | None) -> None:
        """Write a value that expires after ``ttl`` seconds (None: never), or delete it (None)."""
        ...

    async def add_value(self, key: str, value: str, ttl: float) -> str:
        """Write a value unless there is one; returns the one that is there then."""
        ...


class SharedValues(ExpiringValues, Protocol):
    """Short-lived values and rate limits of all processes of a bot.

    Raises:
        StoreError: every method, when the store cannot be used.
    """

    async def reserve(self, key: str, count: int, period: float) -> float:
        """Reserve a call in a rate limit of all processes; returns the seconds until it may be made.

        At most ``count`` calls are made in any ``period`` seconds.
        """
        ...


class OpenWork(Protocol):
    """What processes have begun outside and must end, such as cards that they write to: noted until it is ended.

    Each note belongs to the process that wrote it last. Keys start with the app id and a colon.

    Raises:
        StoreError: every method, when the store cannot be used.
    """

    async def hold(self, key: str, value: str) -> None:
        """Write a note, which is this process's from now on."""
        ...

    async def find(self, key: str) -> str | None:
        """Return a note, whosever it is, or None."""
        ...

    async def drop(self, key: str) -> None:
        """Delete a note: its work is ended."""
        ...

    async def inherit(self, bot_id: str) -> Mapping[str, str]:
        """Take over the notes of a bot's dead processes; returns them by their keys. Those of living ones stay."""
        ...


class DeadLetters(Protocol):
    """Events that were given up, for operators. The bots may run meanwhile."""

    def list(self) -> Sequence[Entry]:
        """Return all of them, oldest first."""
        ...

    def retry(self, key: str) -> bool:
        """Let an event wait as if it had just arrived; False when there is no such dead letter."""
        ...

    def drop(self, key: str) -> bool:
        """Delete an event; False when there is no such dead letter."""
        ...

    def close(self) -> None:
        """Close the store."""
        ...


class Store(Protocol):
    """A backend: it can do what it has. Used on the network loop only.

    Raises:
        StoreError: ``open`` and ``claim``, when it cannot be used.
    """

    @property
    def status(self) -> StoreStatus:
        """Its name, and whether it works."""
        ...

    @property
    def state(self) -> KeyValue:
        """State that outlives a restart, as far as the backend can keep it."""
        ...

    @property
    def values(self) -> ExpiringValues:
        """Values that outlive a restart for a while, as far as the backend can keep them."""
        ...

    @property
    def inbox(self) -> Inbox | None:
        """Events that outlive the process; None when nothing does."""
        ...

    @property
    def locks(self) -> Locks | None:
        """Locks between processes; None when one process has the store for itself."""
        ...

    @property
    def shared(self) -> SharedValues | None:
        """Values of all processes; None when one process has the store for itself."""
        ...

    @property
    def open_work(self) -> OpenWork | None:
        """Notes of what was begun and not ended; None when nothing outlives the process."""
        ...

    async def open(self, bot_ids: Sequence[str] = ()) -> None:
        """Open it, before anything else; this process takes over the unfinished events of these bots."""
        ...

    async def close(self) -> None:
        """Flush and close it."""
        ...

    async def claim(self, keys: Sequence[str]) -> bool:
        """Remember an event under all of its keys (bot and event id, bot and message id) at once, without keeping it.

        Returns:
            True when it is ours to handle; False when any key was claimed within the lifetime of a claim, at least
            :data:`CLAIM_TTL`.
        """
        ...
