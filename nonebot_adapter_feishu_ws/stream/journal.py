"""What the store knows of a stream's cards: so that they are finished after a crash, and written on by a replay."""

import json
import time
from collections import deque
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from typing import Final, NamedTuple, Self

from ..net.bounded_json import as_list, as_object, as_text, read_object
from ..sending.unfinished import Unfinished

SEQUENCES: Final = 20_000_000
"""Sequence numbers that one process may use on a card: more than 10 a second for the 14 days that a card lives."""
MAX_TURNS: Final = 100
"""Processes that write to a card one after the other, within the 31 bits of a sequence number."""


class Page(NamedTuple):
    """A card of a stream; ``message_id`` is empty while it is being sent."""

    card_id: str
    message_id: str = ""


@dataclass
class Note:
    """The store's note of a stream.

    Attributes:
        pages: its cards, in order; the last one may be in streaming mode.
        turn: how many processes have written to them.
        replayable: whether a replay of the event goes on with them.
        ended: whether the streaming mode is off.
        text: what to put under them when their process has died.
        at: when it was written, seconds since the epoch.
    """

    pages: list[Page] = field(default_factory=list[Page])
    turn: int = 1
    replayable: bool = False
    ended: bool = False
    text: str = ""
    at: float = 0.0

    @classmethod
    def read(cls, text: str) -> Self:
        """The note that a text holds; an empty one for a text of another release."""
        found = as_object(read_object(text.encode()))
        turn, at = found.get("turn"), found.get("at")
        return cls(
            pages=[Page(*map(as_text, as_list(page)[:2])) for page in as_list(found.get("pages")) if as_list(page)],
            turn=turn if isinstance(turn, int) else 1,
            replayable=found.get("replayable") is True,
            ended=found.get("ended") is True,
            text=as_text(found.get("text")),
            at=float(at) if isinstance(at, int | float) else 0.0,
        )

    def write(self, at: float) -> str:
        """The note as a text."""
        self.at = at
        return json.dumps(asdict(self), ensure_ascii=False, separators=(",", ":"))


class Journal:
    """Keeps the store's note of one stream."""

    def __init__(
        self,
        unfinished: Unfinished,
        key: str,
        *,
        replayable: bool,
        replayed: bool,
        text: str,
        clock: Callable[[], float] = time.time,
    ) -> None:
        """Keep a note.

        Args:
            unfinished: where notes are kept.
            key: its name, which begins with the app id and a colon.
            replayable: whether a replay of the event would have the same key.
            replayed: whether the event is replayed, so that there may be a note already.
            text: what to put under the cards when the process dies.
            clock: seconds since the epoch.
        """
        self.key = key
        self._unfinished = unfinished
        self._note = Note(replayable=replayable, text=text)
        self._replayed = replayed
        self._earlier: deque[Page] | None = None
        self._clock = clock

    @property
    def is_replayable(self) -> bool:
        """Whether the stream comes again if the process ends now."""
        return self._note.replayable and self._unfinished.work.is_open

    @property
    def first_sequence(self) -> int:
        """The number before the first one that this process may use."""
        return (self._note.turn - 1) * SEQUENCES

    async def next_page(self) -> Page | None:
        """The next card of an earlier attempt, to be written anew."""
        if self._earlier is None:
            self._earlier = deque()
            if self._replayed and (text := await self._unfinished.take(self.key)) is not None:
                earlier = Note.read(text)
                self._earlier.extend(earlier.pages)
                self._note.turn = min(earlier.turn + 1, MAX_TURNS)
        return self._earlier.popleft() if self._earlier else None

    async def opened(self, page: Page) -> None:
        """A card is made, or sent, or taken over; the store knows it before people see it."""
        self._note.pages = [*(it for it in self._note.pages if it.card_id != page.card_id), page]
        await self._write()

    async def end(self) -> list[Page]:
        """The stream has ended: forget it. Returns the cards of an earlier attempt that were not written anew."""
        if self._note.pages:
            await self._unfinished.work.drop(self.key)
        rest, self._earlier = list(self._earlier or ()), deque()
        return rest if self._note.pages else []

    async def leave(self) -> None:
        """The process ends, and the cards are finished: a replay may go on with them."""
        if not self._note.pages:
            return
        if not self._note.replayable:
            await self._unfinished.work.drop(self.key)
            return
        self._note.ended = True
        await self._write()

    async def _write(self) -> None:
        note = self._note
        pages = [*note.pages, *(self._earlier or ())]
        text = Note(pages, note.turn, note.replayable, note.ended, note.text).write(self._clock())
        await self._unfinished.work.hold(self.key, text)
