"""``Stream``: the object that a plugin writes to."""

import asyncio
import math
import time
from collections.abc import AsyncIterable, Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Final, NoReturn, Self

from nonebot.exception import MatcherException
from typing_extensions import TypedDict

from ..logs import log
from ..media.pictures import Pictures
from ..net.waiting import Sleep, wait_for_event
from ..sending.legacy_methods import LegacyMethods
from ..sending.route import IfRecalled, Route
from .context import StreamContext
from .fallback import MODES, Fallback
from .markdown import closing
from .modes import ModeName

DEFAULT_PACE: Final = 5.0
MAX_PACE: Final = 10.0
"""Operations per second that Feishu permits on one card (流式更新卡片)."""
ERROR_NOTE: Final = "⚠️ 回答中断。(The answer was interrupted.)"
CANCEL_NOTE: Final = "⏹️ 已停止。(Stopped.)"
STREAMING: Final[Mapping[str, Any]] = {
    "print_frequency_ms": {"default": 30},
    "print_step": {"default": 2},
    "print_strategy": "fast",
}
GRACE: Final = 10.0
"""Seconds that a cancelled stream may take to finish its card."""


class StreamOptions(TypedDict, total=False):
    """The options of a stream.

    Attributes:
        title: title of the first card or message.
        reply_message: quote the message that is answered.
        if_recalled: what becomes of an answer that quotes, or belongs to a topic, when the question is recalled before
            a message is sent: ``"send"`` (default) sends it to the topic or chat, ``"drop"`` does not.
        pace: updates of one card per second, at most 10 (default 5).
        edit_every: seconds before the first edit where cards are not permitted; the intervals grow.
        modes: the permitted modes, best first (default card, edit, plain).
        error_note: ends the text when an exception leaves the ``async with``; None for nothing.
        cancel_note: the same for a cancelled task.
        mentions: let the text mention people (default False: a model could notify a whole group).
        upload_pictures: upload the pictures that the text names by URL, at most 20 (default False: links).
        streaming_config: speed of the typewriter effect, as in Feishu's document.
        clock: monotonic seconds, for tests.
        sleep: as :func:`asyncio.sleep`, for tests.
    """

    title: str
    reply_message: bool
    if_recalled: IfRecalled
    pace: float
    edit_every: float
    modes: Sequence[ModeName]
    error_note: str | None
    cancel_note: str | None
    mentions: bool
    upload_pictures: bool
    streaming_config: Mapping[str, Any] | None
    clock: Callable[[], float]
    sleep: Sleep


class _FormerNames:
    """Names of the first release, which raise with the new one in the text."""

    __slots__ = ()

    @property
    def rung(self) -> NoReturn:
        """The former name of ``mode``.

        Raises:
            AttributeError: always; the text has the new name.
        """
        raise AttributeError("rung is called mode now")


@dataclass(frozen=True, slots=True)
class StreamResult(_FormerNames):
    """What became of a stream.

    Attributes:
        text: all that was written.
        message_ids: the messages that show it, in order.
        mode: the last mode: ``card``, ``edit`` or ``plain``.
    """

    text: str
    message_ids: list[str]
    mode: ModeName


