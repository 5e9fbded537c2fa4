"""Markdown -> paragraphs of rich text, in which the line breaks that somebody typed stay line breaks. Pure.

Some clients of Feishu join the lines of one ``md`` element to a single one, others do not; an element of its own begins
a line for both.
"""

import re
from typing import Final

from .split import fence_after

_BLOCK: Final = re.compile(r"\s|[-*+]\s|\d+[.)]\s|[>#|]|-{3}|\*{3}|_{3}|={2}|\[[^\]]+\]:")
_GOES_ON: Final = re.compile(r"\s+(?![-*+]\s|\d+[.)]\s)\S|>\s*\w")
"""A line inside a list or a quote that the line before it would swallow."""
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
        elif paragraph and not paragraph[-1].startswith("#"):
            before = paragraph[-1]
            if _is_prose(line) and not _is_open("\n".join(paragraph)):
                parts.append([])
                paragraph = []
            elif _is_prose(line) or (_GOES_ON.match(line) and _GOES_ON.match(before) and "|" not in line):
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
