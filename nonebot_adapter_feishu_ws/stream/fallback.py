"""Shows a text in the best mode that Feishu permits; when a mode is refused, the next one continues the text."""

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Final

from ..exception import ActionFailed
from ..logs import log
from .context import AnswerDropped, StreamContext
from .modes import CardMode, EditMode, ModeName, PlainMode
from .pager import Pager
from .retry import is_out_of_reach, is_transient

MODES: Final[Mapping[ModeName, type[PlainMode]]] = MappingProxyType(
    {mode.name: mode for mode in (CardMode, EditMode, PlainMode)}
)
"""All modes, best first."""


class Fallback:
    """Shows the text so far in the best mode that Feishu permits."""

    def __init__(self, context: StreamContext, names: Sequence[ModeName]) -> None:
        """Begin with the first of the modes, the best one."""
        self._context = context
        self._modes = [MODES[name](context) for name in names]
        self._pager = Pager()
        self._page_is_open = False

    @property
    def mode(self) -> ModeName:
        """The mode in use."""
        return self._modes[0].name

    def delay(self) -> float:
        """Seconds until the next update is due; infinite when nothing is shown before the end."""
        return self._modes[0].delay()

    async def update(self, text: str, *, final: bool = False) -> None:
        """Show the whole text so far.

        Args:
            text: Markdown, longer than at the call before.
            final: nothing follows.

        Raises:
            ActionFailed: the last mode is refused too, or the chat, user or message is out of reach for all modes.
            NetworkError: the network is down.
        """
        if self._context.pictures is not None:
            self._context.pictures.read(text)
        while not self._context.route.dropped:
            try:
                await self._turn_pages(text)
                await (self._finish(text) if final else self._show(text))
                return
            except AnswerDropped:
                return
            except ActionFailed as error:
                # A lasting rate limit would apply to the next mode too, and so would a chat that is out of reach.
                if len(self._modes) == 1 or is_transient(error) or is_out_of_reach(error):
                    raise
                await self._fall_back(error, text)

    async def _turn_pages(self, text: str) -> None:
        while (page := self._pager.overflow(text, self._modes[0].fits)) is not None:
            content, end = page
            # What the page closes is closed for good, and continues on the next one.
            await self._close(content, len(content))
            self._turn(text, end)

    async def _show(self, text: str) -> None:
        content, written, end = self._pager.page(text)
        has_words = text[self._pager.start : end].strip()
        if (has_words or self._page_is_open or self._stands_alone) and await self._modes[0].show(content, written):
            self._pager.shown = end
            self._page_is_open = True

    async def _finish(self, text: str) -> None:
        if self._page_is_open or self._stands_alone or text[self._pager.start :].strip():
            content, written, _ = self._pager.page(text, whole=True)
            await self._close(content, written, final=True)
        self._turn(text, len(text))

    @property
    def _stands_alone(self) -> bool:
        """Whether there is something to show before the first word."""
        board = self._context.board
        return board.grows or (board.is_used and not self._context.message_ids)

    async def _close(self, content: str, written: int, *, final: bool = False) -> None:
        if self._context.pictures is not None:
            await self._context.pictures.finish()
        await self._modes[0].close(content, written, final=final)

    async def _fall_back(self, error: ActionFailed, text: str) -> None:
        refused = self._modes.pop(0)
        template = "Bot {bot}: the stream continues in the mode {!r} instead of {!r}. {}"
        log("WARNING", template, self.mode, refused.name, error, bot=self._context.bot.self_id)
        await refused.leave()
        if self._page_is_open:
            self._turn(text, self._pager.shown)

    def _turn(self, text: str, end: int) -> None:
        self._context.board.turn()
        self._pager.turn(text, end)
        self._page_is_open = False
