"""Messages: send, reply, get, list, edit, recall, forward; who has read them, whom they urge; pins."""

import json
import re
from collections.abc import Callable, Iterator
from typing import Any

from ..events import message_event
from ..state import TENANT, App, Chat, Message, World, new_id
from .call import ApiError, Call, ensure
from .card_forms import card_form
from .cardkit import claim_entity
from .checks import check_member, find_message, find_own_message, find_receiver, manages, page_of
from .content import check_content, check_owner

UUID_LIFETIME = 3600.0
MAX_UUIDS = 50_000
MAX_EDITS = 20
MAX_URGED = 200
PATCHABLE, READS_KEPT = 14 * 86400, 7 * 86400
"""Seconds for which a card can be changed, and for which is known who has read a message."""
UNFORWARDABLE = frozenset({"system", "audio"})
DIVIDER = "im:message:send_sys_msg"
GROUP_HISTORY = "im:message.group_msg"
WITH_BOTS = "im:message.group_at_msg.include_bot:readonly"
AT = re.compile(r'<at user_id="([^"]*)">[^<]*</at>')


async def create(call: Call) -> dict[str, Any]:
    """发送消息."""
    return await _send(call, find_receiver(call))


async def reply(call: Call) -> dict[str, Any]:
    """回复消息."""
    parent = find_message(call)
    ensure(not parent.deleted, 230011)
    return await _send(call, call.world.chats[parent.chat_id], parent)


async def _send(call: Call, chat: Chat, parent: Message | None = None) -> dict[str, Any]:
    def new() -> Message:
        msg_type, given = call.json["msg_type"], call.json["content"]
        check_content(call.world, msg_type, given)
        check_owner(call.world, call.app, msg_type, given)
        if msg_type == "system":
            ensure(DIVIDER in call.app.scopes, 230027, ext=f"need scope: {DIVIDER}")
            ensure(chat.mode == "p2p" and parent is None, 230001, ext="system is for private chats, and no reply.")
        entity = claim_entity(call.world, call.app, given) if msg_type == "interactive" else None
        content, mentions = stored_content(call.world, msg_type, given)
        message = call.world.new_message(chat, call.app.app_id, "app", msg_type, content)
        message.mentions = mentions
        if parent is not None:
            if parent.thread_id or call.json.get("reply_in_thread"):
                message.thread_id = parent.thread_id = parent.thread_id or new_id("omt")
                call.world.feed.add("message", parent.message_id)  # the page shows the topic at its first message
            call.world.put_below(message, parent)
        if entity is not None:
            entity.message_id = message.message_id
        return message

    return await _once(call, chat, call.json.get("uuid"), new)


def may_speak(app: App, chat: Chat) -> bool:
    """Whether a group's setting lets an app write (更新群发言权限)."""
    return chat.settings.get("moderation_permission", "all_members") == "all_members" or manages(app, chat)


async def _once(call: Call, chat: Chat, uuid: str | None, new: Callable[[], Message]) -> dict[str, Any]:
    """Add a new message of the app to a chat, unless one was sent with this uuid within the hour."""
    call.limits.count_send(chat.chat_id)
    ensure(may_speak(call.app, chat), 230018)
    key, sent = (call.app.app_id, uuid or ""), call.world.sent_uuids
    sent_at, message_id = sent.get(key, (0.0, ""))
    fresh = call.world.clock() - sent_at < UUID_LIFETIME
    if fresh and (earlier := call.world.messages.get(message_id)) is not None:
        call.world.repeated_sends += 1
        return message_body(earlier)
    message = call.world.add_message(new())
    if uuid:
        sent[key] = (call.world.clock(), message.message_id)
        if len(sent) > MAX_UUIDS:
            sent.popitem(last=False)
    await call.world.notify()
    _tell_bots(call, chat, message)
    return message_body(message)


def _tell_bots(call: Call, chat: Chat, message: Message) -> None:
    """Bots of a group get the messages of other bots that mention them, if they have the scope (接收消息)."""
    mentioned = {each["id"] for each in message.mentions}
    for app in map(call.world.apps.__getitem__, chat.apps if chat.mode != "p2p" and mentioned else ()):
        if app is not call.app and app.bot_open_id in mentioned and WITH_BOTS in app.scopes:
            event = message_event(call.world, app, message)
            mentions = [{**each, "id": {"open_id": each["id"]}} for each in message.mentions]
            event["message"]["mentions"] = mentions
            call.gateway.push_event(app.app_id, "im.message.receive_v1", event, "auto", tenant_key=chat.tenant_key)


