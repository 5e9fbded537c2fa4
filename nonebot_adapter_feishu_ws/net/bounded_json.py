"""Parsing of untrusted JSON, bounded in depth and size, and helpers that narrow its types."""

import json
from typing import Any, Final, NoReturn

from pydantic_core import from_json
from typing_extensions import TypeIs

MAX_DEPTH: Final = 200
"""Levels; the fast parser's own limit, far below what would exhaust the stack of code that walks the value."""
MAX_VALUES: Final = 250_000
"""Commas; a message of 150 KB of commas alone still passes."""
_LONG: Final = 2000


class JsonError(ValueError):
    """Invalid JSON, or over the limits; the message is a predicate to which the caller adds a subject."""


def read_json(data: bytes | str, *, max_values: float = MAX_VALUES) -> Any:
    """Parse a JSON value. Of duplicate keys the last one counts, in both parsers.

    Lone surrogates are accepted, since Feishu delivers them; NaN, Infinity and integers of thousands of digits are not.

    Raises:
        JsonError: it is not JSON, is nested too deeply, or has too many values.
    """
    if _count(data, ",") > max_values:
        raise JsonError(f"has more than {max_values} values")
    # The fast parser copies long strings slowly.
    if isinstance(data, str) and len(data) >= _LONG:
        return _read_slowly(data)
    try:
        return from_json(data, allow_inf_nan=False)
    except ValueError as error:
        if "recursion limit" in str(error):
            raise _too_deep() from None
    except TypeError:
        pass  # a lone surrogate, unescaped in a str: the slow parser accepts it
    return _read_slowly(data)


def _read_slowly(data: bytes | str) -> Any:
    """Parse with the standard library, whose own depth limit differs between Python versions."""
    try:
        value: object = json.loads(data, parse_constant=_refuse)
    except RecursionError:
        raise _too_deep() from None
    except ValueError:
        raise JsonError("is not JSON") from None
    if _count(data, "[") + _count(data, "{") > MAX_DEPTH and _is_deep(value):
        raise _too_deep()
    return value


def _count(data: bytes | str, mark: str) -> int:
    return data.count(mark) if isinstance(data, str) else data.count(mark.encode())


def _is_deep(value: object) -> bool:
    level = [value]
    for _ in range(MAX_DEPTH + 1):
        inner: list[object] = []
        for each in level:
            if is_object(each):
                inner += each.values()
            elif is_list(each):
                inner += each
        if not inner:
            return False
        level = inner
    return True


def _refuse(constant: str) -> NoReturn:
    raise ValueError(constant)


def _too_deep() -> JsonError:
    return JsonError(f"is nested more than {MAX_DEPTH} levels deep")


def is_object(value: object) -> TypeIs[dict[str, Any]]:
    """Whether a JSON value is an object."""
    return isinstance(value, dict)


def is_list(value: object) -> TypeIs[list[Any]]:
    """Whether a JSON value is an array."""
    return isinstance(value, list)


def as_object(value: object) -> dict[str, Any]:
    """A JSON object; anything else counts as an empty one."""
    return value if is_object(value) else {}


def as_list(value: object) -> list[Any]:
    """A JSON array; anything else counts as an empty one."""
    return value if is_list(value) else []


def as_text(value: object) -> str:
    """A JSON string; anything else counts as an empty one."""
    return value if isinstance(value, str) else ""


def read_object(data: bytes, *, max_values: float = MAX_VALUES) -> dict[str, Any] | None:
    """Parse a JSON object; None for anything else, and for what is over the limits."""
    try:
        value: object = read_json(data, max_values=max_values)
    except JsonError:
        return None
    return value if is_object(value) else None
