"""Typed methods: a signature for the editor, a readable name and plain data for hooks, and a REST call in the end.

A group is a class whose methods carry :func:`method` or :func:`paged`. Calling one goes through ``call_api`` of its
owner with a name such as ``im.create_message`` and the arguments as they were given; :func:`to_request` turns that
name and data into the REST call. In between sit NoneBot's hooks, and nonebug.
"""

from __future__ import annotations

import inspect
import json
from collections.abc import Callable, Coroutine, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import wraps
from string import Formatter
from typing import Any, ClassVar, Literal, ParamSpec, TypeVar, cast, overload
from urllib.parse import quote

from .models.base import Result
from .paging import Paged
from .protocols import ApiCaller

P = ParamSpec("P")
R = TypeVar("R")
ResultT = TypeVar("ResultT", bound=Result)
Verb = Literal["GET", "POST", "PUT", "PATCH", "DELETE"]
_MARK = "__feishu_method__"
_OPTIONS = {"_timeout": "_timeout", "_tenant": "_tenant", "progress": "_progress"}
"""Arguments that are for the call itself, and what :meth:`ApiClient.call` names them."""


class Group:
    """Methods that Feishu's documents put together; ``bot.im``, ``bot.chat``, ..."""

    group: ClassVar[str]
    """The first part of the methods' names."""

    def __init__(self, owner: ApiCaller) -> None:
        """Args:
        owner: what the calls go through.
        """
        self._owner = owner

    @classmethod
    def methods(cls) -> dict[str, Method]:
        """The group's methods by their full names."""
        found = {f"{cls.group}.{name}": getattr(value, _MARK, None) for name, value in vars(cls).items()}
        return {name: value for name, value in found.items() if isinstance(value, Method)}


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
        defaults: what is sent for an argument that the caller left out.
        uuid: it has an idempotency key; a fresh one is made when the caller gave none.
    """

    verb: Verb
    path: str
    parameters: tuple[str, ...]
    required: tuple[str, ...]
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
        data: its arguments; None is the same as leaving one out. ``_timeout`` (seconds) is passed on.
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


def pick(answer: Any, *keys: str) -> Any:
    """What lies under some keys of an answer; an empty dict where the answer has none of it."""
    for key in keys:
        answer = cast("Mapping[str, Any]", answer).get(key) if isinstance(answer, Mapping) else None
    return {} if answer is None else answer


AsyncMethod = Callable[P, Coroutine[Any, Any, R]]


@overload
def method(
    verb: Verb,
    path: str,
    *,
    returns: None = None,
    at: Sequence[str] = ("data",),
    query: Sequence[str] = (),
    files: Sequence[str] = (),
    dumped: Sequence[str] = (),
    nested: Mapping[str, str] | None = None,
    uuid: bool = False,
) -> Callable[[AsyncMethod[P, None]], AsyncMethod[P, None]]: ...


@overload
def method(
    verb: Verb,
    path: str,
    *,
    returns: type[R],
    at: Sequence[str] = ("data",),
    query: Sequence[str] = (),
    files: Sequence[str] = (),
    dumped: Sequence[str] = (),
    nested: Mapping[str, str] | None = None,
    uuid: bool = False,
) -> Callable[[AsyncMethod[P, R]], AsyncMethod[P, R]]: ...


def method(
    verb: Verb,
    path: str,
    *,
    returns: type[Any] | None = None,
    at: Sequence[str] = ("data",),
    query: Sequence[str] = (),
    files: Sequence[str] = (),
    dumped: Sequence[str] = (),
    nested: Mapping[str, str] | None = None,
    uuid: bool = False,
) -> Any:
    """Make a method of a :class:`Group` call Feishu; its own body stays empty.

    Args:
        verb: the HTTP method.
        path: below ``/open-apis/``, with ``{names}`` of arguments.
        returns: the result's class: a :class:`Result`, ``bytes`` for a download, ``list`` of plain values, or None.
        at: where in Feishu's body the result lies.
        query: see :class:`Method`, as for the rest.
        files: see :class:`Method`.
        dumped: see :class:`Method`.
        nested: see :class:`Method`.
        uuid: see :class:`Method`.
    """

    def decorate(function: Callable[..., Any]) -> Callable[..., Any]:
        signature = inspect.signature(function)
        name = function.__name__

        @wraps(function)
        async def call(self: Group, *args: Any, **kwargs: Any) -> Any:
            data = _arguments(signature, self, args, kwargs)
            answer = await self._owner.call_api(f"{self.group}.{name}", **data)  # pyright: ignore[reportPrivateUsage]
            return _read(answer, returns, at)

        description = replace(
            _describe(verb, path, signature),
            query=tuple(query),
            files=tuple(files),
            dumped=tuple(dumped),
            nested=dict(nested or {}),
            uuid=uuid,
        )
        setattr(call, _MARK, description)
        return call

    return decorate


def paged(
    path: str,
    item: type[ResultT],
    *,
    at: str = "items",
) -> Callable[[Callable[P, Paged[ResultT]]], Callable[P, Paged[ResultT]]]:
    """Make a method of a :class:`Group` an asynchronous iterator over the items of a paged list.

    The method has the arguments ``page_size`` (items per call) and ``limit`` (items altogether).

    Args:
        path: below ``/open-apis/``.
        item: the items' class.
        at: where the items lie under ``data``.
    """

    def decorate(function: Callable[P, Paged[ResultT]]) -> Callable[P, Paged[ResultT]]:
        signature = inspect.signature(function)
        name = function.__name__

        @wraps(function)
        def call(*args: P.args, **kwargs: P.kwargs) -> Paged[ResultT]:
            group = cast("Group", args[0])
            data = _arguments(signature, group, args[1:], kwargs)
            limit = data.pop("limit", None)

            async def fetch(page_token: str | None) -> Mapping[str, Any]:
                more = {"page_token": page_token} if page_token else {}
                owner = group._owner  # pyright: ignore[reportPrivateUsage]
                return pick(await owner.call_api(f"{group.group}.{name}", **data, **more), "data")

            return Paged(fetch, item, at=at, limit=limit)

        description = _describe("GET", path, signature)
        names = [each for each in description.parameters if each != "limit"]
        description = replace(description, parameters=(*names, "page_token"))
        setattr(call, _MARK, description)
        return call

    return decorate


def _describe(verb: Verb, path: str, signature: inspect.Signature) -> Method:
    parameters = list(signature.parameters.values())[1:]
    names = tuple(each.name for each in parameters)
    required = tuple(each.name for each in parameters if each.default is each.empty)
    defaults = {each.name: each.default for each in parameters if each.default not in (each.empty, None)}
    return Method(verb, path, names, required, defaults=defaults)


def _arguments(signature: inspect.Signature, group: Group, args: Sequence[Any], kwargs: Mapping[str, Any]) -> Any:
    bound = signature.bind(group, *args, **kwargs)
    given = list(bound.arguments.items())[1:]
    return {key: _plain(value) for key, value in given if value is not None}


def _plain(value: Any) -> Any:
    """Plain data for hooks: no tuples, views or models."""
    if isinstance(value, Result):
        return dict(value)
    if isinstance(value, Mapping):
        return {key: _plain(each) for key, each in cast("Mapping[Any, Any]", value).items()}
    if isinstance(value, Sequence) and not isinstance(value, str | bytes | bytearray):
        return [_plain(each) for each in cast("Sequence[Any]", value)]
    return value


def _read(answer: Any, returns: type[Any] | None, at: Sequence[str]) -> Any:
    if returns is None:
        return None
    if returns is bytes or isinstance(answer, returns):
        return answer
    return returns.model_validate(pick(answer, *at))
