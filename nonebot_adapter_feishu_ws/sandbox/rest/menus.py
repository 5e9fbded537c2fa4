"""``im/v1/chats/{chat_id}/menu_tree``: the menus of groups (群菜单)."""

from typing import Any

from ...net.bounded_json import as_list, as_object
from ..state import Chat, new_id
from .call import ApiError, Call, ensure
from .checks import find_chat

MAX_TOP, MAX_SECOND = 3, 5
_FIELDS = {"ICON": "image_key", "NAME": "name", "I18N_NAME": "i18n_names", "REDIRECT_LINK": "redirect_link"}
_TOP_ID, _SECOND_ID = "chat_menu_top_level_id", "chat_menu_second_level_id"


async def get(call: Call) -> dict[str, Any]:
    """获取群菜单."""
    return _tree(find_chat(call))


async def add(call: Call) -> dict[str, Any]:
    """添加群菜单."""
    chat = find_chat(call)
    added = [_entry(each, _TOP_ID) for each in as_list(call.json["menu_tree"].get("chat_menu_top_levels"))]
    ensure(0 < len(added) <= MAX_TOP - len(chat.menu), 232001)
    chat.menu += added
    return _tree(chat)


async def delete(call: Call) -> dict[str, Any]:
    """删除群菜单."""
    chat, wanted = find_chat(call), set(call.strings("chat_menu_top_level_ids"))
    ensure(wanted <= {each[_TOP_ID] for each in chat.menu}, 232001)
    chat.menu = [each for each in chat.menu if each[_TOP_ID] not in wanted]
    return _tree(chat)


async def sort(call: Call) -> dict[str, Any]:
    """排序群菜单."""
    chat, order = find_chat(call), call.strings("chat_menu_top_level_ids")
    ensure(sorted(order) == sorted(each[_TOP_ID] for each in chat.menu), 232001)
    chat.menu.sort(key=lambda each: order.index(each[_TOP_ID]))
    return _tree(chat)


async def patch(call: Call) -> dict[str, Any]:
    """修改群菜单元信息."""
    new, wanted = as_object(call.json["chat_menu_item"]), call.path("menu_item_id")
    for top in find_chat(call).menu:
        for entry in (top, *top["children"]):
            if wanted in (entry.get(_TOP_ID), entry.get(_SECOND_ID)):
                item = entry["chat_menu_item"]
                item |= {_FIELDS[each]: new.get(_FIELDS[each]) for each in call.strings("update_fields")}
                return {"chat_menu_item": item}
    raise ApiError(232001)


def _tree(chat: Chat) -> dict[str, Any]:
    return {"menu_tree": {"chat_menu_top_levels": chat.menu}}


def _entry(given: dict[str, Any], id_name: str) -> dict[str, Any]:
    item, children = as_object(given.get("chat_menu_item")), as_list(given.get("children"))
    ensure(bool(item.get("name")) and len(children) <= MAX_SECOND, 232001)
    entry: dict[str, Any] = {id_name: new_id("menu"), "chat_menu_item": dict(item)}
    if id_name == _TOP_ID:
        entry["children"] = [_entry(each, _SECOND_ID) for each in children]
    return entry
