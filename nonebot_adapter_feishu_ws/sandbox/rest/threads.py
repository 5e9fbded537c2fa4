"""Topics forwarded (转发话题), and bubbles below a message (添加跟随气泡)."""

from __future__ import annotations

from typing import Any

from ..state import Message, World, new_id
from .messages import message_body
from .paging import need
from .pins import message_for
from .routes import ApiError, Call, Handler


class Threads:
    """What can be done with a topic, or below a message."""

    def __init__(self, world: World) -> None:
        self._world = world

    def endpoints(self) -> list[tuple[str, str, Handler]]:
        """Method, path and handler of each."""
        return [
            ("POST", "im/v1/threads/{thread_id}/forward", self.forward),
            ("POST", "im/v1/messages/{message_id}/push_follow_up", self.push_follow_up),
        ]

    async def forward(self, call: Call) -> dict[str, Any]:
        """转发话题; the sandbox knows chats as receivers only."""
        need(call, "receive_id_type", "receive_id")
        thread = list(self._world.history(thread_id=call.path("thread_id")))
        chat = self._world.chats.get(str(call.json["receive_id"]))
        if not thread or chat is None:
            raise ApiError(230001, "Your request contains an invalid request parameter.")
        if call.app.app_id not in chat.apps:
            raise ApiError(230002, "The bot can not be outside the group.")
        copy = Message(
            new_id("om"),
            chat.chat_id,
            call.app.app_id,
            "app",
            "merge_forward",
            "Merged and Forwarded Message",
            self._world.now_ms(),
        )
        self._world.add_message(copy)
        await self._world.notify()
        return message_body(copy)

    async def push_follow_up(self, call: Call) -> dict[str, Any]:
        """添加跟随气泡: below the bot's newest message of a private chat."""
        message = message_for(self._world, call, call.path("message_id"))
        need(call, "follow_ups")
        if self._world.chats[message.chat_id].mode != "p2p" or message.sender_id != call.app.app_id:
            raise ApiError(230001, "Your request contains an invalid request parameter.")
        return {}
