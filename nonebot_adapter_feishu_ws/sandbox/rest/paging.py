"""Pages of a list, as every paged method answers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from .routes import ApiError, Call


def page_of(
    call: Call, items: Sequence[Any], *, default: int = 20, most: int = 50, code: int = 232001
) -> dict[str, Any]:
    """The page that a call asks for.

    Args:
        call: with ``page_size`` and ``page_token`` in its query.
        items: the whole list.
        default: size where none is asked for.
        most: largest size.
        code: what a wrong size or token is answered with.

    Raises:
        ApiError: size or token are wrong.
    """
    size, token = call.query.get("page_size", str(default)), call.query.get("page_token") or "0"
    if not size.isdigit() or not 1 <= int(size) <= most:
        raise ApiError(code, "page size is invalid")
    if not token.isdigit() or int(token) > len(items):
        raise ApiError(code, "page token is invalid")
    start, end = int(token), int(token) + int(size)
    more = end < len(items)
    return {"items": list(items[start:end]), "has_more": more, "page_token": str(end) if more else ""}


def need(call: Call, *names: str, code: int = 99992402) -> None:
    """Refuse a call whose query or body lacks something that the document requires.

    Raises:
        ApiError: something is missing.
    """
    for name in names:
        if not call.json.get(name) and not call.query.get(name):
            violation = {"field": name, "description": f"{name} is required"}
            raise ApiError(code, "field validation failed", field_violations=[violation])
