"""``/sandbox/v1/``: which function serves which path."""

import json
from typing import Any

from aiohttp import BodyPartReader, web

from ...net.bounded_json import as_object, is_list, is_object
from ..actions import Actions
from . import calls
from .access import Handler, Refused, guard, read_json, read_number
from .inspect import Inspector
from .show import show_app, show_chats, show_message, show_user
from .stream import Stream

PREFIX = "/sandbox/v1/"
PAGE, MOST = 50, 200


class Control:
    """The control API of one sandbox."""

    def __init__(self, actions: Actions) -> None:
        self._actions = actions
        self._inspector = Inspector(actions)
        self._stream = Stream(actions, self._inspector.show)

    def routes(self) -> list[web.RouteDef]:
        """The routes; each answers to the sandbox's own loopback address only."""
        served: dict[str, Handler] = {
            "GET state": self._state,
            "GET chats/{chat_id}/messages": self._messages,
            "GET files/{key}": self._file,
            "POST actions/{name}": self._act,
            "GET faults": self._list_faults,
            "POST faults": self._add_fault,
            "DELETE faults": self._clear_faults,
            "GET stream": self._stream.serve,
            **self._inspector.routes(),
        }
        return [web.route(name.split()[0], PREFIX + name.split()[1], guard(run)) for name, run in served.items()]

    async def _state(self, _: web.Request) -> web.Response:
        world = self._actions.world
        body = {
            "number": world.feed.number,
            "people": [show_user(user) for user in world.users.values()],
            "apps": [show_app(app, self._actions.gateway) for app in world.apps.values()],
            "chats": show_chats(world),
            "faults": self._actions.all_faults(),
        }
        return web.json_response(body)

    async def _messages(self, request: web.Request) -> web.Response:
        """The page of a chat's history that ends before the message number ``before``, oldest first."""
        world, chat_id = self._actions.world, request.match_info["chat_id"]
        if chat_id not in world.chats:
            raise Refused(f"there is no chat {chat_id}", 404)
        limit = read_number(request, "limit", PAGE, MOST)
        before = read_number(request, "before", world.last_number + 1, world.last_number + 1)
        earlier = [each for each in world.history(chat_id) if each.number < before]
        shown = [show_message(world, each) for each in (earlier[-limit:] if limit else ())]
        return web.json_response({"messages": shown, "has_more": len(earlier) > limit})

    async def _file(self, request: web.Request) -> web.Response:
        """An image or file of a message, as a download that no browser runs."""
        stored = self._actions.world.files.get(request.match_info["key"])
        if stored is None:
            raise Refused("there is no such file", 404)
        content_type = "image/png" if stored.kind == "image" else "application/octet-stream"
        return web.Response(body=stored.content, content_type=content_type)

    async def _act(self, request: web.Request) -> web.Response:
        given = await (_form(request) if request.content_type.startswith("multipart/") else read_json(request))
        return web.json_response(await calls.run(self._actions, calls.ACTIONS, request.match_info["name"], given))

    async def _list_faults(self, _: web.Request) -> web.Response:
        return web.json_response({"faults": self._actions.all_faults()})

    async def _add_fault(self, request: web.Request) -> web.Response:
        given = await read_json(request)
        await calls.run(self._actions, calls.FAULTS, str(given.pop("name", "")), given)
        self._actions.world.feed.add("fault", "")
        return await self._list_faults(request)

    async def _clear_faults(self, request: web.Request) -> web.Response:
        self._actions.clear_faults()
        self._actions.world.feed.add("fault", "")
        return await self._list_faults(request)


async def _form(request: web.Request) -> dict[str, Any]:
    """A form: files are bytes, and ``file``'s own name is the argument ``name``; texts may be JSON."""
    given: dict[str, Any] = {}
    try:
        async for part in await request.multipart():
            if not isinstance(part, BodyPartReader) or part.name is None:
                continue
            if part.filename is None:
                given[part.name] = _plain(await part.text())
            else:
                given[part.name] = bytes(await part.read())
                given.setdefault("name", part.filename)
    except (AssertionError, ValueError) as error:
        raise Refused(f"the form cannot be read: {error}") from None
    return as_object(given)


def _plain(text: str) -> Any:
    try:
        value: object = json.loads(text)
    except ValueError:
        return text
    return value if isinstance(value, int) or is_list(value) or is_object(value) else text
