"""``im/v1/messages``: create, reply, get, list, edit, patch, recall, forward, reactions, read users."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

from ..state import TENANT, App, Chat, Message, World, new_id
from .cardkit import claim_entity
from .content import check_content
from .limits import Limits
from .routes import ApiError, Call, Handler

UUID_LIFETIME = 3600.0
MAX_EDITS = 20
GROUP_HISTORY = "im:message.group_msg"
AT = re.compile(r'<at user_id="([^"]*)">[^<]*</at>')


class Messages:
    """The endpoints of messages."""

    def __init__(self, world: World, limits: Limits | None = None) -> None:
        self._world = world
        self._limits = limits or Limits()

    def endpoints(self) -> list[tuple[str, str, Handler]]:
        """Method, path and handler of each."""
        one = "im/v1/messages/{message_id}"
        return [
            ("POST", "im/v1/messages", self.create),
            ("GET", "im/v1/messages", self.list),
            ("POST", "im/v1/messages/merge_forward", self.merge_forward),
            ("GET", one, self.get),
            ("PUT", one, self.edit),
            ("PATCH", one, self.patch),
            ("DELETE", one, self.recall),
            ("POST", one + "/reply", self.reply),
            ("POST", one + "/forward", self.forward),
            ("GET", one + "/read_users", self.read_users),
            ("POST", one + "/reactions", self.add_reaction),
            ("GET", one + "/reactions", self.list_reactions),
            ("DELETE", one + "/reactions/{reaction_id}", self.remove_reaction),
        ]

    async def create(self, call: Call) -> dict[str, Any]:
        """发送消息."""
        chat = self._receiver(call)
        return await self._send(call, chat)

    async def reply(self, call: Call) -> dict[str, Any]:
        """回复消息."""
        parent = self._message(call)
        if parent.deleted:
            raise ApiError(230011, "The message was recalled.")
        return await self._send(call, self._world.chats[parent.chat_id], parent)

    async def _send(self, call: Call, chat: Chat, parent: Message | None = None) -> dict[str, Any]:
        self._check_member(call, chat)
        self._limits.count_send(chat.chat_id)
        body = call.json
        if (earlier := self._sent_before(call.app, body.get("uuid"))) is not None:
            return message_body(earlier)
        msg_type = str(body.get("msg_type"))
        check_content(self._world, msg_type, body.get("content"))
        entity = claim_entity(self._world, call.app, body["content"]) if msg_type == "interactive" else None
        message = Message(new_id("om"), chat.chat_id, call.app.app_id, "app", msg_type, "", self._world.now_ms())
        message.content, message.mentions = self._stored_content(msg_type, body["content"])
        if parent is not None:
            message.parent_id, message.root_id = parent.message_id, parent.root_id or parent.message_id
            if parent.thread_id or body.get("reply_in_thread"):
                parent.thread_id = parent.thread_id or new_id("omt")
                message.thread_id = parent.thread_id
        if entity is not None:
            entity.message_id = message.message_id
        self._world.add_message(message)
        self._remember(call.app, body.get("uuid"), message)
        await self._world.notify()
        return message_body(message)

    def _sent_before(self, app: App, uuid: object) -> Message | None:
        if not uuid:
            return None
        if not isinstance(uuid, str) or len(uuid) > 50:
            raise ApiError(230001, "Your request contains an invalid request parameter, ext=uuid is too long.")
        sent_at, message_id = self._world.sent_uuids.get((app.app_id, uuid), (0.0, ""))
        fresh = self._world.clock() - sent_at < UUID_LIFETIME
        earlier = self._world.messages.get(message_id) if fresh else None
        self._world.repeated_sends += earlier is not None
        return earlier

    def _remember(self, app: App, uuid: object, message: Message) -> None:
        if isinstance(uuid, str) and uuid:
            sent = self._world.sent_uuids
            sent[(app.app_id, uuid)] = (self._world.clock(), message.message_id)
            if len(sent) > 50_000:
                sent.popitem(last=False)

    def _receiver(self, call: Call) -> Chat:
        kind, receiver = call.query.get("receive_id_type"), str(call.json.get("receive_id") or "")
        if kind == "chat_id":
            if receiver not in self._world.chats:
                raise ApiError(230001, "Your request contains an invalid request parameter, ext=invalid receive_id.")
            return self._world.chats[receiver]
        if kind not in ("open_id", "user_id", "union_id", "email"):
            raise ApiError(99992402, "field validation failed", field_violations=[{"field": "receive_id_type"}])
        users = self._world.users.values()
        user = next((user for user in users if getattr(user, kind, f"{user.user_id}@sandbox") == receiver), None)
        if user is None:
            raise ApiError(230001, "Your request contains an invalid request parameter, ext=invalid receive_id.")
        return self._world.p2p(user.open_id, call.app.app_id)

    def _check_member(self, call: Call, chat: Chat) -> None:
        if call.app.app_id not in chat.apps or call.tenant_key != chat.tenant_key:
            raise ApiError(230002, "The bot can not be outside the group.")

    def _stored_content(self, msg_type: str, content: str) -> tuple[str, list[dict[str, Any]]]:
        """As Feishu keeps it: mentions of a text become placeholders, a post loses its locale."""
        fields = json.loads(content)
        mentions: list[dict[str, Any]] = []
        if msg_type == "text":

            def placeholder(match: re.Match[str]) -> str:
                if match[1] == "all":
                    return "@_all"
                user = self._world.users.get(match[1])
                key = f"@_user_{len(mentions) + 1}"
                name = user.name if user else match[1]
                mentions.append({"key": key, "id": match[1], "id_type": "open_id", "name": name, "tenant_key": TENANT})
                return key

            fields["text"] = AT.sub(placeholder, fields["text"])
        elif msg_type == "post":
            fields = next(iter(fields.values()))
        return json.dumps(fields, ensure_ascii=False), mentions

    async def get(self, call: Call) -> dict[str, Any]:
        """获取指定消息的内容."""
        return {"items": [message_body(message) for message in _with_forwarded(self._message(call))]}

    async def list(self, call: Call) -> dict[str, Any]:
        """获取会话历史消息."""
        kind, container = call.query.get("container_id_type"), call.query.get("container_id", "")
        if kind not in ("chat", "thread"):
            raise ApiError(99992402, "field validation failed", field_violations=[{"field": "container_id_type"}])
        if kind == "chat" and container not in self._world.chats:
            raise ApiError(230001, "Your request contains an invalid request parameter, ext=invalid container_id.")
        found = self._of_chat(call, self._world.chats[container]) if kind == "chat" else self._of_topic(call, container)
        if call.query.get("sort_type") == "ByCreateTimeDesc":
            found.reverse()
        size, start = min(int(call.query.get("page_size", 20)), 50), int(call.query.get("page_token") or 0)
        has_more = len(found) > start + size
        items = [message_body(message) for message in found[start : start + size]]
        return {"has_more": has_more, "page_token": str(start + size) if has_more else "", "items": items}

    def _of_chat(self, call: Call, chat: Chat) -> list[Message]:
        self._check_member(call, chat)
        if chat.mode != "p2p" and GROUP_HISTORY not in call.app.scopes:
            raise ApiError(230027, "Lack of necessary permissions, ext=need scope: im:message.group_msg")
        since, until = int(call.query.get("start_time") or 0), int(call.query.get("end_time") or 10**10)
        found: list[Message] = []
        topics: set[str] = set()
        for message in self._world.history(chat.chat_id):
            # An ordinary group lists the first message of a topic alone.
            inside = chat.mode != "topic" and message.thread_id in topics
            topics.add(message.thread_id or "")
            if not (inside and message.thread_id) and since <= message.create_time // 1000 <= until:
                found.append(message)
        return found

    def _of_topic(self, call: Call, thread_id: str) -> list[Message]:
        if call.query.get("start_time") or call.query.get("end_time"):
            raise ApiError(230001, "Your request contains an invalid request parameter, ext=thread has no time range.")
        return list(self._world.history(thread_id=thread_id))

    async def edit(self, call: Call) -> dict[str, Any]:
        """编辑消息."""
        message = self._own(call)
        msg_type = str(call.json.get("msg_type"))
        if msg_type not in ("text", "post") or message.msg_type not in ("text", "post"):
            raise ApiError(230054, "This operation is not supported for this message type.")
        if message.edits >= MAX_EDITS:
            raise ApiError(230072, "The message has reached the number of times it can be edited.")
        check_content(self._world, msg_type, call.json.get("content"))
        message.content, message.mentions = self._stored_content(msg_type, call.json["content"])
        message.msg_type = msg_type
        message.edits += 1
        message.update_time = self._world.now_ms()
        await self._world.notify()
        return message_body(message)

    async def patch(self, call: Call) -> dict[str, Any]:
        """更新已发送的消息卡片."""
        message = self._own(call)
        if message.msg_type != "interactive":
            raise ApiError(230001, "Your request contains an invalid request parameter, ext=not a card.")
        check_content(self._world, "interactive", call.json.get("content"))
        message.content = call.json["content"]
        message.update_time = self._world.now_ms()
        await self._world.notify()
        return {}

    async def recall(self, call: Call) -> dict[str, Any]:
        """撤回消息."""
        self._own(call).deleted = True
        await self._world.notify()
        return {}

    async def forward(self, call: Call) -> dict[str, Any]:
        """转发消息."""
        original = self._message(call)
        chat = self._receiver(call)
        self._check_member(call, chat)
        self._limits.count_send(chat.chat_id)
        if (earlier := self._sent_before(call.app, call.query.get("uuid"))) is not None:
            return message_body(earlier)
        copy = Message(
            new_id("om"),
            chat.chat_id,
            call.app.app_id,
            "app",
            original.msg_type,
            original.content,
            self._world.now_ms(),
        )
        self._world.add_message(copy)
        self._remember(call.app, call.query.get("uuid"), copy)
        await self._world.notify()
        return message_body(copy)

    async def merge_forward(self, call: Call) -> dict[str, Any]:
        """合并转发消息."""
        chat = self._receiver(call)
        self._check_member(call, chat)
        self._limits.count_send(chat.chat_id)
        if (earlier := self._sent_before(call.app, call.query.get("uuid"))) is not None:
            return {"message": message_body(earlier), "invalid_message_id_list": []}
        wanted: list[str] = call.json.get("message_id_list") or []
        invalid = [message_id for message_id in wanted if message_id not in self._world.messages]
        if not wanted or len(invalid) == len(wanted):
            raise ApiError(230001, "Your request contains an invalid request parameter, ext=message_id_list.")
        known = [self._world.messages[message_id] for message_id in wanted if message_id not in invalid]
        message = self._world.merge(chat.chat_id, call.app.app_id, "app", known)
        self._remember(call.app, call.query.get("uuid"), message)
        await self._world.notify()
        return {"message": message_body(message), "invalid_message_id_list": invalid}

    async def read_users(self, call: Call) -> dict[str, Any]:
        """查询消息已读信息: everybody in the chat has read it."""
        message = self._own(call)
        readers = self._world.chats[message.chat_id].members
        items = [
            {"user_id_type": "open_id", "user_id": reader, "timestamp": str(message.create_time), "tenant_key": TENANT}
            for reader in readers
        ]
        return {"items": items, "has_more": False, "page_token": ""}

    async def add_reaction(self, call: Call) -> dict[str, Any]:
        """添加消息表情回复."""
        message = self._message(call)
        reaction: dict[str, Any] = {
            "reaction_id": new_id("ZCaCIjUBVVWSrm5L"),
            "operator": {"operator_id": call.app.app_id, "operator_type": "app"},
            "action_time": str(self._world.now_ms()),
            "reaction_type": call.json.get("reaction_type"),
        }
        self._world.reactions.setdefault(message.message_id, []).append(reaction)
        await self._world.notify()
        return reaction

    async def list_reactions(self, call: Call) -> dict[str, Any]:
        """获取消息表情回复."""
        items = self._world.reactions.get(self._message(call).message_id, [])
        return {"items": items, "has_more": False, "page_token": ""}

    async def remove_reaction(self, call: Call) -> dict[str, Any]:
        """删除消息表情回复."""
        held = self._world.reactions.get(self._message(call).message_id, [])
        for reaction in held:
            if reaction["reaction_id"] == call.path("reaction_id"):
                held.remove(reaction)
                await self._world.notify()
                return reaction
        raise ApiError(231003, "The reaction is not found.")

    def _message(self, call: Call) -> Message:
        message = self._world.messages.get(call.path("message_id"))
        if message is None:
            raise ApiError(230001, "Your request contains an invalid request parameter, ext=invalid message_id.")
        self._check_member(call, self._world.chats[message.chat_id])
        return message

    def _own(self, call: Call) -> Message:
        message = self._message(call)
        if message.sender_id != call.app.app_id:
            raise ApiError(230026, "No permission to operate this message.")
        if message.deleted:
            raise ApiError(230011, "The message was recalled.")
        return message


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
