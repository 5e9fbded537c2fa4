"""Inline segments -> the contents of texts and of rich text, as many as the limits of bytes demand. Pure.

The elements of rich text are typed dicts (发送消息内容, post).
"""

import json
from collections.abc import Iterable, Iterator
from html import escape
from typing import Any, Final, Literal, Protocol, Required

from pydantic_core import to_json
from typing_extensions import TypedDict

from ..net.bounded_json import is_list, is_object
from .split import RESERVE, cost, fits, is_small, size, split_markdown, split_text, whole

Element = dict[str, Any]
Line = list[Element]
_LINE_COST: Final = len("[],")
_IMAGE: Final = ("img", "image_key")
_KEYED: Final = {"at": ("at", "user_id"), "image": _IMAGE, "img": _IMAGE, "emotion": ("emotion", "emoji_type")}
"""Segment type -> the tag of its element, and the only key beside it; ``img`` is what ``to_post`` makes of an image."""


Style = Literal["bold", "underline", "lineThrough", "italic"]


class Segment(Protocol):
    """The part of a ``MessageSegment`` that encoding reads."""

    type: str
    data: dict[str, Any]


class Postable:
    """What can stand inside rich text."""

    type: str

    def to_post(self) -> None:
        """Name the segment as rich text does, in place: an ``image`` becomes an ``img``; it can be sent as before."""
        if self.type == "image":
            self.type = "img"


class UnsupportedSegment(ValueError):
    """A segment that cannot be sent; the message says which one and what to do."""


def need(segment: Segment, key: str) -> str:
    """A value without which a segment cannot be sent; an ``UnsupportedSegment`` if it is missing, empty or no text."""
    value = segment.data.get(key)
    if not isinstance(value, str) or not value:
        raise UnsupportedSegment(
            f"a segment of the type {segment.type!r} cannot be sent without its {key!r}: make it with "
            f"MessageSegment.{segment.type}(...)"
        )
    return value


def text_of(segment: Segment) -> str:
    """The text of a segment that is made of text."""
    value = segment.data.get("text")
    return whole("" if value is None else str(value))


def styles_of(segment: Segment) -> dict[str, list[str]]:
    """The ``style`` of a text or link as its element has it; empty without any."""
    style: object = segment.data.get("style")
    return {"style": [str(each) for each in style]} if is_list(style) and style else {}


def unresolved_mention(segment: Segment) -> str | None:
    """The text that stands in for an @ of somebody the event did not name; None for anything else.

    The placeholder of such an @ (``@_user_1``) addresses nobody in another message.
    """
    user_id = segment.data.get("user_id")
    if isinstance(user_id, str) and user_id.startswith("@_user_"):
        name = segment.data.get("user_name")
        return f"@{name}" if isinstance(name, str) and name else user_id
    return None


def dump(content: object) -> str:
    """Content as JSON; an ``UnsupportedSegment`` if it holds something that JSON cannot express."""
    try:
        return to_json(content).decode()
    except ValueError:
        pass  # half a surrogate pair, which the fast serializer refuses
    try:
        return whole(json.dumps(content, ensure_ascii=False, separators=(",", ":")))
    except (TypeError, ValueError, RecursionError) as error:
        raise UnsupportedSegment(f"a segment holds something that is no JSON: {error}") from error


def texts(run: Iterable[Segment], limit: int) -> list[str]:
    """Fill the JSON of ``text`` messages with a run of texts and mentions, in order.

    Raises:
        UnsupportedSegment: a mention lacks its ``user_id``, or is beyond the limit.
    """
    pieces = [_as_text(segment) for segment in run]
    content = dump({"text": "".join(pieces)})
    if is_small(content, limit):
        return [content]
    room = full = limit - RESERVE - size(dump({"text": ""}))
    parts = [""]
    for piece in pieces:
        first, *further = [piece] if fits(piece, room) else _cut_to_fit(piece, room, full)
        parts[-1] += first
        parts += further
        room = full - cost(further[-1]) if further else room - cost(first)
    return [dump({"text": part}) for part in parts if part]


