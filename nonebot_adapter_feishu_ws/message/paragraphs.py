"""Markdown -> paragraphs of rich text, in which the line breaks that somebody typed stay line breaks. Pure.

Some clients of Feishu join the lines of one ``md`` element to a single one, others do not; an element of its own begins
a line for both.
"""

import re
from typing import Final

from .split import fence_after, is_delimiter

_MARK: Final = r"[-*+][ \t]|\d{1,9}[.)][ \t]|>|#{1,6}(?:[ \t]|$)|-{3}|\*{3}|_{3}|={2}|`{3}|~{3}"
_BLOCK: Final = re.compile(rf"[ \t]|{_MARK}|\[[^\]]+\]:")
_HEADING: Final = re.compile(r"#{1,6}(?:[ \t]|$)")
_GOES_ON: Final = re.compile(rf"[ \t>]+(?!{_MARK})[^ \t>]")
"""A line, indented or inside a list or a quote, that the line before it would swallow."""
_NO_LIST: Final = re.compile(r"(?!1[.)])\d{1,9}[.)][ \t]")
"""Below prose some read a year and the like, others a list that does not begin with one."""
_HARD_BREAK: Final = re.compile(r"(?:^|[^\S\n])[^\s\\]*\\$")
"""Markdown's other line break: a backslash at the end, unless it is one more in a path such as ``C:\\dir\\``."""
_BREAK: Final = "  "
"""Two spaces: a line break in Markdown, invisible where it is one anyway."""


def paragraphs(text: str) -> list[str]:
    """Cut Markdown at the line breaks between lines of prose; lists, tables, quotes and code stay together."""
    parts: list[list[str]] = [[]]
    paragraph: list[str] = []  # its lines so far in the last part
    fence = ""
    lines = text.split("\n")
    rows = _rows(lines)
    for number, line in enumerate(lines):
        inside, fence = bool(fence), fence_after(line, fence)
        if inside or fence or not line.strip():
            paragraph = []
        elif paragraph and number not in rows and not _HEADING.match(paragraph[-1]):
            before, below_rows = paragraph[-1], number - 1 in rows
            begins = _is_prose(line) or (not below_rows and _is_prose(before) and _NO_LIST.match(line))
            whole = "\n".join(paragraph)
            if _HARD_BREAK.search(before) and whole.count("`") % 2 == 0:
                before = before[:-1]
            if begins and not _is_open(whole):
                parts[-1][-1] = before
                parts.append([])
                paragraph = []
            elif begins or (_GOES_ON.match(line) and not below_rows):
                parts[-1][-1] = before.rstrip() + _BREAK
        if not inside and not fence and line.strip():
            paragraph.append(line)
        parts[-1].append(line)
    return ["\n".join(part) for part in parts]


def _rows(lines: list[str]) -> set[int]:
    """Which lines belong to a table. A pipe alone makes none: ``ls | wc`` is a line of prose."""
    rows: set[int] = set()
    fence = ""
    for number, line in enumerate(lines):
        fence = fence_after(line, fence)
        begins = number + 1 < len(lines) and is_delimiter(lines[number + 1], line)
        if not fence and (begins or ("|" in line and number - 1 in rows)):
            rows.add(number)
    return rows


def _is_prose(line: str) -> bool:
    return bool(line) and not _BLOCK.match(line)


def _is_open(part: str) -> bool:
    """Whether something that spans lines may be open: code, emphasis, a link, a tag."""
    return (
        any(part.count(mark) % 2 for mark in ("`", "**", "~~"))
        or part.count("[") > part.count("]")
        or part.rfind("](") > part.rfind(")")
        or part.rfind("<") > part.rfind(">")
    )
