"""Segments in words: what ``str(segment)`` shows for the types that are not text. Pure, and never raises."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any, Final, cast

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
"""The value that tells most about a segment of a type, else the next one."""


def describe(kind: str, data: Mapping[str, Any]) -> str:
    """A segment in words, such as ``[image:img_v3_...]``, or the readable text of a card or a system message.

    Args:
        kind: the segment's type.
        data: its data, in whatever state it came.
    """
    teller = _TELLERS.get(kind)
    if teller is not None:
        return teller(data) or f"[{kind}]"
    return _tagged(kind, next(filter(None, (words(data.get(key)) for key in _SHOWN.get(kind, ()))), ""))


def words(value: object) -> str:
    """A value as text: strings and numbers as they are, a list joined by commas, a named thing by its name."""
    if isinstance(value, str):
        return value
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return str(value)
    if isinstance(value, list):
        return ", ".join(filter(None, map(_item, cast("list[object]", value))))
    return _item(value)


def _item(value: object) -> str:
    if isinstance(value, dict):
        fields = cast("dict[str, object]", value)
        found = (fields.get(key) for key in ("name", "text", "title", "content", "open_id", "user_id", "id"))
        return next((text for text in found if isinstance(text, str) and text), "")
    return value if isinstance(value, str) else ""


def post_text(title: object, lines: object) -> str:
    """The text of rich text in Feishu's own form: its title, then a line for each line."""
    texts = [title] if isinstance(title, str) and title else []
    for line in cast("list[object]", lines) if isinstance(lines, list) else []:
        elements = cast("list[object]", line) if isinstance(line, list) else [line]
        texts.append("".join(map(_element_text, elements)))
    return "\n".join(texts)


def _element_text(element: object) -> str:
    if not isinstance(element, dict):
        return ""
    fields = cast("dict[str, object]", element)
    if fields.get("tag") == "at":
        return f"@{words(fields.get('user_name')) or words(fields.get('user_id'))}"
    return words(fields.get("text")) or words(fields.get("href")) or f"[{words(fields.get('tag'))}]"


def moment(value: object) -> str:
    """A time of Feishu's (milliseconds, in older places seconds, as number or text) as ``2024-03-15 10:53 UTC``."""
    try:
        number = float(value) if isinstance(value, (str, int, float)) else 0.0
        seconds = number / 1000 if number > 1e11 else number
        return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%d %H:%M UTC") if seconds > 0 else ""
    except (ValueError, OverflowError, OSError):
        return ""


def _tagged(kind: str, *parts: str) -> str:
    shown = " ".join(part for part in parts if part)
    return f"[{kind}:{shown}]" if shown else f"[{kind}]"


def _system(data: Mapping[str, Any]) -> str:
    template = words(data.get("template"))
    # A slot that Feishu sends no value for stays as it is: better than a sentence with a hole.
    return _SLOT.sub(lambda slot: words(data.get(slot[1])) or slot[0], template).strip()


def _location(data: Mapping[str, Any]) -> str:
    longitude, latitude = words(data.get("longitude")), words(data.get("latitude"))
    return _tagged("location", words(data.get("name")), f"({longitude}, {latitude})" if longitude and latitude else "")


def _todo(data: Mapping[str, Any]) -> str:
    summary: object = data.get("summary")
    fields = cast("dict[str, object]", summary) if isinstance(summary, dict) else {}
    text = post_text(fields.get("title"), fields.get("content")) if fields else words(data.get("summary"))
    due = moment(data.get("due_time"))
    return _tagged("todo", text.replace("\n", " ") or words(data.get("task_id")), f"(due {due})" if due else "")


def _vote(data: Mapping[str, Any]) -> str:
    options: object = data.get("options")
    named = [words(option) for option in cast("list[object]", options)] if isinstance(options, list) else []
    shown = " / ".join(filter(None, named))
    topic = words(data.get("topic"))
    return _tagged("vote", f"{topic}:" if topic and shown else topic, shown)


def _timed(kind: str, name: str) -> Callable[[Mapping[str, Any]], str]:
    def tell(data: Mapping[str, Any]) -> str:
        start, end = moment(data.get("start_time")), moment(data.get("end_time"))
        return _tagged(kind, words(data.get(name)), f"{start} - {end}" if start and end else start)

    return tell


def _card(data: Mapping[str, Any]) -> str:
    if text := card_text(data):
        return text
    inner: object = data.get("data")
    fields = cast("dict[str, object]", inner) if isinstance(inner, dict) else {}
    return _tagged("interactive", words(fields.get("template_id")) or words(fields.get("card_id")))


_TELLERS: Final[dict[str, Callable[[Mapping[str, Any]], str]]] = {
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
