"""What Feishu refuses or silently drops in a card of JSON 2.0, found before it is sent.

It reads the JSON, so that raw elements are checked as well. Every problem is named with its path.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final, cast

from ..net.bounded_json import as_list, as_object, is_list, is_object
from .choices import (
    CHOICES,
    COLORS,
    DEAD_TAGS,
    FORM_CONTROLS,
    HEADER_COLORS,
    NUMBERS,
    ONLY_IN_FORMS,
    PLACEHOLDER_OR,
    TAG_COLORS,
)
from .pictures import picture_problems

SIZE_LIMIT: Final = 30 * 1024
MAX_COMPONENTS: Final = 200
MAX_TABLES: Final = 5
MAX_TABLE_COLUMNS: Final = 50
MAX_NESTING: Final = 5
MAX_LABEL: Final = 100
_COLOR_KEYS: Final = ("background_style", "background_color", "border_color")
_ELEMENT_ID = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,19}")
_CONTAINERS: Final = frozenset({"column_set", "form", "collapsible_panel", "interactive_container"})
_REPORTED: Final = 10


class CardError(ValueError):
    """A card that Feishu would not take; the text names each problem and what to do.

    Attributes:
        problems: one line each, the path first.
    """

    def __init__(self, problems: list[str]) -> None:
        shown = problems[:_REPORTED]
        more = [f"... and {len(problems) - _REPORTED} more"] if len(problems) > _REPORTED else []
        super().__init__("Feishu would not take this card:\n" + "\n".join(f"- {line}" for line in [*shown, *more]))
        self.problems = problems


@dataclass(frozen=True)
class _Place:
    path: str
    parent: str = ""
    in_form: bool = False
    nesting: int = 0

    def at(self, key: str, index: int) -> _Place:
        dot = "." if self.path else ""
        return replace(self, path=f"{self.path}{dot}{key}[{index}]")


@dataclass
class _Seen:
    colors: frozenset[str]
    ids: dict[str, str] = field(default_factory=dict[str, str])
    names: dict[str, str] = field(default_factory=dict[str, str])
    tables: int = 0


def json_size(card: Mapping[str, Any]) -> int:
    """Bytes of a card as it is sent."""
    return len(json.dumps(card, ensure_ascii=False, separators=(",", ":")).encode())


def check_size(card: Mapping[str, Any]) -> None:
    """Check the size of a card as it is sent.

    Raises:
        CardError: it is larger than 30 KB, or holds half a character, which UTF-8 cannot carry.
    """
    try:
        size = json_size(card)
    except UnicodeEncodeError as error:
        half = error.object[error.start]
        raise CardError(
            [f"a text holds {half!r}, half of a character, which cannot be sent: do not cut texts in UTF-16 units"]
        ) from None
    if size > SIZE_LIMIT:
        raise CardError([f"the card is {size:,} bytes, Feishu takes {SIZE_LIMIT:,}: shorten it or send several cards"])


def check_card(card: Mapping[str, Any]) -> None:
    """Check a card of JSON 2.0.

    Raises:
        CardError: with every problem that was found.
    """
    problems = list(_problems(card))
    if problems:
        raise CardError(problems)
    check_size(card)


def check_raw(card: Mapping[str, Any]) -> None:
    """Check what can be told of a card of any version: its pictures and its size.

    Raises:
        CardError: with every problem that was found.
    """
    if problems := list(picture_problems(card)):
        raise CardError(problems)
    check_size(card)


def _problems(card: Mapping[str, Any]) -> Iterator[str]:
    body = as_object(card.get("body"))
    elements = body.get("elements")
    if not isinstance(elements, list):
        yield "elements: must be a list of components"
        return
    count = count_components(card)
    if count > MAX_COMPONENTS:
        yield f"elements: {count} components and texts, Feishu takes {MAX_COMPONENTS}: send several cards"
        return
    config = as_object(card.get("config"))
    own = as_object(as_object(config.get("style")).get("color"))
    if config.get("update_multi") is False:
        yield "config.update_multi: JSON 2.0 knows only shared cards: leave it out or set it to True"
    seen = _Seen(COLORS | frozenset(own))
    yield from _check_header(as_object(card.get("header")), seen)
    yield from _check_children(body, "elements", _Place(""), seen)
    yield from picture_problems(card)


def count_components(card: Mapping[str, Any]) -> int:
    """Components, texts and icons of a card: every object with a ``tag``."""
    count, rest = 0, [cast("Any", card)]
    while rest:
        item = rest.pop()
        if isinstance(item, Mapping):
            fields = cast("Mapping[str, Any]", item)
            count += isinstance(fields.get("tag"), str)
            # Rows and callback values are data, whatever keys they have.
            rest.extend(value for key, value in fields.items() if key not in ("rows", "value", "chart_spec"))
        else:
            rest.extend(as_list(item))
    return count


def _check_header(header: Mapping[str, Any], seen: _Seen) -> Iterator[str]:
    if not header:
        return
    if not header.get("title"):
        yield "header.title: is required"
    template = header.get("template")
    if template is not None and not _among(template, HEADER_COLORS):
        yield f"header.template: {template!r} is no colour of headers: use one of {', '.join(sorted(HEADER_COLORS))}"
    for index, item in enumerate(as_list(header.get("text_tag_list"))):
        path = f"header.text_tag_list[{index}]"
        if index == 3:
            yield f"{path}: Feishu shows 3 tags: leave the others out"
        color = as_object(item).get("color")
        if color is not None and not _among(color, TAG_COLORS):
            yield f"{path}.color: {color!r} is no colour of tags: use one of {', '.join(sorted(TAG_COLORS))}"
        yield from _check_id(as_object(item), path, seen)


def _check_children(holder: Mapping[str, Any], key: str, place: _Place, seen: _Seen) -> Iterator[str]:
    children = holder.get(key)
    if children is None:
        return
    if not is_list(children):
        yield f"{place.path}.{key}: must be a list"
        return
    for index, child in enumerate(children):
        where = place.at(key, index)
        if not is_object(child) or not isinstance(child.get("tag"), str):
            yield f"{where.path}: is no component (an object with a tag)"
            continue
        yield from _check_element(child, where, seen)


def _check_element(element: Mapping[str, Any], place: _Place, seen: _Seen) -> Iterator[str]:
    tag = element["tag"]
    path = place.path
    if tag in DEAD_TAGS:
        yield f"{path}: JSON 2.0 has no {tag!r} any more: {DEAD_TAGS[tag]}"
        return
    yield from _check_id(element, path, seen)
    yield from _check_nesting(tag, place)
    yield from _check_values(tag, element, path, seen)
    if tag in FORM_CONTROLS:
        yield from _check_control(tag, element, place, seen)
    if tag == "table":
        yield from _check_table(element, path, seen)
    if tag == "form":
        yield from _check_name(element, path, seen)
        if not any(_submits(each) for each in _descendants(element)):
            yield f'{path}: a form needs a button with form_action_type="submit" in it'
    if tag in _CONTAINERS or (tag == "column" and place.parent == "column_set"):
        inner = replace(
            place,
            parent=tag,
            in_form=place.in_form or tag == "form",
            nesting=place.nesting + (tag in _CONTAINERS),
        )
        if inner.nesting > MAX_NESTING:
            yield f"{path}: more than {MAX_NESTING} containers in each other: flatten the card"
            return
        yield from _check_children(element, "columns" if tag == "column_set" else "elements", inner, seen)


def _check_id(element: Mapping[str, Any], path: str, seen: _Seen) -> Iterator[str]:
    element_id = element.get("element_id")
    if element_id is None:
        return
    if not isinstance(element_id, str) or not _ELEMENT_ID.fullmatch(element_id):
        yield (
            f"{path}.element_id: {element_id!r} must begin with a letter, have only letters, digits and underscores, "
            "and at most 20 of them"
        )
    elif element_id in seen.ids:
        yield f"{path}.element_id: {element_id!r} is used at {seen.ids[element_id]} already: ids are unique in a card"
    else:
        seen.ids[element_id] = path


def _check_nesting(tag: str, place: _Place) -> Iterator[str]:
    if tag in ("form", "table") and place.parent:
        yield f"{place.path}: a {tag} stands only at the top of a card, not inside a {place.parent}: move it out"
    if tag == "column" and place.parent != "column_set":
        yield f"{place.path}: a column stands only in Columns"
    if tag != "column" and place.parent == "column_set":
        yield f"{place.path}: Columns hold only Column: wrap the {tag} in one"
    if tag in ONLY_IN_FORMS and not place.in_form:
        yield f"{place.path}: {tag} works only inside a form: put it into a Form"


def _check_values(tag: str, element: Mapping[str, Any], path: str, seen: _Seen) -> Iterator[str]:
    for key, allowed in CHOICES.get(tag, {}).items():
        value = element.get(key)
        if value is not None and value not in allowed:
            yield f"{path}.{key}: {value!r} is unknown: use one of {', '.join(map(str, allowed))}"
    for key, (lowest, highest) in NUMBERS.get(tag, {}).items():
        value = element.get(key)
        if value is None:
            continue
        if isinstance(value, bool) or not isinstance(value, int) or not lowest <= value <= highest:
            yield f"{path}.{key}: {value!r} must be a whole number from {lowest} to {highest}"
    for key in _COLOR_KEYS:
        yield from _check_color(element.get(key), f"{path}.{key}", seen)
    for key in ("icon", "text", "border"):
        inner = as_object(element.get(key))
        yield from _check_color(inner.get("text_color") or inner.get("color"), f"{path}.{key}", seen)


def _check_color(color: object, path: str, seen: _Seen) -> Iterator[str]:
    if isinstance(color, str) and color and color not in seen.colors:
        yield (
            f"{path}: {color!r} is no colour of Feishu's palette: use a name such as blue or red-100, "
            "or define it in config.style.color"
        )


def _check_control(tag: str, element: Mapping[str, Any], place: _Place, seen: _Seen) -> Iterator[str]:
    path = place.path
    if place.in_form:
        yield from _check_name(element, path, seen)
    else:
        if element.get("form_action_type"):
            yield f"{path}.form_action_type: only a button inside a form submits or resets: put it into the Form"
        if element.get("required"):
            yield f"{path}.required: works only inside a form: leave it out or put it into a Form"
    if tag in ("button", "interactive_container") and not _acts(element):
        yield f"{path}: a click does nothing: give it value={{...}} (a callback) or url=..."
    for behavior in as_list(element.get("behaviors")):
        value = as_object(behavior).get("value")
        if as_object(behavior).get("type") == "callback" and not isinstance(value, Mapping):
            yield f"{path}.value: must be an object such as {{'action': 'approve'}}"
    label, placeholder = _content(element.get("text")), _content(element.get("placeholder"))
    if tag == "button" and len(label) > MAX_LABEL:
        yield f"{path}.text: {len(label)} characters, a button takes {MAX_LABEL}"
    if len(placeholder) > MAX_LABEL:
        yield f"{path}.placeholder: {len(placeholder)} characters, Feishu takes {MAX_LABEL}"
    if (initial := PLACEHOLDER_OR.get(tag)) and not element.get("placeholder") and not element.get(initial):
        yield f"{path}: needs a placeholder or {initial}"
    yield from _check_options(tag, element, path)


def _check_options(tag: str, element: Mapping[str, Any], path: str) -> Iterator[str]:
    if tag not in ("select_static", "multi_select_static"):
        return
    found: set[str] = set()
    for index, option in enumerate(as_list(element.get("options"))):
        value = as_object(option).get("value")
        if not isinstance(value, str):
            yield f"{path}.options[{index}].value: must be a text"
        elif value in found:
            yield f"{path}.options[{index}].value: {value!r} is there twice: the values of a select are unique"
        else:
            found.add(value)


def _acts(element: Mapping[str, Any]) -> bool:
    return bool(
        element.get("behaviors") or element.get("value") or element.get("form_action_type") or element.get("disabled")
    )


def _check_name(element: Mapping[str, Any], path: str, seen: _Seen) -> Iterator[str]:
    name = element.get("name")
    if not isinstance(name, str) or not name:
        if element["tag"] not in ("overflow", "interactive_container"):
            yield f"{path}.name: a {element['tag']} in a form needs a name: it is the key of its value"
    elif name in seen.names:
        yield f"{path}.name: {name!r} is used at {seen.names[name]} already: names are unique in a card"
    else:
        seen.names[name] = path


def _check_table(table: Mapping[str, Any], path: str, seen: _Seen) -> Iterator[str]:
    seen.tables += 1
    if seen.tables == MAX_TABLES + 1:
        yield f"{path}: a card takes {MAX_TABLES} tables: send the others in another card"
    columns = as_list(table.get("columns"))
    names = [as_object(column).get("name") for column in columns]
    if not columns:
        yield f"{path}.columns: a table needs columns"
    if len(columns) > MAX_TABLE_COLUMNS:
        yield f"{path}.columns: {len(columns)} columns, Feishu shows {MAX_TABLE_COLUMNS}"
    for index, column in enumerate(columns):
        if not names[index] or names[index] in names[:index]:
            yield f"{path}.columns[{index}].name: must be there and unique: it is the key of the cells"
        data_type = as_object(column).get("data_type", "text")
        if data_type not in CHOICES["table_column"]["data_type"]:
            allowed = ", ".join(CHOICES["table_column"]["data_type"])
            yield f"{path}.columns[{index}].data_type: {data_type!r} is unknown: use one of {allowed}"
    for index, row in enumerate(as_list(table.get("rows"))):
        if not is_object(row):
            yield f"{path}.rows[{index}]: must be an object with the columns' names as keys"
            continue
        if strange := [key for key in row if key not in names]:
            yield f"{path}.rows[{index}]: no column has the name {strange[0]!r}: add it or leave the cell out"


def _submits(element: Mapping[str, Any]) -> bool:
    return element.get("form_action_type") == "submit" or element.get("action_type") == "form_submit"


def _descendants(element: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    rest: list[Any] = [element]
    while rest:
        item = as_object(rest.pop())
        yield item
        rest.extend([*as_list(item.get("elements")), *as_list(item.get("columns"))])


def _among(value: object, allowed: frozenset[str]) -> bool:
    return isinstance(value, str) and value in allowed


def _content(text: object) -> str:
    content = as_object(text).get("content")
    return content if isinstance(content, str) else ""
