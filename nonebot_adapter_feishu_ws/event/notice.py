"""Messages that were read or edited."""

from datetime import datetime
from typing import Annotated, ClassVar

from pydantic import BeforeValidator, Field
from typing_extensions import override

from ..message import Message, parse
from .base import NoticeEvent, UserId, to_model, to_time
from .generated.im import MessageReadEventDetail
from .log_text import escape
from .message import Mention, MessageEventDetail, Sender

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


class MessageEditedEvent(NoticeEvent):
    """A message was edited (消息编辑, ``im.message.updated_v1``); a notice, so that no command runs a second time.

    The official SDK has no model of it: the body is read as the one of a received message.
    """

    __event__: ClassVar[str] = "im.message.updated_v1"

    event: Annotated[MessageEventDetail, BeforeValidator(to_model)] = Field(default_factory=MessageEventDetail)

    @override
    def get_event_description(self) -> str:
        return escape(f"{self.message_id}@[{self.chat_id}] was edited: {self.edited_message}")

    @override
    def get_session_id(self) -> str:
        message = self.event.message
        session_id = f"{message.chat_type}_{message.chat_id}_{self.get_user_id()}"
        return f"{session_id}_{message.thread_id}" if message.thread_id else session_id

    @property
    def edited_message(self) -> Message:
        """What the message says now."""
        message = self.event.message
        return parse(message.message_type, message.content, message.mentions)

    @property
    @override
    def chat_id(self) -> str:
        return self.event.message.chat_id

    @property
    @override
    def message_id(self) -> str:
        return self.event.message.message_id

    @property
    def thread_id(self) -> str | None:
        """``omt_...`` inside a topic."""
        return self.event.message.thread_id

    @property
    def sender(self) -> Sender:
        """Who sent it."""
        return self.event.sender

    @property
    @override
    def operator(self) -> UserId | None:
        sender_id = self.event.sender.sender_id
        return sender_id if sender_id.any else None

    @property
    def mentions(self) -> list[Mention]:
        """Who is mentioned in it now."""
        return self.event.message.mentions or []
