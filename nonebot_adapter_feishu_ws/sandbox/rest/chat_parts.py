"""What belongs to a chat: announcement, who may speak, the notice on top, its menu (群菜单), its tabs (会话标签页)."""

from typing import Any

from ...net.bounded_json import as_list, as_object
from ..state import TENANT, Chat, new_id
from .call import ApiError, Call, ensure
from .checks import find_chat, find_user, manages, page_of

MAX_MENUS, MAX_SECOND_MENUS = 3, 5
MAX_TABS, MAX_TAB_NAME = 20, 60
MAX_REVISIONS = 100
"""How far an edit of the announcement may lag behind."""
_MENU_FIELDS = {"ICON": "image_key", "NAME": "name", "I18N_NAME": "i18n_names", "REDIRECT_LINK": "redirect_link"}
_TOP_ID, _SECOND_ID = "chat_menu_top_level_id", "chat_menu_second_level_id"
_BEGUN = "1700000000"


async def announcement(call: Call) -> dict[str, Any]:
    """获取群公告信息."""
    chat = find_chat(call)
    owner = chat.owner_id
    kind = "app_id" if owner in call.world.apps else "open_id"
    ids = {"owner_id": owner, "owner_id_type": kind, "modifier_id": owner, "modifier_id_type": kind}
    empty = {"content": "{}", "revision": "0", "create_time": _BEGUN, "update_time": _BEGUN}
    return {**empty, **ids, **chat.announcement}


