"""Event payloads as Feishu builds them (事件结构; 接收消息)."""

import secrets
from typing import Any

from .state import TENANT, App, Message, User, World


def envelope(app: App, event_type: str, event: dict[str, Any], create_time: int, /, **header: Any) -> dict[str, Any]:
    """An event of version 2."""
    return {
        "schema": "2.0",
        "header": {
            "event_id": secrets.token_hex(16),
            "token": app.verification_token or "",
            "create_time": str(create_time),
            "event_type": event_type,
            "tenant_key": TENANT,
            "app_id": app.app_id,
            **header,
        },
        "event": event,
    }


def user_ids(user: User, app: App) -> dict[str, Any]:
    """A user's ids as this app sees them."""
    ids: dict[str, Any] = {"open_id": user.open_id}
    if app.user_id_scope:
        ids |= {"union_id": user.union_id, "user_id": user.user_id}
    return ids


def message_event(world: World, app: App, message: Message) -> dict[str, Any]:
    """``event`` of ``im.message.receive_v1``."""
    user = world.users[message.sender_id]
    body: dict[str, Any] = {
        "message_id": message.message_id,
        "create_time": str(message.create_time),
        "update_time": str(message.create_time),
        "chat_id": message.chat_id,
        "chat_type": world.chats[message.chat_id].chat_type,
        "message_type": message.msg_type,
        "content": message.content,
        "user_agent": "",
    }
    for key in ("root_id", "parent_id", "thread_id"):
        if value := getattr(message, key):
            body[key] = value
    if message.mentions:
        body["mentions"] = message.mentions
    return {
        "sender": {"sender_id": user_ids(user, app), "sender_type": "user", "tenant_key": user.tenant_key},
        "message": body,
    }


def mention(world: World, app: App, key: str, target: str) -> dict[str, Any]:
    """An entry of ``mentions`` for a user's open_id or a bot's app id."""
    if target in world.apps:
        other = world.apps[target]
        ids: dict[str, Any] = {"open_id": other.bot_open_id, "union_id": "", "user_id": ""}
        return {"key": key, "id": ids, "name": other.name, "tenant_key": TENANT}
    user = world.users[target]
    return {"key": key, "id": user_ids(user, app), "name": user.name, "tenant_key": TENANT}
