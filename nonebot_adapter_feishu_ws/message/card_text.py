"""A card as plain text, in reading order: JSON 1.0, JSON 2.0, and the shape in which bots receive cards."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final, cast

from ..net.bounded_json import JsonError, read_json

MAX_TEXT: Final = 10_000
_MAX_DEPTH: Final = 24
_MAX_NODES: Final = 20_000
_INLINE: Final = frozenset({"text", "a", "at", "emotion"})
_LOCALES: Final = ("zh_cn", "en_us", "ja_jp")
_WRAPPERS: Final = ("card", "data")
_ORDER: Final = ("header", "title", "subtitle", "text_tag_list", "body", "text", "fields", "extra", "content")
_REST: Final = ("label", "placeholder", "options", "elements", "columns", "actions", "buttons", "button_area")


def card_text(card: object, *, limit: int = MAX_TEXT) -> str:
    """What a person reads on a card: titles, texts, labels of buttons in brackets, cells of tables, line by line.

    Never raises; what is nested too deeply is left out.

    Args:
        card: its JSON.
        limit: characters after which it is cut.
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
        if isinstance(source, dict) and source:
            return cast("dict[str, Any]", source)
    return None


def _lines(node: Any, depth: int) -> Iterator[str]:
    # Every object yields at least once, if only an empty line, so that the caller counts them.
    yield ""
    if depth > _MAX_DEPTH:
        return
    if isinstance(node, str):
        yield node
    elif isinstance(node, (list, tuple)):
        yield from _list(cast("list[Any]", node), depth)
    elif isinstance(node, Mapping):
        yield from _object(cast("Mapping[str, Any]", node), depth)


def _list(items: list[Any], depth: int) -> Iterator[str]:
    row: list[str] = []
    for item in items:
        if isinstance(item, Mapping) and (inline := _inline(cast("Mapping[str, Any]", item))) is not None:
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
    return _str(item.get("text")) or _str(item.get("href"))


def _object(node: Mapping[str, Any], depth: int) -> Iterator[str]:
    if (source := source_of(node)) is not None:
        yield from _lines(source, depth + 1)
        return
    if node.get("type") == "template":
        yield from _variables(_get(node.get("data"), "template_variable"))
        return
    if isinstance(node.get("property"), Mapping):  # where `json_card` keeps what the card's JSON has beside the tag
        node = {**node, **node["property"]}
    tag = node.get("tag")
    if tag == "button":
        if label := _label(node.get("text")):
            yield f"[{label}]"
    elif tag == "table":
        yield from _table(node)
    elif tag in ("select_static", "multi_select_static", "overflow"):
        yield _label(node.get("placeholder"))
        labels = [_label(_get(option, "text")) for option in _items(node.get("options"))[:100]]
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
    if not isinstance(translated, Mapping) or not translated:
        return None
    by_locale = cast("Mapping[str, Any]", translated)
    return next((by_locale[locale] for locale in _LOCALES if locale in by_locale), next(iter(by_locale.values())))


def _variables(variables: Any) -> Iterator[str]:
    if isinstance(variables, Mapping):
        for name, value in cast("Mapping[str, Any]", variables).items():
            if isinstance(value, (str, int, float)):
                yield f"{name}: {value}"


def _table(table: Mapping[str, Any]) -> Iterator[str]:
    columns = _items(table.get("columns"))[:50]
    names = [_get(column, "name") for column in columns]
    yield " | ".join(_str(_get(column, "display_name")) or _str(_get(column, "name")) for column in columns)
    for row in _items(table.get("rows")):
        yield " | ".join(_cell(_get(row, name)) for name in names)


def _cell(value: Any) -> str:
    if isinstance(value, list):
        return " ".join(_str(_get(item, "text")) or _str(item) for item in _items(cast("Any", value))[:50])
    return "" if value is None or isinstance(value, Mapping) else str(value)


def _label(text: Any) -> str:
    inner = _get(text, "property")
    found = (_str(text), _str(_get(text, "content")), _str(_get(text, "text")), _str(_get(inner, "content")))
    return next(filter(None, found), "")


def _get(node: Any, key: Any) -> Any:
    return cast("Mapping[Any, Any]", node).get(key) if isinstance(node, Mapping) and isinstance(key, str) else None


def _str(value: Any) -> str:
    return value if isinstance(value, str) else ""


def _items(value: Any) -> list[Any]:
    return cast("list[Any]", value) if isinstance(value, list) else []


def _parse(raw: str) -> Any:
    try:
        return read_json(raw)
    except JsonError:
        return None
