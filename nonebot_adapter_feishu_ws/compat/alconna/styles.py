"""alconna's styles of text -> Feishu's."""
# The plugin is not installed everywhere.
# pyright: basic, reportMissingImports=false

import re
from typing import Final

from nonebot_plugin_alconna.uniseg.segment import Text

from ...message import MessageSegment
from ...message.content import Style

_STYLES: Final[dict[str, Style]] = {
    **dict.fromkeys(("bold", "strong", "highlight"), "bold"),
    "italic": "italic",
    "underline": "underline",
    **dict.fromkeys(("strikethrough", "delete", "cross"), "lineThrough"),
}
_URL: Final = re.compile(r"(https?://|mailto:|tel:)\S+", re.IGNORECASE)


def styled(seg: Text) -> list[MessageSegment]:
    """The pieces of a text, each with its style; what Feishu does not have, such as colours, is left out."""
    if not seg.styles:
        return [MessageSegment.text(seg.text)]
    return [_piece(each.text, each.extract_most_styles()) for each in seg.style_split() if each.text]


def _piece(text: str, names: list[str]) -> MessageSegment:
    if "markdown" in names:
        return MessageSegment.markdown(text)
    if "code" in names and "\n" in text:
        return MessageSegment.code_block(text)
    style: list[Style] = list(dict.fromkeys(_STYLES[name] for name in names if name in _STYLES))
    if "link" in names and _URL.fullmatch(text):
        link = MessageSegment.link(text, text)
        return type(link)("link", {**link.data, **({"style": style} if style else {})})
    return MessageSegment.text(f"`{text}`" if "code" in names else text, style)
