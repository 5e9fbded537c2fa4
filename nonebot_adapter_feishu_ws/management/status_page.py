"""The status page: files that hold no data. Their script asks the other routes, with a token."""

import secrets
from importlib import resources

from nonebot.drivers import Request, Response

STYLES = ("style",)
SCRIPTS = ("main", "bot", "store", "client", "time", "dom", "words")
FILES = {
    **{f"{name}.css": "text/css; charset=utf-8" for name in STYLES},
    **{f"{name}.js": "text/javascript; charset=utf-8" for name in SCRIPTS},
}
"""Name below ``/feishu/page/`` -> content type."""
_HEADERS = {
    "Cache-Control": "no-store",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}


async def page(request: Request) -> Response:
    """``GET /feishu/``: the status page."""
    nonce = secrets.token_urlsafe(16)
    policy = (
        f"default-src 'none'; style-src 'nonce-{nonce}'; script-src 'nonce-{nonce}'; connect-src 'self'; "
        "img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    )
    headers = {**_HEADERS, "Content-Type": "text/html; charset=utf-8", "Content-Security-Policy": policy}
    return Response(200, headers=headers, content=_read("index.html").replace("{{nonce}}", nonce))


async def file(request: Request) -> Response:
    """``GET /feishu/page/{name}``: a style or script of the page; each has a route of its own."""
    name = request.url.path.rpartition("/")[2]
    return Response(200, headers={**_HEADERS, "Content-Type": FILES[name]}, content=_read(name))


def _read(name: str) -> str:
    return resources.files(__package__ or "").joinpath("page", name).read_text("utf-8")
