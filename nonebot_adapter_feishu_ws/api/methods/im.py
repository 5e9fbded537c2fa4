"""``bot.im``: messages."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal

from ..method import Group, method, paged
from ..models.im import MergedForward, Message, MessageItems, ReadUser
from ..paging import Paged
from ..upload import Progress

ReceiveIdType = Literal["chat_id", "open_id", "user_id", "union_id", "email"]
ForwardIdType = Literal["chat_id", "open_id", "user_id", "union_id", "email", "thread_id"]
UserIdType = Literal["open_id", "user_id", "union_id"]
ResourceType = Literal["image", "file"]
Content = str | Mapping[str, Any]


class Im(Group):
    """Messages (消息管理). The bot must be in the chat, else code 230002."""

    group = "im"

    @method("POST", "im/v1/messages", returns=Message, query=["receive_id_type"], dumped=["content"], uuid=True)
    async def create_message(
        self,
        receive_id_type: ReceiveIdType,
        receive_id: str,
        msg_type: str,
        content: Content,
        *,
        uuid: str | None = None,
    ) -> Message:
        """Send a message (发送消息).

        Args:
            receive_id_type: what ``receive_id`` is.
            receive_id: the chat or user.
            msg_type: ``text``, ``post``, ``image``, ``file``, ``audio``, ``media``, ``sticker``, ``interactive``,
                ``share_chat``, ``share_user`` or ``system``.
            content: the content of that type, as an object or as JSON text.
            uuid: at most 50 characters; Feishu delivers one message per uuid and hour. When not given it is made
                from the event that is being handled, so that a replay does not send twice; random outside of a handler.

        Scopes (one of): ``im:message``, ``im:message:send_as_bot``.

        Raises:
            ActionFailed: 230013 the user is outside the bot's availability, 230020 more than 5 messages a second to
                this chat or user, 230025 the content is too long, 230099 the card cannot be built.
        """
        ...

    @method("POST", "im/v1/messages/{message_id}/reply", returns=Message, dumped=["content"], uuid=True)
    async def reply_message(
        self,
        message_id: str,
        msg_type: str,
        content: Content,
        *,
        reply_in_thread: bool | None = None,
        uuid: str | None = None,
    ) -> Message:
        """Answer a message (回复消息).

        Args:
            message_id: the message that is answered.
            msg_type: as for :meth:`create_message`.
            content: as for :meth:`create_message`.
            reply_in_thread: answer in the message's topic; opens one where there is none.
            uuid: as for :meth:`create_message`.

        Scopes (one of): ``im:message``, ``im:message:send_as_bot``.

        Raises:
            ActionFailed: 230011 the message was recalled, 230071 the chat has no topics, and the codes of
                :meth:`create_message`.
        """
        ...

    @method("GET", "im/v1/messages/{message_id}", returns=MessageItems)
    async def get_message(
        self,
        message_id: str,
        *,
        user_id_type: UserIdType | None = None,
        card_msg_content_type: Literal["user_card_content", "raw_card_content"] | None = None,
    ) -> MessageItems:
        """Fetch a message (获取指定消息的内容).

        Args:
            message_id: the message.
            user_id_type: which ids the answer has; ``open_id`` when not given.
            card_msg_content_type: how a card's content comes: as its reader sees it, or as it was sent.

        Returns:
            ``items`` has the message; of a merged forward, its children too.

        Scopes (one of): ``im:message``, ``im:message:readonly``; for groups also ``im:message.group_msg``.

        Raises:
            ActionFailed: 230110 the message was deleted, 230002 the bot is not in its chat.
        """
        ...

    @paged("im/v1/messages", Message)
    def list_messages(
        self,
        container_id_type: Literal["chat", "thread"],
        container_id: str,
        *,
        start_time: str | None = None,
        end_time: str | None = None,
        sort_type: Literal["ByCreateTimeAsc", "ByCreateTimeDesc"] | None = None,
        card_msg_content_type: Literal["user_card_content", "raw_card_content"] | None = None,
        page_size: int | None = None,
        limit: int | None = None,
    ) -> Paged[Message]:
        """The messages of a chat or topic (获取会话历史消息).

        Args:
            container_id_type: what ``container_id`` is.
            container_id: the chat or topic.
            start_time: seconds since the epoch; not for topics.
            end_time: seconds since the epoch; not for topics.
            sort_type: oldest first when not given.
            card_msg_content_type: as for :meth:`get_message`.
            page_size: messages per call, 1 to 50; 20 when not given.
            limit: messages altogether.

        Scopes (one of): ``im:message``, ``im:message:readonly``; for groups also ``im:message.group_msg``.

        Raises:
            ActionFailed: 230002 the bot is not in the chat, 230027 a scope is missing.
        """
        ...

    @method("PUT", "im/v1/messages/{message_id}", returns=Message, dumped=["content"])
    async def update_message(self, message_id: str, msg_type: Literal["text", "post"], content: Content) -> Message:
        """Edit a text or post that the bot sent (编辑消息).

        Args:
            message_id: the message.
            msg_type: the type of the new content.
            content: the new content.

        Scopes (one of): ``im:message``, ``im:message:send_as_bot``, ``im:message:update``.

        Raises:
            ActionFailed: 230072 it was edited 20 times already, 230075 it is too old, 230054 its type cannot be edited.
        """
        ...

    @method("PATCH", "im/v1/messages/{message_id}", dumped=["content"])
    async def patch_message(self, message_id: str, content: Content) -> None:
        """Replace a card that the bot sent (更新已发送的消息卡片).

        Args:
            message_id: the message; it must be a card that all see alike (``update_multi``), at most 14 days old.
            content: the new card.

        Scopes (one of): ``im:message``, ``im:message:send_as_bot``, ``im:message:update``.

        Raises:
            ActionFailed: 230020 more than 5 updates a second, 230031 it is older than 14 days, 230099 the card cannot
                be built.
        """
        ...

    @method("DELETE", "im/v1/messages/{message_id}")
    async def delete_message(self, message_id: str) -> None:
        """Recall a message (撤回消息).

        Args:
            message_id: a message of the bot, or of anybody where the bot is the group's owner or manager.

        Scopes (one of): ``im:message``, ``im:message:send_as_bot``, ``im:message:recall``.

        Raises:
            ActionFailed: 230026 the bot may not recall it, 230011 it was recalled before.
        """
        ...

    @method(
        "POST",
        "im/v1/messages/{message_id}/forward",
        returns=Message,
        query=["receive_id_type", "uuid"],
        uuid=True,
    )
    async def forward_message(
        self, message_id: str, receive_id_type: ForwardIdType, receive_id: str, *, uuid: str | None = None
    ) -> Message:
        """Forward a message (转发消息).

        Args:
            message_id: the message.
            receive_id_type: what ``receive_id`` is.
            receive_id: the chat, topic or user.
            uuid: as for :meth:`create_message`.

        Scopes (one of): ``im:message``, ``im:message:send_as_bot``.

        Raises:
            ActionFailed: 230002 the bot is not in the chat.
        """
        ...

    @method("POST", "im/v1/messages/merge_forward", returns=MergedForward, query=["receive_id_type", "uuid"], uuid=True)
    async def merge_forward_messages(
        self,
        receive_id_type: ForwardIdType,
        receive_id: str,
        message_id_list: Sequence[str],
        *,
        uuid: str | None = None,
    ) -> MergedForward:
        """Forward several messages of one chat as one (合并转发消息).

        Args:
            receive_id_type: what ``receive_id`` is.
            receive_id: the chat, topic or user.
            message_id_list: at most 100 messages of the same chat.
            uuid: as for :meth:`create_message`.

        Scopes (one of): ``im:message``, ``im:message:send_as_bot``.
        """
        ...

    @method("POST", "im/v1/threads/{thread_id}/forward", returns=Message, query=["receive_id_type", "uuid"], uuid=True)
    async def forward_thread(
        self, thread_id: str, receive_id_type: ForwardIdType, receive_id: str, *, uuid: str | None = None
    ) -> Message:
        """Forward a topic (转发话题).

        Args:
            thread_id: the topic, ``omt_...``.
            receive_id_type: what ``receive_id`` is.
            receive_id: the chat, topic or user.
            uuid: as for :meth:`create_message`.

        Scopes (one of): ``im:message``, ``im:message:send_as_bot``.
        """
        ...

    @paged("im/v1/messages/{message_id}/read_users", ReadUser)
    def list_read_users(
        self,
        message_id: str,
        user_id_type: UserIdType,
        *,
        page_size: int | None = None,
        limit: int | None = None,
    ) -> Paged[ReadUser]:
        """Who has read a message that the bot sent within seven days (查询消息已读信息).

        Args:
            message_id: the message.
            user_id_type: which ids the answer has.
            page_size: users per call, 1 to 100; 20 when not given.
            limit: users altogether.

        Scopes (one of): ``im:message``, ``im:message:readonly``.

        Raises:
            ActionFailed: 230012 the bot is not the sender, 230033 the message is too old.
        """
        ...

    @method("POST", "im/v1/messages/{message_id}/push_follow_up")
    async def push_follow_up(self, message_id: str, follow_ups: Sequence[Mapping[str, Any]]) -> None:
        """Show bubbles below the bot's newest message in a private chat (添加跟随气泡).

        Args:
            message_id: the newest message of the bot in the private chat.
            follow_ups: ``{"content": ..., "i18n_contents": [{"content": ..., "language": ...}]}`` each.

        Scopes (one of): ``im:message``, ``im:message:send_as_bot``.
        """
        ...

    @method("GET", "im/v1/messages/{message_id}/resources/{file_key}", returns=bytes)
    async def get_resource(
        self, message_id: str, file_key: str, type: ResourceType, *, progress: Progress | None = None
    ) -> bytes:
        """Download what a message carries, at most 100 MB (获取消息中的资源文件).

        Args:
            message_id: the message.
            file_key: the key of the image, or of the file, sound or video.
            type: ``image`` for images, ``file`` for everything else.
            progress: called with the bytes received and the bytes altogether (None: not known), after each piece.

        Scopes (one of): ``im:message``, ``im:message:readonly``.

        Raises:
            ActionFailed: 234003 the message has no such resource, 234037 it is larger than 100 MB.
        """
        ...
