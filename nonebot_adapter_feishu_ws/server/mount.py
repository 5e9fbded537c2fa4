"""Mounts routes with an app id in their path on NoneBot's server, whichever ASGI driver it is."""

from collections.abc import Awaitable, Callable
from typing import Any

from nonebot.drivers import URL, ASGIMixin, Driver, HTTPServerSetup, Request, Response

from .body_limit import limit_bodies

Handler = Callable[[Request], Awaitable[Response]]


def mount(driver: Driver, method: str, path: str, name: str, handler: Handler) -> None:
    """Serve one route, behind the limits of :mod:`.body_limit`.

    Its path has parameters as FastAPI writes them (``/feishu/{app_id}``); the handler reads them from the request.
    """
    if not isinstance(driver, ASGIMixin):
        raise TypeError(f"{driver.type} serves no routes")
    limit_bodies(driver)
    quart = driver.type == "quart"
    if quart:
        path = path.replace("{", "<").replace("}", ">")
    driver.setup_http_server(HTTPServerSetup(URL(path), method, name, handler))
    if quart:
        _drop_parameters(driver.server_app, name)


def _drop_parameters(app: Any, name: str) -> None:
    """NoneBot's Quart driver (2.5.0) registers a view without arguments; Quart passes it the path's parameters."""
    view: Callable[[], Awaitable[Any]] = app.view_functions[name]

    async def without_parameters(**_: Any) -> Any:
        return await view()

    app.view_functions[name] = without_parameters
