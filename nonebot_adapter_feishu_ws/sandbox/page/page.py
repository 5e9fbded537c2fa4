"""The chat page and its few JSON endpoints. Loopback only: other hosts and origins are refused."""

import json
from importlib import resources
from typing import Any

from aiohttp import web

from ...net.bounded_json import as_object
from ..actions import Actions
from ..control.access import Handler, guard
from ..rest.cardkit import shown_content
from ..rest.messages import message_body
from ..state import Message

SHOWN = 200
STYLES = ("style",)
SCRIPTS = ("main", "chats", "message", "card", "fields", "click", "markdown", "state", "dom", "words")


class Page:
    """Shows chats and messages, and speaks for the sandbox's user."""

    def __init__(self, actions: Actions) -> None:
        self._actions = actions

    def routes(self) -> list[web.RouteDef]:
        """The page, its styles and scripts, its state, what is typed into it, and the images it shows."""
        files = [("/", "index.html", "text/html")]
        files += [(f"/page/{name}.css", f"{name}.css", "text/css") for name in STYLES]
        files += [(f"/page/{name}.js", f"{name}.js", "text/javascript") for name in SCRIPTS]
        return [
            *(web.get(path, guard(_file(name, content_type))) for path, name, content_type in files),
            web.get("/page/state", guard(self._state)),
            web.post("/page/say", guard(self._say)),
            web.post("/page/click", guard(self._click)),
            web.get("/page/image/{key}", guard(self._image)),
        ]

    async def _state(self, request: web.Request) -> web.Response:
        world, held = self._actions.world, self._actions.gateway.connections
        online = {app_id: bool(held.get(app_id)) for app_id in world.apps}
        version = f"{world.version}-{sum(online.values())}-{len(world.chats)}"
        if request.query.get("version") == version:
            return web.Response(status=204)
        chats = [
            {
                "chat_id": chat.chat_id,
                "name": world.apps[chat.apps[0]].name if chat.mode == "p2p" else chat.name,
                "mode": chat.mode,
                "apps": [{"app_id": a, "name": world.apps[a].name, "online": online[a]} for a in chat.apps],
            }
            for chat in world.chats.values()
        ]
        messages = [self._show(message) for message in [*world.messages.values()][-SHOWN:]]
        people = [{"open_id": user.open_id, "name": user.name} for user in world.users.values()]
        return web.json_response({"version": version, "chats": chats, "messages": messages, "people": people})

    def _show(self, message: Message) -> dict[str, Any]:
        world = self._actions.world
        people = world.apps if message.sender_type == "app" else world.users
        shown = message_body(message)
        shown["body"]["content"] = shown_content(world, shown["body"]["content"])
        shown["sender_name"] = people[message.sender_id].name
        shown["reactions"] = [r["reaction_type"] for r in world.reactions.get(message.message_id, [])]
        return shown

    async def _say(self, request: web.Request) -> web.Response:
        body = as_object(json.loads(await request.read()))
        chat = self._actions.world.chats.get(str(body.get("chat_id")))
        text = str(body.get("text") or "")
        if chat is None or not text.strip():
            return web.json_response({"error": "no such chat, or no text"}, status=400)
        user = self._actions.world.users[chat.members[0]]
        at = chat.apps if body.get("at") and chat.mode != "p2p" else []
        await self._actions.say(user, chat, text, at=at)
        return web.json_response({})

    async def _click(self, request: web.Request) -> web.Response:
        body = as_object(json.loads(await request.read()))
        world = self._actions.world
        message = world.messages.get(str(body.get("message_id")))
        if message is None or not isinstance(body.get("action"), dict):
            return web.json_response({"error": "no such message, or no action"}, status=400)
        user = world.users[world.chats[message.chat_id].members[0]]
        try:
            click = await self._actions.cards.click(user, message, as_object(body["action"]))
        except ValueError as error:
            return web.json_response({"error": str(error)}, status=400)
        return web.json_response({"toast": click.toast, "error": click.error})

    async def _image(self, request: web.Request) -> web.Response:
        stored = self._actions.world.files.get(request.match_info["key"])
        if stored is None or stored.kind != "image":
            return web.Response(status=404)
        return web.Response(body=stored.content, content_type="image/png")


def _file(name: str, content_type: str) -> Handler:
    async def run(_: web.Request) -> web.Response:
        text = resources.files(__package__ or "").joinpath(name).read_text("utf-8")
        return web.Response(text=text, content_type=content_type)

    return run
