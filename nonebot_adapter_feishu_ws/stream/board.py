"""What stands around the text of a stream: status, reasoning, tool calls, footer, stop button."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, Final, Literal, Self, cast

from nonebot.exception import MatcherException

from ..sending.words import Words

MAX_TOOLS: Final = 20
"""Tool calls on a card; of the earlier ones it says how many there were."""
MAX_THOUGHTS: Final = 4000
"""Bytes of reasoning on a card: its end."""
MAX_WORDS: Final = 80
"""Characters of a tool's name, of its arguments, and of its result."""

ToolState = Literal["running", "done", "failed"]


@dataclass(eq=False)
class Tool:
    """A tool call on the card, from the beginning of its ``async with`` to the end.

    Attributes:
        name: of the tool.
        args: its arguments, as they are shown.
        state: whether it runs, is done or has failed.
        seconds: how long it took, once it has ended.
        outcome: its result, as it is shown.
    """

    name: str
    args: str
    board: Board = field(repr=False)
    state: ToolState = "running"
    seconds: float = 0.0
    outcome: str = ""
    _began: float = 0.0

    def result(self, text: object) -> None:
        """Say in a few words what came out, such as ``"3 hits"``."""
        self.outcome = shorten(str(text))
        self.board.changed()

    def fail(self, text: object = "") -> None:
        """Say that it has failed, without an exception."""
        self.state = "failed"
        self.result(text)

    async def __aenter__(self) -> Self:
        self._began = self.board.clock()
        self.board.tools.append(self)
        self.board.changed()
        await asyncio.sleep(0)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.seconds = self.board.clock() - self._began
        if error is not None and not isinstance(error, MatcherException):
            self.state = "failed"
        elif self.state == "running":
            self.state = "done"
        self.board.changed()


@dataclass(eq=False)
class Board:
    """The parts of a stream beside its text.

    Attributes:
        words: texts in the bot's language.
        clock: monotonic seconds.
        changed: tells the task that shows the stream.
        status: what is being done, while it is written.
        thoughts: the reasoning so far, on this page.
        thought_for: seconds that the model thought; None while it thinks.
        tools: the tool calls of this page, in order.
        footer: the last line.
        stop: text and value of the stop button.
    """

    words: Words
    clock: Callable[[], float]
    changed: Callable[[], None] = lambda: None
    status: str = ""
    thoughts: str = ""
    thought_for: float | None = None
    tools: list[Tool] = field(default_factory=list[Tool])
    footer: str = ""
    stop: tuple[str, Mapping[str, Any]] | None = None
    _thinks_since: float | None = None

    @property
    def is_used(self) -> bool:
        """Whether there is something to show without a text."""
        return bool(self.status or self.grows)

    @property
    def grows(self) -> bool:
        """Whether there is something that may take more room later."""
        return bool(self.thoughts or self.tools)

    def turn(self) -> None:
        """A page is closed: what has ended stays on it, and what runs goes to the next one."""
        self.thoughts, self.thought_for = "", None
        self.tools = [tool for tool in self.tools if tool.state == "running"]

    def think(self, delta: str) -> None:
        """Append to the reasoning."""
        if self._thinks_since is None:
            self._thinks_since = self.clock()
        self.thoughts += delta
        self.thought_for = None
        self.changed()

    def stop_thinking(self) -> None:
        """The answer goes on."""
        if self.thoughts and self.thought_for is None and self._thinks_since is not None:
            self.thought_for = self.clock() - self._thinks_since

    def tool(self, name: str, args: object) -> Tool:
        """A tool call, which begins with its ``async with``."""
        return Tool(shorten(name), describe(args), self)


def describe(args: object) -> str:
    """Arguments in a few words: ``query=weather, days=3``."""
    if args is None:
        return ""
    if isinstance(args, Mapping):
        return shorten(", ".join(f"{key}={value}" for key, value in cast("Mapping[Any, Any]", args).items()))
    return shorten(str(args))


def shorten(text: str) -> str:
    """One line of at most :data:`MAX_WORDS` characters."""
    line = " ".join(text[: 4 * MAX_WORDS].split())
    return line if len(line) <= MAX_WORDS else f"{line[: MAX_WORDS - 1]}…"


def seconds_of(number: float) -> str:
    """Seconds with one digit behind the point, whole ones from ten on."""
    return f"{number:.1f}" if number < 9.95 else f"{number:.0f}"
