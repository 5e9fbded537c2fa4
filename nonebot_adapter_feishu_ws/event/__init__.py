"""Events: pure models, JSON in, objects out."""

from .base import Event, EventHeader, NoticeEvent
from .message import (
    EventMessage,
    GroupMessageEvent,
    Mention,
    MessageBody,
    MessageEvent,
    MessageEventDetail,
    PrivateMessageEvent,
    Reply,
    ReplyMention,
    ReplySender,
    Sender,
    TopicMessageEvent,
    UserId,
)
from .registry import EventRegistry
from .to_me import check_at_me, check_nickname, check_reply

__all__ = [
    "Event",
    "EventHeader",
    "EventMessage",
    "EventRegistry",
    "GroupMessageEvent",
    "Mention",
    "MessageBody",
    "MessageEvent",
    "MessageEventDetail",
    "NoticeEvent",
    "PrivateMessageEvent",
    "Reply",
    "ReplyMention",
    "ReplySender",
    "Sender",
    "TopicMessageEvent",
    "UserId",
    "check_at_me",
    "check_nickname",
    "check_reply",
]
