"""``bot.reaction``: emoji reactions."""

from __future__ import annotations

from ..method import Group, method, paged
from ..models.im import Reaction
from ..paging import Paged
from .im import UserIdType


class Reactions(Group):
    """Emoji reactions to messages (消息表情回复)."""

    group = "reaction"

    @method("POST", "im/v1/messages/{message_id}/reactions", returns=Reaction, nested={"emoji_type": "reaction_type"})
    async def create(self, message_id: str, emoji_type: str) -> Reaction:
        """React to a message (添加消息表情回复).

        Args:
            message_id: the message.
            emoji_type: the emoji's name, such as ``SMILE``, ``OK``, ``THUMBSUP`` or ``Typing`` (表情文案说明).

        Scopes (one of): ``im:message``, ``im:message.reactions:write_only``.

        Raises:
            ActionFailed: 231001 there is no such emoji, 231002 the bot is not in the chat, 231003 the message was
                recalled.
        """
        ...

    @paged("im/v1/messages/{message_id}/reactions", Reaction)
    def list(
        self,
        message_id: str,
        *,
        reaction_type: str | None = None,
        user_id_type: UserIdType | None = None,
        page_size: int | None = None,
        limit: int | None = None,
    ) -> Paged[Reaction]:
        """The reactions to a message (获取消息表情回复).

        Args:
            message_id: the message.
            reaction_type: this emoji only, such as ``SMILE``.
            user_id_type: which ids the answer has; ``open_id`` when not given.
            page_size: reactions per call, 1 to 50; 20 when not given.
            limit: reactions altogether.

        Scopes (one of): ``im:message``, ``im:message:readonly``, ``im:message.reactions:read``.
        """
        ...

    @method("DELETE", "im/v1/messages/{message_id}/reactions/{reaction_id}", returns=Reaction)
    async def delete(self, message_id: str, reaction_id: str) -> Reaction:
        """Take a reaction of the bot back (删除消息表情回复).

        Args:
            message_id: the message.
            reaction_id: the reaction, from :meth:`create` or :meth:`list`.

        Scopes (one of): ``im:message``, ``im:message.reactions:write_only``.

        Raises:
            ActionFailed: 231007 the reaction is somebody else's, 231011 there is no such reaction.
        """
        ...
