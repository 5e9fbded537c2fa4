"""Inline segments -> the contents of texts and of rich text, as many as the limits of bytes demand. Pure."""

import json
from collections.abc import Iterable, Iterator
from html import escape
from typing import Any, Final, Protocol

from pydantic_core import to_json

from ..net.bounded_json import is_list, is_object
from .split import RESERVE, cost, fits, is_small, size, split_markdown, split_text, whole

Element = dict[str, Any]
Line = list[Element]
_LINE_COST: Final = len("[],")


class Segment(Protocol):
    """The part of a ``MessageSegment`` that encoding reads."""

    type: str
    data: dict[str, Any]


class UnsupportedSegment(ValueError):
    """A segment that cannot be sent; the message says which one and what to do."""


def need(segment: Segment, key: str) -> str:
    """A value without which a segment cannot be sent.

    Raises:
        UnsupportedSegment: it is missing, empty or no text.
    """
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
    """Content as JSON.

    Raises:
        UnsupportedSegment: it holds something that JSON cannot express.
    """
    try:
        return to_json(content).decode()
    except ValueError:
        pass  # half a surrogate pair, which the fast serializer refuses
    try:
        return whole(json.dumps(content, ensure_ascii=False, separators=(",", ":")))
    except (TypeError, ValueError, RecursionError) as error:
        raise UnsupportedSegment(f"a segment holds something that is no JSON: {error}") from error


def texts(run: Iterable[Segment], limit: int) -> Iterator[str]:
    """Fill the JSON of ``text`` messages with a run of texts and mentions, in order.

    Raises:
        UnsupportedSegment: a mention lacks its ``user_id``, or is beyond the limit.
    """
    pieces = [_as_text(segment) for segment in run]
    content = dump({"text": "".join(pieces)})
    if is_small(content, limit):
        yield content
        return
    full = limit - RESERVE - size(dump({"text": ""}))
    part: list[str] = []
    room = full
    for piece in _cut_to_fit(pieces, full):
        if not fits(piece, room):
            if part:
                yield dump({"text": "".join(part)})
            part, room = [], full
        part.append(piece)
        room -= cost(piece)
    yield dump({"text": "".join(part)})


