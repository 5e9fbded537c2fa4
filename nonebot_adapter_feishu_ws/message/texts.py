"""Texts and mentions -> ``text`` messages, as many as the limit of bytes demands. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from html import escape

from .fields import Segment, UnsupportedSegment, dump, need, text_of, unresolved_mention
from .split import RESERVE, cost, fits, is_small, size, split_text


def texts(run: Iterable[Segment], limit: int) -> Iterator[str]:
    """Fill ``text`` messages with a run of texts and mentions, in order.

    Args:
        run: segments of the types ``text`` and ``at``.
        limit: bytes of a request's body.

    Yields:
        Contents as JSON.

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
