"""``GET /sandbox/v1/stream``: what changes, as server-sent events that a reader resumes with ``Last-Event-ID``."""

from collections.abc import Callable
from typing import Any

from aiohttp import web

from ..actions import Actions
from ..feed import Change
from ..journal import Entry
from .show import dump, show_app, show_chat, show_message, show_user

ALIVE = 15.0
"""Seconds after which a comment shows both ends that the other one is there."""
MAX_STREAMS = 32


class Stream:
    """Sends each change to every reader; a reader that missed a part is told to load everything again."""

    def __init__(self, actions: Actions, show_entry: Callable[[Entry], dict[str, Any]]) -> None:
        self._actions = actions
        self._show_entry = show_entry
        self._open: set[web.StreamResponse] = set()

    async def serve(self, request: web.Request) -> web.StreamResponse:
        """One reader, until it goes."""
        if len(self._open) >= MAX_STREAMS:
            return web.json_response({"error": f"{MAX_STREAMS} streams are open: close one"}, status=429)
        feed = self._actions.world.feed
        last = request.headers.get("Last-Event-ID") or request.query.get("after", "")
        number = int(last) if last.isdigit() else feed.number
        response = web.StreamResponse(headers={"Content-Type": "text/event-stream", "Cache-Control": "no-store"})
        response.headers["X-Content-Type-Options"] = "nosniff"
        await response.prepare(request)
        self._open.add(response)
        try:
            await response.write(b"retry: 500\n\n")
            while request.transport is not None:
                changes = feed.since(number)
                number = feed.number
                for text in [_event(number, "reload", {})] if changes is None else map(self._told, changes):
                    await response.write(text.encode())
                if not await feed.wait(number, ALIVE):
                    await response.write(b": alive\n\n")
        except ConnectionError:
            pass  # the reader has gone, and nothing is lost: it resumes by its number
        finally:
            self._open.discard(response)
        return response

    def _told(self, change: Change) -> str:
        return _event(change.number, change.kind, {"key": change.key, change.kind: self._shown(change)})

    def _shown(self, change: Change) -> dict[str, Any] | None:
        """What the change is about, as it is now; None when it is gone."""
        world, key = self._actions.world, change.key
        match change.kind:
            case "message" if key in world.messages:
                return show_message(world, world.messages[key])
            case "chat" if key in world.chats:
                return show_chat(world, world.chats[key], world.history(key))
            case "person" if key in world.users:
                return show_user(world.users[key])
            case "app" if key in world.apps:
                return show_app(world.apps[key], self._actions.gateway)
            case "entry" if entry := self._actions.gateway.journal.find(int(key)):
                return self._show_entry(entry)
            case "fault":
                return {"faults": self._actions.all_faults()}
            case _:
                return None


def _event(number: int, kind: str, data: dict[str, Any]) -> str:
    return f"id: {number}\nevent: {kind}\ndata: {dump(data)}\n\n"
