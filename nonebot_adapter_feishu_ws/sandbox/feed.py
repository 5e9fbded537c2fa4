"""What has changed, in order and with numbers, so that a reader who was away goes on where it stopped."""

import asyncio
from collections import deque
from typing import Literal, NamedTuple

KEPT = 2_000
Kind = Literal["message", "chat", "person", "app", "entry", "fault"]


class Change(NamedTuple):
    """``key`` names the message, chat, person, app or journal entry that is new or different."""

    number: int
    kind: Kind
    key: str


class Feed:
    """The latest changes. Everything happens on the sandbox's loop."""

    def __init__(self, kept: int = KEPT) -> None:
        self._changes: deque[Change] = deque(maxlen=kept)
        self._readers: set[asyncio.Event] = set()
        self.number: int = 0
        """Of the latest change."""

    def add(self, kind: Kind, key: str) -> None:
        """Something is new or different."""
        self.number += 1
        self._changes.append(Change(self.number, kind, key))
        for reader in self._readers:
            reader.set()

    def since(self, number: int) -> list[Change] | None:
        """The changes behind a number, only the last of each thing; None when a part of them is not known any more."""
        first = self._changes[0].number if self._changes else self.number + 1
        if not first - 1 <= number <= self.number:
            return None
        latest = {(each.kind, each.key): each for each in self._changes if each.number > number}
        return sorted(latest.values(), key=lambda each: each.number)

    async def wait(self, number: int, seconds: float) -> bool:
        """Wait for a change behind a number; False when there was none in that time."""
        if self.number > number:
            return True
        reader = asyncio.Event()
        self._readers.add(reader)
        try:
            await asyncio.wait_for(reader.wait(), seconds)
        except TimeoutError:
            return False
        finally:
            self._readers.discard(reader)
        return True
