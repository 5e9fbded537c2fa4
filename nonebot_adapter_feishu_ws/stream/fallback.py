"""The ladder: what Feishu refuses on one rung goes on, without losing a word, on the next one."""

from __future__ import annotations

from collections.abc import Sequence

from ..exception import ActionFailed
from ..log import log
from .modes import CardRung, EditRung, Means, PlainRung, Rung, RungName
from .pager import Book
from .retry import is_passing

RUNGS: dict[RungName, type[CardRung] | type[EditRung] | type[PlainRung]] = {
    "card": CardRung,
    "edit": EditRung,
    "plain": PlainRung,
}


class Ladder:
    """Shows the text so far on the best rung that Feishu allows."""

    def __init__(self, means: Means, names: Sequence[RungName]) -> None:
        """Args:
        names: the rungs, best first.
        """
        self._means = means
        self._rungs: list[Rung] = [RUNGS[name](means) for name in names]
        self._book = Book()
        self._open = False

    @property
    def rung(self) -> RungName:
        """The rung in use."""
        return self._rungs[0].name

    def delay(self) -> float:
        """Seconds until the next update may go; infinite when nothing is shown before the end."""
        return self._rungs[0].delay()

    async def update(self, text: str, *, final: bool = False) -> None:
        """Show the whole text so far.

        Raises:
            ActionFailed: the last rung is refused too.
            NetworkError: the network is down.
        """
        while True:
            try:
                await self._turn_pages(text)
                await (self._finish(text) if final else self._show(text))
                return
            except ActionFailed as error:
                await self._step_down(error, text)

    async def _turn_pages(self, text: str) -> None:
        rung = self._rungs[0]
        while (page := self._book.overflow(text, rung.fits)) is not None:
            content, end = page
            await rung.close(content)
            self._book.turn(text, end)
            self._open = False

    async def _show(self, text: str) -> None:
        content, end = self._book.page(text)
        if text[self._book.start : end].strip() and await self._rungs[0].show(content):
            self._book.shown = end
            self._open = True

    async def _finish(self, text: str) -> None:
        if self._open or text[self._book.start :].strip():
            content, _ = self._book.page(text, whole=True)
            await self._rungs[0].close(content)
        self._book.turn(text, len(text))
        self._open = False

    async def _step_down(self, error: ActionFailed, text: str) -> None:
        # A limit that lasts holds on the next rung too.
        if len(self._rungs) == 1 or is_passing(error):
            raise error
        left = self._rungs.pop(0)
        log(
            "WARNING",
            "Bot {}: the stream goes on as {!r} instead of {!r}. {}",
            self._means.bot.self_id,
            self.rung,
            left.name,
            error,
        )
        await left.leave()
        if self._open:
            self._book.turn(text, self._book.shown)
            self._open = False
