"""``bot.urgent``: urgent messages (加急)."""

from __future__ import annotations

from collections.abc import Sequence

from ..method import Group, method
from ..models.im import InvalidUsers
from .im import UserIdType


class Urgent(Group):
    """Make people look at a message of the bot (消息加急). Text messages and phone calls cost money."""

    group = "urgent"

    @method("PATCH", "im/v1/messages/{message_id}/urgent_app", returns=InvalidUsers, query=["user_id_type"])
    async def app(
        self, message_id: str, user_id_list: Sequence[str], user_id_type: UserIdType = "open_id"
    ) -> InvalidUsers:
        """Notify inside Feishu (发送应用内加急).

        Args:
            message_id: a message of the bot.
            user_id_list: members of its chat, at most 200.
            user_id_type: what the ids are.

        Scopes (one of): ``im:message.urgent``.

        Raises:
            ActionFailed: 230012 the bot is not the sender, 230023 a user has more than 200 unread urgent messages,
                230024 the tenant's quota is used up.
        """
        ...

    @method("PATCH", "im/v1/messages/{message_id}/urgent_sms", returns=InvalidUsers, query=["user_id_type"])
    async def sms(
        self, message_id: str, user_id_list: Sequence[str], user_id_type: UserIdType = "open_id"
    ) -> InvalidUsers:
        """Notify by text message (发送短信加急); it costs the tenant money.

        Args:
            message_id: a message of the bot.
            user_id_list: members of its chat, at most 200.
            user_id_type: what the ids are.

        Scopes (one of): ``im:message.urgent:sms``.

        Raises:
            ActionFailed: as for :meth:`app`.
        """
        ...

    @method("PATCH", "im/v1/messages/{message_id}/urgent_phone", returns=InvalidUsers, query=["user_id_type"])
    async def phone(
        self, message_id: str, user_id_list: Sequence[str], user_id_type: UserIdType = "open_id"
    ) -> InvalidUsers:
        """Notify by a phone call (发送电话加急); it costs the tenant money.

        Args:
            message_id: a message of the bot.
            user_id_list: members of its chat, at most 200.
            user_id_type: what the ids are.

        Scopes (one of): ``im:message.urgent:phone``.

        Raises:
            ActionFailed: as for :meth:`app`.
        """
        ...
