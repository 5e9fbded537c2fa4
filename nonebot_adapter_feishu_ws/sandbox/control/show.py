"""The world as a page shows it: names instead of ids, read marks, unread counts. Pure functions."""

import json
from collections.abc import Iterable
from typing import Any

from ...net.bounded_json import as_object
from ..gateway import Gateway
from ..rest.cardkit import shown_content
from ..rest.messages import message_body
from ..state import App, Chat, Message, User, World


def show_user(user: User) -> dict[str, Any]:
    """A person."""
    return {"open_id": user.open_id, "user_id": user.user_id, "name": user.name, "role": user.role}


def show_app(app: App, gateway: Gateway) -> dict[str, Any]:
    """An app: whether it is connected, and as which processes as far as they said so."""
    held = gateway.connections.get(app.app_id, [])
    return {
        "app_id": app.app_id,
        "name": app.name,
        "bot_open_id": app.bot_open_id,
        "online": bool(held),
        "connections": len(held),
        "webhook": app.webhook_url is not None,
        "pid": app.pid if held else None,
        "waiting": gateway.waiting(app.app_id),
        "subscribed": list(app.subscribed),
    }


def show_chat(world: World, chat: Chat, messages: Iterable[Message]) -> dict[str, Any]:
    """A chat with its last line and, for each member, how much is unread; ``messages`` are its own."""
    unread, last = dict.fromkeys(chat.members, 0), None
    for message in messages:
        last = message
        for open_id in chat.members:
            fresh = message.number > chat.read_to.get(open_id, 0) and message.sender_id != open_id
            unread[open_id] += fresh and not message.deleted
    return {
        "chat_id": chat.chat_id,
        "name": world.apps[chat.apps[0]].name if chat.mode == "p2p" and chat.apps else chat.name,
        "mode": chat.mode,
        "owner": chat.owner_id,
        "managers": chat.managers,
        "members": chat.members,
        "apps": chat.apps,
        "menu": chat.menu,
        "unread": unread,
        "last": show_message(world, last) if last else None,
    }


def show_chats(world: World) -> list[dict[str, Any]]:
    """All chats, the one with the latest message first."""
    by_chat: dict[str, list[Message]] = {chat_id: [] for chat_id in world.chats}
    for message in world.messages.values():
        if message.chat_id in by_chat:
            by_chat[message.chat_id].append(message)
    latest = sorted(by_chat, key=lambda each: by_chat[each][-1].number if by_chat[each] else 0, reverse=True)
    return [show_chat(world, world.chats[chat_id], by_chat[chat_id]) for chat_id in latest]


def show_message(world: World, message: Message) -> dict[str, Any]:
    """A message with all that a page shows of it."""
    shown = message_body(message)
    recalled = message.deleted
    shown["body"]["content"] = "" if recalled else shown_content(world, shown["body"]["content"])
    chat = world.chats.get(message.chat_id)
    readers = chat.read_to.items() if chat else ()
    return {
        **shown,
        "number": message.number,
        "sender_name": name_of(world, message.sender_id),
        "edited": message.edits > 0,
        "recalled": recalled,
        "reactions": _reactions(world, message),
        "read_by": [who for who, to in readers if to >= message.number and who != message.sender_id],
        "quote": _quote(world, message),
        "forwarded": [show_message(world, each) for each in message.forwarded],
        "topic": {"thread_id": message.thread_id, "first": _is_first(world, message)} if message.thread_id else None,
    }


def name_of(world: World, wanted: str) -> str:
    """The name of a person or an app."""
    found = world.users.get(wanted) or world.apps.get(wanted)
    return found.name if found else wanted


def _is_first(world: World, message: Message) -> bool:
    """Whether a topic begins with this message, which may itself answer one outside of it."""
    root = world.messages.get(message.root_id or "")
    return root is None or root.thread_id != message.thread_id


def _reactions(world: World, message: Message) -> list[dict[str, Any]]:
    """One entry for each emoji, in the order in which they came."""
    by_emoji: dict[str, list[dict[str, str]]] = {}
    for each in world.reactions.get(message.message_id, []):
        who = str(each["operator"]["operator_id"])
        emoji = str(as_object(each["reaction_type"]).get("emoji_type"))
        by_emoji.setdefault(emoji, []).append({"id": who, "name": name_of(world, who)})
    return [{"emoji_type": emoji, "by": by} for emoji, by in by_emoji.items()]


def _quote(world: World, message: Message) -> dict[str, Any] | None:
    """What it answers; inside a topic every message names the first one, which is no quote (消息管理概述)."""
    parent = world.messages.get(message.parent_id or "")
    if parent is None or (message.thread_id and parent.thread_id == message.thread_id):
        return None
    name, content = name_of(world, parent.sender_id), "" if parent.deleted else shown_content(world, parent.content)
    fields = {"message_id": parent.message_id, "sender_name": name, "recalled": parent.deleted}
    return {**fields, "msg_type": parent.msg_type, "content": content, "mentions": parent.mentions}


def dump(value: object) -> str:
    """JSON text."""
    return json.dumps(value, ensure_ascii=False)
