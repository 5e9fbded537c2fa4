"""Components that hold others (卡片 JSON 2.0 容器类组件), and the table of all components by their tag."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar, Literal, cast

from . import controls, display
from .base import Codec, Component, Element, Part, Raw, part_of, parts_of, read_part
from .parts import TEXT, Align, Clickable, Color, Direction, Icon, Text, Url, VerticalAlign


def read_element(body: Mapping[str, Any]) -> Component:
    """The component that stands for an element's JSON, or :class:`Raw`."""
    kind = COMPONENTS.get(str(body.get("tag")))
    return (read_part(kind, body) if kind else None) or Raw(body)


def _load_elements(items: Any) -> tuple[Component, ...]:
    if not all(isinstance(item, Mapping) for item in items):
        raise ValueError("an element is no object")
    return tuple(map(read_element, items))


ELEMENTS: Codec = {"dump": lambda items: [item.to_dict() for item in items], "load": _load_elements}


@dataclass(frozen=True)
class Layout(Part):
    """How a container arranges what it holds.

    Attributes:
        padding: inner margin such as ``"8px"``, 0 to 99 px.
        horizontal_spacing: ``small`` (4 px), ``medium`` (8), ``large`` (12), ``extra_large`` (16) or 0 to 99 px.
    """

    direction: Direction | None = field(default=None, kw_only=True)
    padding: str | None = field(default=None, kw_only=True)
    horizontal_spacing: str | None = field(default=None, kw_only=True)
    horizontal_align: Align | None = field(default=None, kw_only=True)
    vertical_spacing: str | None = field(default=None, kw_only=True)
    vertical_align: VerticalAlign | None = field(default=None, kw_only=True)


def _dump_action(url: Any) -> Any:
    return {"multi_url": (Url(url) if isinstance(url, str) else url).to_dict()}


def _load_action(action: Any) -> Any:
    url = read_part(Url, action["multi_url"])
    assert url is not None
    return url.url if url == Url(url.url) else url


_ACTION: Codec = {"dump": _dump_action, "load": _load_action}


@dataclass(frozen=True)
class Column(Layout, Element):
    """One column of :class:`Columns`.

    Attributes:
        elements: anything but forms and tables.
        width: ``auto`` (default), ``weighted`` or 16 to 600 px.
        weight: share of the width where it is ``weighted``, 1 to 5.
        action: a link that a click opens.
    """

    tag: ClassVar[str] = "column"

    elements: Sequence[Component] = field(default=(), metadata=ELEMENTS)
    width: str | None = field(default=None, kw_only=True)
    weight: int | None = field(default=None, kw_only=True)
    background_style: Color | None = field(default=None, kw_only=True)
    action: str | Url | None = field(default=None, kw_only=True, metadata=_ACTION)


@dataclass(frozen=True)
class Columns(Element):
    """Columns side by side (分栏组件).

    Attributes:
        flex_mode: what narrow screens do: ``none`` squeezes, ``stretch`` stacks, ``flow`` wraps, ``bisect`` and
            ``trisect`` make two or three equal columns.
    """

    tag: ClassVar[str] = "column_set"

    columns: Sequence[Column] = field(metadata=parts_of(Column))
    flex_mode: Literal["none", "stretch", "flow", "bisect", "trisect"] | None = field(default=None, kw_only=True)
    horizontal_spacing: str | None = field(default=None, kw_only=True)
    horizontal_align: Align | None = field(default=None, kw_only=True)
    background_style: Color | None = field(default=None, kw_only=True)
    action: str | Url | None = field(default=None, kw_only=True, metadata=_ACTION)


@dataclass(frozen=True)
class Form(Layout, Element):
    """A form (表单容器): its fields come together in the callback's ``action.form_value`` by their names.

    Only at the top of a card. It needs a button with ``form_action_type="submit"``; every control in it needs a name.
    """

    tag: ClassVar[str] = "form"

    name: str
    elements: Sequence[Component] = field(metadata=ELEMENTS)


