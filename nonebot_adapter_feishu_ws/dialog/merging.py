"""Merges messages with an image or a file into the text that follows: Feishu's clients send both one after the other.

The event of the image is not handled by itself, and not done before the handlers of the text have ended. So when the
process dies meanwhile, both are handled again, and meet again.
"""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Final

from ..event import Event, MessageEvent
from ..net.waiting import Sleep, wait_for_event

MOST: Final = 20
"""Messages that wait for one text; further ones are handled by themselves."""
_CARRIERS: Final = frozenset({"image", "file", "media"})
_TEXTS: Final = frozenset({"text", "post"})


@dataclass(eq=False)
class _Group:
    until: float
    events: list[MessageEvent] = field(default_factory=list[MessageEvent])
    taken: asyncio.Event = field(default_factory=asyncio.Event)
    handled: asyncio.Event = field(default_factory=asyncio.Event)


class Merging:
    """The messages of all bots of one adapter that wait for a text. Lives on NoneBot's loop."""

    def __init__(self, window: float | None, *, sleep: Sleep = asyncio.sleep) -> None:
        """Let messages wait for ``window`` seconds; None does not merge at all."""
        self._window = window
        self._sleep = sleep
        self._groups: dict[str, _Group] = {}

    @asynccontextmanager
    async def around(self, bot_id: str, event: Event) -> AsyncGenerator[bool, None]:
        """Stands around the handling of an event; yields whether its handlers are to run.

        Args:
            bot_id: the app id.
            event: any event.
        """
        if self._window is None or not isinstance(event, MessageEvent):
            yield True
            return
        key = f"{bot_id} {event.session('topic_user')}"
        kind = event.event.message.message_type
        if kind in _CARRIERS:
            yield await self._is_alone(key, event, self._window)
        elif kind in _TEXTS and (group := self._groups.pop(key, None)) is not None:
            event.merge(group.events)
            group.taken.set()
            try:
                yield True
            finally:
                group.handled.set()
        else:
            yield True

    async def _is_alone(self, key: str, event: MessageEvent, window: float) -> bool:
        """Wait for a text; False, once that is handled, if one came."""
        loop = asyncio.get_running_loop()
        group = self._groups.setdefault(key, _Group(0.0))
        if len(group.events) >= MOST:
            return True
        group.events.append(event)
        group.until = loop.time() + window
        while not group.taken.is_set() and (left := group.until - loop.time()) > 0:
            await wait_for_event(group.taken, left, self._sleep)
        if group.taken.is_set():
            await group.handled.wait()
            return False
        if self._groups.get(key) is group:
            del self._groups[key]
        return True