class Stream(_FormerNames):
    """A reply that grows while it is written. Use it as an asynchronous context manager.

    The text is Markdown. A background task shows it, so that :meth:`write` does not wait for Feishu; chunks that arrive
    between two updates are shown together.
    """

    def __init__(self, bot: LegacyMethods, route: Route, options: StreamOptions) -> None:
        """Create a stream; it begins with ``async with``.

        Args:
            bot: the bot that answers.
            route: where to.
            options: see :class:`StreamOptions`.

        Raises:
            TypeError: an option has been renamed; the text has the new name.
            ValueError: an option is out of its range.
        """
        if "rungs" in options:
            raise TypeError("rungs= is called modes= now")
        pace = options.get("pace", DEFAULT_PACE)
        modes = options.get("modes", tuple(MODES))
        if not 0 < pace <= MAX_PACE:
            raise ValueError(f"pace must be above 0 and at most {MAX_PACE:g} updates per second, not {pace!r}")
        if not modes or not set(modes) <= MODES.keys():
            raise ValueError(f"modes must be some of {', '.join(MODES)}, not {modes!r}")
        self._error_note = options.get("error_note", ERROR_NOTE)
        self._cancel_note = options.get("cancel_note", CANCEL_NOTE)
        self._context = StreamContext(
            bot,
            route,
            options.get("clock", time.monotonic),
            options.get("sleep", asyncio.sleep),
            title=options.get("title", ""),
            pace=pace,
            edit_every=options.get("edit_every", 1.0),
            mentions=options.get("mentions", False),
            streaming=options.get("streaming_config", STREAMING),
            pictures=Pictures(bot.uploads.image) if options.get("upload_pictures") else None,
        )
        self._fallback = Fallback(self._context, modes)
        self._text = ""
        self._chunks: list[str] = []
        self._ends_with_cr = False
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
        return list(self._context.message_ids)

    @property
    def mode(self) -> ModeName:
        """How the text is shown now: ``card``, ``edit`` or ``plain``."""
        return self._fallback.mode

    @property
    def dropped(self) -> bool:
        """Whether the question was recalled and nothing more is shown, so that a model may stop."""
        return self._context.route.dropped

    @property
    def result(self) -> StreamResult:
        """The result so far."""
        return StreamResult(self.text, self.message_ids, self.mode)

    async def write(self, chunk: str) -> None:
        """Append to the text.

        Raises:
            ActionFailed: Feishu has refused the text in every mode.
            NetworkError: the network was down for too long.
            RuntimeError: the stream has ended, or was not entered.
        """
        if self._task is None or self._ended:
            raise RuntimeError("write inside `async with bot.stream(event) as stream:`, not before or after it")
        if self._task.done():
            self._task.result()
        if "\r" in chunk or self._ends_with_cr:
            # The line end of some systems, which may come in two pieces.
            chunk, self._ends_with_cr = chunk[self._ends_with_cr and chunk[:1] == "\n" :], chunk.endswith("\r")
            chunk = chunk.replace("\r\n", "\n").replace("\r", "\n")
        if not chunk:
            return
        self._chunks.append(chunk)
        self._changed.set()
        # A producer that never awaits would starve the task that shows the text.
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
            # A cancelled task should not keep its canceller waiting.
            await asyncio.wait({finishing}, timeout=GRACE if isinstance(error, asyncio.CancelledError) else None)
        except asyncio.CancelledError:
            await asyncio.wait({finishing}, timeout=GRACE)
            _give_up(finishing)
            raise
        if (failure := _give_up(finishing)) is not None:
            if error is None:
                raise failure
            log("ERROR", "Bot {bot}: a stream could not be ended properly: {}", failure, bot=self._context.bot.self_id)

    def _note(self, error: BaseException | None) -> str:
        if error is None or isinstance(error, MatcherException):
            return ""
        note = self._cancel_note if isinstance(error, asyncio.CancelledError) else self._error_note
        # An answer that is stopped before its first word needs no note.
        return "" if isinstance(error, asyncio.CancelledError) and not self.text.strip() else note or ""

    async def _finish(self, note: str) -> None:
        assert self._task is not None
        self._ending.set()
        self._changed.set()
        # What failed may work now; if not, the last update fails in the same way.
        with suppress(Exception):
            await self._task
        text = self.text
        if note:
            text = f"{text}{closing(text)}\n\n{note}" if text.strip() else note
        await self._fallback.update(text, final=True)

    async def _run(self) -> None:
        while not self._ending.is_set():
            await self._changed.wait()
            if (delay := self._fallback.delay()) == math.inf:
                await self._ending.wait()
            elif delay > 0:
                await wait_for_event(self._ending, delay, self._context.sleep)
            if self._ending.is_set():
                return
            self._changed.clear()
            await self._fallback.update(self.text)


def _give_up(finishing: asyncio.Task[None]) -> BaseException | None:
    """Cancel an unfinished finish; returns what went wrong."""
    if not finishing.done():
        finishing.cancel()
        return TimeoutError(f"finishing took longer than {GRACE:g} s")
    return finishing.exception()


async def pour(stream: Stream, chunks: AsyncIterable[str]) -> StreamResult:
    """Write all chunks to a stream, then close both.

    Args:
        stream: not entered yet.
        chunks: the text; an asynchronous generator is closed, also after an error.
    """
    try:
        async with stream:
            async for chunk in chunks:
                await stream.write(chunk)
                if stream.dropped:
                    break
    finally:
        if (close := getattr(chunks, "aclose", None)) is not None:
            await close()
    return stream.result