def _load_title(body: Any) -> Any:
    return read_part(display.Markdown, body) or TEXT["load"](body)


_TITLE: Codec = {"dump": TEXT["dump"], "load": _load_title}


@dataclass(frozen=True)
class PanelHeader(Part):
    """The head of a panel.

    Attributes:
        icon_position: ``left``, ``right`` (default) or ``follow_text``.
        icon_expanded_angle: how far the icon turns when the panel opens: -180, -90, 90 or 180 degrees.
    """

    title: str | Text | display.Markdown | None = field(default=None, metadata=_TITLE)
    background_color: Color | None = None
    vertical_align: VerticalAlign | None = None
    padding: str | None = None
    position: Literal["top", "bottom"] | None = None
    width: Literal["fill", "auto", "auto_when_fold"] | None = None
    icon: Icon | None = field(default=None, metadata=part_of(Icon))
    icon_position: Literal["left", "right", "follow_text"] | None = None
    icon_expanded_angle: Literal[-180, -90, 90, 180] | None = None


@dataclass(frozen=True)
class Border(Part):
    """The border of a panel."""

    color: Color | None = None
    corner_radius: str | None = None


def _dump_panel_header(header: Any) -> Any:
    return PanelHeader(header).to_dict() if isinstance(header, str) else part_of(PanelHeader)["dump"](header)


@dataclass(frozen=True)
class CollapsiblePanel(Layout, Element):
    """A part that folds away (折叠面板): a title, and elements other than forms and tables."""

    tag: ClassVar[str] = "collapsible_panel"

    header: str | PanelHeader = field(metadata={"dump": _dump_panel_header, "load": part_of(PanelHeader)["load"]})
    elements: Sequence[Component] = field(default=(), metadata=ELEMENTS)
    expanded: bool | None = field(default=None, kw_only=True)
    background_color: Color | None = field(default=None, kw_only=True)
    border: Border | None = field(default=None, kw_only=True, metadata=part_of(Border))


@dataclass(frozen=True)
class InteractiveContainer(Layout, Clickable, Element):
    """An area that can be clicked as a whole (交互容器): ``value``, ``url`` or both, around elements.

    Attributes:
        elements: anything but forms and tables.
        width: ``fill`` (default), ``auto`` or 16 to 999 px.
        background_style: ``default``, ``laser`` or a colour.
        corner_radius: such as ``8px`` or ``30%``.
    """

    tag: ClassVar[str] = "interactive_container"

    elements: Sequence[Component] = field(metadata=ELEMENTS)
    width: str | None = field(default=None, kw_only=True)
    height: str | None = field(default=None, kw_only=True)
    background_style: Color | None = field(default=None, kw_only=True)
    has_border: bool | None = field(default=None, kw_only=True)
    border_color: Color | None = field(default=None, kw_only=True)
    corner_radius: str | None = field(default=None, kw_only=True)
    name: str | None = field(default=None, kw_only=True)
    disabled: bool | None = field(default=None, kw_only=True)
    disabled_tips: str | Text | None = field(default=None, kw_only=True, metadata=TEXT)
    hover_tips: str | Text | None = field(default=None, kw_only=True, metadata=TEXT)


_ALL: tuple[type[Element], ...] = (
    *(display.Markdown, display.Div, display.Divider, display.Image, display.ImageCombination),
    *(display.Person, display.PersonList, display.Table),
    *(controls.Button, controls.Input, controls.Select, controls.MultiSelect, controls.SelectPerson),
    *(controls.MultiSelectPerson, controls.DatePicker, controls.TimePicker, controls.DateTimePicker),
    *(controls.Checker, controls.Overflow),
    *(Columns, Form, CollapsiblePanel, InteractiveContainer),
)
COMPONENTS = cast("dict[str, type[Element]]", {kind.tag: kind for kind in _ALL})
"""All components by their tag."""
