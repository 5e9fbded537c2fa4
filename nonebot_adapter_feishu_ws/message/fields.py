"""What encoding reads of a segment: its values, checked. Pure."""

from __future__ import annotations

import json
from typing import Any, Protocol

from pydantic_core import to_json

from .split import whole


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
