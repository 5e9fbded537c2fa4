"""The chat page and its few JSON endpoints. Loopback only: other hosts and origins are refused."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from importlib import resources
from typing import Any, cast
from urllib.parse import urlsplit

from aiohttp import web

from ..actions import Actions
from ..rest.cardkit import shown_content
from ..rest.messages import message_body
from ..state import Message

SHOWN = 200
_LOCAL = frozenset({"127.0.0.1", "localhost", "::1"})
_HEADERS = {
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; "
    "connect-src 'self'; img-src 'self' data:",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
}
_Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class Page:
    """Shows chats and messages, and speaks for the sandbox's user."""

    def __init__(self, actions: Actions) -> None:
        self._actions = actions

    def routes(self) -> list[web.RouteDef]:
        """The page, its state, what is typed into it, and the images it shows."""
        return [
            web.get("/", self._guard(self._index)),
            web.get("/page/state", self._guard(self._state)),
            web.post("/page/say", self._guard(self._say)),
            web.post("/page/click", self._guard(self._click)),
            web.get("/page/image/{key}", self._guard(self._image)),
        ]

    def _guard(self, handler: _Handler) -> _Handler:
        async def run(request: web.Request) -> web.StreamResponse:
            # A page of another site must neither read nor post here, not even by rebinding its own name.
            host = urlsplit(f"//{request.host}").hostname
            origin = request.headers.get("Origin")
            if host not in _LOCAL or (origin is not None and urlsplit(origin).netloc != request.host):
                return web.Response(status=403, text="The sandbox answers to its own loopback address only")
            response = await handler(request)
            response.headers.update(_HEADERS)
            return response

        return run

    async def _index(self, _: web.Request) -> web.Response:
        html = resources.files("nonebot_adapter_feishu_ws.sandbox.page").joinpath("index.html").read_text("utf-8")
        return web.Response(text=html, content_type="text/html")

    async def _state(self, request: web.Request) -> web.Response:
        world = self._actions.world
        held = self._actions.gateway.connections
        online = {app_id: bool(held.get(app_id)) for app_id in world.apps}
        version = f"{self._actions.world.version}-{sum(online.values())}-{len(world.chats)}"
        if request.query.get("version") == version:
            return web.Response(status=204)
        messages = [self._show(message) for message in world.messages.values()][-SHOWN:]
        chats = [
            {
                "chat_id": chat.chat_id,
                "name": world.apps[chat.apps[0]].name if chat.mode == "p2p" else chat.name,
                "mode": chat.mode,
                "apps": [{"app_id": a, "name": world.apps[a].name, "online": online[a]} for a in chat.apps],
            }
            for chat in world.chats.values()
        ]
        people = [{"open_id": user.open_id, "name": user.name} for user in world.users.values()]
        return web.json_response({"version": version, "chats": chats, "messages": messages, "people": people})

    def _show(self, message: Message) -> dict[str, Any]:
        world = self._actions.world
        people: dict[str, Any] = world.apps if message.sender_type == "app" else world.users
        shown = message_body(message)
        shown["body"]["content"] = shown_content(world, shown["body"]["content"])
        shown["sender_name"] = people[message.sender_id].name
        shown["reactions"] = [r["reaction_type"] for r in world.reactions.get(message.message_id, [])]
        return shown

    async def _say(self, request: web.Request) -> web.Response:
        body = cast("dict[str, Any]", json.loads(await request.read()))
        chat = self._actions.world.chats.get(str(body.get("chat_id")))
        text = str(body.get("text") or "")
        if chat is None or not text.strip():
            return web.json_response({"error": "no such chat, or no text"}, status=400)
        user = self._actions.world.users[chat.members[0]]
        at = chat.apps if body.get("at") and chat.mode != "p2p" else []
        await self._actions.say(user, chat, text, at=at)
        return web.json_response({})

    async def _click(self, request: web.Request) -> web.Response:
        body = cast("dict[str, Any]", json.loads(await request.read()))
        message = self._actions.world.messages.get(str(body.get("message_id")))
        action = body.get("action")
        if message is None or not isinstance(action, dict):
            return web.json_response({"error": "no such message, or no action"}, status=400)
        user = self._actions.world.users[self._actions.world.chats[message.chat_id].members[0]]
        try:
            click = await self._actions.cards.click(user, message, cast("dict[str, Any]", action))
        except ValueError as error:
            return web.json_response({"error": str(error)}, status=400)
        return web.json_response({"toast": click.toast, "error": click.error})

    async def _image(self, request: web.Request) -> web.Response:
        stored = self._actions.world.files.get(request.match_info["key"])
        if stored is None or stored.kind != "image":
            return web.Response(status=404)
        return web.Response(body=stored.content, content_type="image/png")
