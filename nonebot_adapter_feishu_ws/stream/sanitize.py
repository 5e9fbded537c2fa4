"""What a model's text must not do on a card or in rich text. Pure."""

from __future__ import annotations

import re
from typing import Final

from .markdown import read_lines

SUMMARY_LENGTH: Final = 80
_MENTION: Final = re.compile(r"<(?=\s*at\b)", re.IGNORECASE)
_IMAGE: Final = re.compile(r"!\[([^\]\n]*)\]\((?!img_)([^)\n]*)\)")
_MARKS: Final = re.compile(r"<[^<>\n]*>|[*~`#>|]+|!?\[([^\]\n]*)\]\([^)\n]*\)")


def defuse(text: str, *, mentions: bool = False) -> str:
    """A text that mentions nobody and shows no foreign picture.

    ``<at id=all>`` in a model's words would call the whole group, and Feishu refuses a card with a picture that is
    not an ``image_key``: the one gets an invisible space, the other becomes a link.

    Args:
        text: Markdown.
        mentions: leave mentions in.
    """
    linked = _IMAGE.sub(lambda match: f"[{match[1] or 'image'}]({match[2]})", text)
    return linked if mentions else _MENTION.sub("<\u200b", linked)


def tables_as_code(text: str) -> str:
    """Markdown for rich text (``post``), which does not know tables: they become code blocks."""
    lines = read_lines(text)
    shown: list[str] = []
    inside = False
    for line, following in zip(lines, [*lines[1:], None], strict=True):
        begins = following is not None and following.tables > line.tables
        if begins and not inside:
            shown.append("```")
            inside = True
        if inside and not begins and not line.table:
            shown.append("```")
            inside = False
        shown.append(line.text)
    if inside:
        shown.append("```")
    return "\n".join(shown) + ("\n" if text.endswith("\n") and not inside else "")


def summarize(text: str) -> str:
    """The first words of a text for the list of chats, without its markup."""
    plain = " ".join(_MARKS.sub(lambda match: match[1] or "", text[:1000]).split())
    return plain if len(plain) <= SUMMARY_LENGTH else plain[: SUMMARY_LENGTH - 1] + "…"
