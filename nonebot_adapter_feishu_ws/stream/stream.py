"""``Stream``: what a plugin writes into."""

from __future__ import annotations

import asyncio
import math
import time
from collections.abc import AsyncIterable, Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Final, Self

from nonebot.exception import MatcherException
from typing_extensions import TypedDict

from ..log import log
from ..sending.legacy_methods import LegacyMethods
from .destination import Place
from .fallback import RUNGS, Ladder
from .markdown import closing
from .modes import Means, RungName
from .retry import Sleep

DEFAULT_PACE: Final = 5.0
MAX_PACE: Final = 10.0
"""Operations per second that Feishu takes for one card (流式更新卡片)."""
ERROR_NOTE: Final = "⚠️ 回答中断。(The answer was interrupted.)"
CANCEL_NOTE: Final = "⏹️ 已停止。(Stopped.)"
STREAMING: Final[Mapping[str, Any]] = {
    "print_frequency_ms": {"default": 30},
    "print_step": {"default": 2},
    "print_strategy": "fast",
}
GRACE: Final = 10.0
"""Seconds in which a cancelled stream may still be ended properly."""


class StreamOptions(TypedDict, total=False):
    """What can be chosen for a stream.

    Attributes:
        title: a title for the first card or message.
        reply_message: quote the message that is answered.
        pace: updates per second of one card, at most 10 (default 5).
        edit_every: seconds before the first edit where cards are not permitted; each next one waits longer.
        rungs: what may be used, best first (default card, edit, plain).
        error_note: what ends the text when an exception leaves the ``async with``; None for nothing.
        cancel_note: the same for a cancelled task.
        mentions: let the text mention people (default False: a model could call a whole group).
        streaming_config: speed of the typewriter, as Feishu's document describes it.
        clock: monotonic seconds, for tests.
        sleep: for tests.
    """

    title: str
    reply_message: bool
    pace: float
    edit_every: float
    rungs: Sequence[RungName]
    error_note: str | None
    cancel_note: str | None
    mentions: bool
    streaming_config: Mapping[str, Any] | None
    clock: Callable[[], float]
    sleep: Sleep


@dataclass(frozen=True, slots=True)
class StreamResult:
    """What became of a stream.

    Attributes:
        text: all that was written.
        message_ids: of the messages that show it, in order.
        rung: how it was shown at last: ``card``, ``edit`` or ``plain``.
    """

    text: str
    message_ids: list[str]
    rung: RungName


