"""Limits on what a request to our routes may send: its size, and the time its body takes; and how it is refused.

Nothing is decompressed. NoneBot's drivers read the whole body before a route runs, so the limits apply in front of
them, as ASGI middleware.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterator, MutableMapping
from dataclasses import dataclass, field
from typing import Any

from nonebot.drivers import ASGIMixin
from pydantic_core import to_json

from ..logs import LogOnce, log

MAX_BYTES = 10 * 1024 * 1024
"""Bytes of a body, beyond which it is answered with 413 and not read on; an event of Feishu's has some kilobytes."""
MAX_SECONDS = 10.0
"""Seconds for a whole body, after which it is answered with 408; Feishu gives up on a delivery after 3."""
PREFIX = "/feishu"
JSON_TYPE = "application/json; charset=utf-8"

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
AsgiApp = Callable[[MutableMapping[str, Any], Receive, Send], Awaitable[None]]


class Refused(Exception):
    """The request is answered with an HTTP error; the reason says what is wrong, and what to do about it."""

    def __init__(self, status: int, reason: str) -> None:
        super().__init__(reason)
        self.status = status
        self.reason = reason

    @property
    def body(self) -> bytes:
        """The answer's JSON."""
        return to_json({"success": False, "error": self.reason})


@dataclass(eq=False, repr=False)
class BodyLimit:
    """ASGI middleware: reads the body of a request to our paths, within the limits, before the application sees it."""

    app: AsgiApp
    _reported: LogOnce = field(default_factory=LogOnce)

    async def __call__(self, scope: MutableMapping[str, Any], receive: Receive, send: Send) -> None:
        """Serve one ASGI connection; other paths and WebSockets pass through untouched."""
        if scope["type"] != "http" or not _is_ours(scope):
            await self.app(scope, receive, send)
            return
        try:
            body = await self._read(scope, receive)
        except Refused as refusal:
            if self._reported.first(str(refusal.status)):
                log("WARNING", "Refused a request to {}: {} (logged once per kind)", PREFIX, refusal.reason)
            await _answer(send, refusal)
            return
        if body is None:
            return
        messages = iter([{"type": "http.request", "body": body, "more_body": False}])

        async def replay() -> Message:
            return next(messages, None) or await receive()

        await self.app(scope, replay, send)

    async def _read(self, scope: MutableMapping[str, Any], receive: Receive) -> bytes | None:
        """The whole body; None when the client left."""
        if _is_compressed(scope):
            # Nothing decompresses it today. Were a library to do so one day, the limit would count the wrong bytes.
            raise Refused(415, "the body has a Content-Encoding; compressed bodies are not accepted")
        if _declared_length(scope) > MAX_BYTES:
            raise self._too_large()
        try:
            return await asyncio.wait_for(self._collect(receive), MAX_SECONDS)
        except TimeoutError:
            raise Refused(408, f"the body took longer than {MAX_SECONDS:g} s") from None

    async def _collect(self, receive: Receive) -> bytes | None:
        body = bytearray()
        while True:
            message = await receive()
            if message["type"] != "http.request":
                return None
            body += message.get("body", b"")
            if len(body) > MAX_BYTES:
                raise self._too_large()
            if not message.get("more_body", False):
                return bytes(body)

    def _too_large(self) -> Refused:
        return Refused(413, f"the body is larger than {MAX_BYTES} bytes")


def limit_bodies(driver: ASGIMixin) -> None:
    """Put the limits in front of a driver's application, once; also where its server runs already, as in nonebug."""
    app: Any = driver.server_app
    if hasattr(app, "add_middleware"):
        if any(layer.cls is BodyLimit for layer in app.user_middleware) or isinstance(app.middleware_stack, BodyLimit):
            return
        if app.middleware_stack is None:
            app.add_middleware(BodyLimit)
        else:  # Starlette refuses add_middleware once it has served anything, its own lifespan included
            app.middleware_stack = BodyLimit(app.middleware_stack)
    elif not hasattr(app, "asgi_app"):
        log("WARNING", "Bodies of requests to {} are not limited on this driver: let a proxy in front do it", PREFIX)
    elif not isinstance(app.asgi_app, BodyLimit):
        app.asgi_app = BodyLimit(app.asgi_app)


def _is_ours(scope: MutableMapping[str, Any]) -> bool:
    # Servers differ in whether the path still starts with the root path.
    path = str(scope["path"]).removeprefix(str(scope.get("root_path", "")).rstrip("/"))
    return path == PREFIX or path.startswith(f"{PREFIX}/")


def _headers(scope: MutableMapping[str, Any], name: bytes) -> Iterator[bytes]:
    return (value for key, value in scope["headers"] if key.lower() == name)


def _is_compressed(scope: MutableMapping[str, Any]) -> bool:
    return any(value.strip().lower() not in (b"", b"identity") for value in _headers(scope, b"content-encoding"))


def _declared_length(scope: MutableMapping[str, Any]) -> int:
    try:
        return int(next(_headers(scope, b"content-length"), b"0"))
    except ValueError:
        return 0  # the bytes that arrive are counted anyway


async def _answer(send: Send, refusal: Refused) -> None:
    # Without "close" the server would read the rest, to serve the connection's next request.
    headers = [(b"content-type", JSON_TYPE.encode()), (b"connection", b"close")]
    await send({"type": "http.response.start", "status": refusal.status, "headers": headers})
    await send({"type": "http.response.body", "body": refusal.body})
