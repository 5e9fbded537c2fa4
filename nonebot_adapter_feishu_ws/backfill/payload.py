"""Turns a message of a chat's history into the event that Feishu would have pushed. Pure: no I/O."""

from typing import Any

from pydantic_core import to_json

from ..api.models.im import Mention, Message
from .known_chats import KnownChat

EVENT_ID = "backfill:"
"""Prefix of the ``event_id`` of such an event, before the message id."""


def is_missable(message: Message) -> bool:
    """Whether Feishu would have pushed a message: those of people, unless recalled; not those of bots."""
    return message.sender.sender_type == "user" and not message.deleted and message.msg_type != "system"


def to_payload(message: Message, chat: KnownChat, app_id: str) -> bytes:
    """Return the payload of ``im.message.receive_v1`` for a message of the history (获取会话历史消息).

    The history names people by ``open_id`` alone, so ``user_id`` and ``union_id`` are absent.
    """
    tenant_key = message.sender.tenant_key or chat.tenant_key
    body: dict[str, Any] = {
        "message_id": message.message_id,
        "root_id": message.root_id,
        "parent_id": message.parent_id,
        "thread_id": message.thread_id,
        "create_time": message.create_time,
        "update_time": message.update_time,
        "chat_id": chat.chat_id,
        "chat_type": chat.chat_type,
        "message_type": message.msg_type,
        "content": message.body.content,
        "mentions": [_mention(mention) for mention in message.mentions],
    }
    sender = {
        "sender_id": {message.sender.id_type or "open_id": message.sender.id},
        "sender_type": message.sender.sender_type,
        "tenant_key": tenant_key,
    }
    header = {
        "event_id": f"{EVENT_ID}{message.message_id}",
        "event_type": "im.message.receive_v1",
        "create_time": message.create_time,
        "app_id": app_id,
        "tenant_key": chat.tenant_key or tenant_key,
    }
    present = {key: value for key, value in body.items() if value not in (None, "", [])}
    return to_json({"schema": "2.0", "header": header, "event": {"sender": sender, "message": present}})


def _mention(mention: Mention) -> dict[str, Any]:
    return {
        "key": mention.key,
        "id": {mention.id_type or "open_id": mention.id},
        "name": mention.name,
        "tenant_key": mention.tenant_key,
    }
