"""What happens to chats: members come and go, settings change, a private chat is opened."""

from __future__ import annotations

from typing import Any, ClassVar

from pydantic import Field
from typing_extensions import override

from .base import NoticeEvent
from .generated.im import (
    BotP2PChatEnteredEventDetail,
    ChatMemberUser,
    GroupConfigUpdatedEventDetail,
    GroupDisbandedEventDetail,
    GroupMemberBotAddedEventDetail,
    GroupMemberBotDeletedEventDetail,
    GroupMemberUserAddedEventDetail,
    GroupMemberUserDeletedEventDetail,
    GroupMemberUserWithdrawnEventDetail,
)
from .log_text import escape

P2PChatCreatedEventDetail = dict[str, Any]


class GroupNoticeEvent(NoticeEvent):
    """Something that happened to a group."""

    @override
    def get_session_id(self) -> str:
        """That of a message of the same user in the group, so that a handler can go on asking."""
        return f"group_{self.chat_id}_{self.get_user_id()}"

    @override
    def get_event_description(self) -> str:
        return escape(f"{self._what()}@[group:{self.chat_id}]{self._by()}")

    def _what(self) -> str:
        return self.get_event_name()

    def _by(self) -> str:
        return f" by {self.get_user_id()}" if self.operator else ""


class GroupConfigUpdatedEvent(GroupNoticeEvent):
    """The settings of a group changed (群配置修改, ``im.chat.updated_v1``).

    ``event.after_change`` and ``event.before_change`` have what changed; their ``model_fields_set`` names it.
    """

    __event__: ClassVar[str] = "im.chat.updated_v1"

    event: GroupConfigUpdatedEventDetail = Field(default_factory=GroupConfigUpdatedEventDetail)

    @override
    def _what(self) -> str:
        return f"{', '.join(sorted(self.event.after_change.model_fields_set)) or 'settings'} changed"


class GroupDisbandedEvent(GroupNoticeEvent):
    """A group was disbanded (群解散, ``im.chat.disbanded_v1``)."""

    __event__: ClassVar[str] = "im.chat.disbanded_v1"

    event: GroupDisbandedEventDetail = Field(default_factory=GroupDisbandedEventDetail)

    @override
    def _what(self) -> str:
        return f"disbanded {self.event.name}"


class GroupMemberBotAddedEvent(GroupNoticeEvent):
    """The bot was added to a group (机器人进群, ``im.chat.member.bot.added_v1``)."""

    __event__: ClassVar[str] = "im.chat.member.bot.added_v1"

    event: GroupMemberBotAddedEventDetail = Field(default_factory=GroupMemberBotAddedEventDetail)

    @override
    def is_tome(self) -> bool:
        return True

    @override
    def _what(self) -> str:
        return f"bot added to {self.event.name}"


class GroupMemberBotDeletedEvent(GroupNoticeEvent):
    """The bot was removed from a group (机器人被移出群, ``im.chat.member.bot.deleted_v1``)."""

    __event__: ClassVar[str] = "im.chat.member.bot.deleted_v1"

    event: GroupMemberBotDeletedEventDetail = Field(default_factory=GroupMemberBotDeletedEventDetail)

    @override
    def is_tome(self) -> bool:
        return True

    @override
    def _what(self) -> str:
        return f"bot removed from {self.event.name}"


class GroupMemberUserEvent(GroupNoticeEvent):
    """Members of a group came or went."""

    @property
    def users(self) -> list[ChatMemberUser]:
        """Who came or went; ``operator`` is who brought it about."""
        return self.event.users

    def _members(self) -> str:
        return ", ".join(user.user_id.open_id for user in self.users)


class GroupMemberUserAddedEvent(GroupMemberUserEvent):
    """Users joined a group (用户进群, ``im.chat.member.user.added_v1``)."""

    __event__: ClassVar[str] = "im.chat.member.user.added_v1"

    event: GroupMemberUserAddedEventDetail = Field(default_factory=GroupMemberUserAddedEventDetail)

    @override
    def _what(self) -> str:
        return f"{self._members()} joined"


class GroupMemberUserDeletedEvent(GroupMemberUserEvent):
    """Users left a group, or were removed from it (用户出群, ``im.chat.member.user.deleted_v1``)."""

    __event__: ClassVar[str] = "im.chat.member.user.deleted_v1"

    event: GroupMemberUserDeletedEventDetail = Field(default_factory=GroupMemberUserDeletedEventDetail)

    @override
    def _what(self) -> str:
        return f"{self._members()} left"


class GroupMemberUserWithdrawnEvent(GroupMemberUserEvent):
    """An invitation to a group was withdrawn (撤销拉用户进群, ``im.chat.member.user.withdrawn_v1``)."""

    __event__: ClassVar[str] = "im.chat.member.user.withdrawn_v1"

    event: GroupMemberUserWithdrawnEventDetail = Field(default_factory=GroupMemberUserWithdrawnEventDetail)

    @override
    def _what(self) -> str:
        return f"invitation of {self._members()} withdrawn"


class PrivateNoticeEvent(NoticeEvent):
    """A user came to the private chat with the bot."""

    @override
    def is_tome(self) -> bool:
        return True

    @override
    def get_session_id(self) -> str:
        """That of a message of the user in the private chat."""
        return f"p2p_{self.chat_id}_{self.get_user_id()}"


class BotP2PChatEnteredEvent(PrivateNoticeEvent):
    """A user opened the private chat with the bot.

    (用户进入与机器人的会话, ``im.chat.access_event.bot_p2p_chat_entered_v1``)
    """

    __event__: ClassVar[str] = "im.chat.access_event.bot_p2p_chat_entered_v1"

    event: BotP2PChatEnteredEventDetail = Field(default_factory=BotP2PChatEnteredEventDetail)

    @override
    def get_event_description(self) -> str:
        return escape(f"{self.event.operator_id.open_id} opened [p2p:{self.chat_id}]")

    @property
    @override
    def message_id(self) -> str:
        """The last message of the chat; empty when there is none yet."""
        return self.event.last_message_id


class P2PChatCreatedEvent(PrivateNoticeEvent):
    """A user and the bot talk for the first time (用户和机器人的会话首次被创建, ``p2p_chat_create``).

    An event of the first version; ``event`` is the dict as delivered.
    """

    __event__: ClassVar[str] = "p2p_chat_create"
