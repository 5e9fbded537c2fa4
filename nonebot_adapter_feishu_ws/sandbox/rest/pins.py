"""``im/v1/pins``: pinned messages."""

from __future__ import annotations

from typing import Any

from ..state import Message, World
from .paging import need, page_of
from .routes import ApiError, Call, Handler


class Pins:
    """The pins of all chats."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._pins: dict[str, dict[str, Any]] = {}

    def endpoints(self) -> list[tuple[str, str, Handler]]:
        """Method, path and handler of each."""
        return [
            ("POST", "im/v1/pins", self.create),
            ("GET", "im/v1/pins", self.list),
            ("DELETE", "im/v1/pins/{message_id}", self.delete),
        ]

    async def create(self, call: Call) -> dict[str, Any]:
        """Pin 消息: a second time gives the first pin."""
        message = self._message(call, str(call.json.get("message_id") or ""))
        if message.deleted:
            raise ApiError(230011, "The message was recalled.")
        pin = {
            "message_id": message.message_id,
            "chat_id": message.chat_id,
            "operator_id": call.app.app_id,
            "operator_id_type": "app_id",
            "create_time": str(self._world.now_ms()),
        }
        return {"pin": self._pins.setdefault(message.message_id, pin)}

    async def list(self, call: Call) -> dict[str, Any]:
        """获取群内 Pin 消息: newest first."""
        need(call, "chat_id")
        chat = self._world.chats.get(call.query["chat_id"])
        if chat is None:
            raise ApiError(230001, "Your request contains an invalid request parameter, ext=invalid chat_id.")
        if call.app.app_id not in chat.apps:
            raise ApiError(230002, "The bot can not be outside the group.")
        begin, end = int(call.query.get("start_time", 0)), int(call.query.get("end_time", 1 << 62))
        pins = [each for each in self._pins.values() if each["chat_id"] == chat.chat_id]
        pins = [each for each in reversed(pins) if begin <= int(each["create_time"]) <= end]
        return page_of(call, pins, code=230001)

    async def delete(self, call: Call) -> dict[str, Any]:
        """移除 Pin 消息: succeeds where there is none."""
        self._pins.pop(self._message(call, call.path("message_id")).message_id, None)
        return {}

    def _message(self, call: Call, message_id: str) -> Message:
        return message_for(self._world, call, message_id)


def message_for(world: World, call: Call, message_id: str) -> Message:
    """A message, if the call's app is in its chat.

    Raises:
        ApiError: 230001 there is none, 230002 the app is not in its chat.
    """
    message = world.messages.get(message_id)
    if message is None or message.chat_id not in world.chats:
        raise ApiError(230001, "Your request contains an invalid request parameter, ext=invalid message_id.")
    if call.app.app_id not in world.chats[message.chat_id].apps:
        raise ApiError(230002, "The bot can not be outside the group.")
    return message
