"""``Stream``: the object that a plugin writes to."""

import asyncio
import math
import time
from collections.abc import Iterable
from contextlib import suppress
from types import TracebackType
from typing import Any, Final, NamedTuple, Self
from uuid import uuid4

from nonebot.exception import MatcherException
from nonebot.matcher import current_event

from ..event import Event
from ..exception import ActionFailed, NetworkError
from ..logs import log
from ..media.pictures import Pictures
from ..net.waiting import wait_for_event
from ..sending.legacy_methods import LegacyMethods
from ..sending.route import Route
from ..sending.unfinished import STOP
from ..sending.words import WORDS
from .board import Board, Tool, seconds_of
from .context import StreamContext
from .fallback import MODES, Fallback
from .journal import Journal
from .markdown import closing
from .modes import ModeName
from .options import DEFAULT_PACE, STREAMING, StreamOptions, check_options
from .result import FormerNames, StreamResult

GRACE: Final = 10.0
"""Seconds that a cancelled stream may take to finish its card."""
LOOK_FOR_PRESS: Final = 0.5
"""Seconds between two looks whether another replica was told to stop the stream."""


class _Notes(NamedTuple):
    """What ends the text in each case; None for nothing."""

    failed: str | None
    cancelled: str | None
    stopped: str | None
    restarted: str | None


