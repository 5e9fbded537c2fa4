"""Code fences of Markdown: the line that opens one, and the line that closes it. Pure."""

from __future__ import annotations

import re
from typing import Final

_OPENING: Final = re.compile(r"([ \t]*)(`{3,}|~{3,})([^\n]*)")


def fence_after(line: str, fence: str) -> str:
    """The line that opened the code fence which is still open after a line; empty outside of fences.

    Args:
        line: the line, with or without its line feed.
        fence: the line that opened the fence before it, or empty.
    """
    if fence:
        return "" if _closes(line.strip(), _mark(fence)) else fence
    match = _OPENING.match(line)
    # Backticks with more backticks behind them are inline code.
    return match[0] if match and not (match[2][0] == "`" and "`" in match[3]) else ""


def closing_line(fence: str) -> str:
    """The line that closes a fence, indented as the line that opened it; empty outside of fences."""
    match = _OPENING.match(fence)
    return match[1] + match[2] if match else ""


def _mark(fence: str) -> str:
    return closing_line(fence).strip()


def _closes(line: str, mark: str) -> bool:
    return len(line) >= len(mark) and not line.strip(mark[0])