def _cut_to_fit(piece: str, room: int, full: int) -> list[str]:
    """Cut a text where a message is full; a mention stays whole. The first part is empty when it has no room."""
    if piece.startswith("<at "):
        if not fits(piece, full):
            raise UnsupportedSegment(f"a segment of the type 'at' is beyond the {full:,} bytes of a text")
        return ["", piece]
    # A few words at the end of a message would only look odd.
    return list(split_text(piece, room if room > full // 16 else 0, full))


def _as_text(segment: Segment) -> str:
    if segment.type != "at":
        return text_of(segment)
    if literal := unresolved_mention(segment):
        return literal
    user_id = escape(need(segment, "user_id"))
    return f'<at user_id="{user_id}">{escape(str(segment.data.get("user_name") or ""))}</at>'


def posts(run: Iterable[Segment], limit: int) -> list[str]:
    """Fill the JSON of posts with a run of inline segments, in order.

    Texts, code and Markdown are cut where a post is full; everything else stays whole. The title stands on the first.

    Raises:
        UnsupportedSegment: a segment lacks its key, a ``post`` is not made of lines of elements, or the title or an
            element that cannot be cut is beyond the limit.
    """
    title, lines = _lines_of(run)
    content = dump(_body(title, lines))
    if is_small(content, limit):
        return [content]
    filled = _Posts(title, limit)
    for number, line in enumerate(lines):
        if number:
            filled.begin_line()
        for element in line:
            filled.add(element)
    filled.end()
    return filled.contents


def _lines_of(run: Iterable[Segment]) -> tuple[str, list[Line]]:
    """Title and lines. Images, Markdown and code get lines of their own, as Feishu demands."""
    title = ""
    lines: list[Line] = [[]]
    closed = False
    for segment in run:
        if segment.type in ("post", "image", "img", "markdown", "code_block"):
            if not closed and not lines[-1]:
                lines.pop()
            if segment.type == "post":
                title = title or whole(str(segment.data.get("title") or ""))
                lines += _own_lines(segment)
            elif segment.type == "markdown":
                lines += _markdown_lines(text_of(segment))
            else:
                lines.append([_element(segment)])
            closed = True
            continue
        first, *further = _inline_lines(segment)
        if not closed:
            lines[-1] += first
        elif first:
            lines.append(first)
        lines += further
        if first or further:
            closed = False
    return title, lines


def _inline_lines(segment: Segment) -> list[Line]:
    literal = unresolved_mention(segment)
    if literal is None and segment.type != "text":
        return [[_element(segment)]]
    pieces = (literal or text_of(segment)).split("\n")
    style = styles_of(segment)
    return [[{"tag": "text", "text": piece, **style}] if piece else [] for piece in pieces]


def _own_lines(segment: Segment) -> list[Line]:
    lines = segment.data.get("content")
    if not is_list(lines) or not all(is_list(line) and all(map(is_object, line)) for line in lines):
        raise UnsupportedSegment(
            "the content of a segment of the type 'post' must be a list of lines, each a list of elements: "
            "[[{'tag': 'text', 'text': '...'}]]"
        )
    return lines


def _element(segment: Segment) -> Element:
    if segment.type in _KEYED:
        tag, key = _KEYED[segment.type]
        return {"tag": tag, key: need(segment, key)}
    if segment.type == "link":
        href = need(segment, "href")
        return {"tag": "a", "text": text_of(segment) or href, "href": href, **styles_of(segment)}
    language = segment.data.get("language")
    return {"tag": "code_block", "text": text_of(segment), **({"language": language} if language else {})}


def _markdown_lines(text: str) -> list[Line]:
    from .markup import without_foreign_pictures  # few messages are Markdown
    from .paragraphs import paragraphs

    text = without_foreign_pictures(text.replace("\r\n", "\n"))
    return [[{"tag": "md", "text": part}] for part in paragraphs(text)]


class _Posts:
    """Fills posts within the limit, one after the other; ``contents`` are the finished ones."""

    def __init__(self, title: str, limit: int) -> None:
        self.contents: list[str] = []
        self._title = title
        self._lines: list[Line] = [[]]
        self._limit = limit
        self._empty = RESERVE + size(dump(_body("", [[]])))
        self._used = self._empty + size(dump(title)) - size(dump(""))
        if self._used > limit:
            raise UnsupportedSegment(f"the title of a post is beyond the {limit:,} bytes of a whole post: shorten it")

    def begin_line(self) -> None:
        if self._used + _LINE_COST > self._limit:
            self.end()
            return
        self._used += _LINE_COST
        self._lines.append([])

    def add(self, element: Element) -> None:
        for piece in self._pieces(element):
            needed = size(dump(piece)) + 1
            if self._used + needed > self._limit:
                if len(self._lines) > 1 and not self._lines[-1]:
                    self._lines.pop()  # it was begun for what does not fit
                self.end()
            if self._used + needed > self._limit:
                raise UnsupportedSegment(
                    f"the element {piece.get('tag')!r} of a rich text takes {needed - 1:,} bytes, and "
                    f"a whole post may take {self._limit:,}: shorten it, or send it as a file"
                )
            self._used += needed
            self._lines[-1].append(piece)

    def end(self) -> None:
        """Finish the post unless it is empty, and begin one without a title."""
        if any(self._lines) or self._title:
            self.contents.append(dump(_body(self._title, self._lines)))
        self._title, self._lines, self._used = "", [[]], self._empty

    def _pieces(self, element: Element) -> Iterator[Element]:
        """An element as it is, or cut: the first piece fills this post, each further one a whole post."""
        text: object = element.get("text")
        if element.get("tag") not in ("text", "code_block", "md") or not isinstance(text, str):
            yield element
            return
        frame = size(dump({**element, "text": ""})) + 1
        first, rest = self._limit - self._used - frame, self._limit - self._empty - frame
        # A few words at the end of a post would only look odd.
        first = first if first > rest // 16 or fits(text, first) else 0
        split = split_markdown if element.get("tag") == "md" else split_text
        try:
            yield from ({**element, "text": piece} for piece in split(whole(text), first, rest) if piece)
        except ValueError as error:
            raise UnsupportedSegment(f"an element of a rich text cannot be cut to fit a post: {error}") from error


def _body(title: str, lines: list[Line]) -> dict[str, Any]:
    return {"zh_cn": {"title": title, "content": lines}}


class PostMessageNode(TypedDict):
    """An element of rich text."""

    tag: str


class PostMessageNodeStylable(TypedDict, total=False):
    """An element of rich text that can be styled."""

    style: list[Style] | None


class PostText(PostMessageNode, PostMessageNodeStylable):
    """``tag: text``."""

    text: str
    un_escape: bool | None


class PostA(PostMessageNode, PostMessageNodeStylable):
    """``tag: a``."""

    text: str
    href: str


class PostAt(PostMessageNode, PostMessageNodeStylable):
    """``tag: at``."""

    user_id: str
    user_name: str | None


class PostImg(PostMessageNode):
    """``tag: img``."""

    image_key: str


class PostMedia(PostMessageNode):
    """``tag: media``."""

    file_key: str
    image_key: str | None


class PostEmotion(PostMessageNode):
    """``tag: emotion``."""

    emoji_type: str


class InteractiveHeaderTitle(TypedDict, total=False):
    """The title of a card's header (JSON 1.0)."""

    tag: Required[Literal["plain_text"]]
    content: str | None
    i18n: dict[str, str] | None
    template: str | None


class InteractiveHeader(TypedDict):
    """The header of a card (JSON 1.0)."""

    title: InteractiveHeaderTitle


class InteractiveConfig(TypedDict, total=False):
    """The settings of a card (JSON 1.0)."""

    enable_forward: bool | None
    update_multi: bool | None