def _cut_to_fit(pieces: list[str], full: int) -> Iterator[str]:
    """Cut texts where a message is full; mentions stay whole."""
    room = full
    for piece in pieces:
        if fits(piece, room):
            parts = [piece]
        elif piece.startswith("<at "):
            if not fits(piece, full):
                raise UnsupportedSegment(f"a segment of the type 'at' is beyond the {full:,} bytes of a text")
            parts = [piece]
            room = full
        else:
            # A few words at the end of a message would only look odd.
            parts = list(filter(None, split_text(piece, room if room > full // 16 else 0, full)))
            room = full
        yield from parts
        room -= cost(parts[-1]) if parts else 0


def _as_text(segment: Segment) -> str:
    if segment.type != "at":
        return text_of(segment)
    if literal := unresolved_mention(segment):
        return literal
    user_id = escape(need(segment, "user_id"))
    return f'<at user_id="{user_id}">{escape(str(segment.data.get("user_name") or ""))}</at>'


def posts(run: Iterable[Segment], limit: int) -> Iterator[str]:
    """Fill the JSON of posts with a run of inline segments, in order.

    Texts, code and Markdown are cut where a post is full; everything else stays whole. The title stands on the first.

    Raises:
        UnsupportedSegment: a segment lacks its key, a ``post`` is not made of lines of elements, or the title or an
            element that cannot be cut is beyond the limit.
    """
    title, lines = _lines_of(run)
    content = dump(_body(title, lines))
    if is_small(content, limit):
        yield content
        return
    post = _Post(title, limit)
    for number, line in enumerate(lines):
        if number and not post.begin_line():
            if post.has_content:
                yield post.content()
            post = _Post("", limit)
        for element in line:
            for piece in post.pieces(element):
                if not post.add(piece):
                    if post.has_content:
                        yield post.content(without_new_line=True)
                    post = _Post("", limit)
                    if not post.add(piece):
                        raise UnsupportedSegment(
                            f"the element {piece.get('tag')!r} of a rich text takes {size(dump(piece)):,} bytes, and "
                            f"a whole post may take {limit:,}: shorten it, or send it as a file"
                        )
    if post.has_content:
        yield post.content()


def _lines_of(run: Iterable[Segment]) -> tuple[str, list[Line]]:
    title = ""
    lines = _Lines()
    for segment in run:
        if segment.type == "post":
            title = title or whole(str(segment.data.get("title") or ""))
            lines.add_lines(_own_lines(segment))
        elif segment.type == "text" or unresolved_mention(segment):
            lines.add_text(unresolved_mention(segment) or text_of(segment))
        elif segment.type in ("image", "markdown", "code_block"):
            lines.add_lines([[_element(segment)]])
        else:
            lines.add(_element(segment))
    return title, lines.lines


class _Lines:
    """Builds lines. Images, Markdown and code get lines of their own, as Feishu demands."""

    def __init__(self) -> None:
        self.lines: list[Line] = [[]]
        self._closed = False

    def add(self, element: Element) -> None:
        if self._closed:
            self._begin()
        self.lines[-1].append(element)

    def add_text(self, text: str) -> None:
        for number, piece in enumerate(text.split("\n")):
            if number:
                self._begin()
            if piece:
                self.add({"tag": "text", "text": piece})

    def add_lines(self, lines: list[Line]) -> None:
        if not self._closed and not self.lines[-1]:
            self.lines.pop()
        self.lines += lines
        self._closed = True

    def _begin(self) -> None:
        self.lines.append([])
        self._closed = False


def _own_lines(segment: Segment) -> list[Line]:
    lines = segment.data.get("content")
    if not is_list(lines) or not all(is_list(line) and all(map(is_object, line)) for line in lines):
        raise UnsupportedSegment(
            "the content of a segment of the type 'post' must be a list of lines, each a list of elements: "
            "[[{'tag': 'text', 'text': '...'}]]"
        )
    return lines


def _element(segment: Segment) -> Element:
    if segment.type == "at":
        return {"tag": "at", "user_id": need(segment, "user_id")}
    if segment.type == "link":
        return {"tag": "a", "text": text_of(segment) or need(segment, "href"), "href": need(segment, "href")}
    if segment.type == "image":
        return {"tag": "img", "image_key": need(segment, "image_key")}
    if segment.type == "emotion":
        return {"tag": "emotion", "emoji_type": need(segment, "emoji_type")}
    if segment.type == "code_block":
        language = segment.data.get("language")
        return {"tag": "code_block", "text": text_of(segment), **({"language": language} if language else {})}
    return {"tag": "md", "text": text_of(segment)}


class _Post:
    """Builds one post within the limit."""

    def __init__(self, title: str, limit: int) -> None:
        self._title = title
        self._lines: list[Line] = [[]]
        self._limit = limit
        self._empty = RESERVE + size(dump(_body("", [[]])))
        self._used = self._empty + size(dump(title)) - size(dump(""))
        if self._used > limit:
            raise UnsupportedSegment(f"the title of a post is beyond the {limit:,} bytes of a whole post: shorten it")

    @property
    def has_content(self) -> bool:
        return any(self._lines) or bool(self._title)

    def begin_line(self) -> bool:
        """Begin a line, or say that none fits."""
        if self._used + _LINE_COST > self._limit:
            return False
        self._used += _LINE_COST
        self._lines.append([])
        return True

    def add(self, element: Element) -> bool:
        """Take an element, or say that it does not fit."""
        needed = size(dump(element)) + 1
        if self._used + needed > self._limit:
            return False
        self._used += needed
        self._lines[-1].append(element)
        return True

    def pieces(self, element: Element) -> Iterator[Element]:
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

    def content(self, *, without_new_line: bool = False) -> str:
        """The post's JSON; the line that was begun for what did not fit is left out."""
        lines = self._lines[:-1] if without_new_line and len(self._lines) > 1 and not self._lines[-1] else self._lines
        return dump(_body(self._title, lines))


def _body(title: str, lines: list[Line]) -> dict[str, Any]:
    return {"zh_cn": {"title": title, "content": lines}}
