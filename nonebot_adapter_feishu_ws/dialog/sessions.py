"""One run per session: a further one waits, takes the place of the former one, or is refused."""

import asyncio
from collections import deque
from types import TracebackType
from typing import Literal, Self, get_args

from ..exception import SessionBusy

WhenBusy = Literal["queue", "interrupt", "refuse"]
"""What a run does while another one of its session is under way."""
_INTERRUPT = "another run of this session has taken over"


class SessionLock:
    """One run of a session, as an asynchronous context manager; see :meth:`.DialogMethods.session_lock`.

    Attributes:
        key: the session.
        interrupted: whether a later run has taken its place; then the block was left at an ``await``.
    """

    def __init__(self, lines: dict[str, deque["SessionLock"]], key: str, when_busy: WhenBusy) -> None:
        """Describe the run; nothing is held before ``async with``.

        Args:
            lines: the runs of each session, the one under way first.
            key: the session.
            when_busy: see :data:`WhenBusy`.

        Raises:
            ValueError: ``when_busy`` is unknown.
        """
        if when_busy not in get_args(WhenBusy):
            raise ValueError(f"when_busy is one of {', '.join(get_args(WhenBusy))}, not {when_busy!r}")
        self.key: str = key
        self.interrupted: bool = False
        self._lines = lines
        self._when_busy = when_busy
        self._task: asyncio.Task[object] | None = None
        self._turn: asyncio.Future[None] | None = None
        self._is_inside = False
        self._cancels_before = 0
        self._was_cancelled = False
        self._cancelling_soon: asyncio.Handle | None = None

    async def __aenter__(self) -> Self:
        if self._task is not None:
            raise RuntimeError("a session lock is used once: call bot.session_lock(event) again")
        self._task = asyncio.current_task()
        line = self._lines.get(self.key, deque())
        if any(other._task is self._task for other in line):
            raise RuntimeError(f"this handler holds the session {self.key} already, and would wait for itself")
        if line and self._when_busy == "refuse":
            raise SessionBusy(self.key)
        if self._when_busy == "interrupt":
            for other in line:
                other._interrupt()
        await self._wait_in(line)
        assert self._task is not None
        self._is_inside, self._cancels_before = True, self._task.cancelling()
        if self.interrupted:
            # While it waited. A task that cancels itself would not be stopped before the end of the block.
            self._cancelling_soon = asyncio.get_running_loop().call_soon(self._cancel)
        return self

    async def _wait_in(self, line: deque["SessionLock"]) -> None:
        self._lines[self.key] = line
        line.append(self)
        if line[0] is self:
            return
        self._turn = asyncio.get_running_loop().create_future()
        try:
            await self._turn
        except asyncio.CancelledError:
            self._leave()
            raise

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> bool:
        self._is_inside = False
        if self._cancelling_soon is not None:
            self._cancelling_soon.cancel()
        self._leave()
        if not self._was_cancelled or self._task is None:
            return False
        # Somebody else may have cancelled the task as well.
        return self._task.uncancel() <= self._cancels_before and isinstance(error, asyncio.CancelledError)

    def _interrupt(self) -> None:
        if not self.interrupted:
            self.interrupted = True
            if self._is_inside:
                self._cancel()

    def _cancel(self) -> None:
        assert self._task is not None
        self._was_cancelled = True
        self._task.cancel(_INTERRUPT)

    def _leave(self) -> None:
        line = self._lines[self.key]
        line.remove(self)
        if not line:
            del self._lines[self.key]
        elif (turn := line[0]._turn) is not None and not turn.done():
            # A run whose task was cancelled meanwhile passes its turn on by itself.
            turn.set_result(None)


class Sessions:
    """The sessions of all bots of one adapter in which something runs. Lives on NoneBot's loop."""

    def __init__(self) -> None:
        """Begin without any."""
        self._lines: dict[str, deque[SessionLock]] = {}

    def __len__(self) -> int:
        return len(self._lines)

    def lock(self, bot_id: str, key: str, when_busy: WhenBusy) -> SessionLock:
        """A run of a bot's session."""
        return SessionLock(self._lines, f"{bot_id} {key}", when_busy)
