"""Makes a model's text safe for cards and rich text. Pure."""

import re
from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from ..message.markup import rewrite
from .markdown import read_lines

SUMMARY_LENGTH: Final = 80
_MENTION: Final = re.compile(r"<(?=\s*at\b)", re.IGNORECASE)
_MARKS: Final = re.compile(r"<[^<>\n]*>|[*~`#>|]+|!?\[([^\]\n]*)\]\([^)\n]*\)")


def sanitize(
    text: str,
    *,
    mentions: bool = False,
    written: int | None = None,
    keys: Mapping[str, str] = MappingProxyType({}),
) -> str:
    """Disarm mentions and foreign pictures outside of code.

    ``<at id=all>`` in a model's answer would notify the whole group, so it gets an invisible space. Feishu refuses a
    card with a picture that is not an ``image_key``, so such a picture becomes a link.

    Args:
        text: Markdown.
        mentions: keep mentions.
        written: how much of it the author has written: code that is closed behind that is not closed yet.
        keys: keys of uploaded pictures, by their URLs.
    """
    if "![" not in text and (mentions or not _MENTION.search(text)):
        return text

    disarm = str if mentions else _disarm
    return rewrite(text, lambda picture: picture.with_key(keys), disarm, written)


def _disarm(words: str) -> str:
    return _MENTION.sub("<\u200b", words)


def tables_as_code(text: str) -> str:
    """Turn tables into code blocks, since rich text (``post``) has no tables."""
    lines = read_lines(text)
    shown: list[str] = []
    inside, quoted = False, ""
    for line, following in zip(lines, [*lines[1:], None], strict=False):
        begins = following is not None and following.tables > line.tables
        if begins and not inside:
            quoted = line.text[: line.text.rfind(">", 0, len(line.text) - len(line.text.lstrip(" \t>"))) + 1]
            shown.append(f"{quoted}```")
            inside = True
        if inside and not begins and not line.table:
            shown.append(f"{quoted}```")
            inside = False
        shown.append(line.text)
    if inside:
        shown.append(f"{quoted}```")
    return "\n".join(shown) + ("\n" if text.endswith("\n") and not inside else "")


def summarize(text: str) -> str:
    """The first words of a text without markup, for the list of chats."""
    plain = " ".join(_MARKS.sub(lambda match: match[1] or "", text[:1000]).split())
    return plain if len(plain) <= SUMMARY_LENGTH else plain[: SUMMARY_LENGTH - 1] + "…"