async def edit_announcement(call: Call) -> dict[str, Any]:
    """更新群公告信息: the requests are kept as the content, since their language is that of another product."""
    chat, requests = find_chat(call), call.strings("requests")
    may = chat.settings.get("edit_permission", "all_members") == "all_members" or manages(call.app, chat)
    ensure(may, 232002)
    current, given = int(chat.announcement.get("revision", 0)), call.json["revision"]
    ensure(bool(requests) and given.isdigit(), 232001, ext="invalid requests or revision.")
    ensure(current - MAX_REVISIONS <= int(given) <= current + MAX_REVISIONS, 232018)
    now = str(call.world.now_ms() // 1000)
    chat.announcement = {
        "content": "\n".join(requests),
        "revision": str(current + 1),
        "create_time": chat.announcement.get("create_time", now),
        "update_time": now,
        "modifier_id": call.app.app_id,
        "modifier_id_type": "app_id",
    }
    return {}


async def moderation(call: Call) -> dict[str, Any]:
    """获取群成员发言权限."""
    chat = find_chat(call)
    people = [call.world.users[each] for each in chat.moderators]
    kind = call.user_id_type
    items = [{"user_id_type": kind, "user_id": getattr(each, kind), "tenant_key": TENANT} for each in people]
    setting = chat.settings.get("moderation_permission", "all_members")
    return {"moderation_setting": setting, **page_of(call, items, most=100)}


async def moderate(call: Call) -> dict[str, Any]:
    """更新群发言权限."""
    chat = find_chat(call)
    ensure(manages(call.app, chat), 232002)
    if setting := call.json.get("moderation_setting"):
        chat.settings["moderation_permission"] = setting
    changed: list[set[str]] = []
    for name in ("moderator_added_list", "moderator_removed_list"):
        found = [find_user(call.world, call.user_id_type, each) for each in call.strings(name)]
        changed.append({user.open_id for user in found if user is not None} & set(chat.members))
    added, removed = changed
    chat.moderators = [each for each in dict.fromkeys([*chat.moderators, *sorted(added)]) if each not in removed]
    return {}


async def put_top_notice(call: Call) -> dict[str, Any]:
    """更新群置顶."""
    chat, notices = find_chat(call), call.json["chat_top_notice"]
    of_message, message_id = notices[0].get("action_type") == "1", notices[0].get("message_id")
    ensure(not of_message or message_id in call.world.messages, 232001)
    chat.top_notice = notices
    return {}


async def delete_top_notice(call: Call) -> dict[str, Any]:
    """撤销群置顶."""
    find_chat(call).top_notice = []
    return {}


async def menu_tree(call: Call) -> dict[str, Any]:
    """获取群菜单."""
    return _menu_tree(find_chat(call))


async def add_menus(call: Call) -> dict[str, Any]:
    """添加群菜单."""
    chat = find_chat(call)
    added = [_menu_entry(each, _TOP_ID) for each in as_list(call.json["menu_tree"].get("chat_menu_top_levels"))]
    ensure(bool(added), 232001)
    ensure(len(added) + len(chat.menu) <= MAX_MENUS, 232070)
    chat.menu += added
    return _menu_tree(chat)


async def delete_menus(call: Call) -> dict[str, Any]:
    """删除群菜单."""
    chat, wanted = find_chat(call), set(call.strings("chat_menu_top_level_ids"))
    ensure(wanted <= {each[_TOP_ID] for each in chat.menu}, 232001)
    chat.menu = [each for each in chat.menu if each[_TOP_ID] not in wanted]
    return _menu_tree(chat)


async def sort_menus(call: Call) -> dict[str, Any]:
    """排序群菜单."""
    chat, order = find_chat(call), call.strings("chat_menu_top_level_ids")
    ensure(sorted(order) == sorted(each[_TOP_ID] for each in chat.menu), 232072)
    chat.menu.sort(key=lambda each: order.index(each[_TOP_ID]))
    return _menu_tree(chat)


async def change_menu_item(call: Call) -> dict[str, Any]:
    """修改群菜单元信息."""
    new, wanted = as_object(call.json["chat_menu_item"]), call.path("menu_item_id")
    for top in find_chat(call).menu:
        for entry in (top, *top["children"]):
            if wanted in (entry.get(_TOP_ID), entry.get(_SECOND_ID)):
                item = entry["chat_menu_item"]
                item |= {_MENU_FIELDS[each]: new.get(_MENU_FIELDS[each]) for each in call.strings("update_fields")}
                return {"chat_menu_item": item}
    raise ApiError(232001)


async def tabs(call: Call) -> dict[str, Any]:
    """拉取会话标签页."""
    return {"chat_tabs": _tabs(call)}


async def add_tabs(call: Call) -> dict[str, Any]:
    """添加会话标签页: documents and links only."""
    held, given = _tabs(call), as_list(call.json["chat_tabs"])
    ensure(len(held) + len(given) - 1 <= MAX_TABS, 232046)
    new = [_tab({**each, "tab_id": new_id("tab")}) for each in given]
    held += new
    return {"chat_tabs": held}


async def update_tabs(call: Call) -> dict[str, Any]:
    """更新会话标签页."""
    held, given = _tabs(call), {each.get("tab_id"): each for each in as_list(call.json.get("chat_tabs"))}
    ensure(given.keys() <= {each["tab_id"] for each in held[1:]}, 232001, ext="invalid tab_id.")
    held[:] = [_tab({**each, **given.get(each["tab_id"], {})}) if each["tab_id"] in given else each for each in held]
    return {"chat_tabs": held}


async def delete_tabs(call: Call) -> dict[str, Any]:
    """删除会话标签页: not the one of messages."""
    held, wanted = _tabs(call), set(call.strings("tab_ids"))
    ensure(wanted <= {each["tab_id"] for each in held}, 232001, ext="invalid tab_ids.")
    ensure(held[0]["tab_id"] not in wanted, 232049)
    held[:] = [each for each in held if each["tab_id"] not in wanted]
    return {"chat_tabs": held}


async def sort_tabs(call: Call) -> dict[str, Any]:
    """会话标签页排序: that of messages stays first."""
    held, order = _tabs(call), call.strings("tab_ids")
    ensure({*order, held[0]["tab_id"]} == {each["tab_id"] for each in held}, 232001, ext="invalid tab_ids.")
    held[1:] = sorted(held[1:], key=lambda each: order.index(each["tab_id"]))
    return {"chat_tabs": held}


def _tabs(call: Call) -> list[dict[str, Any]]:
    chat = find_chat(call)
    ensure(chat.mode != "topic", 232050)
    if not chat.tabs:
        chat.tabs.append({"tab_id": new_id("tab"), "tab_type": "message"})
    return chat.tabs


def _tab(tab: dict[str, Any]) -> dict[str, Any]:
    kind = tab["tab_type"]
    ensure(kind in ("doc", "url"), 232001, ext="tab_type must be doc or url.")
    ensure(len(str(tab.get("tab_name", ""))) <= MAX_TAB_NAME, 232047)
    address = as_object(tab.get("tab_content")).get(kind)
    if not isinstance(address, str) or not address.startswith(("http://", "https://")):
        raise ApiError(232048)
    config = {"icon_key": "", "is_built_in": False, **as_object(tab.get("tab_config"))}
    return {**tab, "tab_content": {kind: address}, "tab_config": config}


def _menu_tree(chat: Chat) -> dict[str, Any]:
    return {"menu_tree": {"chat_menu_top_levels": chat.menu}}


def _menu_entry(given: dict[str, Any], id_name: str) -> dict[str, Any]:
    item, children = as_object(given.get("chat_menu_item")), as_list(given.get("children"))
    ensure(bool(item.get("name")), 232001)
    ensure(len(children) <= MAX_SECOND_MENUS, 232071)
    entry: dict[str, Any] = {id_name: new_id("menu"), "chat_menu_item": dict(item)}
    if id_name == _TOP_ID:
        entry["children"] = [_menu_entry(each, _SECOND_ID) for each in children]
    return entry
