"""What Feishu delivers -> the types and data of segments. Pure and tolerant: no content raises or parses to nothing."""

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final, Protocol

from ..net.bounded_json import JsonError, as_list, is_list, is_object, read_json

MENTION: Final = re.compile(r"@_all|@_user_[0-9]{1,9}")
"""A mention in a text: ``@_user_1`` and so on, or ``@_all``."""

DELIVERED: Final = frozenset(
    {
        *("image", "file", "folder", "audio", "media", "sticker", "interactive", "share_chat", "share_user"),
        *("system", "location", "video_chat", "todo", "vote", "hongbao", "merge_forward"),
        *("calendar", "share_calendar_event", "general_calendar"),
    }
)
"""Message types with a segment class of their own, beside ``text`` and ``post``."""


Part = tuple[str, dict[str, Any], bool]
"""A segment to be made: its type, its data, and whether it gets the class of its type, or a ``MessageSegment``."""


class MentionLike(Protocol):
    """What a mention must offer: its placeholder, its name and the open_id."""

    @property
    def key(self) -> str: ...
    @property
    def name(self) -> str: ...
    @property
    def open_id(self) -> str: ...


_People = Mapping[str, MentionLike]


def parse_parts(
    message_type: str, content: str, mentions: Iterable[MentionLike] | None = None, message_id: str | None = None
) -> list[Part]:
    """The parts of a delivered message, at least one; see :func:`~.message.parse`."""
    fields = _load(content)
    people = {mention.key: mention for mention in mentions if mention.key} if mentions else {}
    if message_type == "text":
        text = _string(fields.get("text"))
        return _merged(_split_mentions(text, people)) if "@_" in text else [_text(text)]
    if message_type == "post":
        return _merged(_parse_post(fields, people))
    if message_type == "merge_forward" and message_id:
        fields = {**fields, "message_id": message_id}
    return [(message_type or "unknown", fields, message_type in DELIVERED)]


def _load(content: str) -> dict[str, Any]:
    try:
        value: object = read_json(content)
    except (JsonError, TypeError):
        # Some messages carry plain text instead of JSON, such as a merged forward.
        return {"text": content} if content else {}
    return value if is_object(value) else {"text": content}


def _merged(parts: Iterable[Part]) -> list[Part]:
    merged: list[Part] = []
    text: dict[str, Any] | None = None
    for part in parts:
        kind, data, _ = part
        if kind != "text":
            text = None
        elif text is not None:
            text["text"] += data["text"]
            continue
        else:
            text = data
        merged.append(part)
    return merged or [_text("")]


def _text(text: str) -> Part:
    return ("text", {"text": text}, True)


def _split_mentions(text: str, people: _People) -> Iterator[Part]:
    start = 0
    for match in MENTION.finditer(text):
        key = _longest_key(match.group(), people)
        if key is None:
            continue
        if match.start() > start:
            yield _text(text[start : match.start()])
        yield _at(key, people)
        start = match.start() + len(key)
    if start < len(text):
        yield _text(text[start:])


def _longest_key(found: str, people: _People) -> str | None:
    """The longest key that exists: ``@_user_1`` followed by the text "1" looks like ``@_user_11``."""
    if found == "@_all" or found in people:
        return found
    ends = range(len(found) - 1, len("@_user_"), -1)
    return next((found[:end] for end in ends if found[:end] in people), None)


def _at(key: str, people: _People, name: str = "") -> Part:
    if key in ("@_all", "all", "@all"):
        return ("at", {"user_id": "all"}, True)
    person = people.get(key)
    if person is not None:
        key, name = person.open_id or key, person.name or name
    return ("at", {"user_id": key, "user_name": name} if name else {"user_id": key}, True)


def _parse_post(fields: dict[str, Any], people: _People) -> Iterator[Part]:
    files = fields.get("files")
    if not is_list(fields.get("content")):
        # Received posts come without the locale level, fetched and forwarded ones may have it.
        fields = next((value for value in fields.values() if is_object(value)), fields)
    if title := _string(fields.get("title")):
        yield _text(title + "\n")
    lines = fields.get("content")
    if not is_list(lines):
        yield from _split_mentions(_string(fields.get("text")), people)
    for number, line in enumerate(as_list(lines)):
        if number:
            yield _text("\n")
        for element in filter(is_object, line if is_list(line) else [line]):
            yield from _parse_element(element, people)
    for file in filter(is_object, as_list(files)):
        names = {"file_key": _string(file.get("file_key")), "file_name": _string(file.get("file_name")) or None}
        yield ("folder" if file.get("is_folder") is True else "file", names, True)


def _parse_element(element: dict[str, Any], people: _People) -> Iterator[Part]:
    tag = _string(element.get("tag"))
    text = _string(element.get("text"))
    if tag in ("text", "md"):
        yield from _split_mentions(text, people)
    elif tag == "at":
        yield _at(_string(element.get("user_id")), people, _string(element.get("user_name")))
    elif tag == "a":
        yield ("link", {"text": text, "href": _string(element.get("href"))}, True)
    elif tag == "img":
        yield ("image", {"image_key": _string(element.get("image_key"))}, True)
    elif tag == "media":
        keys = {"file_key": _string(element.get("file_key")), "image_key": _string(element.get("image_key")) or None}
        yield ("media", {**keys, "file_name": None, "duration": None}, True)
    elif tag == "emotion":
        yield ("emotion", {"emoji_type": _string(element.get("emoji_type"))}, True)
    elif tag == "code_block":
        yield ("code_block", {"text": text, "language": _string(element.get("language"))}, True)
    elif tag == "hr":
        yield _text("---")
    elif text:
        yield from _split_mentions(text, people)
    else:
        yield (tag or "unknown", {key: value for key, value in element.items() if key != "tag"}, False)


def _string(value: object) -> str:
    if type(value) is str:
        return value
    return "" if value is None or isinstance(value, (dict, list)) else str(value)
