"""The chat page's files; all that it shows and does goes over the control API."""

from collections.abc import Iterator
from importlib import resources
from importlib.resources.abc import Traversable

from aiohttp import web

from ..control.access import Handler, guard

TYPES = {"html": "text/html", "css": "text/css", "js": "text/javascript"}
INDEX = "index.html"


def routes() -> list[web.RouteDef]:
    """``/`` and a route below ``/page/`` for each style and script."""
    return [
        web.get("/" if path == INDEX else f"/page/{path}", guard(_file(file, TYPES[path.rpartition(".")[2]])))
        for path, file in files()
    ]


def files() -> Iterator[tuple[str, Traversable]]:
    """The files that are served, by their paths; those in ``vendor`` are other projects', beside their licences."""
    folder = resources.files(__package__ or "")
    for prefix, place in (("", folder), ("vendor/", folder / "vendor")):
        for file in place.iterdir():
            if file.name.rpartition(".")[2] in TYPES:
                yield prefix + file.name, file


def _file(file: Traversable, content_type: str) -> Handler:
    async def run(_: web.Request) -> web.Response:
        return web.Response(text=file.read_text("utf-8"), content_type=content_type)

    return run
