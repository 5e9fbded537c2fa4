"""What the generated groups of typed methods share.

A method passes its arguments to ``call_api`` of its bot, with a name such as ``im.create_message``; hooks and nonebug
see both. :func:`~.call.call_api` turns them into the REST call.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar, Literal, TypeVar, cast

from ..net.bounded_json import as_object
from .models.base import Result
from .paging import Paged
from .types import ApiCaller

ResultT = TypeVar("ResultT", bound=Result)
Verb = Literal["GET", "POST", "PUT", "PATCH", "DELETE"]


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


class Group:
    """Methods that Feishu's documents put together; ``bot.im``, ``bot.chat``, ..."""

    group: ClassVar[str]
    """The first part of the methods' names."""
    methods: ClassVar[Mapping[str, Method]]
    """The methods by the second part of their names."""

    def __init__(self, bot: ApiCaller) -> None:
        """Create the group of one bot, which its calls go through."""
        self._bot = bot

    async def _call(self, method: str, /, **arguments: Any) -> Any:
        """Feishu's answer to a method; arguments that are None or have their default are left out."""
        return await self._bot.call_api(f"{self.group}.{method}", **self._given(method, arguments))

    def _list(
        self, method: str, item: type[ResultT], /, *, limit: int | None = None, **arguments: Any
    ) -> Paged[ResultT]:
        """The items of a paged list, fetched while they are iterated."""
        given = self._given(method, arguments)

        async def fetch(page_token: str | None) -> Mapping[str, Any]:
            more = {"page_token": page_token} if page_token else {}
            return as_object(pick(await self._bot.call_api(f"{self.group}.{method}", **given, **more), "data"))

        return Paged(fetch, item, limit=limit)

    def _given(self, method: str, arguments: Mapping[str, Any]) -> dict[str, Any]:
        defaults = self.methods[method].defaults
        return {key: _plain(value) for key, value in arguments.items() if value != defaults.get(key)}


def read(result: type[ResultT], answer: Any, *keys: str) -> ResultT:
    """What lies under some keys of an answer, as a result. A hook may have given a result instead, which is kept."""
    return answer if isinstance(answer, result) else result.model_validate(pick(answer, *keys))


def pick(answer: Any, *keys: str) -> Any:
    """What lies under some keys of JSON data; an empty dict where there is nothing."""
    for key in keys:
        answer = cast("Mapping[str, Any]", answer).get(key) if isinstance(answer, Mapping) else None
    return {} if answer is None else answer


def _plain(value: Any) -> Any:
    """Plain data for hooks: no tuples, views or models."""
    if isinstance(value, Result):
        return dict(value)
    if isinstance(value, Mapping):
        return {key: _plain(each) for key, each in cast("Mapping[Any, Any]", value).items()}
    if isinstance(value, Sequence) and not isinstance(value, str | bytes | bytearray):
        return [_plain(each) for each in cast("Sequence[Any]", value)]
    return value
