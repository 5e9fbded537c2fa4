"""Messages that were read or edited."""

from datetime import datetime
from typing import ClassVar

from pydantic import Field
from typing_extensions import override

from ..message import Message, parse
from .base import NoticeEvent, UserId, to_time
from .generated.im import MessageReadEventDetail
from .log_text import escape
from .message import AboutMessage, MessageEventDetail

MessageEditedEventDetail = MessageEventDetail


class MessageReadEvent(NoticeEvent):
    """A user read messages that the bot sent in a private chat (消息已读, ``im.message.message_read_v1``)."""

    __event__: ClassVar[str] = "im.message.message_read_v1"

    event: MessageReadEventDetail = Field(default_factory=MessageReadEventDetail)

    @override
    def get_event_description(self) -> str:
        return escape(f"{self.event.reader.reader_id.any} read {', '.join(self.message_ids)}")

    @property
    @override
    def operator(self) -> UserId | None:
        """Who read them."""
        reader_id = self.event.reader.reader_id
        return reader_id if reader_id.any else None

    @property
    def message_ids(self) -> list[str]:
        """The messages that were read."""
        return self.event.message_id_list

    @property
    @override
    def message_id(self) -> str:
        """The first of the messages that were read."""
        return next(iter(self.message_ids), "")

    @property
    def read_time(self) -> datetime:
        """When they were read, in UTC."""
        return to_time(self.event.reader.read_time)


class MessageEditedEvent(AboutMessage, NoticeEvent):
    """A message was edited (消息编辑, ``im.message.updated_v1``); a notice, so that no command runs a second time.

    The official SDK has no model of it: the body is read as the one of a received message.
    """

    __event__: ClassVar[str] = "im.message.updated_v1"

    @override
    def get_event_description(self) -> str:
        return escape(f"{self.message_id}@[{self.chat_id}] was edited: {self.edited_message}")

    @property
    def edited_message(self) -> Message:
        """What the message says now."""
        message = self.event.message
        return parse(message.message_type, message.content, message.mentions)

    @property
    @override
    def operator(self) -> UserId | None:
        sender_id = self.event.sender.sender_id
        return sender_id if sender_id.any else None
