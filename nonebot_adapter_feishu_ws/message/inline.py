"""Mentions, links and images inside a text or Markdown. Pure, in linear time."""

import re
from collections.abc import Iterable, Iterator
from html import unescape
from typing import Any, Final, Literal, Protocol

from .split import fence_after

Part = tuple[str, dict[str, Any], bool]
"""A segment to be made: its type, its data, and whether it gets the class of its type, or a ``MessageSegment``."""

Kind = Literal["words", "text", "markdown"]
_PLACEHOLDER: Final = re.compile(r"@_all|@_user_[0-9]{1,9}")
# The link of a typed URL or address repeats it, whatever brackets it holds; those of a named link match.
_TARGET: Final = r"(?:[^()\s]|\((?:[^()\s]|\([^()\s]{0,200}\)){0,200}\)){1,6000}"
_LABEL: Final = r"(?:[^\[\]\n]|\[[^\[\]\n]{0,200}\]){1,4000}"
_TITLE: Final = r"(?:[ \t]{1,9}(?:\"[^\"\n]{0,200}\"|'[^'\n]{0,200}'))?"
_LINK: Final = (
    r"\[(?P<typed>(?:[A-Za-z][A-Za-z0-9+.-]{0,20}://|www\.|[^\s@\[\]()]{1,64}@|(?P<domain>[\w-]{1,63}\.))"
    r"(?=[^\s\]])[^\s\[\]]{0,4000}+(?:(?:\[|\](?!\())[^\s\[\]]{0,1000}+){0,30}+)\]"
    r"\((?P<target>(?(domain)[a-z]{2,8}://|(?:[a-z]{2,8}:(?://)?)?)(?P=typed)/?)\)"
    rf"|\[(?!!\[)(?P<label>{_LABEL})\]"
    rf"\((?P<href>(?:[A-Za-z][A-Za-z0-9+.-]{{0,20}}://|mailto:|tel:){_TARGET}){_TITLE}\)"
)
_MENTION: Final = r"(?P<key>{}@_all|@_user_[0-9]{{1,9}})"
_MARKDOWN_ONLY: Final = (
    r"\\[\[\]!<`\\]"
    r"|<at\b(?P<attributes>[^<>]{0,500}?)(?:/>|>(?P<name>[^<>]{0,200})</at>)"
    r"|!\[(?:[^\[\]\n]|\n(?!\n)|\[[^\[\]\n]{0,200}\]){0,2000}\]"
    rf"\((?:(?P<image>img_[\w-]{{1,200}})|{_TARGET}){_TITLE}\)"
)
_KINDS: Final = {"words": "", "text": f"{_LINK}|", "markdown": f"{_MARKDOWN_ONLY}|{_LINK}|"}
_PATTERNS: Final = {kind: re.compile(marks + _MENTION.format("")) for kind, marks in _KINDS.items()}
_ID: Final = re.compile(r"""\b(?:user_id|open_id|id)\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s"'>]+))""")
_TICKS: Final = re.compile(r"`+")
_LINE: Final = re.compile(r"[^\n]*\n|[^\n]+")
EVERYBODY: Final = frozenset({"all", "@all", "@_all"})


class MentionLike(Protocol):
    """What a mention must offer: its placeholder, its name and the open_id."""

    @property
    def key(self) -> str: ...
    @property
    def name(self) -> str: ...
    @property
    def open_id(self) -> str: ...


class People(dict[str, MentionLike]):
    """Who is mentioned, by placeholder."""

    def __init__(self, mentions: Iterable[MentionLike] | None) -> None:
        super().__init__({key: mention for mention in mentions or () if (key := mention.key)})
        self._by_id: dict[str, MentionLike] | None = None

    def find(self, key: str) -> MentionLike | None:
        """Who has a placeholder or an open_id."""
        if (person := self.get(key)) is None:
            if self._by_id is None:
                self._by_id = {person.open_id: person for person in self.values()}
            person = self._by_id.get(key) if key else None
        return person

    def pattern(self, kind: Kind) -> re.Pattern[str]:
        """What to look for; the placeholders include those of this message that have another form than usual."""
        others = sorted((key for key in self if not _PLACEHOLDER.fullmatch(key)), key=len, reverse=True)
        if not others:
            return _PATTERNS[kind]
        return re.compile(_KINDS[kind] + _MENTION.format("".join(f"{re.escape(key)}|" for key in others)))


