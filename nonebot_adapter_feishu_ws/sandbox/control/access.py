"""Who may call: pages and programs of this machine, by the sandbox's own address."""

import json
from collections.abc import Awaitable, Callable
from typing import Any
from urllib.parse import urlsplit

from aiohttp import web

from ...net.bounded_json import is_object

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
LOCAL = frozenset({"127.0.0.1", "localhost", "::1"})
HEADERS = {
    "Content-Security-Policy": "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; "
    "img-src 'self' data:; media-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
}


class Refused(ValueError):
    """A call that cannot be done; the message says why and what would do."""

    def __init__(self, text: str, status: int = 400) -> None:
        super().__init__(text)
        self.status = status


def guard(handler: Handler) -> Handler:
    """A route that answers to its own loopback address only, and in JSON when it refuses."""

    async def run(request: web.Request) -> web.StreamResponse:
        # A page of another site must neither read nor post here, not even by rebinding its own name.
        host = urlsplit(f"//{request.host}").hostname
        origin = request.headers.get("Origin")
        if host not in LOCAL or (origin is not None and urlsplit(origin).netloc != request.host):
            return web.Response(status=403, text="The sandbox answers to its own loopback address only")
        try:
            response = await handler(request)
        except Refused as error:
            response = web.json_response({"error": str(error)}, status=error.status)
        if not response.prepared:
            response.headers.update(HEADERS)
        return response

    return run


async def read_json(request: web.Request) -> dict[str, Any]:
    """A call's JSON object; an empty body is an empty one.

    Raises:
        Refused: the body is no JSON object.
    """
    try:
        given: object = json.loads(await request.read() or b"{}")
    except ValueError as error:
        raise Refused(f"the body is not JSON: {error}") from None
    if not is_object(given):
        raise Refused("the body must be a JSON object")
    return given


def read_number(request: web.Request, name: str, default: int, most: int) -> int:
    """A whole number of the query, at most ``most``.

    Raises:
        Refused: it is no number.
    """
    text = request.query.get(name) or str(default)
    if not text.isdigit():
        raise Refused(f"{name} must be a whole number, not {text!r}")
    return min(int(text), most)
