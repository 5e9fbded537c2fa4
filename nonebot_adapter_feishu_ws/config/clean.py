"""What copying, editors and ``docker run --env-file`` leave around a value: found by its place, never shown."""

import json
import re
import unicodedata
from typing import Any, Final

_NAMES: Final = {
    " ": "a space",
    "\t": "a tab",
    "\r": "a carriage return (the file has Windows line ends)",
    "\n": "a line break",
    "\ufeff": "a byte order mark (U+FEFF)",
}
_COMMENT: Final = re.compile(r"\s#|^#\s")
COMMENT_ADVICE: Final = (
    "has a comment behind it, which docker run --env-file keeps: put the comment on a line of its own"
)
_QUOTES: Final = "'\"`“”‘’"
_BLANK: Final = frozenset("\u034f\u115f\u1160\u2800\u3164\uffa0") | frozenset(map(chr, range(0xFE00, 0xFE10)))
"""What shows nothing although Unicode calls it a letter, a symbol or a mark: fillers, variation selectors."""
_EDGES: Final = ",;<>"
_VARIABLE: Final = re.compile(r"\$\w+|\$\{\w+\}|%\w+%")
_EXAMPLE: Final = re.compile(r".*(\.\.\.|…)|([*•●·])\2{2,}")


def has_comment(text: object) -> bool:
    """Whether a value has a comment behind it."""
    return isinstance(text, str) and _COMMENT.search(text) is not None


def unquoted(value: object) -> Any:
    """A value without the quotes around all of it, which ``docker run --env-file`` keeps, read as JSON if it is.

    What stands outside the quotes, such as the carriage return of a file with Windows line ends, goes with them.
    """
    text = value.strip() if isinstance(value, str) else ""
    if len(text) < 2 or text[0] not in "'\"" or text[-1] != text[0]:
        return value
    inner = unquoted(text[1:-1])
    try:
        return json.loads(inner) if isinstance(inner, str) else inner
    except ValueError:
        return inner


def check_clean(text: str, *, strict: bool) -> None:
    """Refuse an id or a secret with what nobody typed.

    Args:
        text: the value.
        strict: whether it is one of Feishu's own, which have ASCII without spaces only; else spaces inside are fine.

    Raises:
        ValueError: the text names the character and its place.
    """
    if has_comment(text):
        raise ValueError(COMMENT_ADVICE)
    if text and (text[0] in _QUOTES or text[-1] in _QUOTES):
        raise ValueError("has quotes of its own around it; remove them, or put the whole value between ' and '")
    if _EXAMPLE.fullmatch(text):
        raise ValueError(
            "has dots or stars in place of the value: copy the value itself, with the console's copy button"
        )
    if strict and _VARIABLE.fullmatch(text):
        raise ValueError("names a variable, which nothing here fills in: write the value itself")
    for index, char in enumerate(text):
        invisible = char.isspace() or unicodedata.category(char)[0] in "CZ" or char in _BLANK
        outside = index in (0, len(text) - 1)
        foreign = strict and (not char.isascii() or char == "\\" or (outside and char in _EDGES))
        if (invisible and (char != " " or outside or strict)) or foreign:
            where = "begins with" if index == 0 else "ends with" if outside else f"has as character {index + 1}"
            raise ValueError(f"{where} {_name(char, invisible)}; copy the value again, without what is around it")


def _name(char: str, invisible: bool) -> str:
    if not invisible:
        shown = f"{char!r}, a character" if char.isascii() else "a character"
        return f"{shown} that no id or secret of Feishu has"
    return _NAMES.get(char) or f"an invisible character (U+{ord(char):04X}, {unicodedata.name(char, 'a control')})"
