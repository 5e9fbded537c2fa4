"""Splits a growing text into pages, one per message: where a page ends and how the next one begins. Pure."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from .markdown import Line, open_inline, partial, read_lines, seam

_WINDOW: Final = 0.6
"""The share of a page after which a cut is looked for, so that no page is almost empty."""
_LONGEST_OPENING: Final = 2000
"""Characters; a longer table header or fence line is not repeated on the next page."""

Fits = Callable[[str], bool]


@dataclass(eq=False)
class Pager:
    """Which part of the text is on the current page.

    Attributes:
        start: where the current page begins in the text.
        opening: what precedes it on the page: a reopened fence, a repeated table header.
        shown: how far the text is visible.
    """

    start: int = 0
    opening: str = ""
    shown: int = 0

    def page(self, text: str, *, whole: bool = False) -> tuple[str, int, int]:
        """The current page, as valid Markdown, how much of it the author wrote, and where in the text it ends.

        Args:
            text: the whole text so far.
            whole: nothing follows, so that nothing is held back.
        """
        raw = self.opening + text[self.start :]
        length, end = (len(raw), seam(raw, "")[0]) if whole else partial(raw)
        if length <= len(self.opening):
            return "", 0, self.start
        return raw[:length] + end, length, self.start + length - len(self.opening)

    def overflow(self, text: str, fits: Fits) -> tuple[str, int] | None:
        """The finished page and its end in the text; None while the text still fits."""
        raw = self.opening + text[self.start :]
        if fits(raw + seam(raw, "")[0]):
            return None
        length = cut(raw, len(self.opening), fits)
        end = self.start + length - len(self.opening)
        return raw[:length] + seam(raw[:length], raw[length:])[0], end

    def turn(self, text: str, end: int) -> None:
        """Begin the next page at ``end``."""
        raw = self.opening + text[self.start : end]
        opening = seam(raw, text[end:])[1] if end > self.start else self.opening
        self.opening = opening if len(opening) <= _LONGEST_OPENING else ""
        self.start = self.shown = end


def cut(raw: str, opening: int, fits: Fits) -> int:
    """Find where to end a page: after a paragraph, else a line, else a table row, else a line inside a code fence.

    Args:
        raw: the page's text, too long.
        opening: characters at its beginning that are repeated from the page before.
        fits: whether a finished page is small enough.

    Returns:
        A position after ``opening``.
    """
    most = _longest(raw, opening, fits)
    lines = read_lines(raw)
    ranked = [
        (rank, line.end)
        for line, following in zip(lines, [*lines[1:], None], strict=True)
        if opening < line.end <= most and (rank := _rank(line, following)) is not None
    ]
    window = opening + (most - opening) * _WINDOW
    if inside := [each for each in ranked if each[1] >= window]:
        return max(inside)[1]
    if ranked:
        return max(end for _, end in ranked)
    return _inside_line(raw, opening, most)


def _longest(raw: str, opening: int, fits: Fits) -> int:
    low, high = opening + 1, len(raw)
    while low < high:
        middle = (low + high + 1) // 2
        part = raw[:middle]
        if fits(part + seam(part, "")[0]):
            low = middle
        else:
            high = middle - 1
    return low


def _rank(line: Line, following: Line | None) -> int | None:
    """How well a page may end after a line (more is better); None where it must not."""
    if following is not None and following.table and not line.table:
        return None
    if line.fence:
        return None if line.text == line.fence else 0
    if line.table:
        return 1 if following is not None and following.table else 2
    return 3 if not line.text.strip() else 2


def _inside_line(raw: str, opening: int, most: int) -> int:
    window = opening + int((most - opening) * _WINDOW)
    space = max(raw.rfind(" ", window, most), raw.rfind("\n", window, most))
    position = space + 1 if space > opening else most
    start = raw.rfind("\n", 0, position) + 1
    stack = open_inline(raw[start:position])
    if stack and not stack[-1][1] and start + stack[-1][0] > opening:
        return start + stack[-1][0]
    return position
