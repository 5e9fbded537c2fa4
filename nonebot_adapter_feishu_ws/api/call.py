"""Dispatch of ``call_api``: typed methods by name, anything else by its REST path."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from string import Formatter
from typing import TYPE_CHECKING, Any, cast
from urllib.parse import quote
from uuid import uuid4

from ..exception import ApiNotAvailable
from .client import ApiClient
from .registry import RENAMED_GROUPS, find_method
from .upload import as_path

if TYPE_CHECKING:
    from .group import Method

_OPTIONS = {"_timeout": "_timeout", "_deadline": "_deadline", "_tenant": "_tenant", "progress": "_progress"}
"""Arguments about the call itself, and their names in :meth:`ApiClient.call`."""


def make_random(target: str) -> str:
    """A random idempotency key."""
    return uuid4().hex


async def call_api(
    client: ApiClient, api: str, data: Mapping[str, Any], make_uuid: Callable[[str], str] = make_random
) -> Any:
    """Call a typed method by its name, or a REST path.

    Args:
        client: makes the REST call.
        api: the name of a typed method, or what :meth:`ApiClient.call` takes.
        data: its arguments.
        make_uuid: makes the idempotency key of a send from its target. Operations with a ``sequence`` get a random
            one, since a replayed handler may have new content for the card.

    Returns:
        Feishu's whole body as a dict, or bytes when the answer is a file.

    Raises:
        ValueError: an argument is missing or unknown.
        ActionFailed: Feishu refused.
        NetworkError: no usable answer came.
        ApiNotAvailable: the name has changed; the text has the new one.
    """
    method = find_method(api)
    if method is None:
        _refuse_old_name(api)
        return await client.call(api, **data)
    make = make_random if "sequence" in method.parameters else make_uuid
    target = str(data.get("receive_id") or data.get("message_id") or api)
    path, options = to_request(api, method, data, lambda: make(target))
    return await client.call(path, **options)


def _refuse_old_name(api: str) -> None:
    group, _, name = api.partition(".")
    if (new := RENAMED_GROUPS.get(group)) is not None and find_method(f"{new}.{name}") is not None:
        raise ApiNotAvailable(f"{api} has a new name: use {new}.{name}")


def to_request(
    name: str, method: Method, data: Mapping[str, Any], make_uuid: Callable[[], str]
) -> tuple[str, dict[str, Any]]:
    """The path and the options of the REST call of a typed method. None is the same as leaving an argument out.

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
    if files:
        options["files"] = {key: as_path(file) for key, file in files.items()}
    return path, options


def _fill(name: str, template: str, given: Mapping[str, Any]) -> tuple[str, set[str]]:
    names = {field for _, field, _, _ in Formatter().parse(template) if field}
    if empty := [field for field in names if not str(given.get(field) or "")]:
        raise ValueError(f"{name} needs {', '.join(sorted(empty))}: it is part of the address")
    return template.format(**{field: quote(str(given[field]), safe="") for field in names}), names


def _pairs(key: str, value: Any) -> list[tuple[str, str]]:
    values = cast("Sequence[object]", value if isinstance(value, Sequence) and not isinstance(value, str) else [value])
    return [(key, str(each).lower() if isinstance(each, bool) else str(each)) for each in values]
