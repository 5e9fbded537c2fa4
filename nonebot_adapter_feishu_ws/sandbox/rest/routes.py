"""The frame of the REST side: faults, request log, tokens, errors in Feishu's shape; token and bot endpoints."""

from __future__ import annotations

import asyncio
import json
import secrets
from collections import deque
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, cast

from aiohttp import web

from ..faults import Fault, Faults
from ..state import TENANT, App, World
from .limits import Limits, Refusal

PREFIX = "/open-apis/"
Handler = Callable[["Call"], Awaitable[Any]]
OpenHandler = Callable[[dict[str, Any]], Awaitable[dict[str, Any]]]


@dataclass(slots=True)
class RecordedRequest:
    """One REST call as it came, without its bearer."""

    method: str
    path: str
    query: dict[str, str]
    json: Any = None


@dataclass(slots=True)
class Call:
    """One authorised REST call."""

    app: App
    request: web.Request
    json: dict[str, Any] = field(default_factory=dict[str, Any])
    tenant_key: str = TENANT

    @property
    def query(self) -> dict[str, str]:
        """The query's parameters."""
        return dict(self.request.query)

    def path(self, name: str) -> str:
        """A parameter of the path."""
        return self.request.match_info[name]


class ApiError(Exception):
    """An answer with an error code."""

    def __init__(self, code: int, msg: str, status: int = 400, **error: Any) -> None:
        super().__init__(msg)
        self.code = code
        self.msg = msg
        self.status = status
        self.error = error


class Rest:
    """Wraps endpoints: looks after everything that all of them share."""

    def __init__(self, world: World, faults: Faults, limits: Limits | None = None) -> None:
        self.world = world
        self._faults = faults
        self.limits: Limits = limits or Limits()
        self.requests: deque[RecordedRequest] = deque(maxlen=10_000)

    def routes(self, endpoints: list[tuple[str, str, Handler]]) -> list[web.RouteDef]:
        """Routes for ``(method, path below /open-apis/, handler)``, and a 404 in Feishu's shape for the rest."""
        routes = [web.route(method, PREFIX + path, self._wrap(handler)) for method, path, handler in endpoints]
        token = web.post(PREFIX + "auth/v3/tenant_access_token/internal", self._token)
        return [token, *routes, web.route("*", PREFIX + "{path:.*}", self._not_found)]

    async def _token(self, request: web.Request) -> web.StreamResponse:
        if (answer := await self._fault(request)) is not None:
            return answer
        body = cast("dict[str, Any]", await request.json())
        self._record(request, {"app_id": body.get("app_id")})
        app = self.world.apps.get(str(body.get("app_id")))
        if app is None:
            return self._error(ApiError(10003, "invalid param", 200))
        if app.app_secret != body.get("app_secret"):
            return self._error(ApiError(10014, "app secret invalid", 200))
        if app.is_store:
            return self._error(ApiError(10003, "invalid app type", 200))
        token, expire = self.world.issue_token(app)
        return self._ok({"code": 0, "msg": "ok", "tenant_access_token": token, "expire": expire})

    def open(self, handler: OpenHandler) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
        """An endpoint that is called without a token, with JSON that is not recorded."""

        async def run(request: web.Request) -> web.StreamResponse:
            if (answer := await self._fault(request)) is not None:
                return answer
            try:
                body = await _json(request)
                self._record(request, {"app_id": body.get("app_id"), "tenant_key": body.get("tenant_key")})
                return self._ok(await handler(body))
            except ApiError as error:
                return self._error(error)

        return run

    async def _not_found(self, request: web.Request) -> web.StreamResponse:
        self._record(request, None)
        return web.Response(status=404, text="404 page not found")

    def _wrap(self, handler: Handler) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
        async def run(request: web.Request) -> web.StreamResponse:
            fault = self._faults.take(request.path.removeprefix(PREFIX))
            if fault is not None and (answer := await self._play(fault, request)) is not None:
                return answer
            try:
                app = self._authorise(request)
                body = await _json(request)
                self._record(request, body)
                self.limits.count_call(app.app_id, f"{request.method} {handler.__name__}")
                tenant = app.token_tenants.get(_bearer(request), TENANT)
                answer = await handler(Call(app, request, body, tenant))
            except ApiError as error:
                return self._error(error)
            except Refusal as refusal:
                return self._refuse(refusal)
            if fault is not None:
                await asyncio.sleep(fault.stall)
            if fault is not None and fault.drop == "after":
                _cut(request)
            return answer if isinstance(answer, web.StreamResponse) else self._ok(answer)

        return run

    async def _fault(self, request: web.Request) -> web.StreamResponse | None:
        fault = self._faults.take(request.path.removeprefix(PREFIX))
        return None if fault is None else await self._play(fault, request)

    async def _play(self, fault: Fault, request: web.Request) -> web.StreamResponse | None:
        await asyncio.sleep(fault.delay)
        if fault.hang:
            await asyncio.sleep(3600)
        if fault.drop == "before":
            _cut(request)
        if fault.body is not None:
            return web.Response(status=fault.status or 200, body=fault.body, content_type="text/html")
        if fault.code is not None:
            return self._error(ApiError(fault.code, "scripted", fault.status or 400), fault.headers)
        return None if fault.status is None else web.Response(status=fault.status, text="scripted")

    def _authorise(self, request: web.Request) -> App:
        kind, _, token = request.headers.get("Authorization", "").partition(" ")
        if kind != "Bearer" or not token:
            raise ApiError(
                99991661, "Missing access token for authorization. Please make a request with token attached."
            )
        app = self.world.app_of_token(token)
        if app is None:
            raise ApiError(
                99991663, "Invalid access token for authorization. Please make a request with token attached."
            )
        return app

    def _record(self, request: web.Request, body: Any) -> None:
        path = request.path.removeprefix(PREFIX)
        self.requests.append(RecordedRequest(request.method, path, dict(request.query), body))

    def _ok(self, body: Any) -> web.Response:
        return _answer(
            200, body if isinstance(body, dict) and "code" in body else {"code": 0, "msg": "success", "data": body}
        )

    def _error(self, error: ApiError, headers: Mapping[str, str] | None = None) -> web.Response:
        log_id = secrets.token_hex(12)
        details = {"log_id": log_id, **error.error}
        answer = _answer(error.status, {"code": error.code, "msg": error.msg, "error": details}, log_id)
        answer.headers.update(headers or {})
        return answer

    def _refuse(self, refusal: Refusal) -> web.Response:
        return self._error(ApiError(refusal.code, refusal.msg, refusal.status), refusal.headers)


def _answer(status: int, body: Any, log_id: str = "") -> web.Response:
    raw = json.dumps(body, ensure_ascii=False).encode()
    headers = {"X-Tt-Logid": log_id or secrets.token_hex(12)}
    return web.Response(status=status, body=raw, content_type="application/json", charset="utf-8", headers=headers)


async def _json(request: web.Request) -> dict[str, Any]:
    if "json" not in request.content_type:
        return {}
    try:
        body: object = json.loads(await request.read() or b"{}")
    except ValueError:
        raise ApiError(9499, "Invalid parameter value: body is not JSON") from None
    return cast("dict[str, Any]", body) if isinstance(body, dict) else {}


def _bearer(request: web.Request) -> str:
    return request.headers.get("Authorization", "").partition(" ")[2]


def _cut(request: web.Request) -> None:
    assert request.transport is not None
    request.transport.abort()
