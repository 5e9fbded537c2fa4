"""Colours and tags of JSON 2.0, as Feishu's documents list them."""

from typing import Final

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

FORM_CONTROLS: Final = frozenset(
    {
        *("button", "input", "select_static", "multi_select_static", "select_person", "multi_select_person"),
        *("date_picker", "picker_time", "picker_datetime", "checker", "overflow", "select_img"),
        "interactive_container",
    }
)
DEAD_TAGS: Final = {
    "action": "put its buttons among the elements or into Columns",
    "note": "use Div or Markdown with the text size 'notation'",
}
