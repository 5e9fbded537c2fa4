"""Three ways to show a growing text: finished messages, an edited message, a streaming card."""

import math
from collections.abc import Sequence
from hashlib import blake2b
from typing import Any, ClassVar, Final, Literal

from typing_extensions import override

from ..exception import ActionFailed, NetworkError
from ..logs import log
from ..message.paragraphs import paragraphs
from .context import StreamContext
from .entity import MISPLACED, Entity, dump, streaming_card
from .journal import Page
from .layout import EXTRAS, Element, nothing, plain, render, tool_lines
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
            len(self._post(self._safe(text, written), final=True).encode()) <= SIZE_LIMIT for written in (0, len(text))
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

    async def close(self, text: str, written: int, *, final: bool) -> None:
        """Show the page's final text; the next call is about another page, if this one is not the ``final`` one."""
        await self._context.send(self._post(self._safe(text, written), final=final), "post")

    async def leave(self) -> None:
        """Leave the page as it is, because another mode takes over. Feishu's errors are logged, not raised."""

    def _safe(self, text: str, written: int) -> str:
        keys = self._context.pictures.keys if self._context.pictures else {}
        return sanitize(text, mentions=self._context.mentions, written=written, keys=keys)

    def _post(self, safe: str, *, final: bool = False, status: str = "") -> str:
        """A message in rich text: the tool calls, the text, then the status or the footer."""
        board = self._context.board
        tools = "\n".join(tool_lines(board))
        text = paragraphs(tables_as_code(safe)) if safe.strip() else []
        last = plain(status or (board.footer if final else ""))
        parts = [*([tools] if tools else []), *text, *([f"*{last}*"] if last else [])]
        lines = [[{"tag": "md", "text": part}] for part in parts or [nothing(board, writing=not final)]]
        return dump({"zh_cn": {"title": self._context.title if self._is_first else "", "content": lines}})

    @property
    def _is_first(self) -> bool:
        """Whether the page is on the stream's first message."""
        return not self._context.message_ids


class EditMode(PlainMode):
    """Sends a message and edits it, less and less often."""

    name: ClassVar[ModeName] = "edit"

    def __init__(self, context: StreamContext) -> None:
        super().__init__(context)
        self._pace: Pace | None = None
        self._message_id = ""
        self._shown = ""

    @override
    def delay(self) -> float:
        return 0.0 if self._pace is None else self._pace.delay()

    @override
    async def show(self, text: str, written: int) -> bool:
        post = self._post(self._safe(text, written), status=self._context.board.status)
        if self._pace is not None and post != self._shown and self._pace.delay() == math.inf:
            return False
        await self._update(post)
        return True

    @override
    async def close(self, text: str, written: int, *, final: bool) -> None:
        await self._update(self._post(self._safe(text, written), final=final))
        await self.leave()

    @override
    async def leave(self) -> None:
        self._pace, self._message_id, self._shown = None, "", ""

    @property
    @override
    def _is_first(self) -> bool:
        return self._context.message_ids in ([], [self._message_id])

    async def _update(self, post: str) -> None:
        if self._pace is None:
            self._message_id = await self._context.send(post, "post")
            self._pace = Pace.of_edits(self._context.edit_every, self._context.clock)
        elif post != self._shown:
            self._pace.spend()
            await self._context.bot.edit_msg(self._message_id, post, "post")
        self._shown = post


