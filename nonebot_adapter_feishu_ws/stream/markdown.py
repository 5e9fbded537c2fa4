"""Unfinished Markdown: what of it can be shown, and what closes and reopens its constructs at a cut. Pure."""

import re
from dataclasses import dataclass
from typing import Final

from ..message.split import closing_line, fence_after, is_delimiter

HOLD: Final = 60
"""Characters of an unfinished link, emphasis or tag that are held back, so that shown text only grows."""
_FENCE_BEGINS: Final = re.compile(r"[ \t]*(`{1,2}|`{3,}[^`\n]*|~{2,}[^~\n]*)$")
_FENCE_ENDS: Final = re.compile(r"[ \t]*(`+|~+)[ \t]*$")
_LINK: Final = re.compile(r"\[[^\]\n]*\]\([^)\n]*\)")
_LINK_BEGINS: Final = re.compile(r"\[[^\]\n]*(\](\([^)\n]*)?)?$")
_TAG_BEGINS: Final = re.compile(r"</?[a-zA-Z][^<>\n]{0,200}$|</?$")


@dataclass(frozen=True, slots=True)
class Line:
    """A line and what is still open after it.

    Attributes:
        start: its first character.
        end: the position after its line feed.
        fence: the line that opened the code fence that is still open, else empty.
        table: header and delimiter row of the table that is still open, else empty.
        tables: number of tables begun so far.
    """

    start: int
    end: int
    text: str
    fence: str = ""
    table: str = ""
    tables: int = 0


def read_lines(text: str) -> list[Line]:
    """Split a text into lines and follow its code fences and tables."""
    lines: list[Line] = []
    start, fence, table, tables = 0, "", "", 0
    for raw in _split(text):
        line = raw.rstrip("\r\n")
        inside, fence = bool(fence), fence_after(line, fence)
        if inside or fence:
            table = ""
        elif table:
            table = table if "|" in line else ""
        elif lines and is_delimiter(line, lines[-1].text) and not lines[-1].fence:
            table, tables = f"{lines[-1].text}\n{line}\n", tables + 1
        lines.append(Line(start, start + len(raw), line, fence, table, tables))
        start += len(raw)
    return lines


def _split(text: str) -> list[str]:
    # str.splitlines also splits at characters that do not end a line in Markdown.
    parts = [part + "\n" for part in text.split("\n")]
    parts[-1] = parts[-1][:-1]
    return parts if parts[-1] else parts[:-1]


def count_tables(text: str) -> int:
    """The number of tables in a text; Feishu limits them per card."""
    lines = read_lines(text)
    return lines[-1].tables if lines else 0


def closing(text: str) -> str:
    """The text to append so that no construct stays open."""
    return seam(text, "")[0]


def seam(before: str, after: str) -> tuple[str, str]:
    """What a cut adds: text to append to the first part, and text to prepend to the second.

    Code fences (with their language), emphasis and inline code are closed and reopened; a table repeats its header.

    Args:
        before: the first part, from the beginning of its Markdown.
        after: what follows.
    """
    lines = read_lines(before)
    if not lines:
        return "", ""
    last = lines[-1]
    whole = before.endswith("\n")
    if last.fence:
        return ("" if whole else "\n") + closing_line(last.fence), last.fence + "\n"
    if last.table and whole:
        return "", last.table if "|" in after.split("\n", 1)[0] else ""
    ends_fence = len(lines) > 1 and bool(lines[-2].fence)
    if whole or last.table or ends_fence:
        return "", ""
    markers = [marker for _, marker in open_inline(last.text) if marker]
    return "".join(reversed(markers)), "".join(markers)


def partial(text: str) -> tuple[int, str]:
    """How much of an unfinished text can be shown.

    Returns:
        The number of characters, and what closes them. Ambiguous beginnings are held back: a fence marker, a table
        header, an unfinished row, the first characters of a link or emphasis.
    """
    lines = read_lines(text)
    if not lines:
        return 0, ""
    whole = text.endswith("\n")
    last = lines[-1]
    before = lines[-2] if len(lines) > 1 else None
    if before is not None and before.fence and not whole:
        unclear = not last.text.strip() or _FENCE_ENDS.match(last.text)
        shown = last.start if unclear else len(text)
        return shown, closing(text[:shown])
    if not whole and _FENCE_BEGINS.match(last.text):
        return last.start, closing(text[: last.start])
    if (start := _table_begins(lines, whole)) is not None:
        return start, closing(text[:start])
    if whole or last.fence:
        return len(text), closing(text)
    return _inline(text, last)


def _table_begins(lines: list[Line], whole: bool) -> int | None:
    """Where an unfinished row, or a header without its delimiter row, begins."""
    last = lines[-1]
    header: Line | None = None
    if not last.text.lstrip().startswith("|"):
        return None
    if not whole:
        header = last
        if len(lines) > 1 and not lines[-2].table and _is_row(lines[-2]):
            header = lines[-2]
    elif not last.table and _is_row(last) and not (len(lines) > 1 and _is_row(lines[-2])):
        header = last
    return None if header is None else header.start


def _is_row(line: Line) -> bool:
    return not line.fence and line.text.lstrip().startswith("|")


def _inline(text: str, last: Line) -> tuple[int, str]:
    stack = open_inline(last.text)
    if not stack:
        return len(text), ""
    first = last.start + stack[0][0]
    if len(text) - first <= HOLD and text[:first].strip():
        return first, ""
    position, marker = stack[-1]
    shown = len(text)
    if not marker or last.start + position + len(marker) == len(text):
        shown = last.start + position
    shown = len(text[:shown].rstrip())
    return shown, closing(text[:shown])


def open_inline(line: str) -> list[tuple[int, str]]:
    """What a line leaves open, as (position, marker): emphasis, inline code, or a link or tag, which has no marker."""
    stack: list[tuple[int, str]] = []
    at = 0
    while at < len(line):
        char = line[at]
        if char == "\\":
            at += 2
        elif char == "`":
            marker = _run(line, at)
            end = _find_run(line, at + len(marker), marker)
            if end < 0:
                return [*stack, (at, marker)]
            at = end + len(marker)
        elif char in "*~":
            at = _emphasis(line, at, stack)
        elif char == "[" and (link := _LINK.match(line, at)):
            at = link.end()
        elif (char == "[" and _LINK_BEGINS.match(line, at)) or (char == "<" and _TAG_BEGINS.match(line, at)):
            return [*stack, (at - (char == "[" and line[at - 1 : at] == "!"), "")]
        else:
            at += 1
    return stack


def _emphasis(line: str, at: int, stack: list[tuple[int, str]]) -> int:
    marker = _run(line, at)
    end = at + len(marker)
    if len(marker) > 3 or (marker[0] == "~" and len(marker) != 2):
        return end
    open_markers = [opened for _, opened in stack]
    if marker in open_markers and not line[at - 1].isspace():
        del stack[len(open_markers) - 1 - open_markers[::-1].index(marker) :]
    elif not line[end : end + 1].isspace():
        stack.append((at, marker))
    return end


def _run(line: str, at: int) -> str:
    end = at
    while end < len(line) and line[end] == line[at]:
        end += 1
    return line[at:end]


def _find_run(line: str, at: int, marker: str) -> int:
    while (at := line.find(marker, at)) >= 0:
        run = _run(line, at)
        if run == marker:
            return at
        at += len(run)
    return -1
