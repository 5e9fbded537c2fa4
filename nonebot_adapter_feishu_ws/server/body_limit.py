"""Bounds what a request to our routes may send: its size, and the time that its body takes. Nothing is inflated.

NoneBot's drivers read the whole body before a route runs, so the bound stands in front of them, as ASGI middleware.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

from nonebot.drivers import ASGIMixin, Driver
from pydantic_core import to_json

from ..log import LogOnce, log

MAX_BYTES = 10 * 1024 * 1024
"""Bytes of a body; an event of Feishu's has some kilobytes."""
MAX_SECONDS = 10.0
"""Seconds for a whole body; Feishu gives up on a delivery after 3."""
PREFIX = "/feishu"

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
AsgiApp = Callable[[MutableMapping[str, Any], Receive, Send], Awaitable[None]]


class _Refused(Exception):
    def __init__(self, status: int, reason: str) -> None:
        super().__init__(reason)
        self.status = status
        self.reason = reason


class BodyLimit:
    """ASGI middleware: reads the body of a request to our paths, within bounds, before the application sees it."""

    def __init__(self, app: AsgiApp, *, max_bytes: int = MAX_BYTES, max_seconds: float = MAX_SECONDS) -> None:
        """Args:
        app: what is behind it.
        max_bytes: the largest body; a larger one is answered with 413, and not read on.
        max_seconds: for the whole body; a slower one is answered with 408.
        """
        self._app = app
        self._max_bytes = max_bytes
        self._max_seconds = max_seconds
        self._reported = LogOnce()

    async def __call__(self, scope: MutableMapping[str, Any], receive: Receive, send: Send) -> None:
        """Serve one connection, as ASGI has it; other paths and WebSockets go through untouched."""
        if scope["type"] != "http" or not _is_ours(scope):
            await self._app(scope, receive, send)
            return
        try:
            body = await self._read(scope, receive)
        except _Refused as refusal:
            if self._reported.first(str(refusal.status)):
                log("WARNING", "Refused a request to {}: {} (said once per kind)", PREFIX, refusal.reason)
            await _answer(send, refusal)
            return
        if body is None:
            return

        first = True

        async def replay() -> Message:
            nonlocal first
            if first:
                first = False
                return {"type": "http.request", "body": body, "more_body": False}
            return await receive()

        await self._app(scope, replay, send)

    async def _read(self, scope: MutableMapping[str, Any], receive: Receive) -> bytes | None:
        """The whole body; None when the client left."""
        if _is_compressed(scope):
            # Nobody inflates it now. Were a library to do so one day, the bound would count the wrong bytes.
            raise _Refused(415, "the body has a Content-Encoding; bodies are taken as they are only")
        if _declared_length(scope) > self._max_bytes:
            raise self._too_large()
        try:
            return await asyncio.wait_for(self._collect(receive), self._max_seconds)
        except TimeoutError:
            raise _Refused(408, f"the body took longer than {self._max_seconds:g} s") from None

    async def _collect(self, receive: Receive) -> bytes | None:
        body = bytearray()
        while True:
            message = await receive()
            if message["type"] != "http.request":
                return None
            body += message.get("body", b"")
            if len(body) > self._max_bytes:
                raise self._too_large()
            if not message.get("more_body", False):
                return bytes(body)

    def _too_large(self) -> _Refused:
        return _Refused(413, f"the body is larger than {self._max_bytes} bytes")


def limit_bodies(driver: Driver) -> None:
    """Put the bounds in front of a driver's application, once; other paths than ours are not affected.

    Args:
        driver: a driver with a server that has not started yet.

    Raises:
        TypeError: the driver has no server.
    """
    if not isinstance(driver, ASGIMixin):
        raise TypeError(f"{driver.type} serves no routes")
    app: Any = driver.server_app
    if hasattr(app, "add_middleware"):
        if not any(layer.cls is BodyLimit for layer in app.user_middleware):
            app.add_middleware(BodyLimit, max_bytes=MAX_BYTES, max_seconds=MAX_SECONDS)
    elif not hasattr(app, "asgi_app"):
        log("WARNING", "Bodies of requests to {} are not limited on this driver: let a proxy in front do it", PREFIX)
    elif not isinstance(app.asgi_app, BodyLimit):
        app.asgi_app = BodyLimit(app.asgi_app, max_bytes=MAX_BYTES, max_seconds=MAX_SECONDS)


def _is_ours(scope: MutableMapping[str, Any]) -> bool:
    path = str(scope["path"])
    # Servers differ in whether a root path is still in front.
    path = path.removeprefix(str(scope.get("root_path", "")).rstrip("/"))
    return path == PREFIX or path.startswith(f"{PREFIX}/")


def _is_compressed(scope: MutableMapping[str, Any]) -> bool:
    values = [value for name, value in scope["headers"] if name.lower() == b"content-encoding"]
    return any(value.strip().lower() not in (b"", b"identity") for value in values)


def _declared_length(scope: MutableMapping[str, Any]) -> int:
    for name, value in scope["headers"]:
        if name.lower() == b"content-length":
            try:
                return int(value)
            except ValueError:
                return 0  # what does come is counted
    return 0


async def _answer(send: Send, refusal: _Refused) -> None:
    # Without "close" the server would read the rest, to serve the connection's next request.
    headers = [(b"content-type", b"application/json; charset=utf-8"), (b"connection", b"close")]
    await send({"type": "http.response.start", "status": refusal.status, "headers": headers})
    await send({"type": "http.response.body", "body": to_json({"success": False, "error": refusal.reason})})