class CardMode(PlainMode):
    """Streams into a card entity."""

    name: ClassVar[ModeName] = "card"

    def __init__(self, context: StreamContext) -> None:
        super().__init__(context)
        self._pace = Pace(1 / context.pace, context.clock)
        self._entity: Entity | None = None
        self._message_id = ""
        self._shown = ""

    @override
    def fits(self, text: str) -> bool:
        return count_tables(text) <= MAX_TABLES and all(
            self._size(self._safe(text, written)) <= SIZE_LIMIT for written in (0, len(text))
        )

    def _size(self, safe: str) -> int:
        size = len(dump(self._card(self._elements(safe))).encode())
        if not self._context.board.grows:
            return size
        # What is around the text may still grow.
        return size + max(0, EXTRAS - len(dump(self._elements("")).encode()))

    @override
    def delay(self) -> float:
        return self._pace.delay()

    @override
    async def show(self, text: str, written: int) -> bool:
        self._shown = self._safe(text, written)
        elements = self._elements(self._shown)
        if self._entity is None:
            self._entity = await self._open(elements)
            return True
        try:
            await self._entity.draw(elements)
        except ActionFailed as error:
            if error.code not in MISPLACED:
                raise
            await self._entity.renew(self._entity.card_id, self._card(elements))
        return True

    @override
    async def close(self, text: str, written: int, *, final: bool) -> None:
        await self.show(text, written)
        await self._end(final)

    @override
    async def leave(self) -> None:
        await self._end(final=False)

    async def _end(self, final: bool) -> None:
        if self._entity is None:
            return
        summary = summarize(self._shown) or self._context.board.words.nothing
        elements = self._elements(self._shown, writing=False, final=final)
        entity, self._entity, self._message_id = self._entity, None, ""
        try:
            try:
                await entity.finish(elements, summary)
            except ActionFailed:
                await entity.replace(elements, summary)
        except (ActionFailed, NetworkError) as error:
            # The text is there; only the preview says "generating" until Feishu ends the mode after 10 minutes.
            template = "Bot {bot}: the streaming mode of card {} could not be ended: {}"
            log("WARNING", template, entity.card_id, error, bot=self._context.bot.self_id)

    @property
    @override
    def _is_first(self) -> bool:
        return self._context.message_ids in ([], [self._message_id])

    def _elements(self, safe: str, *, writing: bool = True, final: bool = False) -> list[Element]:
        return render(self._context.board, safe, writing=writing, final=final)

    def _card(self, elements: Sequence[Element]) -> dict[str, Any]:
        title = self._context.title if self._is_first else ""
        return streaming_card(elements, title=title, streaming=self._context.streaming)

    async def _open(self, elements: Sequence[Element]) -> Entity:
        while (page := await self._context.journal.next_page()) is not None:
            if (entity := await self._reopen(page, elements)) is not None:
                return entity
        try:
            return await self._send_card(elements)
        except ActionFailed as error:
            # Now and then Feishu doesn't know a card yet that it has just created: "cardid is invalid".
            if error.code != _UNKNOWN_CARD:
                raise
            return await self._send_card(elements)

    async def _reopen(self, page: Page, elements: Sequence[Element]) -> Entity | None:
        """Go on with a card of an earlier attempt; None if that is not possible any more."""
        entity = self._new_entity(elements)
        try:
            await entity.renew(page.card_id)
            if page.message_id:
                self._context.message_ids.append(page.message_id)
                self._message_id = page.message_id
                await self._context.journal.opened(page)
            else:
                await self._send(entity)
        except ActionFailed as error:
            template = "Bot {bot}: the card {} of an earlier attempt cannot be written any more: {}"
            log("DEBUG", template, page.card_id, error, bot=self._context.bot.self_id)
            return None
        return entity

    async def _send_card(self, elements: Sequence[Element]) -> Entity:
        entity = self._new_entity(elements)
        await entity.create()
        await self._send(entity)
        return entity

    def _new_entity(self, elements: Sequence[Element]) -> Entity:
        context = self._context
        entity = Entity(context.bot, context.clock, context.sleep, self._pace, self._card(elements))
        entity.sequence = context.journal.first_sequence
        return entity

    async def _send(self, entity: Entity) -> None:
        page = Page(entity.card_id)
        await self._context.journal.opened(page)
        # Made from the card: if it is not known whether it was sent, it can be sent again.
        uuid = blake2b(entity.card_id.encode(), digest_size=20).hexdigest()
        content = dump({"type": "card", "data": {"card_id": entity.card_id}})
        self._message_id = await self._context.send(content, "interactive", uuid)
        await self._context.journal.opened(page._replace(message_id=self._message_id))
