"""Which bots' events wait in the store, and of which chats.

They are handled oldest first. A new event of a chat that has none waiting passes them, so that one busy chat, or what
an outage has left, does not hold up the others. For each event that has passed, one of the backlog must be fetched
before the next may pass, so the backlog shrinks all the same. Lives on the network loop.
"""

import re
from dataclasses import dataclass, field

from ..store import Inbox
from .bridge import AHEAD

LOOK_AT = 20_000
"""Events whose chats are read at a time, in the store's thread; about a tenth of a second."""
_CHAT = re.compile(rb'"(?:open_)?chat_id"\s*:\s*"([^"\\]+)"')


@dataclass(eq=False)
class _Waiting:
    """What waits for one bot.

    Attributes:
        found: chat -> the key of its last event among those that were in the store already.
        added: chat -> the key of its last event among those that this process has let wait.
        looked_at: the number in the store up to which chats are known; None when all are.
        may_pass: how many events may pass before more are fetched.
        writing: how many events are being written.
        changes: how often one began or ended to be written.
    """

    found: dict[bytes, str] = field(default_factory=dict[bytes, str])
    added: dict[bytes, str] = field(default_factory=dict[bytes, str])
    looked_at: int | None = 0
    may_pass: int = AHEAD
    writing: int = 0
    changes: int = 0

    def remove(self, chat: bytes, key: str) -> None:
        """An event waits no more; if it was the last one of its chat, none does."""
        for last in (self.found, self.added):
            if last.get(chat) == key:
                del last[chat]


class Backlog:
    """The backlogs of all bots."""

    def __init__(self, *, is_shared: bool) -> None:
        """Create it empty; ``is_shared`` when other processes let events wait, too, of which this one does not know."""
        self._is_shared = is_shared
        self._bots: dict[str, _Waiting] = {}

    def __bool__(self) -> bool:
        """Whether anything waits."""
        return bool(self._bots)

    def __contains__(self, bot_id: str) -> bool:
        """Whether events of a bot may wait, so that they are to be fetched."""
        return bot_id in self._bots

    def holds(self, bot_id: str) -> bool:
        """Whether there is something that a new event waits behind, or passes."""
        waiting = self._bots.get(bot_id)
        if waiting is None:
            return False
        return self._is_shared or waiting.looked_at is not None or bool(waiting.found or waiting.added)

    def begin(self, bot_id: str) -> None:
        """Events of a bot are in the store that this process may not know."""
        self._bots[bot_id] = _Waiting()

    def changes(self, bot_id: str) -> int:
        """To be told to :meth:`end`, from before the fetch that found nothing more."""
        return 0 if (waiting := self._bots.get(bot_id)) is None else waiting.changes

    def end(self, bot_id: str, changes: int) -> None:
        """Nothing of a bot waits any more, unless more was written meanwhile."""
        waiting = self._bots.get(bot_id)
        if waiting is not None and not waiting.writing and waiting.changes == changes:
            del self._bots[bot_id]

    def add(self, bot_id: str, payload: bytes, key: str) -> None:
        """An event is being written that waits; :meth:`written` is called for each."""
        # When nothing has waited before it, there is nothing in the store to look for.
        waiting = self._bots.setdefault(bot_id, _Waiting(looked_at=None))
        waiting.added[chat_of(payload)] = key
        waiting.writing += 1
        waiting.changes += 1

    def written(self, bot_id: str, payload: bytes, key: str, *, waits: bool) -> None:
        """An event was written; or does not wait, as it was known already."""
        waiting = self._bots[bot_id]
        waiting.writing -= 1
        waiting.changes += 1
        if not waits:
            waiting.remove(chat_of(payload), key)

    def fetched(self, bot_id: str, payload: bytes, key: str) -> None:
        """An event of the backlog is handled now."""
        if (waiting := self._bots.get(bot_id)) is not None:
            waiting.remove(chat_of(payload), key)
            waiting.may_pass = min(AHEAD, waiting.may_pass + 1)

    def may_pass(self, bot_id: str, payload: bytes) -> bool:
        """Whether a new event goes ahead of what waits: none of its chat does, and enough was fetched lately."""
        waiting = self._bots[bot_id]
        if waiting.looked_at is not None or not waiting.may_pass:
            return False
        chat = chat_of(payload)
        return chat not in waiting.found and chat not in waiting.added

    def passed(self, bot_id: str) -> None:
        """A new event goes ahead."""
        self._bots[bot_id].may_pass -= 1

    async def look(self, inbox: Inbox, bot_id: str) -> bool:
        """Read the chats of some events that this process does not know; False when there are no more.

        Raises:
            StoreError: the store cannot be read.
        """
        waiting = self._bots.get(bot_id)
        if waiting is None or waiting.looked_at is None:
            return False
        after = waiting.looked_at
        found, looked_at = await inbox.peek(bot_id, chat_of, after, LOOK_AT)
        waiting.found.update(found)
        waiting.looked_at = looked_at
        return waiting.looked_at is not None


def chat_of(payload: bytes) -> bytes:
    """The chat whose events keep their order, as it stands in an event's JSON; empty for events of no chat."""
    # A chat id that a user wrote stands in a string, where its quotes are escaped.
    found = _CHAT.search(payload)
    return b"" if found is None else found[1]
