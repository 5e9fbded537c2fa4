"""What Feishu delivers -> segments. Pure, and tolerant: no content raises, and none gives an empty message."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final, Protocol, cast

from ..net.bounded_json import JsonError, read_json
from . import segment as types
from .message import Message
from .segment import MessageSegment

MENTION: Final = re.compile(r"@_all|@_user_[0-9]{1,9}")
"""Where a mention stands in a text: ``@_user_1`` and so on, or ``@_all``."""

_SEGMENTS: Final[dict[str, type[MessageSegment]]] = {
    "image": types.Image,
    "file": types.File,
    "folder": types.Folder,
    "audio": types.Audio,
    "media": types.Media,
    "sticker": types.Sticker,
    "interactive": types.Interactive,
    "share_chat": types.ShareChat,
    "share_user": types.ShareUser,
    "system": types.System,
    "location": types.Location,
    "video_chat": types.VideoChat,
    "todo": types.Todo,
    "vote": types.Vote,
    "hongbao": types.Hongbao,
    "share_calendar_event": types.ShareCalendarEvent,
    "calendar": types.Calendar,
    "general_calendar": types.GeneralCalendar,
    "merge_forward": types.MergeForward,
}


class MentionLike(Protocol):
    """What a mention must offer: its placeholder and, in some form, the open_id."""

    @property
    def key(self) -> str: ...
    @property
    def name(self) -> str: ...
    @property
    def open_id(self) -> str: ...


def parse(
    message_type: str, content: str, mentions: Iterable[MentionLike] | None = None, message_id: str | None = None
) -> Message:
    """Make segments of a delivered message.

    Rich text becomes text, at, link, image and so on, line by line, so that commands match in it; its title is
    the first line.

    Args:
        message_type: Feishu's type, such as ``text``; an unknown one becomes a segment of that type.
        content: the content's JSON as a string.
        mentions: who is mentioned, by placeholder.
        message_id: the message's own id; a merged forward keeps it, so that it can be expanded.

    Returns:
        A message with at least one segment.
    """
    fields = _load(content)
    people = {mention.key: mention for mention in mentions or () if mention.key}
    if message_type == "text":
        return _merged(_split_mentions(_string(fields.get("text")), people))
    if message_type == "post":
        return _merged(_parse_post(fields, people))
    if message_type == "merge_forward" and message_id:
        fields = {**fields, "message_id": message_id}
    kind = _SEGMENTS.get(message_type, MessageSegment)
    if message_type == "interactive" and fields.get("type") == "template":
        kind = types.InteractiveTemplate
    return Message(kind(message_type or "unknown", fields))


def _load(content: str) -> dict[str, Any]:
    try:
        value: object = read_json(content)
    except (JsonError, TypeError):
        # Some messages carry plain words instead of JSON, such as a merged forward.
        return {"text": content} if content else {}
    return cast("dict[str, Any]", value) if isinstance(value, dict) else {"text": content}


def _merged(segments: Iterable[MessageSegment]) -> Message:
    merged: list[MessageSegment] = []
    text: types.Text | None = None
    for segment in segments:
        if type(segment) is not types.Text:
            text = None
        elif text is not None:
            text.data["text"] += segment.data["text"]
            continue
        else:
            text = segment
        merged.append(segment)
    message = Message()
    # NoneBot's own append looks at the type of each.
    list[MessageSegment].extend(message, merged or [MessageSegment.text("")])
    return message


def _split_mentions(text: str, people: Mapping[str, MentionLike]) -> Iterator[MessageSegment]:
    if "@_" not in text:
        if text:
            yield types.Text("text", {"text": text})
        return
    start = 0
    for match in MENTION.finditer(text):
        key = _longest_key(match.group(), people)
        if key is None:
            continue
        if match.start() > start:
            yield MessageSegment.text(text[start : match.start()])
        yield _at(key, people)
        start = match.start() + len(key)
    if start < len(text):
        yield MessageSegment.text(text[start:])


def _longest_key(found: str, people: Mapping[str, MentionLike]) -> str | None:
    """``@_user_1`` followed by the text "1" looks like ``@_user_11``: take the longest key that exists."""
    if found == "@_all" or found in people:
        return found
    ends = range(len(found) - 1, len("@_user_"), -1)
    return next((found[:end] for end in ends if found[:end] in people), None)


def _at(key: str, people: Mapping[str, MentionLike], name: str = "") -> MessageSegment:
    if key in ("@_all", "all", "@all"):
        return MessageSegment.at("all")
    person = people.get(key)
    if person is None:
        return MessageSegment.at(key, name or None)
    return MessageSegment.at(person.open_id or key, person.name or name or None)


def _parse_post(fields: dict[str, Any], people: Mapping[str, MentionLike]) -> Iterator[MessageSegment]:
    files = fields.get("files")
    if not isinstance(fields.get("content"), list):
        # Received posts come without the locale level, fetched and forwarded ones may have it.
        fields = next((cast("dict[str, Any]", v) for v in fields.values() if isinstance(v, dict)), fields)
    if title := _string(fields.get("title")):
        yield MessageSegment.text(title + "\n")
    lines: object = fields.get("content")
    if not isinstance(lines, list):
        text = _string(fields.get("text"))
        yield from _split_mentions(text, people)
        lines = []
    for number, line in enumerate(cast("list[object]", lines)):
        if number:
            yield MessageSegment.text("\n")
        for element in cast("list[object]", line) if isinstance(line, list) else [line]:
            if isinstance(element, dict):
                yield from _parse_element(cast("dict[str, Any]", element), people)
    yield from _attachments(files)


def _attachments(files: object) -> Iterator[MessageSegment]:
    """Files that hang below a rich text."""
    for file in cast("list[object]", files) if isinstance(files, list) else []:
        if isinstance(file, dict):
            fields = cast("dict[str, Any]", file)
            make = MessageSegment.folder if fields.get("is_folder") is True else MessageSegment.file
            yield make(_string(fields.get("file_key")), _string(fields.get("file_name")) or None)


def _parse_element(element: dict[str, Any], people: Mapping[str, MentionLike]) -> Iterator[MessageSegment]:
    tag = _string(element.get("tag"))
    text = _string(element.get("text"))
    if tag in ("text", "md"):
        yield from _split_mentions(text, people)
    elif tag == "at":
        yield _at(_string(element.get("user_id")), people, _string(element.get("user_name")))
    elif tag == "a":
        yield MessageSegment.link(text, _string(element.get("href")))
    elif tag == "img":
        yield MessageSegment.image(_string(element.get("image_key")))
    elif tag == "media":
        yield MessageSegment.media(_string(element.get("file_key")), _string(element.get("image_key")) or None)
    elif tag == "emotion":
        yield MessageSegment.emotion(_string(element.get("emoji_type")))
    elif tag == "code_block":
        yield MessageSegment.code_block(text, _string(element.get("language")))
    elif tag == "hr":
        yield MessageSegment.text("---")
    elif text:
        yield from _split_mentions(text, people)
    else:
        yield MessageSegment(tag or "unknown", {key: value for key, value in element.items() if key != "tag"})


def _string(value: object) -> str:
    if type(value) is str:
        return value
    return "" if value is None or isinstance(value, (dict, list)) else str(value)
