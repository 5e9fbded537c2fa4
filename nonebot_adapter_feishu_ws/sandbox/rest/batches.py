"""Messages to many people (批量发送消息), and cards that one person of a group sees (仅特定人可见的消息卡片)."""

import json
from collections.abc import Mapping
from typing import Any

from ..state import Batch, User, new_id
from .call import ApiError, Call, ensure
from .checks import find_user
from .content import check_card, check_content
from .messages import stored_content

MAX_PEOPLE = 200
RECALLABLE = 86_400.0
_TYPES = frozenset({"text", "image", "post", "share_chat", "interactive"})
_PEOPLE = {"open_ids": "open_id", "user_ids": "user_id", "union_ids": "union_id"}


async def send(call: Call) -> dict[str, Any]:
    """批量发送消息: at once, where Feishu takes its time."""
    found = {
        name: {each: find_user(call.world, kind, each) for each in call.strings(name)} for name, kind in _PEOPLE.items()
    }
    departments = {each: _members(call, each) for each in call.strings("department_ids")}
    lists = (*found.values(), departments)
    if not any(lists) or max(map(len, lists)) > MAX_PEOPLE or call.json["msg_type"] not in _TYPES:
        raise ApiError(10003, "Invalid parameter.", 200)
    ensure(call.app.has_bot, 11205)
    content, mentions = _content(call)
    people = {user.open_id for each in found.values() for user in each.values() if user is not None}
    people |= {open_id for members in departments.values() for open_id in members or ()}
    batch = Batch(call.app.app_id, [], call.world.clock())
    for open_id in sorted(people):
        chat = call.world.p2p(open_id, call.app.app_id)
        message = call.world.new_message(chat, call.app.app_id, "app", call.json["msg_type"], content)
        message.mentions = mentions
        batch.message_ids.append(call.world.add_message(message).message_id)
    await call.world.notify()
    key = new_id("bm").replace("_", "-")
    call.world.batches[key] = batch
    invalid = {f"invalid_{name}": [each for each, user in of.items() if user is None] for name, of in found.items()}
    unknown = [each for each, members in departments.items() if members is None]
    return {"message_id": key, "invalid_department_ids": unknown, **invalid}


def _members(call: Call, wanted: str) -> list[str] | None:
    for each in call.world.departments.values():
        if wanted in (each.open_department_id, each.department_id):
            return each.members
    return None


def _content(call: Call) -> tuple[str, list[dict[str, Any]]]:
    kind = call.json["msg_type"]
    body: Any = call.json.get("card" if kind == "interactive" else "content")
    content = json.dumps(body["post"] if kind == "post" and isinstance(body, dict) and "post" in body else body)
    try:
        check_content(call.world, kind, content)
    except ApiError as error:
        raise ApiError(11227 if kind == "image" else 11246, error.msg if kind != "image" else "", 200) from None
    return stored_content(call.world, kind, content)


async def recall(call: Call) -> dict[str, Any]:
    """批量撤回消息: within a day."""
    batch = _batch(call, 230026)
    ensure(call.world.clock() - batch.created_at <= RECALLABLE, 230009)
    batch.recalled = True
    for message in map(call.world.messages.get, batch.message_ids):
        if message is not None:
            message.deleted = True
            await call.world.show(message)
    return {}


async def progress(call: Call) -> dict[str, Any]:
    """查询批量消息整体进度."""
    batch = _batch(call)
    count = len(batch.message_ids)
    sent = {"valid_user_ids_count": count, "success_user_ids_count": count, "read_user_ids_count": _reads(call, batch)}
    recalled = {"recall": batch.recalled, "recall_count": count if batch.recalled else 0}
    return {"batch_message_send_progress": sent, "batch_message_recall_progress": recalled}


async def read_user(call: Call) -> dict[str, Any]:
    """查询批量消息推送和阅读人数."""
    batch = _batch(call)
    return {"read_user": {"read_count": str(_reads(call, batch)), "total_count": str(len(batch.message_ids))}}


def _batch(call: Call, foreign: int = 230012) -> Batch:
    batch = call.world.batches.get(call.path("batch_message_id"))
    if batch is None:
        raise ApiError(230030)
    ensure(batch.app_id == call.app.app_id, foreign)
    return batch


def _reads(call: Call, batch: Batch) -> int:
    return sum(bool(each and each.read_by) for each in map(call.world.messages.get, batch.message_ids))


async def send_ephemeral(call: Call) -> dict[str, Any]:
    """发送仅特定人可见的消息卡片: to a member of an ordinary group."""
    chat, user = call.world.chats.get(call.json["chat_id"]), _reader(call, call.json)
    ensure(chat is not None and chat.mode == "group" and call.app.app_id in chat.apps, 230002)
    assert chat is not None
    ensure(user is not None and user.open_id in chat.members, 230001, ext="invalid open_id, user_id or email.")
    assert user is not None
    ensure(call.json["msg_type"] == "interactive", 230001, ext="invalid msg_type.")
    check_card(call.json["card"])
    message_id = new_id("om")
    call.world.ephemeral[message_id] = (chat.chat_id, user.open_id, json.dumps(call.json["card"], ensure_ascii=False))
    return {"message_id": message_id}


def _reader(call: Call, body: Mapping[str, Any]) -> User | None:
    """Of several ids the first one counts."""
    kind = next((kind for kind in ("open_id", "user_id", "email") if body.get(kind)), "open_id")
    return find_user(call.world, kind, body.get(kind))


async def delete_ephemeral(call: Call) -> dict[str, Any]:
    """删除仅特定人可见的消息卡片."""
    held = call.world.ephemeral.get(call.json["message_id"])
    if held is None:
        raise ApiError(99992354, f"these ids not existed: [{call.json['message_id']}]")
    ensure(held != ("", "", ""), 18051)
    call.world.ephemeral[call.json["message_id"]] = ("", "", "")
    return {"code": 0, "msg": "ok"}
