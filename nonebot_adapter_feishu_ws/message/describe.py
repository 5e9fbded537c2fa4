"""Segments in words: what ``str(segment)`` shows for the types that are not text. Pure, and never raises."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any, Final

from ..net.bounded_json import as_list, as_object, as_text, is_list, is_object
from .card_text import card_text

_SLOT: Final = re.compile(r"\{(\w+)\}")
_SHOWN: Final = {
    "emotion": ("emoji_type",),
    "image": ("image_key",),
    "share_chat": ("chat_id",),
    "share_user": ("user_id",),
    "audio": ("file_key",),
    "media": ("file_name", "file_key"),
    "file": ("file_name", "file_key"),
    "folder": ("file_name", "file_key"),
    "sticker": ("file_key",),
    "hongbao": ("text",),
}
"""Segment type -> the key of its most telling value; where it is empty, the next key."""


def describe(kind: str, data: Mapping[str, Any]) -> str:
    """A segment in words, such as ``[image:img_v3_...]``, or the readable text of a card or a system message.

    Args:
        kind: the segment's type.
        data: its data, valid or not.
    """
    description = _DESCRIPTIONS.get(kind)
    if description is not None:
        return description(data) or f"[{kind}]"
    return _tagged(kind, next(filter(None, (words(data.get(key)) for key in _SHOWN.get(kind, ()))), ""))


def words(value: object) -> str:
    """A value as text: strings and numbers as they are, lists joined by commas, objects by their name."""
    if isinstance(value, str):
        return value
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return str(value)
    if is_list(value):
        return ", ".join(filter(None, map(_item, value)))
    return _item(value)


def _item(value: object) -> str:
    if not is_object(value):
        return as_text(value)
    found = (as_text(value.get(key)) for key in ("name", "text", "title", "content", "open_id", "user_id", "id"))
    return next(filter(None, found), "")


def post_text(title: object, lines: object) -> str:
    """The text of rich text in Feishu's own form: its title, then a line for each line."""
    texts = [title] if isinstance(title, str) and title else []
    for line in as_list(lines):
        texts.append("".join(map(_element_text, line if is_list(line) else [line])))
    return "\n".join(texts)


def _element_text(element: object) -> str:
    if not is_object(element):
        return ""
    if element.get("tag") == "at":
        return f"@{words(element.get('user_name')) or words(element.get('user_id'))}"
    return words(element.get("text")) or words(element.get("href")) or f"[{words(element.get('tag'))}]"


def moment(value: object) -> str:
    """A Feishu timestamp (number or text; milliseconds, seconds in older places) as ``2024-03-15 10:53 UTC``."""
    try:
        number = float(value) if isinstance(value, (str, int, float)) else 0.0
        seconds = number / 1000 if number > 1e11 else number
        return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%d %H:%M UTC") if seconds > 0 else ""
    except (ValueError, OverflowError, OSError):
        return ""


def _tagged(kind: str, *parts: str) -> str:
    shown = " ".join(part for part in parts if part)
    return f"[{kind}:{shown}]" if shown else f"[{kind}]"


def _at(data: Mapping[str, Any]) -> str:
    user_id = str(data.get("user_id", ""))
    # The event did not name the person: only the placeholder is known, and perhaps a name.
    name = data.get("user_name")
    return f"@{name}" if name and user_id.startswith("@_user_") else f"@{user_id.removeprefix('@')}"


def _system(data: Mapping[str, Any]) -> str:
    template = words(data.get("template"))
    # A slot without a value keeps its placeholder: better than a sentence with a hole.
    return _SLOT.sub(lambda slot: words(data.get(slot[1])) or slot[0], template).strip()


def _location(data: Mapping[str, Any]) -> str:
    longitude, latitude = words(data.get("longitude")), words(data.get("latitude"))
    return _tagged("location", words(data.get("name")), f"({longitude}, {latitude})" if longitude and latitude else "")


def _todo(data: Mapping[str, Any]) -> str:
    fields = as_object(data.get("summary"))
    text = post_text(fields.get("title"), fields.get("content")) if fields else words(data.get("summary"))
    due = moment(data.get("due_time"))
    return _tagged("todo", text.replace("\n", " ") or words(data.get("task_id")), f"(due {due})" if due else "")


def _vote(data: Mapping[str, Any]) -> str:
    shown = " / ".join(filter(None, map(words, as_list(data.get("options")))))
    topic = words(data.get("topic"))
    return _tagged("vote", f"{topic}:" if topic and shown else topic, shown)


def _timed(kind: str, name: str) -> Callable[[Mapping[str, Any]], str]:
    def describe_timed(data: Mapping[str, Any]) -> str:
        start, end = moment(data.get("start_time")), moment(data.get("end_time"))
        return _tagged(kind, words(data.get(name)), f"{start} - {end}" if start and end else start)

    return describe_timed


def _card(data: Mapping[str, Any]) -> str:
    if text := card_text(data):
        return text
    fields = as_object(data.get("data"))
    return _tagged("interactive", words(fields.get("template_id")) or words(fields.get("card_id")))


_DESCRIPTIONS: Final[dict[str, Callable[[Mapping[str, Any]], str]]] = {
    "at": _at,
    "interactive": _card,
    "system": _system,
    "location": _location,
    "todo": _todo,
    "vote": _vote,
    "video_chat": _timed("video_chat", "topic"),
    "calendar": _timed("calendar", "summary"),
    "share_calendar_event": _timed("share_calendar_event", "summary"),
    "general_calendar": _timed("general_calendar", "summary"),
}
