"""The closed lists and ranges that Feishu's documents give for components of JSON 2.0."""

from __future__ import annotations

from typing import Any, Final

_HUES: Final = (
    *("blue", "carmine", "green", "indigo", "lime", "grey", "orange", "purple"),
    *("red", "sunflower", "turquoise", "violet", "wathet", "yellow"),
)
_SHADES: Final = (*("00", "50", "100", "200", "300", "350", "400", "500"), *("600", "650", "700", "800", "900"))
COLORS: Final = frozenset(
    {
        *_HUES,
        *(f"{hue}-{shade}" for hue in _HUES for shade in _SHADES),
        *("grey-950", "grey-1000", "white", "bg-white", "default", "laser", "none", "neutral", "light_grey"),
    }
)
"""颜色枚举值. ``light_grey`` stands only in Feishu's examples."""
HEADER_COLORS: Final = frozenset(
    {
        *("blue", "wathet", "turquoise", "green", "yellow", "orange", "red"),
        *("carmine", "violet", "purple", "indigo", "grey", "default"),
    }
)
TAG_COLORS: Final = frozenset(
    {
        *("neutral", "blue", "turquoise", "lime", "orange", "violet", "indigo"),
        *("wathet", "green", "yellow", "red", "purple", "carmine"),
    }
)
COLOR_KEYS: Final = ("background_style", "background_color", "border_color")

_ALIGN: Final = ("left", "center", "right")
_VERTICAL: Final = ("top", "center", "bottom")
_LAYOUT: Final = {"direction": ("vertical", "horizontal"), "horizontal_align": _ALIGN, "vertical_align": _VERTICAL}
_FRAME: Final = {"type": ("default", "text")}
CHOICES: Final[dict[str, dict[str, tuple[Any, ...]]]] = {
    "markdown": {"text_align": _ALIGN},
    "img": {"scale_type": ("crop_center", "crop_top", "fit_horizontal")},
    "img_combination": {"combination_mode": ("double", "triple", "bisect", "trisect")},
    "button": {
        "type": (
            *("default", "primary", "danger", "text", "primary_text", "danger_text"),
            *("primary_filled", "danger_filled", "laser"),
        ),
        "size": ("tiny", "small", "medium", "large"),
        "form_action_type": ("submit", "reset"),
    },
    "input": {"input_type": ("text", "multiline_text", "password"), "label_position": ("top", "left")},
    "select_static": _FRAME,
    "multi_select_static": _FRAME,
    "select_person": _FRAME,
    "multi_select_person": _FRAME,
    "column_set": {
        "flex_mode": ("none", "stretch", "flow", "bisect", "trisect"),
        "horizontal_align": _ALIGN,
    },
    "column": _LAYOUT,
    "form": _LAYOUT,
    "collapsible_panel": _LAYOUT,
    "interactive_container": _LAYOUT,
    "table_column": {"data_type": ("text", "lark_md", "markdown", "number", "options", "persons", "date")},
}
NUMBERS: Final[dict[str, dict[str, tuple[int, int]]]] = {
    "column": {"weight": (1, 5)},
    "input": {"max_length": (1, 1000)},
    "table": {"page_size": (1, 10)},
}
FORM_CONTROLS: Final = frozenset(
    {
        *("button", "input", "select_static", "multi_select_static", "select_person", "multi_select_person"),
        *("date_picker", "picker_time", "picker_datetime", "checker", "overflow", "select_img"),
        "interactive_container",
    }
)
ONLY_IN_FORMS: Final = frozenset({"multi_select_static", "multi_select_person"})
PLACEHOLDER_OR: Final = {
    "date_picker": "initial_date",
    "picker_time": "initial_time",
    "picker_datetime": "initial_datetime",
}
DEAD_TAGS: Final = {
    "action": "put its buttons among the elements or into Columns",
    "note": "use Div or Markdown with the text size 'notation'",
}