class Stream:
    """A reply that grows while it is written. Use it as an asynchronous context manager.

    The text is Markdown. A task of its own shows it, so that :meth:`write` does not wait for Feishu; what comes in
    between two updates is shown together.
    """

    def __init__(self, bot: LegacyMethods, place: Place, options: StreamOptions) -> None:
        """Args:
        bot: who answers.
        place: where to.
        options: see :class:`StreamOptions`.

        Raises:
            ValueError: an option is out of its range.
        """
        pace = options.get("pace", DEFAULT_PACE)
        rungs = options.get("rungs", tuple(RUNGS))
        if not 0 < pace <= MAX_PACE:
            raise ValueError(f"pace must be above 0 and at most {MAX_PACE:g} updates per second, not {pace!r}")
        if not rungs or not set(rungs) <= RUNGS.keys():
            raise ValueError(f"rungs must be some of {', '.join(RUNGS)}, not {rungs!r}")
        self._error_note = options.get("error_note", ERROR_NOTE)
        self._cancel_note = options.get("cancel_note", CANCEL_NOTE)
        self._means = Means(
            bot,
            place,
            options.get("clock", time.monotonic),
            options.get("sleep", asyncio.sleep),
            title=options.get("title", ""),
            pace=pace,
            edit_every=options.get("edit_every", 1.0),
            mentions=options.get("mentions", False),
            streaming=options.get("streaming_config", STREAMING),
        )
        self._ladder = Ladder(self._means, rungs)
        self._text = ""
        self._chunks: list[str] = []
        self._changed = asyncio.Event()
        self._ending = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self._ended = False

    @property
    def text(self) -> str:
        """All that was written so far."""
        if self._chunks:
            self._text += "".join(self._chunks)
            self._chunks.clear()
        return self._text

    @property
    def message_ids(self) -> list[str]:
        """The messages sent so far, in order."""
        return list(self._means.message_ids)

    @property
    def rung(self) -> RungName:
        """How the text is shown now: ``card``, ``edit`` or ``plain``."""
        return self._ladder.rung

    @property
    def result(self) -> StreamResult:
        """The stream so far."""
        return StreamResult(self.text, self.message_ids, self.rung)

    async def write(self, chunk: str) -> None:
        """Add to the text.

        Raises:
            ActionFailed: Feishu has refused the text on every rung.
            NetworkError: the network has been down for too long.
            RuntimeError: the stream has ended, or was not entered.
        """
        if self._task is None or self._ended:
            raise RuntimeError("write inside `async with bot.stream(event) as stream:`, not before or after it")
        if self._task.done():
            self._task.result()
        if not chunk:
            return
        self._chunks.append(chunk)
        self._changed.set()
        # A producer that never waits would leave no room for the task that shows the text.
        await asyncio.sleep(0)

    async def __aenter__(self) -> Self:
        if self._task is not None:
            raise RuntimeError("a stream is used once: call bot.stream(event) again")
        self._task = asyncio.create_task(self._run())
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._ended = True
        finishing = asyncio.create_task(self._finish(self._note(error)))
        try:
            # Whoever cancels does not want to wait for long.
            await asyncio.wait({finishing}, timeout=GRACE if isinstance(error, asyncio.CancelledError) else None)
        except asyncio.CancelledError:
            await asyncio.wait({finishing}, timeout=GRACE)
            _give_up(finishing)
            raise
        if (failure := _give_up(finishing)) is not None:
            if error is None:
                raise failure
            log("ERROR", "A stream could not be ended properly: {}", failure)

    def _note(self, error: BaseException | None) -> str:
        if error is None or isinstance(error, MatcherException):
            return ""
        note = self._cancel_note if isinstance(error, asyncio.CancelledError) else self._error_note
        # Nobody waits for the rest of an answer that has not begun when it is stopped.
        return "" if isinstance(error, asyncio.CancelledError) and not self.text.strip() else note or ""

    async def _finish(self, note: str) -> None:
        assert self._task is not None
        self._ending.set()
        self._changed.set()
        # What failed before may work now; if not, the last update fails the same way.
        with suppress(Exception):
            await self._task
        text = self.text
        if note:
            text = f"{text}{closing(text)}\n\n{note}" if text.strip() else note
        await self._ladder.update(text, final=True)

    async def _run(self) -> None:
        while not self._ending.is_set():
            await self._changed.wait()
            delay = self._ladder.delay()
            if delay > 0:
                await self._wait(delay)
            if self._ending.is_set():
                return
            self._changed.clear()
            await self._ladder.update(self.text)

    async def _wait(self, seconds: float) -> None:
        """Wait for the next update or the end."""
        waiting = {asyncio.ensure_future(self._ending.wait())}
        if seconds < math.inf:
            waiting.add(asyncio.ensure_future(self._means.sleep(seconds)))  # pyright: ignore[reportArgumentType]
        try:
            await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for each in waiting:
                each.cancel()


def _give_up(finishing: asyncio.Task[None]) -> BaseException | None:
    """Stop what has not finished; returns what went wrong."""
    if not finishing.done():
        finishing.cancel()
        return TimeoutError(f"its end took longer than {GRACE:g} s")
    return finishing.exception()


async def pour(stream: Stream, chunks: AsyncIterable[str]) -> StreamResult:
    """Write everything into a stream and end both."""
    try:
        async with stream:
            async for chunk in chunks:
                await stream.write(chunk)
    finally:
        if (close := getattr(chunks, "aclose", None)) is not None:
            await close()
    return stream.result
