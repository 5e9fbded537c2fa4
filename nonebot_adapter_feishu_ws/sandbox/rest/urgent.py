"""``im/v1/messages/{message_id}/urgent_*``: urgent messages (加急)."""

from __future__ import annotations

from typing import Any, cast

from ..state import World
from .paging import need
from .pins import message_for
from .routes import ApiError, Call, Handler

MAX_USERS = 200


class Urgent:
    """Notes who was notified, and how."""

    def __init__(self, world: World) -> None:
        self._world = world

    def endpoints(self) -> list[tuple[str, str, Handler]]:
        """Method, path and handler of each."""
        one = "im/v1/messages/{message_id}/urgent_"
        return [("PATCH", one + kind, self.notify) for kind in ("app", "sms", "phone")]

    async def notify(self, call: Call) -> dict[str, Any]:
        """发送应用内加急, 发送短信加急, 发送电话加急."""
        message = message_for(self._world, call, call.path("message_id"))
        if message.sender_id != call.app.app_id:
            raise ApiError(230012, "Bot is NOT the sender of the message.")
        need(call, "user_id_type", "user_id_list")
        wanted, kind = cast("list[str]", call.json["user_id_list"]), call.query["user_id_type"]
        if kind not in ("open_id", "user_id", "union_id") or len(wanted) > MAX_USERS:
            raise ApiError(230001, "Your request contains an invalid request parameter.")
        members = [self._world.users[each] for each in self._world.chats[message.chat_id].members]
        known = {getattr(user, kind) for user in members}
        return {"invalid_user_id_list": [each for each in wanted if each not in known]}
