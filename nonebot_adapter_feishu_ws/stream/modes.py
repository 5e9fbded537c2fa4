"""Three ways to show a growing text: finished messages, an edited message, a streaming card."""

import math
from typing import Any, ClassVar, Final, Literal

from typing_extensions import override

from ..exception import ActionFailed, NetworkError
from ..logs import log
from ..message.paragraphs import paragraphs
from .context import StreamContext
from .entity import Entity, dump, streaming_card
from .markdown import count_tables
from .pacing import Pace
from .sanitize import sanitize, summarize, tables_as_code

ModeName = Literal["card", "edit", "plain"]
SIZE_LIMIT: Final = 28 * 1024
"""Bytes of JSON per message; Feishu's limit for cards and rich text is 30 KB."""
MAX_TABLES: Final = 3
"""Tables on one card. The document says four per component, yet Feishu sometimes refuses the fourth."""
_UNKNOWN_CARD: Final = 230099


class PlainMode:
    """Sends each page as rich text once it is finished. The other modes build on this one."""

    name: ClassVar[ModeName] = "plain"

    def __init__(self, context: StreamContext) -> None:
        self._context = context

    def fits(self, text: str) -> bool:
        """Whether a page is small enough for one message."""
        # What is code only once it is closed takes other bytes until then.
        return all(
            len(self._post(self._safe(text, written), self._context.next_title).encode()) <= SIZE_LIMIT
            for written in (0, len(text))
        )

    def delay(self) -> float:
        """Seconds until the page may be shown again; infinite when only the finished page will be shown."""
        return math.inf

    async def show(self, text: str, written: int) -> bool:
        """Show the page as far as it is written; returns whether all of it is visible now.

        Args:
            text: the page, with what closes it.
            written: the characters before that.
        """
        return False

    async def close(self, text: str, written: int) -> None:
        """Show the page's final text; the next call is about another page."""
        await self._context.send(self._post(self._safe(text, written), self._context.next_title), "post")

    async def leave(self) -> None:
        """Leave the page as it is, because another mode takes over. Feishu's errors are logged, not raised."""

    def _safe(self, text: str, written: int) -> str:
        keys = self._context.pictures.keys if self._context.pictures else {}
        return sanitize(text, mentions=self._context.mentions, written=written, keys=keys)

    def _post(self, safe: str, title: str) -> str:
        lines = [[{"tag": "md", "text": part}] for part in paragraphs(tables_as_code(safe))]
        return dump({"zh_cn": {"title": title, "content": lines}})


class EditMode(PlainMode):
    """Sends a message and edits it, less and less often."""

    name: ClassVar[ModeName] = "edit"

    def __init__(self, context: StreamContext) -> None:
        super().__init__(context)
        self._pace: Pace | None = None
        self._message_id = ""
        self._title = ""
        self._shown = ""

    @override
    def delay(self) -> float:
        return 0.0 if self._pace is None else self._pace.delay()

    @override
    async def show(self, text: str, written: int) -> bool:
        safe = self._safe(text, written)
        if self._pace is not None and safe != self._shown and self._pace.delay() == math.inf:
            return False
        await self._update(safe)
        return True

    @override
    async def close(self, text: str, written: int) -> None:
        await self._update(self._safe(text, written))
        await self.leave()

    @override
    async def leave(self) -> None:
        self._pace, self._shown = None, ""

    async def _update(self, text: str) -> None:
        if self._pace is None:
            self._title = self._context.next_title
            self._message_id = await self._context.send(self._post(text, self._title), "post")
            self._pace = Pace.of_edits(self._context.edit_every, self._context.clock)
        elif text != self._shown:
            self._pace.spend()
            await self._context.bot.edit_msg(self._message_id, self._post(text, self._title), "post")
        self._shown = text


class CardMode(PlainMode):
    """Streams into a card entity."""

    name: ClassVar[ModeName] = "card"

    def __init__(self, context: StreamContext) -> None:
        super().__init__(context)
        self._pace = Pace(1 / context.pace, context.clock)
        self._entity: Entity | None = None
        self._shown = ""

    @override
    def fits(self, text: str) -> bool:
        return count_tables(text) <= MAX_TABLES and all(
            len(dump(self._card(self._safe(text, written))).encode()) <= SIZE_LIMIT for written in (0, len(text))
        )

    @override
    def delay(self) -> float:
        return self._pace.delay()

    @override
    async def show(self, text: str, written: int) -> bool:
        text = self._safe(text, written)
        if self._entity is None:
            self._entity = await self._open(text)
        elif text != self._shown:
            await self._entity.write(text)
        self._shown = text
        return True

    @override
    async def close(self, text: str, written: int) -> None:
        await self.show(text, written)
        await self.leave()

    @override
    async def leave(self) -> None:
        if self._entity is None:
            return
        entity, self._entity = self._entity, None
        summary = summarize(self._shown)
        try:
            try:
                await entity.finish(summary)
            except ActionFailed:
                await entity.replace(self._shown, summary)
        except (ActionFailed, NetworkError) as error:
            # The text is there; only the preview says "generating" until Feishu ends the mode after 10 minutes.
            template = "Bot {bot}: the streaming mode of card {} could not be ended: {}"
            log("WARNING", template, entity.card_id, error, bot=self._context.bot.self_id)

    def _card(self, text: str) -> dict[str, Any]:
        return streaming_card(text, title=self._context.next_title, streaming=self._context.streaming)

    async def _open(self, text: str) -> Entity:
        try:
            return await self._send_card(text)
        except ActionFailed as error:
            # Now and then Feishu doesn't know a card yet that it has just created: "cardid is invalid".
            if error.code != _UNKNOWN_CARD:
                raise
            return await self._send_card(text)

    async def _send_card(self, text: str) -> Entity:
        entity = Entity(self._context, self._card(text), self._pace)
        await entity.create()
        await self._context.send(dump({"type": "card", "data": {"card_id": entity.card_id}}), "interactive")
        return entity
