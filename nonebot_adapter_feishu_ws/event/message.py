"""Messages that the bot receives (接收消息, ``im.message.receive_v1``), and those that were edited."""

from collections.abc import Iterable
from datetime import datetime
from typing import Annotated, ClassVar

from pydantic import BeforeValidator, Field, PrivateAttr
from typing_extensions import override

from ..message import Message, parse
from ..message.times import to_time
from .base import Event, FeishuModel, Flag, MaybeText, NoticeEvent, Text, UserId, to_dicts, to_ids, to_model
from .log_text import escape
from .session import SessionScope, session_key


class Sender(FeishuModel):
    """Who sent a message."""

    sender_id: Annotated[UserId, BeforeValidator(to_ids)] = Field(default_factory=UserId)
    sender_type: Text = ""
    tenant_key: Text = ""


class Mention(FeishuModel):
    """Somebody mentioned in a message; ``key`` is the placeholder in its text, the type is ``user`` or ``bot``."""

    key: Text = ""
    id: Annotated[UserId, BeforeValidator(to_ids)] = Field(default_factory=UserId)
    name: Text = ""
    tenant_key: Text = ""
    mentioned_type: Text = ""

    @property
    def open_id(self) -> str:
        """The open_id of the mentioned, or what else came; ``all`` for everybody, whom Feishu gives a ``user_id`` only.

        An @ that is sent takes each of these ids (发送消息内容).
        """
        return self.id.any


class EventMessage(FeishuModel):
    """The message of an event, as delivered."""

    message_id: Text = ""
    root_id: MaybeText = None
    parent_id: MaybeText = None
    thread_id: MaybeText = None
    create_time: Text = ""
    chat_id: Text = ""
    chat_type: Text = ""
    message_type: Text = ""
    content: Text = ""
    mentions: Annotated[list[Mention] | None, BeforeValidator(to_dicts)] = None

    @property
    def quoted_id(self) -> str | None:
        """The message that it quotes.

        Inside a topic everything counts as an answer to the topic's first message, whether or not somebody quoted it
        (消息管理概述), so that one is no quote there.
        """
        parent_id = self.parent_id
        if not parent_id or parent_id == self.message_id or (self.thread_id and parent_id == self.root_id):
            return None
        return parent_id


class ReplySender(FeishuModel):
    """Who sent a fetched message."""

    id: Text = ""
    id_type: Text = ""
    sender_type: Text = ""
    tenant_key: Text = ""


class ReplyMention(FeishuModel):
    """Somebody mentioned in a fetched message; here ``id`` is the open_id itself."""

    id: Text = ""
    id_type: Text = ""
    key: Text = ""
    name: Text = ""
    tenant_key: Text = ""

    @property
    def open_id(self) -> str:
        """The open_id of the mentioned."""
        return self.id


class MessageBody(FeishuModel):
    """The content of a fetched message."""

    content: Text = ""


class Reply(FeishuModel):
    """A quoted message, as fetched (获取指定消息的内容)."""

    message_id: Text = ""
    root_id: MaybeText = None
    parent_id: MaybeText = None
    thread_id: MaybeText = None
    msg_type: Text = ""
    create_time: Text = ""
    update_time: Text = ""
    deleted: Flag = False
    updated: Flag = False
    chat_id: Text = ""
    sender: Annotated[ReplySender, BeforeValidator(to_model)] = Field(default_factory=ReplySender)
    body: Annotated[MessageBody, BeforeValidator(to_model)] = Field(default_factory=MessageBody)
    mentions: Annotated[list[ReplyMention] | None, BeforeValidator(to_dicts)] = None
    upper_message_id: MaybeText = None

    @property
    def message(self) -> Message:
        """The quoted content as segments."""
        return parse(self.msg_type, self.body.content, self.mentions, self.message_id)


class MessageEventDetail(FeishuModel):
    """``event`` of a message event."""

    sender: Annotated[Sender, BeforeValidator(to_model)] = Field(default_factory=Sender)
    message: Annotated[EventMessage, BeforeValidator(to_model)] = Field(default_factory=EventMessage)


GroupMessageEventDetail = PrivateMessageEventDetail = MessageEventDetail
"""Names of the existing NoneBot adapter, which has a class per kind of chat."""


