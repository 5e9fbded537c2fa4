"""Reactions to messages (消息表情回复); each change pushes what Feishu pushes for it."""

from collections import Counter
from collections.abc import Sequence
from typing import Any

from ...net.bounded_json import as_list, as_object
from ..state import Message, new_id
from .call import ApiError, Call, ensure
from .checks import find_message, page_of


async def add(call: Call) -> dict[str, Any]:
    """添加消息表情回复."""
    message, kind = find_message(call), as_object(call.json.get("reaction_type"))
    ensure(not message.deleted, 230110)
    ensure(isinstance(kind.get("emoji_type"), str) and kind["emoji_type"] != "", 231001)
    reaction: dict[str, Any] = {
        "reaction_id": new_id("ZCaCIjUBVVWSrm5L"),
        "operator": {"operator_id": call.app.app_id, "operator_type": "app"},
        "action_time": str(call.world.now_ms()),
        "reaction_type": kind,
    }
    call.world.reactions.setdefault(message.message_id, []).append(reaction)
    await _tell(call, "created", message, reaction)
    return reaction


async def list_reactions(call: Call) -> dict[str, Any]:
    """获取消息表情回复."""
    return page_of(call, _of(call, find_message(call), call.query.get("reaction_type")), most=50)


async def batch_query(call: Call) -> dict[str, Any]:
    """批量获取消息表情回复."""
    kind, size = call.json.get("reaction_type"), call.json.get("page_size_per_message") or 10
    details, counts, failed = list[dict[str, Any]](), list[dict[str, Any]](), list[dict[str, Any]]()
    for query in as_list(call.json["queries"]):
        key, token = str(query.get("message_id")), str(query.get("page_token") or "0")
        message = call.world.messages.get(key)
        if message is None or call.app.app_id not in call.world.chats[message.chat_id].apps or not token.isdigit():
            failed.append({"message_id": key, "fail_reason": "invalid"})
            continue
        found, end = _of(call, message, kind), int(token) + size
        items = [{**each, "emoji_type": each["reaction_type"]["emoji_type"]} for each in found[int(token) : end]]
        for each in items:
            del each["reaction_type"]
        more = end < len(found)
        page = {"has_more": more, "page_token": str(end) if more else ""}
        details.append({"message_id": key, **page, "message_reaction_items": items})
        number = Counter(each["reaction_type"]["emoji_type"] for each in found)
        numbers = [{"reaction_type": emoji, "count": str(count)} for emoji, count in number.items()]
        counts.append({"message_id": key, "reaction_count": numbers})
    return {
        "success_msg_reaction_details": details,
        "success_msg_reaction_counts": counts,
        "fail_msg_reaction_details": failed,
    }


async def remove(call: Call) -> dict[str, Any]:
    """删除消息表情回复: the app's own."""
    message = find_message(call)
    wanted, held = call.path("reaction_id"), call.world.reactions.get(message.message_id, [])
    reaction = next((each for each in held if each["reaction_id"] == wanted), None)
    if reaction is None:
        elsewhere = any(each["reaction_id"] == wanted for of in call.world.reactions.values() for each in of)
        raise ApiError(231010 if elsewhere else 231011)
    ensure(reaction["operator"]["operator_id"] == call.app.app_id, 231007)
    held.remove(reaction)
    await _tell(call, "deleted", message, reaction)
    return reaction


def _of(call: Call, message: Message, emoji: str | None) -> Sequence[dict[str, Any]]:
    """A message's reactions, of one kind if one is asked for, with people by the kind of id that is asked for."""
    found: list[dict[str, Any]] = []
    for each in call.world.reactions.get(message.message_id, []):
        if emoji in (None, "", each["reaction_type"]["emoji_type"]):
            user = call.world.users.get(each["operator"]["operator_id"])
            operator = (
                {**each["operator"], "operator_id": getattr(user, call.user_id_type)} if user else each["operator"]
            )
            found.append({**each, "operator": operator})
    return found


async def _tell(call: Call, what: str, message: Message, reaction: dict[str, Any]) -> None:
    body: dict[str, Any] = {"message_id": message.message_id, "reaction_type": reaction["reaction_type"]}
    body |= {"action_time": str(call.world.now_ms()), "operator_type": "app", "app_id": call.app.app_id}
    call.tell(call.world.chats[message.chat_id], f"im.message.reaction.{what}_v1", lambda _: body)
    await call.world.show(message)
