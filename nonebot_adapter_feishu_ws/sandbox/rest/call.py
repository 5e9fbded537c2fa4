"""One REST call: what it carries, how often it may come, and how it is refused."""

import math
import time
from collections import defaultdict, deque
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

from ...net.bounded_json import as_list
from ..acting import tell
from ..gateway import Gateway
from ..state import TENANT, App, Chat, World
from .endpoint import Endpoint
from .facts import ERRORS

LOG = 100_000
"""Arrivals kept."""


class ApiError(Exception):
    """An answer with an error code. A message or status that is not given is that of Feishu's document."""

    def __init__(
        self,
        code: int,
        msg: str = "",
        status: int = 0,
        *,
        ext: str = "",
        headers: Mapping[str, str] | None = None,
        **error: Any,
    ) -> None:
        """Refuse a call; ``ext`` is what the message says in addition, ``error`` more of the answer's ``error``."""
        known_status, known_msg = ERRORS.get(code, (400, ""))
        self.code = code
        self.msg: str = msg or known_msg
        if ext:
            self.msg = f"{self.msg.removesuffix('.')}, ext={ext}"
        self.status: int = status or known_status
        self.headers: Mapping[str, str] = headers or {}
        self.error = error
        super().__init__(self.msg)


def ensure(fine: bool, code: int, msg: str = "", *, ext: str = "") -> None:
    """Refuse a call with :class:`ApiError` unless a condition holds."""
    if not fine:
        raise ApiError(code, msg, ext=ext)


@dataclass(frozen=True, slots=True)
class Limit:
    """``count`` calls in any ``period`` seconds."""

    count: int
    period: float


@dataclass(frozen=True, slots=True)
class Arrival:
    """A call that was counted, at monotonic seconds; ``key`` is the chat, or app and API."""

    at: float
    key: str
    accepted: bool


@dataclass
class Limits:
    """Rate limits as Feishu keeps them (发送消息, 使用限制; 频控策略). A refused call does not count for the limit.

    Attributes:
        per_chat: messages to one chat from all its bots; a private chat is its user. None is unlimited.
        per_api: calls of one API by one app.
        per_card: operations on one card entity; the only limit that is on by itself.
        api_status: HTTP status of a refusal by app and API: 429, or 400 as some older APIs answer.
        clock: monotonic seconds.
        arrivals: what was counted while limits were on, oldest first.
    """

    per_chat: Limit | None = None
    per_api: Limit | None = None
    per_card: Limit | None = Limit(10, 1.0)
    api_status: int = 429
    clock: Callable[[], float] = time.monotonic
    arrivals: deque[Arrival] = field(default_factory=lambda: deque[Arrival](maxlen=LOG))
    _accepted: dict[str, deque[float]] = field(default_factory=lambda: defaultdict[str, deque[float]](deque))

    def count_send(self, chat_id: str) -> None:
        """Count a message."""
        ensure(self.per_chat is None or self._count(chat_id, self.per_chat) is None, 230020)

    def count_card(self, card_id: str, now: float) -> None:
        """Count an operation on a card entity, in seconds of the entity's clock."""
        ensure(self.per_card is None or self._wait(card_id, self.per_card, now) is None, 230020)

    def count_call(self, app_id: str, api: str) -> None:
        """Count a call of an API; a refusal says how long to wait."""
        limit = self.per_api
        if limit is None or (wait := self._count(f"{app_id} {api}", limit)) is None:
            return
        headers = {
            "x-ogw-ratelimit-limit": str(limit.count),
            "x-ogw-ratelimit-reset": str(max(1, math.ceil(wait))),
        }
        raise ApiError(99991400, "request trigger frequency limit", self.api_status, headers=headers)

    def _count(self, key: str, limit: Limit) -> float | None:
        now = self.clock()
        wait = self._wait(key, limit, now)
        self.arrivals.append(Arrival(now, key, accepted=wait is None))
        return wait

    def _wait(self, key: str, limit: Limit, now: float) -> float | None:
        """Seconds until there is room again; None if there is room, which is taken."""
        accepted = self._accepted[key]
        while accepted and accepted[0] <= now - limit.period:
            accepted.popleft()
        if len(accepted) < limit.count:
            accepted.append(now)
            return None
        return accepted[0] + limit.period - now


@dataclass(frozen=True, slots=True)
class Upload:
    """A file of a multipart form."""

    name: str
    content: bytes


@dataclass(slots=True)
class Call:
    """One authorised REST call: the parameters of path and query, its JSON (or a form's texts), a form's files."""

    world: World
    gateway: Gateway
    limits: Limits
    app: App
    request: web.Request
    params: Mapping[str, str]
    query: Mapping[str, str]
    endpoint: Endpoint = field(default_factory=Endpoint)
    json: dict[str, Any] = field(default_factory=dict[str, Any])
    files: dict[str, Upload] = field(default_factory=dict[str, Upload])
    tenant_key: str = TENANT

    @property
    def user_id_type(self) -> str:
        """Which of their ids users are named by."""
        return self.query.get("user_id_type", "open_id")

    def tell(self, chat: Chat, event: str, body: Callable[[App], dict[str, Any]], apps: Iterable[str] = ()) -> None:
        """Push an event to the apps of a chat, or to these, as far as they subscribe to it."""
        tell(self.gateway, [*apps] or chat.apps, event, body, chat.tenant_key)

    def by_app(self) -> dict[str, Any]:
        """The fields of an event of a group that say that the calling app did it."""
        ids = {"open_id": self.app.bot_open_id, "union_id": "", "user_id": ""}
        return {"operator_id": ids, "external": False, "operator_tenant_key": self.tenant_key}

    def path(self, name: str) -> str:
        """A parameter of the path."""
        return self.params[name]

    def strings(self, name: str) -> list[str]:
        """A list of the body, as texts."""
        return [str(each) for each in as_list(self.json.get(name))]


Handler = Callable[[Call], Awaitable[Any]]
