"""Inline segments -> rich text (``post``), in as many messages as its limit of bytes asks for. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, Final

from ..net.bounded_json import is_list, is_object
from .fields import Segment, UnsupportedSegment, dump, need, text_of, unresolved_mention
from .split import RESERVE, fits, is_small, size, split_markdown, split_text, whole

Element = dict[str, Any]
Line = list[Element]
_LOCALE: Final = "zh_cn"
_LINE_COST: Final = len("[],")


def posts(run: Iterable[Segment], limit: int) -> Iterator[str]:
    """Fill posts with a run of inline segments, in order.

    Texts, code and Markdown are cut where a post is full; everything else stays whole. The title stands on the first.

    Args:
        run: segments that rich text can hold.
        limit: bytes of a request's body.

    Yields:
        Contents as JSON.

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
    return {_LOCALE: {"title": title, "content": lines}}
