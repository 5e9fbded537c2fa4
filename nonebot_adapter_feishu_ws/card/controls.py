"""Components that people operate (卡片 JSON 2.0 交互类组件)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import ClassVar, Literal

from .base import Element, Part, part_of, parts_of
from .parts import OPTIONS, PEOPLE, TEXT, URL, Clickable, Icon, Option, Text, Url

ButtonType = Literal[
    "default", "primary", "danger", "text", "primary_text", "danger_text", "primary_filled", "danger_filled", "laser"
]


@dataclass(frozen=True)
class Control(Clickable, Element):
    """What people operate.

    Attributes:
        name: inside a form required: the key of its value in the callback's ``form_value``, unique in the card.
        disabled: shown, but not usable.
        disabled_tips: what is said about that.
    """

    name: str | None = field(default=None, kw_only=True)
    disabled: bool | None = field(default=None, kw_only=True)
    disabled_tips: str | Text | None = field(default=None, kw_only=True, metadata=TEXT)


@dataclass(frozen=True)
class Button(Control):
    """A button (按钮组件): ``value`` calls the bot back, ``url`` opens a link; both may be given.

    Attributes:
        text: at most 100 characters.
        size: ``tiny``, ``small``, ``medium`` (default) or ``large``.
        width: ``default``, ``fill`` or at least 100 px.
        form_action_type: inside a form: ``submit`` sends its values, ``reset`` clears them. Then it needs a ``name``.
    """

    tag: ClassVar[str] = "button"

    text: str | Text | None = field(default=None, metadata=TEXT)
    type: ButtonType | None = field(default=None, kw_only=True)
    size: Literal["tiny", "small", "medium", "large"] | None = field(default=None, kw_only=True)
    width: str | None = field(default=None, kw_only=True)
    icon: Icon | None = field(default=None, kw_only=True, metadata=part_of(Icon))
    hover_tips: str | Text | None = field(default=None, kw_only=True, metadata=TEXT)
    form_action_type: Literal["submit", "reset"] | None = field(default=None, kw_only=True)


@dataclass(frozen=True)
class Field(Control):
    """A control that holds a value.

    Attributes:
        placeholder: shown while it is empty; at most 100 characters.
        required: inside a form: it must be filled before the form goes out.
        width: ``default``, ``fill`` or at least 100 px.
    """

    placeholder: str | Text | None = field(default=None, kw_only=True, metadata=TEXT)
    required: bool | None = field(default=None, kw_only=True)
    width: str | None = field(default=None, kw_only=True)


@dataclass(frozen=True)
class Input(Field):
    """A text field (输入框组件). Alone it calls back with ``action.input_value`` when it is sent.

    Attributes:
        label: what is asked for.
        default_value: filled in beforehand.
        max_length: 1 to 1000 characters (default 1000).
        input_type: ``text``, ``multiline_text`` or ``password``.
        rows: lines of a multiline field.
    """

    tag: ClassVar[str] = "input"

    label: str | Text | None = field(default=None, metadata=TEXT)
    label_position: Literal["top", "left"] | None = field(default=None, kw_only=True)
    default_value: str | None = field(default=None, kw_only=True)
    max_length: int | None = field(default=None, kw_only=True)
    input_type: Literal["text", "multiline_text", "password"] | None = field(default=None, kw_only=True)
    rows: int | None = field(default=None, kw_only=True)
    auto_resize: bool | None = field(default=None, kw_only=True)
    max_rows: int | None = field(default=None, kw_only=True)
    show_icon: bool | None = field(default=None, kw_only=True)


@dataclass(frozen=True)
class Select(Field):
    """One of several options (下拉选择-单选组件); the callback carries ``action.option``.

    Attributes:
        options: at ``str`` text and value are the same.
        initial_option: the text that is chosen at first.
        initial_index: the option that is chosen at first, from 1.
    """

    tag: ClassVar[str] = "select_static"

    options: Sequence[Option | str] = field(default=(), metadata=OPTIONS)
    initial_option: str | None = field(default=None, kw_only=True)
    initial_index: int | None = field(default=None, kw_only=True)
    type: Literal["default", "text"] | None = field(default=None, kw_only=True)


@dataclass(frozen=True)
class MultiSelect(Field):
    """Some of several options (下拉选择-多选组件); only inside a form."""

    tag: ClassVar[str] = "multi_select_static"

    options: Sequence[Option | str] = field(default=(), metadata=OPTIONS)
    selected_values: Sequence[str] | None = field(default=None, kw_only=True)
    type: Literal["default", "text"] | None = field(default=None, kw_only=True)


@dataclass(frozen=True)
class SelectPerson(Field):
    """One user (人员选择-单选组件).

    Attributes:
        options: open_ids; without any, everybody in the chat.
    """

    tag: ClassVar[str] = "select_person"

    options: Sequence[str] | None = field(default=None, metadata=PEOPLE)
    initial_option: str | None = field(default=None, kw_only=True)
    type: Literal["default", "text"] | None = field(default=None, kw_only=True)


@dataclass(frozen=True)
class MultiSelectPerson(Field):
    """Some users (人员选择-多选组件), by open_id; only inside a form."""

    tag: ClassVar[str] = "multi_select_person"

    options: Sequence[str] | None = field(default=None, metadata=PEOPLE)
    selected_values: Sequence[str] | None = field(default=None, kw_only=True)
    type: Literal["default", "text"] | None = field(default=None, kw_only=True)


@dataclass(frozen=True)
class DatePicker(Field):
    """A date (日期选择器组件); ``initial_date`` is ``yyyy-MM-dd``."""

    tag: ClassVar[str] = "date_picker"

    initial_date: str | None = None


@dataclass(frozen=True)
class TimePicker(Field):
    """A time (时间选择器组件); ``initial_time`` is ``HH:mm``."""

    tag: ClassVar[str] = "picker_time"

    initial_time: str | None = None


@dataclass(frozen=True)
class DateTimePicker(Field):
    """A date with a time (日期时间选择器组件); ``initial_datetime`` is ``yyyy-MM-dd HH:mm``."""

    tag: ClassVar[str] = "picker_datetime"

    initial_datetime: str | None = None


@dataclass(frozen=True)
class CheckedStyle(Part):
    """How a ticked checker looks; ``opacity`` from 0 to 1."""

    show_strikethrough: bool | None = None
    opacity: float | None = None


@dataclass(frozen=True)
class ButtonArea(Part):
    """The buttons of a checker, at most 3."""

    buttons: Sequence[Button] = field(metadata=parts_of(Button))
    pc_display_rule: Literal["always", "on_hover"] | None = None


@dataclass(frozen=True)
class Checker(Control):
    """A box to tick (勾选器组件); with ``value`` it calls back with ``action.checked``."""

    tag: ClassVar[str] = "checker"

    text: str | Text | None = field(default=None, metadata=TEXT)
    checked: bool | None = None
    overall_checkable: bool | None = field(default=None, kw_only=True)
    button_area: ButtonArea | None = field(default=None, kw_only=True, metadata=part_of(ButtonArea))
    checked_style: CheckedStyle | None = field(default=None, kw_only=True, metadata=part_of(CheckedStyle))
    padding: str | None = field(default=None, kw_only=True)
    hover_tips: str | Text | None = field(default=None, kw_only=True, metadata=TEXT)


@dataclass(frozen=True)
class OverflowOption(Part):
    """An entry of an overflow menu: a link, a value for the callback's ``action.option``, or both."""

    text: str | Text = field(metadata=TEXT)
    value: str | None = None
    multi_url: str | Url | None = field(default=None, metadata=URL)


@dataclass(frozen=True)
class Overflow(Control):
    """Buttons behind three dots (折叠按钮组组件)."""

    tag: ClassVar[str] = "overflow"

    options: Sequence[OverflowOption] = field(default=(), metadata=parts_of(OverflowOption))
    width: str | None = None