def stored_content(world: World, msg_type: str, content: str) -> tuple[str, list[dict[str, Any]]]:
    """As Feishu keeps it: mentions of a text are placeholders, a post has no locale, a divider has a template."""
    fields: dict[str, Any] = json.loads(content)
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
    elif msg_type == "system":
        divider = fields["params"]["divider_text"]
        by_language = {language.lower(): text for language, text in divider.get("i18n_text", {}).items()}
        divider = {"text": divider["text"], "i18n_text": by_language}
        fields = {"template": "{divider_text}", "from_user": [], "to_chatters": [], "divider_text": divider}
    return json.dumps(fields, ensure_ascii=False), mentions


async def get(call: Call) -> dict[str, Any]:
    """获取指定消息的内容."""
    message = find_message(call)
    _may_read(call, call.world.chats[message.chat_id])
    return {"items": [_read_back(call, each) for each in with_forwarded(message)]}


def _read_back(call: Call, message: Message) -> dict[str, Any]:
    body = message_body(message)
    if message.msg_type == "interactive" and not message.deleted:
        form = call.query.get("card_msg_content_type")
        body["body"]["content"] = card_form(call.world, message.content, form)
    return body


def with_forwarded(message: Message) -> Iterator[Message]:
    """A message, and what is inside it if it is a merged forward."""
    yield message
    for inner in message.forwarded:
        yield from with_forwarded(inner)


async def list_messages(call: Call) -> dict[str, Any]:
    """获取会话历史消息."""
    kind, container = call.query["container_id_type"], call.query["container_id"]
    ensure(kind != "chat" or container in call.world.chats, 230001, ext="invalid container_id.")
    found = _of_chat(call, call.world.chats[container]) if kind == "chat" else _of_topic(call, container)
    if call.query.get("sort_type") == "ByCreateTimeDesc":
        found.reverse()
    return page_of(call, [_read_back(call, message) for message in found])


def _may_read(call: Call, chat: Chat) -> None:
    ensure(chat.mode == "p2p" or GROUP_HISTORY in call.app.scopes, 230027, ext=f"need scope: {GROUP_HISTORY}")


def _of_chat(call: Call, chat: Chat) -> list[Message]:
    check_member(call, chat)
    _may_read(call, chat)
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
    limited = call.query.get("start_time") or call.query.get("end_time")
    ensure(not limited, 230001, ext="thread has no time range.")
    return list(call.world.history(thread_id=thread_id))


async def edit(call: Call) -> dict[str, Any]:
    """编辑消息."""
    message, msg_type = find_own_message(call), call.json.get("msg_type")
    if msg_type not in ("text", "post") or message.msg_type not in ("text", "post"):
        raise ApiError(230054)
    ensure(message.edits < MAX_EDITS, 230072)
    check_content(call.world, msg_type, call.json["content"])
    content, message.mentions = stored_content(call.world, msg_type, call.json["content"])
    message.msg_type = msg_type
    message.edits += 1
    await call.world.change_content(message, content)
    return message_body(message)


async def patch_card(call: Call) -> dict[str, Any]:
    """更新已发送的消息卡片."""
    message = find_own_message(call)
    ensure(message.msg_type == "interactive", 230001, ext="not a card.")
    ensure(call.world.now_ms() - message.create_time <= PATCHABLE * 1000, 230031)
    check_content(call.world, "interactive", call.json["content"])
    await call.world.change_content(message, call.json["content"])
    return {}


async def recall(call: Call) -> dict[str, Any]:
    """撤回消息."""
    message = _recallable(call)
    message.deleted = True
    body = {"message_id": message.message_id, "chat_id": message.chat_id, "recall_time": str(call.world.now_ms())}
    owner = call.app.app_id == call.world.chats[message.chat_id].owner_id
    mine = message.sender_id == call.app.app_id
    body["recall_type"] = "message_owner" if mine else "group_owner" if owner else "group_manager"
    call.tell(call.world.chats[message.chat_id], "im.message.recalled_v1", lambda _: body)
    await call.world.show(message)
    return {}


def _recallable(call: Call) -> Message:
    """The message of the path: the app's own, or any one of a group that it owns or manages."""
    message = find_message(call)
    chat = call.world.chats[message.chat_id]
    manages = chat.mode != "p2p" and call.app.app_id in (chat.owner_id, *chat.managers)
    ensure(manages or message.sender_id == call.app.app_id, 230026)
    ensure(not message.deleted, 230011)
    return message


async def forward(call: Call) -> dict[str, Any]:
    """转发消息."""
    original, chat = find_message(call), find_receiver(call)
    ensure(not original.deleted, 230110)
    ensure(original.msg_type not in UNFORWARDABLE, 230061)

    def copy() -> Message:
        return _placed(call, call.world.new_message(chat, call.app.app_id, "app", original.msg_type, original.content))

    return await _once(call, chat, call.query.get("uuid"), copy)


