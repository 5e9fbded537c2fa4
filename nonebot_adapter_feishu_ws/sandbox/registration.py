"""Making an app by a scan (一键创建应用): what the SDK's ``register_app`` asks, and the page behind the code."""

import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from html import escape

from aiohttp import web

from .actions import YOU, Actions

EXPIRES = 600
PAGE = """<!doctype html><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>Feishu sandbox</title><body style="font:16px system-ui;max-width:28rem;margin:4rem auto;text-align:center">
<h1>{title}</h1><p>{text}</p>{form}"""
FORM = """<form method="post"><button name="choice" value="create">Create 创建</button>
<button name="choice" value="refuse">Cancel 取消</button></form>"""


@dataclass
class Request:
    """One scan: what became of it."""

    name: str = "Scanned bot"
    answer: dict[str, object] = field(default_factory=lambda: {"error": "authorization_pending"})


class Registration:
    """The endpoint of ``accounts.feishu.cn`` and the page on which a person confirms."""

    def __init__(self, actions: Actions, url: Callable[[], str]) -> None:
        self._actions = actions
        self._url = url
        self._requests: dict[str, Request] = {}

    def routes(self) -> list[web.RouteDef]:
        """What it serves."""
        return [
            web.post("/oauth/v1/app/registration", self._register),
            web.get("/page/launcher", self._ask),
            web.post("/page/launcher", self._decide),
        ]

    async def _register(self, request: web.Request) -> web.Response:
        form = await request.post()
        if form.get("action") == "init":
            return web.json_response({"supported_auth_methods": ["client_secret"]})
        if form.get("action") == "begin":
            code = secrets.token_urlsafe(16)
            self._requests[code] = Request()
            address = f"{self._url()}/page/launcher?user_code={code}"
            return web.json_response(
                {"device_code": code, "verification_uri_complete": address, "interval": 1, "expires_in": EXPIRES}
            )
        found = self._requests.get(str(form.get("device_code", "")))
        return web.json_response(found.answer if found else {"error": "expired_token"})

    def _asked(self, request: web.Request) -> Request:
        found = self._requests.get(request.query.get("user_code", ""))
        if found is None:
            raise web.HTTPNotFound(text="This code is not known here")
        found.name = request.query.get("name", found.name)
        return found

    async def _ask(self, request: web.Request) -> web.Response:
        asked = self._asked(request)
        return _page("Create an app? 创建应用？", asked.name, FORM)

    async def _decide(self, request: web.Request) -> web.Response:
        asked, form = self._asked(request), await request.post()
        if form.get("choice") != "create":
            asked.answer = {"error": "access_denied"}
            return _page("Cancelled 已取消", asked.name)
        app_id, secret = f"cli_{secrets.token_hex(8)}", secrets.token_urlsafe(24)
        self._actions.add_app(app_id, secret, name=asked.name)
        self._actions.populate_default()
        you = next(user for user in self._actions.world.users.values() if user.name == YOU)
        user_info = {"open_id": you.open_id, "tenant_brand": "feishu"}
        asked.answer = {"client_id": app_id, "client_secret": secret, "user_info": user_info}
        return _page("Created 已创建", f"{asked.name}: {app_id}")


def _page(title: str, text: str, form: str = "") -> web.Response:
    return web.Response(text=PAGE.format(title=title, text=escape(text), form=form), content_type="text/html")
