"""Reactions to messages (表情回复), and pins (Pin)."""

from typing import Any

from ..state import new_id
from .call import ApiError, Call
from .checks import page_of
from .lookup import check_member, find_message


async def add_reaction(call: Call) -> dict[str, Any]:
    """添加消息表情回复."""
    message = find_message(call)
    reaction: dict[str, Any] = {
        "reaction_id": new_id("ZCaCIjUBVVWSrm5L"),
        "operator": {"operator_id": call.app.app_id, "operator_type": "app"},
        "action_time": str(call.world.now_ms()),
        "reaction_type": call.json.get("reaction_type"),
    }
    call.world.reactions.setdefault(message.message_id, []).append(reaction)
    await call.world.notify()
    return reaction


async def list_reactions(call: Call) -> dict[str, Any]:
    """获取消息表情回复."""
    items = call.world.reactions.get(find_message(call).message_id, [])
    return {"items": items, "has_more": False, "page_token": ""}


async def remove_reaction(call: Call) -> dict[str, Any]:
    """删除消息表情回复."""
    held = call.world.reactions.get(find_message(call).message_id, [])
    for reaction in held:
        if reaction["reaction_id"] == call.path("reaction_id"):
            held.remove(reaction)
            await call.world.notify()
            return reaction
    raise ApiError(231003, "The reaction is not found.")


async def pin(call: Call) -> dict[str, Any]:
    """Pin 消息: a second time gives the first pin."""
    message = find_message(call, call.json["message_id"])
    if message.deleted:
        raise ApiError(230011)
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
