"""Components that show something: text, images, people, tables (卡片 JSON 2.0 展示类组件)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar, Literal

from .base import Codec, Element, Part, part_of, parts_of, plain
from .parts import TEXT, Align, Color, Icon, Text, VerticalAlign


@dataclass(frozen=True)
class Markdown(Element):
    """Markdown (富文本组件), with Feishu's ``<font>``, ``<at id=...>`` and ``<text_tag>``."""

    tag: ClassVar[str] = "markdown"

    content: str
    text_size: str | None = None
    text_align: Align | None = None
    icon: Icon | None = field(default=None, metadata=part_of(Icon))
    i18n_content: Mapping[str, str] | None = None


@dataclass(frozen=True)
class Div(Element):
    """Plain text (普通文本组件), styled with :class:`Text`."""

    tag: ClassVar[str] = "div"

    text: str | Text = field(metadata=TEXT)
    icon: Icon | None = field(default=None, metadata=part_of(Icon))
    width: str | None = None


@dataclass(frozen=True)
class Divider(Element):
    """A line (分割线组件)."""

    tag: ClassVar[str] = "hr"


@dataclass(frozen=True)
class Image(Element):
    """An uploaded image (图片组件).

    Attributes:
        img_key: what the upload returned.
        alt: shown under the pointer; may be empty.
        size: ``stretch``, ``large``, ``medium``, ``small``, ``tiny`` or ``"100px 80px"``.
    """

    tag: ClassVar[str] = "img"

    img_key: str
    alt: str | Text = field(default="", metadata=TEXT)
    title: str | Text | None = field(default=None, metadata=TEXT)
    size: str | None = None
    scale_type: Literal["crop_center", "crop_top", "fit_horizontal"] | None = None
    corner_radius: str | None = None
    transparent: bool | None = None
    preview: bool | None = None


_IMAGE_KEYS: Codec = {
    "dump": lambda keys: [{"img_key": each} if isinstance(each, str) else plain(each) for each in keys],
    "load": lambda items: tuple(item["img_key"] if item.keys() == {"img_key"} else plain(item) for item in items),
}


@dataclass(frozen=True)
class ImageCombination(Element):
    """Several images in a grid (多图混排组件).

    Attributes:
        img_list: image keys in order.
        combination_mode: ``double`` and ``triple`` for 2 and 3, ``bisect`` up to 6, ``trisect`` up to 9.
    """

    tag: ClassVar[str] = "img_combination"

    img_list: Sequence[str | Mapping[str, Any]] = field(metadata=_IMAGE_KEYS)
    combination_mode: Literal["double", "triple", "bisect", "trisect"] = "trisect"
    combination_transparent: bool | None = None
    corner_radius: str | None = None


@dataclass(frozen=True)
class Person(Element):
    """A user with name and picture (人员组件), by open_id, user_id or union_id."""

    tag: ClassVar[str] = "person"

    user_id: str
    size: Literal["extra_small", "small", "medium", "large"] | None = None
    show_avatar: bool | None = None
    show_name: bool | None = None
    style: Literal["normal", "capsule"] | None = None


_PERSONS: Codec = {
    "dump": lambda ids: [{"id": each} if isinstance(each, str) else plain(each) for each in ids],
    "load": lambda items: tuple(item["id"] if item.keys() == {"id"} else plain(item) for item in items),
}


@dataclass(frozen=True)
class PersonList(Element):
    """Several users (人员列表组件)."""

    tag: ClassVar[str] = "person_list"

    persons: Sequence[str | Mapping[str, Any]] = field(metadata=_PERSONS)
    lines: int | None = None
    size: Literal["extra_small", "small", "medium", "large"] | None = None
    show_avatar: bool | None = None
    show_name: bool | None = None


@dataclass(frozen=True)
class TableColumn(Part):
    """A column of a table.

    Attributes:
        name: the key of its cells in each row.
        display_name: its head.
        data_type: ``text``, ``lark_md``, ``markdown``, ``number``, ``options`` (``[{"text", "color"}]``), ``persons``
            (open_ids) or ``date`` (milliseconds since the epoch).
        width: ``auto``, 80 to 600 px, or a percentage.
        format: of numbers: ``{"precision": 2, "symbol": "¥", "separator": True}``.
        date_format: of dates, such as ``YYYY-MM-DD HH:mm``.
    """

    name: str
    display_name: str | None = None
    data_type: Literal["text", "lark_md", "markdown", "number", "options", "persons", "date"] = "text"
    width: str | None = None
    horizontal_align: Align | None = None
    vertical_align: VerticalAlign | None = None
    format: Mapping[str, Any] | None = None
    date_format: str | None = None


@dataclass(frozen=True)
class TableHeaderStyle(Part):
    """How a table's head looks."""

    text_align: Align | None = None
    text_size: Literal["normal", "heading"] | None = None
    background_style: Literal["grey", "none"] | None = None
    text_color: Color | None = None
    bold: bool | None = None
    lines: int | None = None


@dataclass(frozen=True)
class Table(Element):
    """A table (表格组件); only at the top of a card, at most 5 of them.

    Attributes:
        columns: at most 50.
        rows: one object per row, cells by the columns' names.
        page_size: rows per page, 1 to 10 (default 5).
        row_height: ``low``, ``middle``, ``high``, ``auto`` or 32 to 124 px.
    """

    tag: ClassVar[str] = "table"

    columns: Sequence[TableColumn] = field(metadata=parts_of(TableColumn))
    rows: Sequence[Mapping[str, Any]]
    page_size: int | None = None
    row_height: str | None = None
    row_max_height: str | None = None
    freeze_first_column: bool | None = None
    header_style: TableHeaderStyle | None = field(default=None, metadata=part_of(TableHeaderStyle))
