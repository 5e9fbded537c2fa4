"""Markdown -> paragraphs of rich text, in which the line breaks that somebody typed stay line breaks. Pure.

Some clients of Feishu join the lines of one ``md`` element to a single one, others do not; an element of its own begins
a line for both.
"""

import re
from typing import Final

from .split import fence_after

_MARK: Final = r"[-*+][ \t]|\d{1,9}[.)][ \t]|>|#{1,6}(?:[ \t]|$)|\||-{3}|\*{3}|_{3}|={2}|`{3}|~{3}"
_BLOCK: Final = re.compile(rf"[ \t]|{_MARK}|\[[^\]]+\]:")
_HEADING: Final = re.compile(r"#{1,6}(?:[ \t]|$)")
_GOES_ON: Final = re.compile(rf"[ \t>]+(?!{_MARK})[^ \t>]")
"""A line, indented or inside a list or a quote, that the line before it would swallow."""
_NO_LIST: Final = re.compile(r"(?!1[.)])\d{1,9}[.)][ \t]")
"""Below prose some read a year and the like, others a list that does not begin with one."""
_BREAK: Final = "  "
"""Two spaces: a line break in Markdown, invisible where it is one anyway."""


def paragraphs(text: str) -> list[str]:
    """Cut Markdown at the line breaks between lines of prose; lists, tables, quotes and code stay together."""
    parts: list[list[str]] = [[]]
    paragraph: list[str] = []  # its lines so far in the last part
    fence = ""
    for line in text.split("\n"):
        inside, fence = bool(fence), fence_after(line, fence)
        if inside or fence or not line.strip():
            paragraph = []
        elif paragraph and not _HEADING.match(paragraph[-1]):
            before = paragraph[-1]
            begins = _is_prose(line) or (_is_prose(before) and _NO_LIST.match(line))
            if begins and not _is_open("\n".join(paragraph)):
                parts.append([])
                paragraph = []
            elif begins or (_GOES_ON.match(line) and "|" not in before + line):
                parts[-1][-1] = before.rstrip() + _BREAK
        if not inside and not fence and line.strip():
            paragraph.append(line)
        parts[-1].append(line)
    return ["\n".join(part) for part in parts]


def _is_prose(line: str) -> bool:
    return bool(line) and "|" not in line and not _BLOCK.match(line)


def _is_open(part: str) -> bool:
    """Whether something that spans lines may be open: code, emphasis, a link, a tag."""
    return (
        any(part.count(mark) % 2 for mark in ("`", "**", "~~"))
        or part.count("[") > part.count("]")
        or part.rfind("](") > part.rfind(")")
        or part.rfind("<") > part.rfind(">")
    )
