"""What Feishu delivers -> the types and data of segments. Pure and tolerant: no content raises or parses to nothing."""

from collections.abc import Iterable, Iterator
from itertools import chain
from typing import Any, Final

from ..net.bounded_json import JsonError, as_list, as_object, is_list, is_object, read_json
from .inline import EVERYBODY, MentionLike, Part, People, at_part, split_inline, text_part

DELIVERED: Final = frozenset(
    {
        *("image", "file", "folder", "audio", "media", "sticker", "interactive", "share_chat", "share_user"),
        *("system", "location", "video_chat", "todo", "vote", "hongbao", "merge_forward"),
        *("calendar", "share_calendar_event", "general_calendar"),
    }
)
"""Message types with a segment class of their own, beside ``text`` and ``post``."""
_NOBODY: Final = People(None)
_VIDEO: Final = frozenset({"media", "video"})
_CONTENTS: Final = ("content_v2", "content")
_TEXTS: Final = frozenset({"text", "md", "markdown"})


def parse_parts(
    message_type: str, content: str, mentions: Iterable[MentionLike] | None = None, message_id: str | None = None
) -> list[Part]:
    """The parts of a delivered message, at least one; see :func:`~.message.parse`."""
    fields = _load(content)
    people = People(mentions) if mentions else _NOBODY
    if message_type == "text":
        text = _string(fields.get("text"))
        return (
            _merged(split_inline(text, people, "text")) if people or "@_" in text or "](" in text else [text_part(text)]
        )
    if message_type == "post":
        return _merged(_parse_post(fields, people))
    if message_type == "merge_forward" and message_id:
        fields = {**fields, "message_id": message_id}
    if message_type in _VIDEO:
        message_type = "media"
    if message_type == "todo" and people:
        _name_mentions(as_object(fields.get("summary")), people)
    if message_type == "interactive" and people:
        # A card names people by these keys, often inside JSON of its own.
        fields = {**fields, "mentions": {key: at_part(key, people)[1] for key in people}}
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
    return merged or [text_part("")]


def _parse_post(fields: dict[str, Any], people: People) -> Iterator[Part]:
    files = fields.get("files")
    body = _body_of(fields)
    parts = _parse_lines(body, people)
    if title := _string(body.get("title")):
        yield text_part(title + ("\n" if parts else ""))
    yield from parts or split_inline(_string(body.get("text")), people, "words")
    for file in filter(is_object, as_list(files)):
        names = {"file_key": _string(file.get("file_key")), "file_name": _string(file.get("file_name")) or None}
        yield ("folder" if file.get("is_folder") is True else "file", names, True)


def _body_of(fields: dict[str, Any]) -> dict[str, Any]:
    """What has title and content: received posts come without the locale level, fetched and forwarded ones may have it.

    Some clients wrap it once more: ``{"post": {"zh_cn": {...}}}``.
    """
    for _ in range(2):
        if any(is_list(fields.get(key)) for key in _CONTENTS):
            break
        inner = list(filter(is_object, fields.values()))
        fields = next(filter(_says_something, inner), inner[0] if inner else fields)
    return fields


def _says_something(body: dict[str, Any]) -> bool:
    elements = chain.from_iterable(_elements(as_list(body.get(key))) for key in _CONTENTS)
    return any(each.get("tag") not in _TEXTS or _string(each.get("text")).strip() for each in elements)


def _parse_lines(body: dict[str, Any], people: People) -> list[Part]:
    """The parts of ``content_v2``, which keeps the Markdown that ``content`` loses, or of ``content``."""
    lines = as_list(body.get("content"))
    if newer := as_list(body.get("content_v2")):
        # A user may type <at user_id="all">. Where there are both, the elements tell what is a mention of everybody.
        ids = (element.get("user_id") for element in _elements(lines) if element.get("tag") == "at")
        everybody = not lines or any(user_id in EVERYBODY for user_id in ids)
        parts = list(_parse_elements(newer, people, everybody))
        if any(kind != "text" or data["text"].strip() for kind, data, _ in parts):
            return parts
    return list(_parse_elements(lines, people, True))


def _name_mentions(post: dict[str, Any], people: People) -> None:
    """Write the names into the mentions of rich text that stays as it came."""
    for element in (each for key in _CONTENTS for each in _elements(as_list(post.get(key))) if each.get("tag") == "at"):
        if person := people.find(_string(element.get("user_id"))):
            element["user_name"] = person.name or element.get("user_name")


def _elements(lines: list[Any]) -> Iterator[dict[str, Any]]:
    return (element for line in lines for element in filter(is_object, line if is_list(line) else [line]))


def _parse_elements(lines: list[Any], people: People, everybody: bool) -> Iterator[Part]:
    for number, line in enumerate(lines):
        if number:
            yield text_part("\n")
        for element in _elements([line]):
            yield from _parse_element(element, people, everybody)


def _parse_element(element: dict[str, Any], people: People, everybody: bool) -> Iterator[Part]:
    tag = _string(element.get("tag"))
    text = _string(element.get("text"))
    if tag in ("md", "markdown"):
        yield from split_inline(text, people, "markdown", everybody=everybody)
    elif tag == "at":
        user_id = next(filter(None, (_string(element.get(key)) for key in ("user_id", "open_id", "id"))), "")
        yield at_part(user_id, people, _string(element.get("user_name")))
    elif tag == "a":
        yield ("link", {"text": text, "href": _string(element.get("href"))}, True)
    elif tag == "img":
        yield ("image", {"image_key": _string(element.get("image_key"))}, True)
    elif tag in _VIDEO:
        names = ("file_key", _string), ("image_key", _text_or_none), ("file_name", _text_or_none), ("duration", _number)
        yield ("media", {key: read(element.get(key)) for key, read in names}, True)
    elif tag == "emotion":
        yield ("emotion", {"emoji_type": _string(element.get("emoji_type"))}, True)
    elif tag == "code_block":
        yield ("code_block", {"text": text, "language": _string(element.get("language"))}, True)
    elif tag == "hr":
        yield text_part("---")
    elif text or tag == "text":
        yield from split_inline(text, people, "words")
    else:
        yield (tag or "unknown", {key: value for key, value in element.items() if key != "tag"}, tag in DELIVERED)


def _text_or_none(value: object) -> str | None:
    return _string(value) or None


def _number(value: object) -> int | None:
    text = _string(value)
    return int(text) if text.isdecimal() and len(text) < 16 else None


def _string(value: object) -> str:
    if type(value) is str:
        return value
    return "" if value is None or isinstance(value, (dict, list)) else str(value)
