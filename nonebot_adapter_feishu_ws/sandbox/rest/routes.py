"""The frame of the REST side: faults, request log, tokens, checks, and errors in Feishu's shape."""

import asyncio
import json
import secrets
from collections import deque
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from aiohttp import BodyPartReader, web

from ...net.bounded_json import as_object
from ..faults import Faults, play
from ..state import TENANT, App, World
from .call import ApiError, Call, Handler, Upload
from .checks import check
from .endpoint import Endpoint
from .facts import ENDPOINTS
from .limits import Limits, Refusal

PREFIX = "/open-apis/"
OpenHandler = Callable[[dict[str, Any]], Awaitable[dict[str, Any]]]
_Run = Callable[[web.Request], Awaitable[web.StreamResponse]]


@dataclass(slots=True)
class RecordedRequest:
    """One REST call as it came, without its bearer."""

    method: str
    path: str
    query: dict[str, str]
    json: Any = None


class Rest:
    """Wraps endpoints: looks after everything that all of them share."""

    def __init__(self, world: World, faults: Faults, limits: Limits) -> None:
        self.world = world
        self._faults = faults
        self.limits: Limits = limits
        self.requests: deque[RecordedRequest] = deque(maxlen=10_000)

    def routes(
        self, endpoints: Iterable[tuple[str, Handler]], open_endpoints: Iterable[tuple[str, OpenHandler]]
    ) -> list[web.RouteDef]:
        """The routes, and a 404 in Feishu's shape for the rest.

        Args:
            endpoints: ``"METHOD path"`` below ``/open-apis/`` and handler of each.
            open_endpoints: those that are called without a token, with JSON whose secrets are not recorded.
        """
        runs = [(name, self._open(handler)) for name, handler in open_endpoints]
        runs += [(name, self._authorised(name, handler)) for name, handler in endpoints]
        routes: list[web.RouteDef] = []
        for name, run in runs:
            method, _, path = name.partition(" ")
            routes.append(web.route(method, PREFIX + path, self._with_faults(run)))
        return [*routes, web.route("*", PREFIX + "{path:.*}", self._not_found)]

    async def _not_found(self, request: web.Request) -> web.StreamResponse:
        self._record(request, None)
        return web.Response(status=404, text="404 page not found")

    def _with_faults(self, run: _Run) -> _Run:
        async def served(request: web.Request) -> web.StreamResponse:
            fault = self._faults.take(request.path.removeprefix(PREFIX))
            if fault is not None and (answer := await play(fault, request)) is not None:
                return answer
            if fault is not None and fault.code is not None:
                return _error(ApiError(fault.code, "scripted", fault.status or 400), fault.headers)
            try:
                answer = await run(request)
            except ApiError as error:
                return _error(error)
            except Refusal as refusal:
                return _error(ApiError(refusal.code, refusal.msg, refusal.status), refusal.headers)
            if fault is not None:
                await asyncio.sleep(fault.stall)
                if fault.drop == "after" and request.transport is not None:
                    request.transport.abort()
            return answer

        return served

    def _open(self, handler: OpenHandler) -> _Run:
        async def run(request: web.Request) -> web.StreamResponse:
            body = await _json(request)
            self._record(request, {key: body[key] for key in ("app_id", "tenant_key") if key in body})
            return _ok(await handler(body))

        return run

    def _authorised(self, name: str, handler: Handler) -> _Run:
        endpoint = ENDPOINTS.get(name, Endpoint())

        async def run(request: web.Request) -> web.StreamResponse:
            token = request.headers.get("Authorization", "").removeprefix("Bearer ")
            app = self._app_of(token, request)
            call = Call(
                self.world, self.limits, app, request, endpoint, tenant_key=app.token_tenants.get(token, TENANT)
            )
            if request.content_type.startswith("multipart/"):
                await _read_form(call)
                self._record(request, {})
            else:
                call.json = await _json(request) if "json" in request.content_type else {}
                self._record(request, call.json)
            self.limits.count_call(app.app_id, name)
            check(call)
            answer = await handler(call)
            return answer if isinstance(answer, web.StreamResponse) else _ok(answer)

        return run

    def _app_of(self, token: str, request: web.Request) -> App:
        if not token or token == request.headers.get("Authorization"):
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


def _ok(body: Any) -> web.Response:
    return _answer(
        200, body if isinstance(body, dict) and "code" in body else {"code": 0, "msg": "success", "data": body}
    )


def _error(error: ApiError, headers: Mapping[str, str] | None = None) -> web.Response:
    log_id = secrets.token_hex(12)
    details = {"log_id": log_id, **error.error}
    answer = _answer(error.status, {"code": error.code, "msg": error.msg, "error": details}, log_id)
    answer.headers.update(headers or {})
    return answer


def _answer(status: int, body: Any, log_id: str = "") -> web.Response:
    raw = json.dumps(body, ensure_ascii=False).encode()
    headers = {"X-Tt-Logid": log_id or secrets.token_hex(12)}
    return web.Response(status=status, body=raw, content_type="application/json", charset="utf-8", headers=headers)


async def _json(request: web.Request) -> dict[str, Any]:
    try:
        return as_object(json.loads(await request.read() or b"{}"))
    except ValueError:
        raise ApiError(9499, "Invalid parameter value: body is not JSON") from None


async def _read_form(call: Call) -> None:
    try:
        reader = await call.request.multipart()
    except (AssertionError, ValueError):
        raise ApiError(call.endpoint.invalid) from None
    while (part := await reader.next()) is not None:
        if not isinstance(part, BodyPartReader) or not part.name:
            continue
        if part.filename is None and part.name not in ("file", "image"):
            call.json[part.name] = await part.text()
        else:
            call.files[part.name] = Upload(part.filename or part.name, bytes(await part.read(decode=False)))
