"""``im/v2``: cards in people's lists of chats (应用消息流卡片), buttons and reminders there, previews of links."""

from collections.abc import Iterator
from typing import Any

from ...net.bounded_json import as_list, as_object
from ..state import User, new_id
from .call import Call, ensure
from .checks import find_user

_FIELDS = {
    "1": "title",
    "2": "avatar_key",
    "3": "preview",
    "10": "status_label",
    "11": "buttons",
    "12": "link",
    "13": "time_sensitive",
}
"""What ``update_fields`` names; the others (101 to 103) move a card in the list or notify."""


async def create(call: Call) -> dict[str, Any]:
    """创建应用消息流卡片."""
    card = as_object(call.json.get("app_feed_card"))
    ensure(bool(as_object(card.get("link")).get("link")), 230001, "param is invalid")
    biz_id, failed = str(card.get("biz_id") or new_id("biz")), list[dict[str, Any]]()
    for wanted, user in _people(call):
        if user is None:
            failed.append({"biz_id": biz_id, "user_id": wanted, "reason": "NO_PERMISSION"})
        else:
            call.world.feed_cards[biz_id, user.open_id] = {**card, "biz_id": biz_id}
    return {"biz_id": biz_id, "failed_cards": failed}


async def update(call: Call) -> dict[str, Any]:
    """更新应用消息流卡片."""
    failed: list[dict[str, Any]] = []
    for each in as_list(call.json.get("feed_cards")):
        new = as_object(each["app_feed_card"])
        if (held := _held(call, str(new.get("biz_id")), each["user_id"], failed)) is not None:
            held |= {_FIELDS[key]: new.get(_FIELDS[key]) for key in each["update_fields"] if key in _FIELDS}
    return {"failed_cards": failed}


async def delete(call: Call) -> dict[str, Any]:
    """删除应用消息流卡片."""
    failed: list[dict[str, Any]] = []
    for each in as_list(call.json.get("feed_cards")):
        if _held(call, each["biz_id"], each["user_id"], failed) is not None:
            user = find_user(call.world, call.user_id_type, each["user_id"])
            call.world.feed_cards.pop((each["biz_id"], user.open_id if user else ""))
    return {"failed_cards": failed}


async def remind_of_bot(call: Call) -> dict[str, Any]:
    """机器人单聊即时提醒: for people who have a private chat with the bot."""
    chats = [each for each in call.world.chats.values() if each.mode == "p2p" and call.app.app_id in each.apps]
    return _failed(call, {open_id for each in chats for open_id in each.members})


async def remind(call: Call) -> dict[str, Any]:
    """即时提醒: for people of a group."""
    return _in_chat(call, call.path("feed_card_id"))


async def buttons(call: Call) -> dict[str, Any]:
    """更新消息流卡片按钮."""
    return _in_chat(call, call.json["chat_id"])


async def update_previews(call: Call) -> dict[str, Any]:
    """更新 URL 预览: the sandbox has no previews, so that nothing follows."""
    return {}


def _people(call: Call) -> Iterator[tuple[str, User | None]]:
    for wanted in call.strings("user_ids"):
        yield wanted, find_user(call.world, call.user_id_type, wanted)


def _held(call: Call, biz_id: str, wanted: str, failed: list[dict[str, Any]]) -> dict[str, Any] | None:
    user = find_user(call.world, call.user_id_type, wanted)
    held = call.world.feed_cards.get((biz_id, user.open_id)) if user else None
    if held is None:
        failed.append({"biz_id": biz_id, "user_id": wanted, "reason": "NOT_CREATED" if user else "NO_PERMISSION"})
    return held


def _in_chat(call: Call, chat_id: str) -> dict[str, Any]:
    chat = call.world.chats.get(chat_id)
    ensure(chat is not None, 230001, "param is invalid")
    assert chat is not None
    ensure(call.app.app_id in chat.apps, 230027, "no permission, bot not in the chat")
    return _failed(call, set(chat.members))


def _failed(call: Call, members: set[str]) -> dict[str, Any]:
    outside = [wanted for wanted, user in _people(call) if user is None or user.open_id not in members]
    reason = {"error_code": 0, "error_message": "The user is not in the chat"}
    return {"failed_user_reasons": [{**reason, "user_id": each} for each in outside]}
