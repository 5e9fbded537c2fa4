"""Three ways to show a growing text: a streaming card, an edited message, finished messages."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Literal, Protocol

from ..exception import ActionFailed, NetworkError
from ..log import log
from ..sending.legacy_methods import LegacyMethods
from .destination import Place
from .entity import Entity, dump, streaming_card
from .markdown import count_tables
from .pacing import EditPace, Pace
from .retry import Sleep
from .sanitize import defuse, summarize, tables_as_code

RungName = Literal["card", "edit", "plain"]
SIZE_LIMIT: Final = 28 * 1024
"""Bytes of JSON per message; Feishu's limit for cards and rich text is 30 KB."""
MAX_TABLES: Final = 3
"""Tables on one card. The document says four per component; Feishu has been seen to refuse the fourth."""


@dataclass(slots=True)
class Means:
    """What every rung needs.

    Attributes:
        bot: who sends.
        place: where to.
        clock: monotonic seconds.
        sleep: waits.
        title: of the first card or message, or empty.
        pace: updates per second of one card.
        edit_every: seconds before the first edit of a message; each next one waits longer.
        mentions: let the text mention people.
        streaming: ``streaming_config`` of the cards.
        message_ids: of everything that was sent, in order.
    """

    bot: LegacyMethods
    place: Place
    clock: Callable[[], float]
    sleep: Sleep
    title: str = ""
    pace: float = 5.0
    edit_every: float = 1.0
    mentions: bool = False
    streaming: Mapping[str, Any] | None = None
    message_ids: list[str] = field(default_factory=list[str])

    async def send(self, content: str, msg_type: str) -> str:
        """Send the next message."""
        first = not self.message_ids
        message_id = await self.place.send(self.bot, content, msg_type, first=first)
        self.message_ids.append(message_id)
        return message_id


class Rung(Protocol):
    """Shows one page after another."""

    name: RungName

    def fits(self, text: str) -> bool:
        """Whether a page is small enough for one message."""
        ...

    def delay(self) -> float:
        """Seconds until the page may be shown again; infinite when only its end will be shown."""
        ...

    async def show(self, text: str) -> bool:
        """Show the page so far; returns whether it is visible now."""
        ...

    async def close(self, text: str) -> None:
        """Show the page's final text; what comes next is another page."""
        ...

    async def leave(self) -> None:
        """Leave the current page as it is, because another rung takes over. Never raises for Feishu's sake."""
        ...


class CardRung:
    """Streams into a card entity."""

    name: RungName = "card"

    def __init__(self, means: Means) -> None:
        self._means = means
        self._pace = Pace(means.pace, means.clock)
        self._entity: Entity | None = None
        self._shown = ""

    def fits(self, text: str) -> bool:
        card = self._card(defuse(text, mentions=self._means.mentions))
        return len(dump(card).encode()) <= SIZE_LIMIT and count_tables(text) <= MAX_TABLES

    def delay(self) -> float:
        return self._pace.delay()

    async def show(self, text: str) -> bool:
        text = defuse(text, mentions=self._means.mentions)
        if self._entity is None:
            await self._open(text)
        elif text != self._shown:
            await self._entity.write(text)
        self._shown = text
        return True

    async def _open(self, text: str) -> None:
        entity = await self._create(text)
        try:
            await self._send(entity)
        except ActionFailed as error:
            # Now and then Feishu does not know a card yet that it has just made: "cardid is invalid".
            if error.code != 230099:
                raise
            entity = await self._create(text)
            await self._send(entity)
        self._entity = entity

    async def _create(self, text: str) -> Entity:
        means = self._means
        self._pace = Pace(means.pace, means.clock)
        entity = Entity(means.bot, self._card(text), self._pace, means.clock, means.sleep)
        await entity.create()
        return entity

    async def _send(self, entity: Entity) -> None:
        content = dump({"type": "card", "data": {"card_id": entity.card_id}})
        await self._means.send(content, "interactive")

    def _card(self, text: str) -> dict[str, Any]:
        title = "" if self._means.message_ids else self._means.title
        return streaming_card(text, title=title, streaming=self._means.streaming)

    async def close(self, text: str) -> None:
        await self.show(text)
        await self._settle()

    async def leave(self) -> None:
        if self._entity is not None:
            await self._settle()

    async def _settle(self) -> None:
        assert self._entity is not None
        entity, self._entity = self._entity, None
        summary = summarize(self._shown)
        try:
            try:
                await entity.settle(summary)
            except ActionFailed:
                await entity.replace(self._shown, summary)
        except (ActionFailed, NetworkError) as error:
            # The text is there; only the preview says "generating" until Feishu ends the mode after 10 minutes.
            log("WARNING", "Card {} could not be taken out of its streaming mode: {}", entity.card_id, error)


class _Posts:
    """Pages as rich text."""

    def __init__(self, means: Means) -> None:
        self._means = means

    def fits(self, text: str) -> bool:
        return len(self._content(text, self._title).encode()) <= SIZE_LIMIT

    @property
    def _title(self) -> str:
        return "" if self._means.message_ids else self._means.title

    def _content(self, text: str, title: str) -> str:
        shown = tables_as_code(defuse(text, mentions=self._means.mentions))
        return dump({"zh_cn": {"title": title, "content": [[{"tag": "md", "text": shown}]]}})


class EditRung(_Posts):
    """Edits one message, slower and slower."""

    name: RungName = "edit"

    def __init__(self, means: Means) -> None:
        super().__init__(means)
        self._pace: EditPace | None = None
        self._message_id = ""
        self._own_title = ""
        self._shown = ""

    def delay(self) -> float:
        return 0.0 if self._pace is None else self._pace.delay()

    async def show(self, text: str) -> bool:
        if self._pace is None:
            self._own_title = self._title
            self._message_id = await self._means.send(self._content(text, self._own_title), "post")
            self._pace = EditPace(self._means.edit_every, self._means.clock)
        elif text != self._shown:
            if self._pace.delay() == math.inf:
                return False
            await self._edit(text)
        self._shown = text
        return True

    async def _edit(self, text: str) -> None:
        assert self._pace is not None
        self._pace.spend()
        message_id = self._message_id
        content = self._content(text, self._own_title)
        await self._means.bot.edit_msg(message_id, content, "post")

    async def close(self, text: str) -> None:
        if self._pace is None:
            await self.show(text)
        elif text != self._shown:
            await self._edit(text)
        self._pace, self._shown = None, ""

    async def leave(self) -> None:
        self._pace, self._shown = None, ""


class PlainRung(_Posts):
    """Sends pages once they are finished."""

    name: RungName = "plain"

    def delay(self) -> float:
        return math.inf

    async def show(self, text: str) -> bool:
        return False

    async def close(self, text: str) -> None:
        await self._means.send(self._content(text, self._title), "post")

    async def leave(self) -> None:
        return
