"""Texts of the same shape that say nothing, and what must be hidden even in a text that is kept. Pure functions."""

import re
import unicodedata
from collections.abc import Callable

_KEPT = "\u200b\u200c\u200d\ufe0f"
"""Joiners inside emoji and words."""
PREFIX = re.compile(r"(?:ou|on|oc|omt|om|od|cli|app|uat|tat)[_-]|(?:img|file|sticker)_(?:v\d_)?|[ctua]-")
ID = re.compile(rf"(?<![A-Za-z0-9_-])(?:{PREFIX.pattern})[0-9A-Za-z_-]{{8,160}}", re.ASCII)
PLACEHOLDER = re.compile(r"@_user_\d{1,4}(?!\w)|@_all(?!\w)", re.ASCII)
_MARKS = re.compile(rf"(?P<placeholder>{PLACEHOLDER.pattern})|(?P<id>{ID.pattern})", re.ASCII)
_HIDDEN = re.compile(
    r"""(?:[a-z][a-z0-9+.-]*:)?//\S+      # addresses, with whatever they carry
    |\S+@\S*\.\S*                        # e-mail
    |(?<==)\S+|(?<=[:：])[^\s:：]*\d\S*    # what stands behind = or :, such as a password
    |[+(]?\d[\d\s().-]{3,}\d              # phones, cards, codes
    |(?=[^\s\d]*\d)(?=\S*[A-Za-z])[!-~]{6,}  # letters and digits mixed: keys and tokens
    |[!-~]{20,}""",
    re.VERBOSE | re.IGNORECASE,
)


class _Shapes(dict[int, str]):
    def __missing__(self, code: int) -> str:
        shape = self[code] = _shape_of(chr(code))
        return shape


def _shape_of(character: str) -> str:
    plain = unicodedata.normalize("NFKC", character)
    kind = unicodedata.category(character)
    if character in _KEPT:
        return character
    if kind in ("Nd", "No") or plain.isdecimal():
        return "0"
    if kind[0] in "LMN" or any(each.isalnum() for each in plain):
        return "字" if _is_east_asian(ord(character)) else "x"
    return "x" if kind[0] == "C" and not character.isspace() else character


def _is_east_asian(code: int) -> bool:
    return 0x2E80 <= code <= 0xA4CF or 0xAC00 <= code <= 0xD7FF or 0xF900 <= code <= 0xFAFF or 0x20000 <= code < 0x40000


_SHAPES = _Shapes()


def shape(text: str) -> str:
    """Letters become ``x``, Chinese, Japanese and Korean ones ``字``, digits ``0``; all else stays."""
    return text.translate(_SHAPES)


def shape_text(text: str, fake_id: Callable[[str], str]) -> str:
    """The shape of a text in which placeholders of mentions stay, and ids become fake ones."""
    return _replace(text, shape, fake_id)


def clean_text(text: str, fake_id: Callable[[str], str]) -> str:
    """A text as it is, but for ids, addresses, e-mail, numbers of 5 digits and more, and what looks like a key."""
    return _replace(text, lambda part: _HIDDEN.sub(lambda found: shape(found[0]), part), fake_id)


def _replace(text: str, between: Callable[[str], str], fake_id: Callable[[str], str]) -> str:
    parts, end = list[str](), 0
    for found in _MARKS.finditer(text):
        parts += [between(text[end : found.start()]), found[0] if found["placeholder"] else fake_id(found[0])]
        end = found.end()
    return "".join([*parts, between(text[end:])])
