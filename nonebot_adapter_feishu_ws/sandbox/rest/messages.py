"""Messages: send, reply, get, list, edit, recall, forward; who has read them, whom they urge."""

import json
import re
from collections.abc import Iterator
from typing import Any

from ..state import TENANT, App, Chat, Message, World, new_id
from .call import ApiError, Call
from .cardkit import claim_entity
from .checks import page_of
from .content import check_content
from .lookup import check_member, find_message, find_own_message, find_receiver

UUID_LIFETIME = 3600.0
MAX_UUIDS = 50_000
MAX_EDITS = 20
MAX_URGED = 200
GROUP_HISTORY = "im:message.group_msg"
AT = re.compile(r'<at user_id="([^"]*)">[^<]*</at>')


async def create(call: Call) -> dict[str, Any]:
    """发送消息."""
    return await _send(call, find_receiver(call))


async def reply(call: Call) -> dict[str, Any]:
    """回复消息."""
    parent = find_message(call)
    if parent.deleted:
        raise ApiError(230011)
    return await _send(call, call.world.chats[parent.chat_id], parent)


async def _send(call: Call, chat: Chat, parent: Message | None = None) -> dict[str, Any]:
    call.limits.count_send(chat.chat_id)
    uuid = call.json.get("uuid")
    if (earlier := _sent_before(call.world, call.app, uuid)) is not None:
        return message_body(earlier)
    msg_type, given = call.json["msg_type"], call.json["content"]
    check_content(call.world, msg_type, given)
    entity = claim_entity(call.world, call.app, given) if msg_type == "interactive" else None
    content, mentions = _stored_content(call.world, msg_type, given)
    message = call.world.new_message(chat, call.app.app_id, "app", msg_type, content)
    message.mentions = mentions
    if parent is not None:
        message.parent_id, message.root_id = parent.message_id, parent.root_id or parent.message_id
        if parent.thread_id or call.json.get("reply_in_thread"):
            parent.thread_id = parent.thread_id or new_id("omt")
            message.thread_id = parent.thread_id
    if entity is not None:
        entity.message_id = message.message_id
    return await _keep(call, message, uuid)


async def _keep(call: Call, message: Message, uuid: str | None) -> dict[str, Any]:
    """Add a message that the app sent to its chat."""
    call.world.add_message(message)
    if uuid:
        sent = call.world.sent_uuids
        sent[(call.app.app_id, uuid)] = (call.world.clock(), message.message_id)
        if len(sent) > MAX_UUIDS:
            sent.popitem(last=False)
    await call.world.notify()
    return message_body(message)


def _sent_before(world: World, app: App, uuid: str | None) -> Message | None:
    sent_at, message_id = world.sent_uuids.get((app.app_id, uuid or ""), (0.0, ""))
    fresh = world.clock() - sent_at < UUID_LIFETIME
    earlier = world.messages.get(message_id) if fresh else None
    world.repeated_sends += earlier is not None
    return earlier


def _stored_content(world: World, msg_type: str, content: str) -> tuple[str, list[dict[str, Any]]]:
    """As Feishu keeps it: mentions of a text become placeholders, a post loses its locale."""
    fields = json.loads(content)
    mentions: list[dict[str, Any]] = []
    if msg_type == "text":

        def placeholder(match: re.Match[str]) -> str:
            if match[1] == "all":
                return "@_all"
            user = world.users.get(match[1])
            key = f"@_user_{len(mentions) + 1}"
            name = user.name if user else match[1]
            mentions.append({"key": key, "id": match[1], "id_type": "open_id", "name": name, "tenant_key": TENANT})
            return key

        fields["text"] = AT.sub(placeholder, fields["text"])
    elif msg_type == "post":
        fields = next(iter(fields.values()))
    return json.dumps(fields, ensure_ascii=False), mentions


async def get(call: Call) -> dict[str, Any]:
    """获取指定消息的内容."""
    return {"items": [message_body(message) for message in _with_forwarded(find_message(call))]}


async def list_messages(call: Call) -> dict[str, Any]:
    """获取会话历史消息."""
    kind, container = call.query["container_id_type"], call.query["container_id"]
    if kind == "chat" and container not in call.world.chats:
        raise ApiError(230001, ext="invalid container_id.")
    found = _of_chat(call, call.world.chats[container]) if kind == "chat" else _of_topic(call, container)
    if call.query.get("sort_type") == "ByCreateTimeDesc":
        found.reverse()
    return page_of(call, [message_body(message) for message in found])


def _of_chat(call: Call, chat: Chat) -> list[Message]:
    check_member(call, chat)
    if chat.mode != "p2p" and GROUP_HISTORY not in call.app.scopes:
        raise ApiError(230027, ext="need scope: im:message.group_msg")
    since, until = int(call.query.get("start_time") or 0), int(call.query.get("end_time") or 10**10)
    found: list[Message] = []
    topics: set[str] = set()
    for message in call.world.history(chat.chat_id):
        # An ordinary group lists the first message of a topic alone.
        inside = chat.mode != "topic" and message.thread_id in topics
        topics.add(message.thread_id or "")
        if not (inside and message.thread_id) and since <= message.create_time // 1000 <= until:
            found.append(message)
    return found


def _of_topic(call: Call, thread_id: str) -> list[Message]:
    if call.query.get("start_time") or call.query.get("end_time"):
        raise ApiError(230001, ext="thread has no time range.")
    return list(call.world.history(thread_id=thread_id))


