"""Segments in words: what ``str(segment)`` shows for the types that are not text. Pure, and never raises."""

import re
from collections.abc import Callable, Mapping
from typing import Any, Final, Protocol, runtime_checkable

from ..net.bounded_json import as_list, as_object, as_text, is_list, is_object
from .card_text import card_text
from .times import moment

_SLOT: Final = re.compile(r"\{(\w+)\}")
_SHOWN: Final = {
    "emotion": ("emoji_type",),
    **dict.fromkeys(("image", "img"), ("image_key",)),
    "share_chat": ("chat_id",),
    "share_user": ("user_id",),
    "audio": ("file_key",),
    "media": ("file_name", "file_key"),
    "file": ("file_name", "file_key"),
    "folder": ("file_name", "file_key"),
    "sticker": ("file_key",),
    "hongbao": ("text",),
    "merge_forward": (),
}
"""Segment type -> the key of its most telling value; where it is empty, the next key. For others, it is ``text``."""


def describe(kind: str, data: Mapping[str, Any]) -> str:
    """A segment in words, such as ``[image:img_v3_...]``, or the readable text of a card or a system message."""
    description = _DESCRIPTIONS.get(kind)
    if description is not None:
        return description(kind, data) or f"[{kind}]"
    return _tagged(kind, _first(data, *_SHOWN.get(kind, ("text",))))


def text_beside(kind: str, data: Mapping[str, Any]) -> str:
    """What the plain text of a message has of a segment that is no text: that of cards and of unknown types.

    So an alert can be forwarded to the bot to be read. They are still no text segments: no forwarded card can run a
    command in the name of the person who forwards it.
    """
    if kind == "interactive":
        return card_text(data)
    return "" if kind in _SHOWN or kind in _DESCRIPTIONS else as_text(data.get("text"))


def _first(fields: Mapping[str, Any], *keys: str) -> str:
    return next(filter(None, (words(fields.get(key)) for key in keys)), "")


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
        return f"@{_first(element, 'user_name', 'user_id', 'open_id').removeprefix('@')}"
    return _first(element, "text", "href") or f"[{words(element.get('tag'))}]"


def _tagged(kind: str, *parts: str) -> str:
    shown = " ".join(part for part in parts if part)
    return f"[{kind}:{shown}]" if shown else f"[{kind}]"


def _at(kind: str, data: Mapping[str, Any]) -> str:
    user_id = words(data.get("user_id")).removeprefix("@")
    return f"@{user_id if user_id == 'all' else words(data.get('user_name')) or user_id}"


def _system(kind: str, data: Mapping[str, Any]) -> str:
    # A divider that is to be sent has another form than a received one.
    if divider := as_object(as_object(data.get("params")).get("divider_text")):
        return words(divider)
    template = words(data.get("template"))
    # A slot without a value keeps its placeholder: better than a sentence with a hole.
    return _SLOT.sub(lambda slot: words(data.get(slot[1])) or slot[0], template).strip()


def _location(kind: str, data: Mapping[str, Any]) -> str:
    longitude, latitude = words(data.get("longitude")), words(data.get("latitude"))
    return _tagged(kind, words(data.get("name")), f"({longitude}, {latitude})" if longitude and latitude else "")


def _todo(kind: str, data: Mapping[str, Any]) -> str:
    fields = as_object(data.get("summary"))
    lines = fields.get("content_v2") or fields.get("content")
    text = post_text(fields.get("title"), lines) if fields else words(data.get("summary"))
    due = moment(data.get("due_time"))
    return _tagged(kind, text.replace("\n", " ") or words(data.get("task_id")), f"(due {due})" if due else "")


def _vote(kind: str, data: Mapping[str, Any]) -> str:
    shown = " / ".join(filter(None, map(words, as_list(data.get("options")))))
    topic = words(data.get("topic"))
    return _tagged(kind, f"{topic}:" if topic and shown else topic, shown)


def _timed(kind: str, data: Mapping[str, Any]) -> str:
    name = words(data.get("topic" if kind == "video_chat" else "summary"))
    start, end = moment(data.get("start_time")), moment(data.get("end_time"))
    return _tagged(kind, name, f"{start} - {end}" if start and end else start)


def _post(kind: str, data: Mapping[str, Any]) -> str:
    return post_text(data.get("title"), data.get("content"))


def _card(kind: str, data: Mapping[str, Any]) -> str:
    return card_text(data) or _tagged(kind, _first(as_object(data.get("data")), "template_id", "card_id"))


_DESCRIPTIONS: Final[Mapping[str, Callable[[str, Mapping[str, Any]], str]]] = {
    "at": _at,
    "post": _post,
    "interactive": _card,
    "system": _system,
    "location": _location,
    "todo": _todo,
    "vote": _vote,
    "video_chat": _timed,
    "calendar": _timed,
    "share_calendar_event": _timed,
    "general_calendar": _timed,
}


@runtime_checkable
class BuiltCard(Protocol):
    """A card built with ``nonebot_adapter_feishu_ws.card``."""

    def to_dict(self) -> dict[str, Any]:
        """Its JSON."""
        ...

    def validate(self) -> Any:
        """Check it against Feishu's limits, and return it."""
        ...
