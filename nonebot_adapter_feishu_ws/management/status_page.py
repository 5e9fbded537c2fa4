"""The status page: files that hold no data. Their script asks the other routes, with a token."""

import logging
import secrets
from importlib import resources

from nonebot.drivers import Request, Response
from typing_extensions import override

STYLES = ("style",)
SCRIPTS = ("main", "bot", "store", "client", "time", "dom", "words")
FILES = {
    **{f"{name}.css": "text/css; charset=utf-8" for name in STYLES},
    **{f"{name}.js": "text/javascript; charset=utf-8" for name in SCRIPTS},
}
"""Name below ``/feishu/page/`` -> content type."""
POLL = "?from=page"
"""How the page's script ends the URLs that it asks for every two seconds."""
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


class QuietPolls(logging.Filter):
    """Keeps what the open page asks for by itself out of uvicorn's access log, unless it fails."""

    @override
    def filter(self, record: logging.LogRecord) -> bool:
        args = record.args  # client, method, path with its query, HTTP version, status
        if not isinstance(args, tuple) or len(args) != 5:
            return True
        return not (str(args[2]).endswith(POLL) and args[4] == 200)


def keep_polls_out_of_the_log() -> None:
    """Install :class:`QuietPolls`, once in a process."""
    log = logging.getLogger("uvicorn.access")
    if not any(isinstance(each, QuietPolls) for each in log.filters):
        log.addFilter(QuietPolls())


def _read(name: str) -> str:
    return resources.files(__package__ or "").joinpath("page", name).read_text("utf-8")
