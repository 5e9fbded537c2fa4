"""What the notices of chats share, and the one event of the first version."""

from typing import Any, ClassVar

from typing_extensions import override

from .base import NoticeEvent
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


class PrivateNoticeEvent(NoticeEvent):
    """A user came to the private chat with the bot."""

    @override
    def is_tome(self) -> bool:
        return True

    @override
    def get_session_id(self) -> str:
        """That of a message of the user in the private chat."""
        return f"p2p_{self.chat_id}_{self.get_user_id()}"


class P2PChatCreatedEvent(PrivateNoticeEvent):
    """A user and the bot talk for the first time (用户和机器人的会话首次被创建, ``p2p_chat_create``).

    An event of the first version; ``event`` is the dict as delivered.
    """

    __event__: ClassVar[str] = "p2p_chat_create"