class Stream(FormerNames):
    """A reply that grows while it is written. Use it as an asynchronous context manager.

    The text is Markdown. A background task shows it, so that :meth:`write` does not wait for Feishu; chunks that arrive
    between two updates are shown together.
    """

    def __init__(self, bot: LegacyMethods, route: Route, options: StreamOptions, asked_by: Iterable[str] = ()) -> None:
        """Create a stream; it begins with ``async with``.

        Args:
            bot: the bot that answers.
            route: where to.
            options: see :class:`StreamOptions`.
            asked_by: the ids of the person who may stop it, unless an option says who.

        Raises:
            TypeError: there is no such option; the text has the one that may be meant.
            ValueError: an option is out of its range.
        """
        check_options(options)
        language = options.get("language") or bot.language
        words = WORDS[language]
        self._notes = _Notes(
            options.get("error_note", words.failed),
            options.get("cancel_note", words.cancelled),
            options.get("stop_note", words.stopped),
            options.get("restart_note", words.restarted),
        )
        self._elapsed = options.get("elapsed", False)
        event, name = current_event.get(None), bot.idempotency_keys.stable("stream")
        self._unfinished = bot.unfinished
        self._key = f"{bot.self_id}:{name or uuid4().hex}"
        self._clock = options.get("clock", time.monotonic)
        self._board = Board(words, self._clock, self._touch)
        if stop := options.get("stop"):
            by = options.get("stop_by")
            allowed = list(asked_by) if by is None else [by] if isinstance(by, str) else list(by)
            value: dict[str, Any] = {STOP: self._key, "by": allowed, "language": language}
            self._board.stop = words.stop if stop is True else stop, value
        self._journal = Journal(
            self._unfinished,
            self._key,
            replayable=name is not None,
            replayed=name is not None and isinstance(event, Event) and event.attempt > 1,
            text=self._notes.restarted or "",
        )
        self._context = _context(bot, route, options, self._board, self._journal)
        self._fallback = Fallback(self._context, options.get("modes", tuple(MODES)))
        self._text = ""
        self._chunks: list[str] = []
        self._ends_with_cr = False
        self._changed = asyncio.Event()
        self._ending = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self._watch: asyncio.Task[None] | None = None
        self._finishing: asyncio.Task[None] | None = None
        self._owner: asyncio.Task[Any] | None = None
        self._cancelling = 0
        self._began = 0.0
        self._ended = self._stopped = self._interrupted = False

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
    def stopped(self) -> bool:
        """Whether the stream was stopped, by its button or by :meth:`stop`."""
        return self._stopped

    @property
    def result(self) -> StreamResult:
        """The result so far."""
        return StreamResult(self.text, self.message_ids, self.mode, self._stopped)

    async def write(self, chunk: str) -> None:
        """Append to the text.

        Raises:
            ActionFailed: Feishu has refused the text in every mode.
            NetworkError: the network was down for too long.
            RuntimeError: the stream has ended, or was not entered.
        """
        self._check_open("write")
        if "\r" in chunk or self._ends_with_cr:
            # The line end of some systems, which may come in two pieces.
            chunk, self._ends_with_cr = chunk[self._ends_with_cr and chunk[:1] == "\n" :], chunk.endswith("\r")
            chunk = chunk.replace("\r\n", "\n").replace("\r", "\n")
        if not chunk:
            return
        self._board.stop_thinking()
        self._chunks.append(chunk)
        await self._show_soon()

    async def think(self, delta: str) -> None:
        """Append to the model's reasoning, which a card shows in a panel that folds when the text goes on.

        Where cards are not permitted it is not shown.

        Raises:
            ActionFailed, NetworkError, RuntimeError: as :meth:`write`.
        """
        self._check_open("think")
        self._board.think(delta)
        await self._show_soon()

    async def status(self, text: str) -> None:
        """Say in a few words what is being done now, until the next status or the end; ``""`` for nothing.

        Raises:
            ActionFailed, NetworkError, RuntimeError: as :meth:`write`.
        """
        self._check_open("status")
        self._board.status = text
        await self._show_soon()

    async def footer(self, text: str) -> None:
        """Set the small line under the text, such as the model's name; ``""`` for none.

        Raises:
            ActionFailed, NetworkError, RuntimeError: as :meth:`write`.
        """
        self._check_open("footer")
        self._board.footer = text
        await self._show_soon()

    def tool(self, name: str, args: object = None) -> Tool:
        """A line for a tool call: ``async with stream.tool("search", {"q": question}) as tool: tool.result("3 hits")``.

        It shows that the tool runs, then whether it is done or has failed, and how long it took.

        Args:
            name: of the tool.
            args: its arguments, shown in one line: a mapping, or a text.
        """
        return self._board.tool(name, args)

    def stop(self) -> bool:
        """Stop the stream, as its button does: what runs inside the ``async with`` is cancelled, and that alone.

        Returns:
            Whether there was something to stop.
        """
        if self._owner is None or self._ended or self._interrupted:
            return False
        if not self._stopped:
            self._stopped = True
            self._owner.cancel()
        return True

    async def interrupt(self) -> None:
        """Finish what is shown with the restart note, since the process ends; what is written later is not shown."""
        if self._ended or self._task is None:
            if self._finishing is not None:
                await asyncio.wait({self._finishing})
            return
        self._interrupted = True
        if self.mode == "plain" and self._journal.is_replayable:
            return  # nothing of this page is shown, and the replay will
        self._finishing = asyncio.create_task(self._finish(self._note_of(self._notes.restarted)))
        await asyncio.wait({self._finishing})
        if (failure := self._finishing.exception()) is not None:
            self._log_failure(failure)
        await self._journal.leave()

    async def __aenter__(self) -> Self:
        if self._task is not None:
            raise RuntimeError("a stream is used once: call bot.stream(event) again")
        self._began = self._clock()
        self._owner = asyncio.current_task()
        self._cancelling = 0 if self._owner is None else self._owner.cancelling()
        self._task = asyncio.create_task(self._run())
        self._unfinished.add(self._key, self)
        if self._board.stop is not None:
            if await self._unfinished.was_pressed(self._key):
                self.stop()
            elif self._unfinished.shared is not None:
                self._watch = asyncio.create_task(self._watch_presses())
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> bool:
        self._ended = True
        if self._watch is not None:
            self._watch.cancel()
        swallow = await self._end_of_stop(error)
        if self._interrupted:
            return swallow
        try:
            await self._end(error, swallow)
        finally:
            self._unfinished.remove(self._key)
        return swallow

    async def _end_of_stop(self, error: BaseException | None) -> bool:
        """Take back the cancellation by :meth:`stop`, as :func:`asyncio.timeout` does; returns whether it is all."""
        if not self._stopped or self._owner is None:
            return False
        if error is None:
            with suppress(asyncio.CancelledError):  # it comes at the next await
                await asyncio.sleep(0)
        only_stopped = self._owner.uncancel() <= self._cancelling
        if error is None and not only_stopped:
            raise asyncio.CancelledError
        return only_stopped and isinstance(error, asyncio.CancelledError)

    async def _end(self, error: BaseException | None, swallow: bool) -> None:
        is_cancelled = isinstance(error, asyncio.CancelledError) and not swallow
        finishing = self._finishing = asyncio.create_task(self._finish(self._note(error)))
        try:
            # A cancelled task should not keep its canceller waiting.
            await asyncio.wait({finishing}, timeout=GRACE if is_cancelled else None)
        except asyncio.CancelledError:
            await asyncio.wait({finishing}, timeout=GRACE)
            _give_up(finishing)
            raise
        if (failure := _give_up(finishing)) is not None:
            if error is None:
                raise failure
            self._log_failure(failure)
        elif is_cancelled and self._unfinished.closing:
            await self._journal.leave()
        else:
            await self._forget()

    async def _forget(self) -> None:
        """The stream has ended: cards of an earlier attempt that this one did not need are recalled."""
        for page in await self._journal.end():
            if page.message_id and page.message_id not in self._context.message_ids:
                with suppress(ActionFailed, NetworkError):  # somebody may have recalled it
                    await self._context.bot.delete_msg(page.message_id)

    def _note(self, error: BaseException | None) -> str:
        if self._stopped:
            return self._note_of(self._notes.stopped)
        if error is None or isinstance(error, MatcherException):
            return ""
        if isinstance(error, asyncio.CancelledError):
            return self._note_of(self._notes.cancelled)
        return self._notes.failed or ""

    def _note_of(self, note: str | None) -> str:
        # An answer that is stopped before its first word needs no note.
        return note or "" if self.text.strip() or self._context.message_ids else ""

    async def _finish(self, note: str) -> None:
        assert self._task is not None
        self._ending.set()
        self._changed.set()
        # What failed may work now; if not, the last update fails in the same way.
        with suppress(Exception):
            await self._task
        board, text = self._board, self.text
        board.stop_thinking()
        if self._elapsed:
            took = board.words.took.format(seconds_of(self._clock() - self._began))
            board.footer = f"{board.footer} · {took}" if board.footer else took
        if note:
            text = f"{text}{closing(text)}\n\n{note}" if text.strip() else note
        await self._fallback.update(text, final=True)
        await self._context.bot.keep_text(self.message_ids, text)

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

    async def _watch_presses(self) -> None:
        """Look whether the button was pressed in another replica: Feishu sends a click to any of them."""
        while not self._stopped:
            await asyncio.sleep(LOOK_FOR_PRESS)
            if await self._unfinished.was_pressed(self._key):
                self.stop()

    def _touch(self) -> None:
        self._changed.set()

    async def _show_soon(self) -> None:
        self._changed.set()
        # A producer that never awaits would starve the task that shows the text.
        await asyncio.sleep(0)

    def _check_open(self, method: str) -> None:
        if self._task is None or self._ended:
            raise RuntimeError(f"{method} inside `async with bot.stream(event) as stream:`, not before or after it")
        if self._task.done() and not self._interrupted:
            self._task.result()

    def _log_failure(self, failure: BaseException) -> None:
        log("ERROR", "Bot {bot}: a stream could not be ended properly: {}", failure, bot=self._context.bot.self_id)


def _context(bot: LegacyMethods, route: Route, options: StreamOptions, board: Board, journal: Journal) -> StreamContext:
    return StreamContext(
        bot,
        route,
        board.clock,
        options.get("sleep", asyncio.sleep),
        board,
        journal,
        title=options.get("title", ""),
        pace=options.get("pace", DEFAULT_PACE),
        edit_every=options.get("edit_every", 1.0),
        mentions=options.get("mentions", False),
        streaming=options.get("streaming_config", STREAMING),
        pictures=Pictures(bot.uploads.image) if options.get("upload_pictures") else None,
    )


def _give_up(finishing: asyncio.Task[None]) -> BaseException | None:
    """Cancel an unfinished finish; returns what went wrong."""
    if not finishing.done():
        finishing.cancel()
        return TimeoutError(f"finishing took longer than {GRACE:g} s")
    return finishing.exception()
