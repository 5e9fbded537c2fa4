"""Cards as plain text, in reading order: JSON 1.0, JSON 2.0, and the form in which bots receive cards."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final, Protocol, runtime_checkable

from ..net.bounded_json import JsonError, as_list, as_object, as_text, is_list, is_object, read_json

MAX_TEXT: Final = 10_000
_MAX_DEPTH: Final = 24
_MAX_NODES: Final = 20_000
_INLINE: Final = frozenset({"text", "a", "at", "emotion"})
_LOCALES: Final = ("zh_cn", "en_us", "ja_jp")
_WRAPPERS: Final = ("card", "data")
_ORDER: Final = ("header", "title", "subtitle", "text_tag_list", "body", "text", "fields", "extra", "content")
_REST: Final = ("label", "placeholder", "options", "elements", "columns", "actions", "buttons", "button_area")


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
            source = _parse(source)
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
    row: list[str] = []
    for item in items:
        if is_object(item) and (inline := _inline(item)) is not None:
            row.append(inline)
            continue
        if row:
            yield "".join(row)
            row = []
        yield from _lines(item, depth + 1)
    if row:
        yield "".join(row)


def _inline(item: Mapping[str, Any]) -> str | None:
    tag = item.get("tag")
    if not isinstance(tag, str) or tag not in _INLINE:
        return None
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
        yield from _variables(_get(node.get("data"), "template_variable"))
        return
    node = {
        **node,
        **as_object(node.get("property")),
    }  # where `json_card` keeps what the card's JSON has beside the tag
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
    for key in (*_WRAPPERS, *_ORDER, *_REST):
        if key in node:
            yield from _lines(node[key], depth + 1)
    for key, translated in (("header", "i18n_header"), ("elements", "i18n_elements")):
        if not node.get(key):
            yield from _lines(_localized(node.get(translated)), depth + 1)


def _localized(translated: Any) -> Any:
    by_locale = as_object(translated)
    preferred = (by_locale[locale] for locale in _LOCALES if locale in by_locale)
    return next(preferred, next(iter(by_locale.values()), None))


def _variables(variables: Any) -> Iterator[str]:
    for name, value in as_object(variables).items():
        if isinstance(value, (str, int, float)):
            yield f"{name}: {value}"


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


def _parse(raw: str) -> Any:
    try:
        return read_json(raw)
    except JsonError:
        return None