def _placed(call: Call, message: Message) -> Message:
    """A new message in the topic that the call names, if it names one."""
    if call.query["receive_id_type"] == "thread_id":
        message.thread_id = call.json["receive_id"]
    return message


async def merge_forward(call: Call) -> dict[str, Any]:
    """合并转发消息."""
    chat, wanted = find_receiver(call), call.strings("message_id_list")
    invalid = [message_id for message_id in wanted if message_id not in call.world.messages]

    def merged() -> Message:
        known = [call.world.messages[message_id] for message_id in wanted if message_id not in invalid]
        ensure(bool(known), 230001, ext="message_id_list.")
        return _placed(call, call.world.new_merged(chat, call.app.app_id, "app", known))

    message = await _once(call, chat, call.query.get("uuid"), merged)
    return {"message": message, "invalid_message_id_list": invalid}


async def forward_thread(call: Call) -> dict[str, Any]:
    """转发话题."""
    ensure(any(call.world.history(thread_id=call.path("thread_id"))), 230001)
    copy = call.world.new_merged(find_receiver(call), call.app.app_id, "app", [])
    call.world.add_message(_placed(call, copy))
    await call.world.notify()
    return message_body(copy)


async def push_follow_up(call: Call) -> dict[str, Any]:
    """添加跟随气泡: below a message of the bot in a private chat."""
    message = find_message(call)
    ensure(call.world.chats[message.chat_id].mode == "p2p" and message.sender_id == call.app.app_id, 230001)
    return {}


async def read_users(call: Call) -> dict[str, Any]:
    """查询消息已读信息."""
    message, kind = find_own_message(call), call.user_id_type
    ensure(call.world.now_ms() - message.create_time <= READS_KEPT * 1000, 230033)
    readers = [(call.world.users[open_id], at) for open_id, at in message.read_by.items()]
    read = [{"user_id": getattr(user, kind), "timestamp": str(at)} for user, at in readers]
    return page_of(call, [{"user_id_type": kind, **each, "tenant_key": TENANT} for each in read])


async def urge(call: Call) -> dict[str, Any]:
    """发送应用内加急, 发送短信加急, 发送电话加急."""
    message = find_message(call)
    ensure(not message.deleted, 230110)
    ensure(message.sender_id == call.app.app_id, 230012)
    wanted = call.strings("user_id_list")
    ensure(len(wanted) <= MAX_URGED, 230001)
    members = call.world.chats[message.chat_id].members
    known = {getattr(call.world.users[each], call.user_id_type) for each in members}
    return {"invalid_user_id_list": [each for each in wanted if each not in known]}


async def pin(call: Call) -> dict[str, Any]:
    """Pin 消息: a second time gives the first pin."""
    message = find_message(call, call.json["message_id"])
    ensure(not message.deleted, 230110)
    new = {
        "message_id": message.message_id,
        "chat_id": message.chat_id,
        "operator_id": call.app.app_id,
        "operator_id_type": "app_id",
        "create_time": str(call.world.now_ms()),
    }
    return {"pin": call.world.pins.setdefault(message.message_id, new)}


async def list_pins(call: Call) -> dict[str, Any]:
    """获取群内 Pin 消息: newest first."""
    chat = call.world.chats.get(call.query["chat_id"])
    if chat is None:
        raise ApiError(230001, ext="invalid chat_id.")
    check_member(call, chat)
    begin, end = int(call.query.get("start_time", 0)), int(call.query.get("end_time", 1 << 62))
    pins = [each for each in call.world.pins.values() if each["chat_id"] == chat.chat_id]
    return page_of(call, [each for each in reversed(pins) if begin <= int(each["create_time"]) <= end])


async def unpin(call: Call) -> dict[str, Any]:
    """移除 Pin 消息: succeeds where there is none."""
    call.world.pins.pop(find_message(call).message_id, None)
    return {}


def message_body(message: Message) -> dict[str, Any]:
    """A message as the REST methods show it."""
    id_type = "app_id" if message.sender_type == "app" else "open_id"
    sender = {"id": message.sender_id, "id_type": id_type, "sender_type": message.sender_type, "tenant_key": TENANT}
    body: dict[str, Any] = {
        "message_id": message.message_id,
        "msg_type": message.msg_type,
        "create_time": str(message.create_time),
        "update_time": str(message.update_time or message.create_time),
        "deleted": message.deleted,
        "updated": message.edits > 0,
        "chat_id": message.chat_id,
        "sender": sender,
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
    fields = {key: value for key, value in mention.items() if key != "mentioned_type"}
    return {**fields, "id": ids if isinstance(ids, str) else ids["open_id"], "id_type": "open_id"}