class AboutMessage(Event):
    """An event whose body is a message and its sender."""

    event: Annotated[MessageEventDetail, BeforeValidator(to_model)] = Field(default_factory=MessageEventDetail)

    @override
    def get_session_id(self) -> str:
        message = self.event.message
        # Without any id of its sender a message has a session of its own, never one that all senders share.
        user_id = self.get_user_id() or message.message_id
        session_id = f"{message.chat_type}_{message.chat_id}_{user_id}"
        return f"{session_id}_{message.thread_id}" if message.thread_id else session_id

    def session(self, scope: SessionScope = "topic_user") -> str:
        """A key for what a plugin keeps of a conversation: a memory, a lock, a choice.

        The keys stay as they are from release to release, so they may be stored. Two bots in one chat have the same
        ones.

        Args:
            scope: who shares it: ``"topic"`` everybody in the topic, ``"chat"`` everybody in the chat, ``"user"`` the
                sender wherever they write, ``"topic_user"`` the sender in this topic. Outside of a topic the chat
                stands for it: there, ``"topic"`` is ``"chat"``.

        Returns:
            ``topic:omt_…``, ``chat:oc_…``, ``user:ou_…``, or ``topic:omt_…/user:ou_…`` (``chat:oc_…/user:ou_…``).

        Raises:
            ValueError: the scope is unknown.
        """
        message = self.event.message
        # Without any id of its sender a message has a session of its own, never one that all senders share.
        user_id = self.event.sender.sender_id.any or message.message_id
        return session_key(scope, chat_id=message.chat_id, user_id=user_id, thread_id=message.thread_id)

    @property
    @override
    def time(self) -> datetime:
        return super().time if self.header.create_time else to_time(self.event.message.create_time)

    @property
    def is_from_bot(self) -> bool:
        """Whether a bot sent it (``sender_type``: ``bot`` in events, ``app`` elsewhere)."""
        return self.event.sender.sender_type in ("bot", "app")

    @property
    def message_id(self) -> str:
        """``om_...``"""
        return self.event.message.message_id

    @property
    def chat_id(self) -> str:
        """``oc_...``"""
        return self.event.message.chat_id

    @property
    def thread_id(self) -> str | None:
        """``omt_...`` inside a topic."""
        return self.event.message.thread_id

    @property
    def sender(self) -> Sender:
        """Who sent it."""
        return self.event.sender

    @property
    def mentions(self) -> list[Mention]:
        """Who is mentioned in it."""
        return self.event.message.mentions or []


class MessageEvent(AboutMessage):
    """A message from a chat of any kind.

    Attributes:
        to_me: whether it is meant for the bot.
        reply: the quoted message, fetched before the handlers run.
    """

    __event__: ClassVar[str] = "im.message.receive_v1"

    to_me: bool = False
    reply: Reply | None = None

    _message: Message | None = PrivateAttr(default=None)
    _original_message: Message | None = PrivateAttr(default=None)
    _merged: "tuple[MessageEvent, ...]" = PrivateAttr(default=())

    @override
    def get_type(self) -> str:
        return "message"

    @override
    def get_event_name(self) -> str:
        return f"message.{self.event.message.chat_type}"

    @override
    def get_event_description(self) -> str:
        message = self.event.message
        return escape(
            f"{message.message_id} from {self.get_user_id()}@[{message.chat_type}:{message.chat_id}] "
            f"{self.get_message()}"
        )

    @override
    def get_message(self) -> Message:
        if self._message is None:
            message = self.event.message
            self._message = parse(message.message_type, message.content, message.mentions, message.message_id)
        return self._message

    @property
    def original_message(self) -> Message:
        """The message as it came, with the @ of the bot and its nickname still in it."""
        if self._original_message is None:
            message = self.event.message
            self._original_message = parse(message.message_type, message.content, message.mentions, message.message_id)
        return self._original_message

    @property
    def merged(self) -> "tuple[MessageEvent, ...]":
        """The messages with images or files that the sender sent just before (``FEISHU_MERGE_ATTACHMENTS``)."""
        return self._merged

    def merge(self, events: "Iterable[MessageEvent]") -> None:
        """Say which messages are handled together with this one; the adapter does."""
        self._merged = tuple(events)

    @override
    def get_plaintext(self) -> str:
        return self.get_message().extract_plain_text()

    @override
    def get_user_id(self) -> str:
        """The sender's open_id, or what else the event has: ``user_id`` or ``union_id``; empty without any."""
        return self.event.sender.sender_id.any

    def get_all_user_id(self) -> UserId:
        """All ids of the sender that the app may see."""
        return self.event.sender.sender_id

    @override
    def is_tome(self) -> bool:
        return self.to_me


class GroupMessageEvent(MessageEvent):
    """A message in a group."""

    __event__: ClassVar[str] = "im.message.receive_v1.group"


class TopicMessageEvent(GroupMessageEvent):
    """A message in a topic group (话题群)."""

    __event__: ClassVar[str] = "im.message.receive_v1.topic_group"


class PrivateMessageEvent(MessageEvent):
    """A message in a private chat."""

    __event__: ClassVar[str] = "im.message.receive_v1.p2p"


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
