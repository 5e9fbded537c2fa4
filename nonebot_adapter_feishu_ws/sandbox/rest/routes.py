"""The REST side: which function serves which endpoint, and what all share (faults, log, tokens, checks, errors)."""

import asyncio
import json
import math
import secrets
import time
from collections import deque
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any, cast

from aiohttp import BodyPartReader, web

from ...net.bounded_json import JsonError, as_object, read_json
from ..faults import Faults, play
from ..gateway import Gateway
from ..state import TENANT, App, World
from .apps import Tokens
from .call import ApiError, Call, Handler, Limits, Upload, ensure
from .cards import Cards
from .checks import check
from .endpoint import Endpoint
from .facts import ENDPOINTS
from .handlers import HANDLERS
from .paths import Paths

PREFIX = "/open-apis/"
UPLOADS = frozenset({"POST im/v1/images", "POST im/v1/files"})
"""What takes a form; everything else takes JSON."""
_OpenHandler = Callable[[dict[str, Any]], Awaitable[dict[str, Any]]]
_Params = Mapping[str, str]
_Run = Callable[[web.Request, _Params], Awaitable[web.StreamResponse]]


@dataclass(slots=True)
class RecordedRequest:
    """One REST call as it came, without its bearer."""

    method: str
    path: str
    query: dict[str, str]
    json: Any = None
    app_id: str = ""
    uuid: str = ""
    status: int = 0
    answer: bytes | None = None
    """JSON only: what is downloaded is not kept."""
    seconds: float = 0.0
    number: int = 0
    """Of its entry in the journal."""


class Rest:
    """Wraps endpoints: looks after everything that all of them share."""

    def __init__(self, world: World, gateway: Gateway, faults: Faults, limits: Limits) -> None:
        self.world = world
        self._gateway = gateway
        self._faults = faults
        self.limits: Limits = limits
        self._running: dict[int, RecordedRequest] = {}
        self.requests: deque[RecordedRequest] = deque(maxlen=10_000)
        self._paths: Paths[_Run] = Paths()

    def routes(self, cards: Cards, tokens: Tokens) -> list[web.RouteDef]:
        """One route for all endpoints, since the many that begin alike would be tried one after another."""
        for path, handler in (
            ("tenant_access_token/internal", tokens.internal),
            ("app_access_token/internal", tokens.internal_app),
            ("app_access_token", tokens.app_token),
            ("tenant_access_token", tokens.tenant_token),
            ("app_ticket/resend", tokens.resend_ticket),
        ):
            self._paths.add(f"POST auth/v3/{path}", self._open(handler))
        for name, handler in {**HANDLERS, "POST interactive/v1/card/update": cards.update}.items():
            self._paths.add(name, self._authorised(name, handler))
        return [web.route("*", PREFIX + "{path:.*}", self._served)]

    async def _served(self, request: web.Request) -> web.StreamResponse:
        began = time.perf_counter()
        try:
            answer = await self._with_faults(request, request.path.removeprefix(PREFIX))
        finally:
            if (call := self._running.pop(id(request), None)) is not None:
                call.seconds = time.perf_counter() - began
                self._gateway.journal.changed(call.number)
        if call is not None:
            call.status = answer.status
            if isinstance(answer, web.Response) and answer.content_type == "application/json":
                call.answer = cast(bytes, answer.body)
        return answer

    async def _with_faults(self, request: web.Request, path: str) -> web.StreamResponse:
        if (found := self._paths.find(request.method, path)) is None:
            return self._not_found(request)
        run, params = found
        fault = self._faults.take(path)
        if fault is not None and (answer := await play(fault, request)) is not None:
            return answer
        try:
            if fault is not None and fault.code is not None:
                raise ApiError(fault.code, "scripted", fault.status or 400, headers=fault.headers)
            answer = await run(request, params)
        except ApiError as error:
            return _error(error)
        if fault is not None:
            await asyncio.sleep(fault.stall)
            if fault.drop == "after" and request.transport is not None:
                request.transport.abort()
        return answer

    def _not_found(self, request: web.Request) -> web.Response:
        self._record(request, None)
        name = f"{request.method} {request.path}"
        msg = f"{name} is not simulated by the sandbox. Check the path; its documentation lists what is simulated."
        return _answer(404, {"code": 404, "msg": msg})

    def _open(self, handler: _OpenHandler) -> _Run:
        """An endpoint that is called without a token; the secrets in its JSON are not recorded."""

        async def run(request: web.Request, _: _Params) -> web.StreamResponse:
            body = await _json(request)
            self._record(request, {key: body[key] for key in ("app_id", "tenant_key") if key in body})
            return _ok(await handler(body))

        return run

    def _authorised(self, name: str, handler: Handler) -> _Run:
        endpoint = ENDPOINTS.get(name, Endpoint())

        async def run(request: web.Request, params: _Params) -> web.StreamResponse:
            token = request.headers.get("Authorization", "").removeprefix("Bearer ")
            app = self._app_of(token, request)
            call = Call(self.world, self._gateway, self.limits, app, request, params, dict(request.query), endpoint)
            call.tenant_key = app.token_tenants.get(token, TENANT)
            if request.content_type.startswith("multipart/"):
                ensure(name in UPLOADS, 9499, "Bad Request: the body must be JSON, not a form")
                await _read_form(call)
                self._record(request, {}, app.app_id)
            else:
                call.json = await _json(request) if "json" in request.content_type else {}
                self._record(request, call.json, app.app_id)
            self.limits.count_call(app.app_id, name)
            _check_scopes(app, endpoint)
            check(call)
            answer = await handler(call)
            if request.method != "GET" and (chat_id := params.get("chat_id")):
                self.world.feed.add("chat", chat_id)
            return answer if isinstance(answer, web.StreamResponse) else _ok(answer)

        return run

    def _app_of(self, token: str, request: web.Request) -> App:
        advice = "access token for authorization. Please make a request with token attached."
        if not token or token == request.headers.get("Authorization"):
            raise ApiError(99991661, f"Missing {advice}")
        if (app := self.world.app_of_token(token)) is None:
            raise ApiError(99991663, f"Invalid {advice}")
        return app

    def _record(self, request: web.Request, body: Any, app_id: str = "") -> None:
        path = request.path.removeprefix(PREFIX)
        call = RecordedRequest(request.method, path, dict(request.query), body, app_id)
        call.uuid = str(as_object(body).get("uuid") or request.query.get("uuid") or "")
        call.number = self._gateway.journal.add("rest", app_id, call, self.world.clock())
        self._running[id(request)] = call
        self.requests.append(call)


