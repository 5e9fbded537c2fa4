"""The small parts that components are made of: text, icons, links, options, the question before an action."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar, Literal

from typing_extensions import override

from .base import APART, Codec, Part, Raw, dump_part, part_of, plain, read_element, read_part

Color = str
"""A name of Feishu's palette (``blue``, ``red-100``, ...) or one that ``Config.style`` defines (颜色枚举值)."""
Align = Literal["left", "center", "right"]
VerticalAlign = Literal["top", "center", "bottom"]
Direction = Literal["vertical", "horizontal"]


@dataclass(frozen=True)
class Text(Part):
    """A text with a style; a plain ``str`` does where no style is needed.

    Attributes:
        content: the text.
        markdown: whether Feishu reads it as ``lark_md`` instead of plain text.
        text_size: ``normal``, ``heading``, ``notation``, ... or a size of ``Config.style``.
        text_color: for plain text only.
        lines: lines shown before it is cut.
        i18n_content: the text by locale, such as ``{"en_us": "Yes"}``.
    """

    content: str
    markdown: bool = field(default=False, metadata=APART)
    text_size: str | None = None
    text_color: Color | None = None
    text_align: Align | None = None
    lines: int | None = None
    i18n_content: Mapping[str, str] | None = None

    @override
    def to_dict(self) -> dict[str, Any]:
        return {"tag": "lark_md" if self.markdown else "plain_text", **super().to_dict()}

    @classmethod
    @override
    def arguments(cls, body: Mapping[str, Any]) -> dict[str, Any]:
        return {**super().arguments(body), "markdown": body["tag"] == "lark_md"}


def dump_text(value: Any) -> Any:
    """``str`` as plain text."""
    return {"tag": "plain_text", "content": value} if isinstance(value, str) else dump_part(value)


def load_text(body: Any) -> Any:
    """A bare plain text as ``str``."""
    content = body["content"]
    if isinstance(content, str) and body == dump_text(content):
        return content
    return read_part(Text, body) or plain(body)


TEXT: Codec = {"dump": dump_text, "load": load_text}


@dataclass(frozen=True)
class Icon(Part):
    """An icon of Feishu's library by its token (图标库), or an uploaded image.

    Attributes:
        token: such as ``chat-forbidden_outlined``.
        color: for ``outlined`` and ``filled`` ones.
        img_key: an uploaded image instead of a token.
        size: such as ``"16px 16px"``, in the head of a panel only.
    """

    token: str | None = None
    color: Color | None = None
    img_key: str | None = None
    size: str | None = None

    @override
    def to_dict(self) -> dict[str, Any]:
        return {"tag": "custom_icon" if self.img_key else "standard_icon", **super().to_dict()}


@dataclass(frozen=True)
class Confirm(Part):
    """The question that is asked before an action goes out: title and text."""

    title: str | Text = field(metadata=TEXT)
    text: str | Text = field(metadata=TEXT)


@dataclass(frozen=True)
class Option(Part):
    """An entry of a select.

    Attributes:
        text: what is shown.
        value: what the callback carries; unique within the select.
    """

    text: str | Text = field(metadata=TEXT)
    value: str
    icon: Icon | None = field(default=None, metadata=part_of(Icon))


def _dump_options(options: Any) -> list[Any]:
    return [Option(each, each).to_dict() if isinstance(each, str) else dump_part(each) for each in options]


def _load_options(items: Any) -> tuple[Any, ...]:
    return tuple(read_part(Option, item) or plain(item) for item in items)


OPTIONS: Codec = {"dump": _dump_options, "load": _load_options}


@dataclass(frozen=True)
class Url(Part):
    """A link that differs by platform; a plain ``str`` does for one link.

    Attributes:
        url: where no other applies. ``lark://msgcard/unsupported_action`` forbids a platform.
    """

    url: str | None = None
    pc_url: str | None = None
    ios_url: str | None = None
    android_url: str | None = None


def _load_url(body: Any) -> Any:
    return body["url"] if body.keys() == {"url"} else read_part(Url, body) or plain(body)


URL: Codec = {"dump": lambda value: {"url": value} if isinstance(value, str) else dump_part(value), "load": _load_url}


def _dump_action(url: Any) -> Any:
    return {"multi_url": (Url(url) if isinstance(url, str) else url).to_dict()}


def _load_action(action: Any) -> Any:
    url = read_part(Url, action["multi_url"])
    assert url is not None
    return url.url if url == Url(url.url) else url


ACTION: Codec = {"dump": _dump_action, "load": _load_action}


def _load_title(body: Any) -> Any:
    title = read_element(body) if body["tag"] == "markdown" else Raw({})
    return TEXT["load"](body) if isinstance(title, Raw) else title


TITLE: Codec = {"dump": dump_text, "load": _load_title}


@dataclass(frozen=True)
class Clickable(Part):
    """What opens a link, calls the bot back, or both.

    Attributes:
        value: an object that comes back in the callback's ``action.value``.
        url: a link that opens.
        confirm: the question before it.
    """

    _LINKS: ClassVar[dict[str, str]] = {
        "url": "default_url",
        "pc_url": "pc_url",
        "ios_url": "ios_url",
        "android_url": "android_url",
    }

    value: Mapping[str, Any] | None = field(default=None, kw_only=True, metadata=APART)
    url: str | Url | None = field(default=None, kw_only=True, metadata=APART)
    confirm: Confirm | None = field(default=None, kw_only=True, metadata=part_of(Confirm))

    @override
    def to_dict(self) -> dict[str, Any]:
        body = super().to_dict()
        behaviors: list[dict[str, Any]] = []
        if self.url is not None:
            links = (self.url if isinstance(self.url, Url) else Url(self.url)).to_dict()
            behaviors.append({"type": "open_url", **{self._LINKS[key]: link for key, link in links.items()}})
        if self.value is not None:
            behaviors.append({"type": "callback", "value": plain(self.value)})
        return {**body, "behaviors": behaviors} if behaviors else body

    @classmethod
    @override
    def arguments(cls, body: Mapping[str, Any]) -> dict[str, Any]:
        found = super().arguments(body)
        for behavior in body.get("behaviors", ()):
            if behavior["type"] == "callback":
                found["value"] = behavior["value"]
                continue
            links = {key: behavior[name] for key, name in cls._LINKS.items() if name in behavior}
            found["url"] = links["url"] if links.keys() == {"url"} else Url(**links)
        return found
