"""``bot.pin``: pinned messages."""

from __future__ import annotations

from ..method import Group, method, paged
from ..models.im import Pin
from ..paging import Paged


class Pins(Group):
    """Pinned messages (Pin)."""

    group = "pin"

    @method("POST", "im/v1/pins", returns=Pin, at=["data", "pin"])
    async def create(self, message_id: str) -> Pin:
        """Pin a message (Pin 消息); pinning it again gives the first pin.

        Args:
            message_id: the message; the bot must be in its chat.

        Scopes (one of): ``im:message``, ``im:message.pins:write_only``, ``im:message:send_as_bot``.

        Raises:
            ActionFailed: 230002 the bot is not in the chat, 230046 only the owner and managers may pin, 230047 too many
                pins of one message a second.
        """
        ...

    @method("DELETE", "im/v1/pins/{message_id}")
    async def delete(self, message_id: str) -> None:
        """Take a pin away (移除 Pin 消息); succeeds where there is none.

        Args:
            message_id: the message.

        Scopes (one of): ``im:message``, ``im:message.pins:write_only``, ``im:message:send_as_bot``.
        """
        ...

    @paged("im/v1/pins", Pin)
    def list(
        self,
        chat_id: str,
        *,
        start_time: str | None = None,
        end_time: str | None = None,
        page_size: int | None = None,
        limit: int | None = None,
    ) -> Paged[Pin]:
        """The pins of a chat, newest first (获取群内 Pin 消息).

        Args:
            chat_id: the chat.
            start_time: milliseconds since the epoch.
            end_time: milliseconds since the epoch.
            page_size: pins per call, 1 to 50; 20 when not given.
            limit: pins altogether.

        Scopes (one of): ``im:message``, ``im:message.pins:read``, ``im:message:readonly``.
        """
        ...