def _check_scopes(app: App, endpoint: Endpoint) -> None:
    if not endpoint.scopes or not app.scopes.isdisjoint(endpoint.scopes):
        return
    violations = [{"type": "action_scope_required", "subject": scope} for scope in endpoint.scopes]
    names = ", ".join(endpoint.scopes)
    msg = f"Access denied. One of the following scopes is required: [{names}]."
    raise ApiError(99991672, msg, permission_violations=violations)


def _ok(body: Any) -> web.Response:
    whole = isinstance(body, dict) and "code" in body
    return _answer(200, body if whole else {"code": 0, "msg": "success", "data": body})


def _error(error: ApiError) -> web.Response:
    log_id = secrets.token_hex(12)
    details = {"log_id": log_id, **error.error}
    answer = _answer(error.status, {"code": error.code, "msg": error.msg, "error": details}, log_id)
    answer.headers.update(error.headers)
    return answer


def _answer(status: int, body: Any, log_id: str = "") -> web.Response:
    raw = json.dumps(body, ensure_ascii=False).encode()
    headers = {"X-Tt-Logid": log_id or secrets.token_hex(12)}
    return web.Response(status=status, body=raw, content_type="application/json", charset="utf-8", headers=headers)


async def _json(request: web.Request) -> dict[str, Any]:
    try:
        return as_object(read_json(await request.read() or b"{}", max_values=math.inf))
    except JsonError as error:
        raise ApiError(9499, f"Invalid parameter value: the body {error}") from None


async def _read_form(call: Call) -> None:
    try:
        reader = await call.request.multipart()
        while (part := await reader.next()) is not None:
            if not isinstance(part, BodyPartReader) or not part.name:
                continue
            if part.filename is None and part.name not in ("file", "image"):
                call.json[part.name] = await part.text()
            else:
                call.files[part.name] = Upload(part.filename or part.name, bytes(await part.read(decode=False)))
    except (AssertionError, ValueError, LookupError):
        raise ApiError(call.endpoint.invalid, ext="the form cannot be read.") from None