def text_part(text: str) -> Part:
    """A text."""
    return ("text", {"text": text}, True)


def at_part(key: str, people: People, name: str = "") -> Part:
    """A mention by placeholder or id; a text if nothing but the name is known."""
    person = people.find(key)
    if person is not None:
        key, name = person.open_id or key, person.name or name
    if key in EVERYBODY:
        return ("at", {"user_id": "all"}, True)
    if not key and name:
        return text_part(f"@{name}")
    return ("at", {"user_id": key, "user_name": name} if name else {"user_id": key}, True)


def split_inline(text: str, people: People, kind: Kind, *, everybody: bool = True) -> Iterator[Part]:
    """The parts of a text.

    Args:
        text: as Feishu delivers it.
        people: who is mentioned.
        kind: ``words`` have placeholders for mentions alone; a ``text`` has links as ``[text](url)``, too; ``markdown``
            (``content_v2``) also has images and ``<at>`` tags, and everything counts outside of code only.
        everybody: whether an ``<at>`` of everybody is one.
    """
    start = 0
    code = _code(text, tildes=kind == "markdown") if kind != "words" else iter(())
    begins, ends = next(code, (len(text), len(text)))
    for match in people.pattern(kind).finditer(text):
        while ends <= match.start() < len(text):
            begins, ends = next(code, (len(text), len(text)))
        is_code = match.start() >= begins and not (match["key"] and kind == "text")
        found = None if is_code else _read(match, people, everybody)
        if found is None:
            continue
        part, end = found
        if match.start() > start:
            yield text_part(text[start : match.start()])
        yield part
        start = end
    if start < len(text):
        yield text_part(text[start:])


def _read(match: re.Match[str], people: People, everybody: bool) -> tuple[Part, int] | None:
    """What was found and where it ends; None for a text."""
    found = match.groupdict()
    if key := found["key"]:
        key = _longest_key(key, match.string[match.end() : match.end() + 1], people)
        return (at_part(key, people), match.start() + len(key)) if key else None
    if href := found["href"] or found["target"]:
        return ("link", {"text": found["label"] or found["typed"], "href": href}, True), match.end()
    if image := found.get("image"):
        return ("image", {"image_key": image}, True), match.end()
    attributes = _ID.search(found.get("attributes") or "")
    user_id = unescape(next(filter(None, attributes.groups()), "")) if attributes else ""
    if not user_id or (user_id in EVERYBODY and not everybody):
        return None
    return at_part(user_id, people, unescape(found["name"] or "")), match.end()


def _longest_key(found: str, following: str, people: People) -> str | None:
    """The longest key that exists: ``@_user_1`` followed by the text "1" looks like ``@_user_11``."""
    if found in people:
        return found
    if found == "@_all":
        # Feishu does not always list it in the mentions; but "@_allies" is a word.
        return None if following.isascii() and (following.isalnum() or following == "_") else found
    ends = range(len(found) - 1, len("@_user_"), -1)
    return next((found[:end] for end in ends if found[:end] in people), None)


def _code(text: str, *, tildes: bool) -> Iterator[tuple[int, int]]:
    """Where code stands: fences (one that stays open reaches the end), and inline code, which ends in its paragraph.

    Without ``tildes`` only backticks make a fence: ``~~~`` in a chat is a tone of voice, or a line.
    """
    if "`" not in text and not (tildes and "~~~" in text):
        return
    fence, at, since = "", 0, 0
    for line in _LINE.findall(text):
        after = fence_after(line, fence)
        if not tildes and after.lstrip().startswith("~"):
            after = ""
        if (after and not fence) or (not fence and not line.strip()):
            yield from _inline_code(text, since, at)
            since = at
        at += len(line)
        if fence and not after:
            yield since, at
            since = at
        fence = after
    if fence:
        yield since, at
    else:
        yield from _inline_code(text, since, at)


def _inline_code(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    runs = list(_TICKS.finditer(text, start, end))
    closing: dict[int, int] = {}
    latest: dict[int, int] = {}
    for number, run in reversed(list(enumerate(runs))):
        closing[number] = latest.get(len(run[0]), 0)
        latest[len(run[0])] = number
    skip_to = 0
    for number, run in enumerate(runs):
        escaped = text[run.start() - 1 : run.start()] == "\\"
        if number >= skip_to and not escaped and (closer := closing[number]):
            yield run.start(), runs[closer].end()
            skip_to = closer + 1
