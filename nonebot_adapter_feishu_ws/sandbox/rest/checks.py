"""Calls held against the documents: required parameters, types, values, lengths, pages."""

from collections.abc import Sequence
from typing import Any

from ...net.bounded_json import as_list
from .call import ApiError, Call
from .endpoint import Field

VIOLATION = 99992402
BY_GATEWAY = frozenset({"receive_id_type", "container_id_type", "user_id_list", "follow_ups"})
"""Parameters whose wrong values Feishu's gateway refuses, before the service with codes of its own."""
_TYPES = {"string": str, "int": int, "list": list}


def check(call: Call) -> None:
    """Hold a call against its document.

    Raises:
        ApiError: a parameter is missing or wrong.
    """
    for field in call.endpoint.fields:
        value = _value(call, field)
        missing = value in (None, "", [], {})
        if (missing and not field.required) or (not missing and _fits(field, value)):
            continue
        by_gateway = field.name in BY_GATEWAY or (missing and field.place == "query")
        if by_gateway or call.endpoint.invalid == VIOLATION:
            raise _violation(field.name, f"{field.name} is {'required' if missing else 'invalid'}")
        raise ApiError(call.endpoint.invalid, ext=f"invalid {field.name}.")


def _value(call: Call, field: Field) -> object:
    if field.place == "query":
        return call.query.get(field.name)
    value = call.json.get(field.name, call.files.get(field.name))
    # A form has texts only.
    return int(value) if call.files and field.kind == "int" and str(value).isdigit() else value


def _fits(field: Field, value: object) -> bool:
    if field.name == "page_size":
        return True  # page_of() looks at it
    wanted, text = as_list(value), str(value)
    if field.place == "body" and field.kind and type(value) is not _TYPES[field.kind]:
        return False
    if field.values and not {str(each) for each in wanted or [text]} <= set(field.values):
        return False
    return field.max_length is None or len(wanted or text) <= field.max_length


def need(call: Call, *names: str) -> None:
    """Refuse a call that lacks what its document does not require, but its service does.

    Raises:
        ApiError: something is missing.
    """
    for name in names:
        if not call.json.get(name) and not call.query.get(name):
            raise _violation(name, f"{name} is required")


def page_of(call: Call, items: Sequence[Any], *, most: int = 50, code: int = 0) -> dict[str, Any]:
    """The page that a call asks for.

    Args:
        call: with ``page_size`` and ``page_token`` in its query.
        items: the whole list.
        most: largest size, where the document names none.
        code: what a wrong size or token is refused with, if not as other parameters are.

    Raises:
        ApiError: size or token are wrong.
    """
    field = call.endpoint.field("page_size")
    most = (field.largest if field else None) or most
    size = call.query.get("page_size") or (field.default if field else None) or "20"
    token = call.query.get("page_token") or "0"
    if not size.isdigit() or not 1 <= int(size) <= most:
        raise ApiError(code or call.endpoint.invalid, "page size is invalid")
    if not token.isdigit() or int(token) > len(items):
        raise ApiError(code or call.endpoint.invalid, "page token is invalid")
    start, end = int(token), int(token) + int(size)
    more = end < len(items)
    return {"items": list(items[start:end]), "has_more": more, "page_token": str(end) if more else ""}


def _violation(name: str, description: str) -> ApiError:
    return ApiError(
        VIOLATION, "field validation failed", field_violations=[{"field": name, "description": description}]
    )
