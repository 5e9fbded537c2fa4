"""Inline segments -> rich text (``post``), in as many messages as its limit of bytes asks for. Pure."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from typing import Any, Final, cast

from pydantic_core import to_json

from .segment import MessageSegment
from .split import RESERVE, fits, is_small, size, split_markdown, split_text, whole

Element = dict[str, Any]
Line = list[Element]
_LOCALE: Final = "zh_cn"
_ALONE: Final = frozenset({"img", "md", "code_block"})
"""Elements that get lines of their own, as Feishu demands of images and Markdown."""
_LINE_COST: Final = len("[],")


class UnsupportedSegment(ValueError):
    """A segment cannot be sent; the message says which and what to do."""


def need(segment: MessageSegment, key: str) -> str:
    """A value that a segment cannot be sent without.

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


def text_of(segment: MessageSegment) -> str:
    """The text of a segment that is made of text."""
    value = segment.data.get("text")
    return whole("" if value is None else str(value))


def nobody(segment: MessageSegment) -> str | None:
    """What an @ says when the event did not tell whom it means: its placeholder addresses nobody in another message."""
    user_id = segment.data.get("user_id")
    if isinstance(user_id, str) and user_id.startswith("@_user_"):
        name = segment.data.get("user_name")
        return f"@{name}" if isinstance(name, str) and name else user_id
    return None


def dump(content: object) -> str:
    """JSON as it is sent.

    Raises:
        UnsupportedSegment: there is something in it that JSON does not have.
    """
    try:
        return to_json(content).decode()
    except ValueError:
        # Half a surrogate pair, which the fast way refuses.
        pass
    try:
        return whole(json.dumps(content, ensure_ascii=False, separators=(",", ":")))
    except (TypeError, ValueError, RecursionError) as error:
        raise UnsupportedSegment(f"a segment holds something that is no JSON: {error}") from error


def lines_of(run: Iterable[MessageSegment]) -> tuple[str, list[Line]]:
    """The title and the lines of a run of inline segments.

    Raises:
        UnsupportedSegment: a segment lacks its key, or a ``post`` is not made of lines of elements.
    """
    title = ""
    lines = _Lines()
    for segment in run:
        if segment.type == "post":
            title = title or whole(str(segment.data.get("title") or ""))
            lines.add_lines(_own_lines(segment))
        elif segment.type == "text" or nobody(segment):
            lines.add_text(nobody(segment) or text_of(segment))
        elif segment.type in ("image", "markdown", "code_block"):
            lines.add_lines([[_element(segment)]])
        else:
            lines.add(_element(segment))
    return title, lines.lines


class _Lines:
    """Lines in the making. What demands lines of its own closes the last one."""

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


def _own_lines(segment: MessageSegment) -> list[Line]:
    lines: object = segment.data.get("content")
    if not isinstance(lines, list):
        lines = [lines]
    for line in cast("list[object]", lines):
        if not isinstance(line, list) or not all(isinstance(element, dict) for element in cast("list[object]", line)):
            raise UnsupportedSegment(
                "the content of a segment of the type 'post' must be a list of lines, each a list of elements: "
                "[[{'tag': 'text', 'text': '...'}]]"
            )
    return cast("list[Line]", lines)


def _element(segment: MessageSegment) -> Element:
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


def pack(title: str, lines: Iterable[Line], limit: int) -> Iterator[str]:
    """Fill posts with lines, in order.

    Texts, code and Markdown are cut where a post is full; everything else stays whole. The title stands on the first.

    Args:
        title: may be empty.
        lines: are not changed.
        limit: bytes of a request's body.

    Yields:
        Contents as JSON.

    Raises:
        UnsupportedSegment: an element that cannot be cut, or the title, is beyond the limit.
    """
    lines = list(lines)
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


class _Post:
    """One post in the making."""

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
        # A piece of a few words at the end of a post would only look odd.
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
    return {_LOCALE: {"title": title, "content": lines}}
