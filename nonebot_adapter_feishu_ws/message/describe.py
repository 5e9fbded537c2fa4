"""Segments and cards in words: what ``str(segment)`` shows for the types that are not text. Pure, and never raises."""

import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from datetime import UTC, datetime
from itertools import groupby
from typing import Any, Final, Protocol, runtime_checkable

from ..net.bounded_json import JsonError, as_list, as_object, as_text, is_list, is_object, read_json

MAX_TEXT: Final = 10_000
_MAX_DEPTH: Final = 24
_MAX_NODES: Final = 20_000
_INLINE: Final = ("text", "a", "at", "emotion")
_LOCALES: Final = ("zh_cn", "en_us", "ja_jp")
_PARTS: Final = (
    *("card", "data", "header", "title", "subtitle", "text_tag_list", "body", "text", "fields", "extra", "content"),
    *("label", "placeholder", "options", "elements", "columns", "actions", "buttons", "button_area"),
)
"""Where a card's JSON holds what can be read, in reading order."""
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
        return f"@{_first(element, 'user_name', 'user_id', 'open_id')}"
    return _first(element, "text", "href") or f"[{words(element.get('tag'))}]"


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


def card_text(card: object, *, limit: int = MAX_TEXT) -> str:
    """The readable text of a card, line by line: titles, texts, button labels in brackets, table cells.

    Never raises; what is nested too deeply is left out.

    Args:
        card: its JSON.
        limit: the length of the text, in characters, at most.
    """
    lines: list[str] = []
    size = 0
    for number, line in enumerate(_lines(card, 0)):
        if line := line.strip():
            lines.append(line)
            size += len(line) + 1
        if size > limit or number > _MAX_NODES:
            break
    return "\n".join(lines)[:limit]


def source_of(card: Mapping[str, Any]) -> dict[str, Any] | None:
    """The card's own JSON where Feishu delivers it beside the simplified text (``user_dsl``, ``json_card``)."""
    for key in ("user_dsl", "json_card"):
        source: object = card.get(key)
        if isinstance(source, str):
            with suppress(JsonError):
                source = read_json(source)
        if fields := as_object(source):
            return fields
    return None


def _lines(node: Any, depth: int) -> Iterator[str]:
    # Each node yields at least one line, so that the caller counts the nodes.
    yield ""
    if depth > _MAX_DEPTH:
        return
    if isinstance(node, str):
        yield node
    elif is_list(node):
        yield from _list(node, depth)
    elif is_object(node):
        yield from _object(node, depth)


def _list(items: list[Any], depth: int) -> Iterator[str]:
    for is_inline, row in groupby(items, lambda item: _get(item, "tag") in _INLINE):
        if is_inline:
            yield "".join(map(_inline, row))
            continue
        for item in row:
            yield from _lines(item, depth + 1)


def _inline(item: Mapping[str, Any]) -> str:
    tag = item["tag"]
    if tag == "at":
        return f"@{item.get('user_name') or item.get('user_id') or ''}"
    if tag == "emotion":
        return f"[{item.get('emoji_type', '')}]"
    return as_text(item.get("text")) or as_text(item.get("href"))


def _object(node: Mapping[str, Any], depth: int) -> Iterator[str]:
    if (source := source_of(node)) is not None:
        yield from _lines(source, depth + 1)
        return
    if node.get("type") == "template":
        variables = as_object(_get(node.get("data"), "template_variable"))
        yield from (f"{name}: {value}" for name, value in variables.items() if isinstance(value, (str, int, float)))
        return
    # `json_card` keeps in `property` what the card's JSON has beside the tag.
    node = {**node, **as_object(node.get("property"))}
    tag = node.get("tag")
    if tag == "button":
        if label := _label(node.get("text")):
            yield f"[{label}]"
    elif tag == "table":
        yield from _table(node)
    elif tag in ("select_static", "multi_select_static", "overflow"):
        yield _label(node.get("placeholder"))
        labels = [_label(_get(option, "text")) for option in as_list(node.get("options"))[:100]]
        yield " ".join(f"[{label}]" for label in labels if label)
    elif tag in ("img", "image"):
        yield f"[{_label(node.get('alt')) or _label(node.get('title')) or 'image'}]"
    else:
        yield from _parts(node, depth)


def _parts(node: Mapping[str, Any], depth: int) -> Iterator[str]:
    for key in _PARTS:
        if key in node:
            yield from _lines(node[key], depth + 1)
    for key in ("header", "elements"):
        if not node.get(key):
            by_locale = as_object(node.get(f"i18n_{key}"))
            locale = next((locale for locale in (*_LOCALES, *by_locale) if locale in by_locale), "")
            yield from _lines(by_locale.get(locale), depth + 1)


def _table(table: Mapping[str, Any]) -> Iterator[str]:
    columns = as_list(table.get("columns"))[:50]
    names = [_get(column, "name") for column in columns]
    yield " | ".join(as_text(_get(column, "display_name")) or as_text(_get(column, "name")) for column in columns)
    for row in as_list(table.get("rows")):
        yield " | ".join(_cell(_get(row, name)) for name in names)


def _cell(value: Any) -> str:
    if is_list(value):
        return " ".join(as_text(_get(item, "text")) or as_text(item) for item in value[:50])
    return "" if value is None or is_object(value) else str(value)


def _label(text: object) -> str:
    places = (text, _get(text, "content"), _get(text, "text"), _get(_get(text, "property"), "content"))
    return next((label for place in places if (label := as_text(place))), "")


def _get(node: object, key: object) -> object:
    return as_object(node).get(key) if isinstance(key, str) else None