async def edit(call: Call) -> dict[str, Any]:
    """编辑消息."""
    message, msg_type = find_own_message(call), call.json.get("msg_type")
    if msg_type not in ("text", "post") or message.msg_type not in ("text", "post"):
        raise ApiError(230054)
    if message.edits >= MAX_EDITS:
        raise ApiError(230072)
    check_content(call.world, msg_type, call.json["content"])
    content, message.mentions = _stored_content(call.world, msg_type, call.json["content"])
    message.msg_type = msg_type
    message.edits += 1
    await call.world.change_content(message, content)
    return message_body(message)


async def patch_card(call: Call) -> dict[str, Any]:
    """更新已发送的消息卡片."""
    message = find_own_message(call)
    if message.msg_type != "interactive":
        raise ApiError(230001, ext="not a card.")
    check_content(call.world, "interactive", call.json["content"])
    await call.world.change_content(message, call.json["content"])
    return {}


async def recall(call: Call) -> dict[str, Any]:
    """撤回消息."""
    find_own_message(call).deleted = True
    await call.world.notify()
    return {}


async def forward(call: Call) -> dict[str, Any]:
    """转发消息."""
    original, chat, uuid = find_message(call), find_receiver(call), call.query.get("uuid")
    call.limits.count_send(chat.chat_id)
    if (earlier := _sent_before(call.world, call.app, uuid)) is not None:
        return message_body(earlier)
    copy = call.world.new_message(chat, call.app.app_id, "app", original.msg_type, original.content)
    return await _keep(call, copy, uuid)


async def merge_forward(call: Call) -> dict[str, Any]:
    """合并转发消息."""
    chat, uuid = find_receiver(call), call.query.get("uuid")
    call.limits.count_send(chat.chat_id)
    if (earlier := _sent_before(call.world, call.app, uuid)) is not None:
        return {"message": message_body(earlier), "invalid_message_id_list": []}
    wanted = call.strings("message_id_list")
    known = [call.world.messages[message_id] for message_id in wanted if message_id in call.world.messages]
    if not known:
        raise ApiError(230001, ext="message_id_list.")
    message = call.world.new_merged(chat, call.app.app_id, "app", known)
    invalid = [message_id for message_id in wanted if message_id not in call.world.messages]
    return {"message": await _keep(call, message, uuid), "invalid_message_id_list": invalid}


async def forward_thread(call: Call) -> dict[str, Any]:
    """转发话题."""
    if not any(call.world.history(thread_id=call.path("thread_id"))):
        raise ApiError(230001)
    copy = call.world.new_merged(find_receiver(call), call.app.app_id, "app", [])
    return await _keep(call, copy, None)


async def push_follow_up(call: Call) -> dict[str, Any]:
    """添加跟随气泡: below a message of the bot in a private chat."""
    message = find_message(call)
    if call.world.chats[message.chat_id].mode != "p2p" or message.sender_id != call.app.app_id:
        raise ApiError(230001)
    return {}


async def read_users(call: Call) -> dict[str, Any]:
    """查询消息已读信息: everybody in the chat has read it."""
    message = find_own_message(call)
    timestamp = str(message.create_time)
    items = [
        {"user_id_type": "open_id", "user_id": reader, "timestamp": timestamp, "tenant_key": TENANT}
        for reader in call.world.chats[message.chat_id].members
    ]
    return {"items": items, "has_more": False, "page_token": ""}


async def urge(call: Call) -> dict[str, Any]:
    """发送应用内加急, 发送短信加急, 发送电话加急."""
    message = find_message(call)
    if message.sender_id != call.app.app_id:
        raise ApiError(230012)
    wanted, kind = call.strings("user_id_list"), call.query["user_id_type"]
    if len(wanted) > MAX_URGED:
        raise ApiError(230001)
    known = {getattr(call.world.users[each], kind) for each in call.world.chats[message.chat_id].members}
    return {"invalid_user_id_list": [each for each in wanted if each not in known]}


def _with_forwarded(message: Message) -> Iterator[Message]:
    yield message
    for inner in message.forwarded:
        yield from _with_forwarded(inner)


def message_body(message: Message) -> dict[str, Any]:
    """A message as the REST methods show it."""
    id_type = "app_id" if message.sender_type == "app" else "open_id"
    body: dict[str, Any] = {
        "message_id": message.message_id,
        "msg_type": message.msg_type,
        "create_time": str(message.create_time),
        "update_time": str(message.update_time or message.create_time),
        "deleted": message.deleted,
        "updated": message.edits > 0,
        "chat_id": message.chat_id,
        "sender": {
            "id": message.sender_id,
            "id_type": id_type,
            "sender_type": message.sender_type,
            "tenant_key": TENANT,
        },
        "body": {"content": "This message was recalled" if message.deleted else message.content},
    }
    for key in ("root_id", "parent_id", "thread_id", "upper_message_id"):
        if value := getattr(message, key):
            body[key] = value
    if message.mentions:
        body["mentions"] = [_fetched_mention(mention) for mention in message.mentions]
    return body


def _fetched_mention(mention: dict[str, Any]) -> dict[str, Any]:
    ids = mention["id"]
    open_id = ids if isinstance(ids, str) else ids["open_id"]
    return {**mention, "id": open_id, "id_type": "open_id"}
