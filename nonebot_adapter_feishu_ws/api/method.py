"""How a typed method becomes a REST call: names and arguments in, path and options out. Pure: no I/O."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from string import Formatter
from typing import Any, Literal, cast
from urllib.parse import quote

Verb = Literal["GET", "POST", "PUT", "PATCH", "DELETE"]
_OPTIONS = {"_timeout": "_timeout", "_deadline": "_deadline", "_tenant": "_tenant", "progress": "_progress"}
"""Arguments about the call itself, and their names in :meth:`ApiClient.call`."""


@dataclass(frozen=True, slots=True)
class Method:
    """How a typed method becomes a REST call.

    Attributes:
        verb: the HTTP method.
        path: below ``/open-apis/``; ``{names}`` are filled from the arguments.
        parameters: all arguments, in order.
        required: those without a default.
        query: arguments that go into the query. With GET all do.
        files: arguments that go up as files; the other arguments then are fields of the same form.
        dumped: arguments that Feishu wants as JSON text, and callers may give as objects.
        nested: arguments that lie one level deeper in the body, and the key that they lie under.
        defaults: values of arguments that the caller left out.
        uuid: whether it takes an idempotency key; one is made when the caller gave none.
    """

    verb: Verb
    path: str
    parameters: tuple[str, ...]
    required: tuple[str, ...] = ()
    query: tuple[str, ...] = ()
    files: tuple[str, ...] = ()
    dumped: tuple[str, ...] = ()
    nested: Mapping[str, str] = field(default_factory=dict[str, str])
    defaults: Mapping[str, Any] = field(default_factory=dict[str, Any])
    uuid: bool = False


@dataclass(frozen=True, slots=True)
class Request:
    """A REST call: what ``ApiClient.call`` takes. ``files`` are not read yet."""

    path: str
    options: dict[str, Any]
    files: dict[str, Any]


def to_request(name: str, method: Method, data: Mapping[str, Any], make_uuid: Callable[[], str]) -> Request:
    """The REST call of a typed method.

    Args:
        name: the method's name, for error texts.
        method: its description.
        data: its arguments; None is the same as leaving one out. ``_timeout`` and ``_deadline`` (seconds) are
            passed on.
        make_uuid: makes idempotency keys.

    Raises:
        ValueError: an argument is missing, unknown or, where it is part of the path, empty.
    """
    given = {key: value for key, value in data.items() if value is not None}
    options: dict[str, Any] = {"method": method.verb}
    for key, option in _OPTIONS.items():
        if key in given:
            options[option] = given.pop(key)
    if unknown := [key for key in given if key not in method.parameters]:
        raise ValueError(f"{name} has no argument {unknown[0]!r}; it takes {', '.join(method.parameters) or 'none'}")
    if missing := [key for key in method.required if key not in given]:
        raise ValueError(f"{name} needs {', '.join(missing)}")
    given = {**method.defaults, **given}
    if method.uuid:
        given.setdefault("uuid", make_uuid())
    path, in_path = _fill(name, method.path, given)
    rest = {key: value for key, value in given.items() if key not in in_path}
    query = {key: value for key, value in rest.items() if key in method.query or method.verb == "GET"}
    files = {key: value for key, value in rest.items() if key in method.files}
    body = {key: value for key, value in rest.items() if key not in query and key not in files}
    for key in method.dumped:
        if key in body and not isinstance(body[key], str):
            body[key] = json.dumps(body[key], ensure_ascii=False)
    for key, outer in method.nested.items():
        if key in body:
            body.setdefault(outer, {})[key] = body.pop(key)
    if query:
        options["params"] = [pair for key, value in query.items() for pair in _pairs(key, value)]
    if body and method.files:
        options["data"] = body
    elif body or method.verb in ("POST", "PUT", "PATCH"):
        options["json"] = body
    return Request(path, options, files)


def _fill(name: str, template: str, given: Mapping[str, Any]) -> tuple[str, set[str]]:
    names = {field for _, field, _, _ in Formatter().parse(template) if field}
    if empty := [field for field in names if not str(given.get(field) or "")]:
        raise ValueError(f"{name} needs {', '.join(sorted(empty))}: it is part of the address")
    return template.format(**{field: quote(str(given[field]), safe="") for field in names}), names


def _pairs(key: str, value: Any) -> list[tuple[str, str]]:
    if isinstance(value, Sequence) and not isinstance(value, str):
        return [(key, _text(each)) for each in cast("Sequence[object]", value)]
    return [(key, _text(value))]


def _text(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
