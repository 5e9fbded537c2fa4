"""The routes for operators and machines. They run on NoneBot's loop and answer with one complete response each."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import KW_ONLY, InitVar, dataclass, field
from functools import partial
from typing import Any

from nonebot.drivers import Request, Response
from pydantic_core import to_json

from ..exception import BotDisabled, BotNotFound
from ..logs import LogOnce, log
from ..server.mount import Handler
from ..store import StoreView
from ..transport.manager import ConnectionManager
from ..transport.status import ConnectionStatus
from . import status_page
from .access import Access, FailureLimit, Tokens
from .health import check_health, store_to_dict

Route = tuple[str, str, str, Handler]
"""Method, path, name and handler."""

_JSON = {"Content-Type": "application/json; charset=utf-8", "Cache-Control": "no-store"}
_CHALLENGE = {"WWW-Authenticate": 'Bearer realm="feishu"'}
_NO_TOKEN = (
    "The status page and the control routes are off: set FEISHU_MANAGEMENT_TOKENS in .env, for example\n"
    'FEISHU_MANAGEMENT_TOKENS=\'{"<a long random token>": ["*"]}\'\n'
)
_NO_METRICS = "Metrics need an extra: pip install 'nonebot-adapter-feishu-ws[metrics]', then restart\n"


@dataclass(eq=False, repr=False)
class Management:
    """Control routes, status page, health and metrics of one adapter.

    Attributes:
        tokens: token -> app ids it may reach; without any, only ``healthz`` answers.
        names: app id -> the bot's name.
        counts: deliveries by app id, transport and outcome.
        load: app id -> running handlers, waiting events.
    """

    connections: ConnectionManager
    _: KW_ONLY
    tokens: InitVar[Mapping[str, Sequence[str]]]
    names: Callable[[], Mapping[str, str | None]]
    counts: Mapping[Any, int]
    load: Callable[[str], tuple[int, int]]
    store: Callable[[], StoreView]
    limit: FailureLimit = field(default_factory=FailureLimit)
    _reported: LogOnce = field(default_factory=LogOnce)

    def __post_init__(self, tokens: Mapping[str, Sequence[str]]) -> None:
        self._tokens = Tokens(tokens)

    def routes(self) -> list[Route]:
        """What NoneBot's driver is to serve: method, path, name and handler of each route."""
        health = ("GET", "/feishu/healthz", "feishu_healthz", self.health)
        if not self._tokens:
            return _with_head([health, ("GET", "/feishu/", "feishu_page", _no_page)])
        status_page.keep_polls_out_of_the_log()
        bot = "/feishu/bots/{app_id}"
        return [
            *_with_head(
                [
                    health,
                    ("GET", "/feishu/", "feishu_page", status_page.page),
                    ("GET", f"{bot}/ws/status", "feishu_status", self.status),
                    ("GET", "/feishu/ws/status", "feishu_all_statuses", self.all_statuses),
                    ("GET", "/feishu/metrics", "feishu_metrics", self.metrics),
                ]
            ),
            *(
                ("GET", f"/feishu/page/{name}", f"feishu_page_{name.replace('.', '_')}", status_page.file)
                for name in status_page.FILES
            ),
            ("POST", f"{bot}/ws/connect", "feishu_connect", partial(self._control, self.connections.connect)),
            ("POST", f"{bot}/ws/disconnect", "feishu_disconnect", partial(self._control, self.connections.disconnect)),
        ]

    # Control

    async def status(self, request: Request) -> Response:
        """``GET /feishu/bots/{app_id}/ws/status``."""

        async def read(bot_id: str) -> dict[str, Any]:
            return self.connections.get_status(bot_id).to_dict()

        return await self._for_bot(request, read)

    async def all_statuses(self, request: Request) -> Response:
        """``GET /feishu/ws/status``."""
        access = self._authorise(request)
        if isinstance(access, Response):
            return access
        connections = [status.to_dict() for status in self._visible(access)]
        return _answer(200, {"connections": connections, "store": store_to_dict(self.store(), access)})

    async def _control(self, act: Callable[[str], Awaitable[ConnectionStatus]], request: Request) -> Response:
        async def run(bot_id: str) -> dict[str, Any]:
            state = (await act(bot_id)).state.value
            log("INFO", "Bot {bot}: {} by a control route; now {}", act.__name__, state, bot=bot_id)
            return {"success": True, "botId": bot_id, "status": state}

        return await self._for_bot(request, run)

    async def _for_bot(self, request: Request, run: Callable[[str], Awaitable[dict[str, Any]]]) -> Response:
        access = self._authorise(request)
        if isinstance(access, Response):
            return access
        bot_id = request.url.path.rstrip("/").split("/")[-3]
        try:
            if access.allows(bot_id):
                return _answer(200, await run(bot_id))
        except BotNotFound:
            pass
        except BotDisabled as error:
            return _answer(409, {"success": False, "botId": bot_id, "error": str(error)})
        except RuntimeError as error:  # the network thread does not run: start or shutdown
            return _answer(503, {"success": False, "botId": bot_id, "error": str(error)})
        # The same answer for a bot that does not exist and for one that the token may not see.
        return _answer(404, {"success": False, "error": "Bot not found"})

    # For machines

    async def health(self, request: Request) -> Response:
        """``GET /feishu/healthz``: the status code alone; with a token, the bots that it may see."""
        authorization = request.headers.get("Authorization", "")
        access = self._authorise(request) if authorization and self._tokens else None
        if isinstance(access, Response):
            return access
        access_to = access or Access(frozenset())
        healthy, lines = check_health(self.connections, self.names(), access_to.allows)
        status = 200 if healthy else 503
        if access is None:
            return Response(status, headers={"Cache-Control": "no-store", "Content-Type": "text/plain"}, content=b"")
        store = store_to_dict(self.store(), access)
        return _answer(status, {"status": "ok" if healthy else "failing", "bots": lines, "store": store})

    async def metrics(self, request: Request) -> Response:
        """``GET /feishu/metrics``: Prometheus text."""
        access = self._authorise(request)
        if isinstance(access, Response):
            return access
        try:
            from .metrics import CONTENT_TYPE, render_metrics
        except ImportError:
            return _text(501, _NO_METRICS)
        body = render_metrics(self._visible(access), self.counts, self.load, self.store())
        return Response(200, headers={"Content-Type": CONTENT_TYPE, "Cache-Control": "no-store"}, content=body)

    # Access

    def _authorise(self, request: Request) -> Access | Response:
        """What the request's token allows, or the refusal."""
        access = self._tokens.find(request.headers.get("Authorization", ""))
        if access is not None:
            return access
        wait = self.limit.failed()
        if wait is None:
            return _refuse(401, "A valid token is needed: Authorization: Bearer <token>", _CHALLENGE)
        if self._reported.first("guessing"):
            log("WARNING", "Control routes: many requests with a wrong token or none are refused (logged once)")
        return _refuse(429, "Too many requests without a valid token", {"Retry-After": str(int(wait) + 1)})

    def _visible(self, access: Access) -> list[ConnectionStatus]:
        return [status for status in self.connections.get_all_statuses() if access.allows(status.bot_id)]


def _with_head(routes: list[Route]) -> list[Route]:
    """The routes, and the same for HEAD, with which monitors ask; the server leaves the body out."""
    return [*routes, *(("HEAD", path, f"{name}_head", handler) for _, path, name, handler in routes)]


async def _no_page(request: Request) -> Response:
    return _text(404, _NO_TOKEN)


def _refuse(status: int, error: str, headers: Mapping[str, str]) -> Response:
    return _answer(status, {"success": False, "botId": None, "error": error}, headers)


def _answer(status: int, content: dict[str, Any], headers: Mapping[str, str] | None = None) -> Response:
    return Response(status, headers={**_JSON, **(headers or {})}, content=to_json(content))


def _text(status: int, text: str) -> Response:
    return Response(status, headers={"Content-Type": "text/plain; charset=utf-8"}, content=text)
