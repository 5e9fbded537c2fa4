"""What passed between Feishu and the bots: events, frames, REST calls, clicks, reports. Bounded, for the inspector."""

from collections import OrderedDict
from collections.abc import Iterator
from typing import Literal, NamedTuple

from .feed import Feed

EntryKind = Literal["event", "frame", "rest", "click", "plugin"]
KEPT = {"event": 1_000, "frame": 2_000, "rest": 1_000, "click": 500, "plugin": 1_000}


class FrameSeen(NamedTuple):
    """A frame as it was on the wire; ``out`` is from Feishu to the bot."""

    out: bool
    data: bytes


class Entry(NamedTuple):
    """``subject`` is the thing itself, which may go on changing: what it shows is made when somebody looks."""

    number: int
    kind: EntryKind
    at: float
    app_id: str
    subject: object


class Journal:
    """The latest entries of each kind, so that pings do not push events out."""

    def __init__(self, feed: Feed) -> None:
        self._feed = feed
        self._kept: dict[str, OrderedDict[int, Entry]] = {kind: OrderedDict() for kind in KEPT}
        self._last = 0

    def add(self, kind: EntryKind, app_id: str, subject: object, at: float) -> int:
        """Keep a thing; ``at`` is in seconds since the epoch. Returns its number."""
        self._last += 1
        kept = self._kept[kind]
        kept[self._last] = Entry(self._last, kind, at, app_id, subject)
        if len(kept) > KEPT[kind]:
            kept.popitem(last=False)
        self._feed.add("entry", str(self._last))
        return self._last

    def changed(self, number: int) -> None:
        """Something became of an entry's subject."""
        self._feed.add("entry", str(number))

    def find(self, number: int) -> Entry | None:
        """An entry that is still kept."""
        return next((kept[number] for kept in self._kept.values() if number in kept), None)

    def entries(self, kind: EntryKind) -> Iterator[Entry]:
        """All that is kept of a kind, newest first."""
        return iter(reversed(self._kept[kind].values()))
