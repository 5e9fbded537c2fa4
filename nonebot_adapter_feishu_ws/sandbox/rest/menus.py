"""``im/v1/chats/{chat_id}/menu_tree``: the menus of groups (群菜单)."""

from __future__ import annotations

from typing import Any, cast

from ..state import World, new_id
from .chats import member_chat
from .routes import ApiError, Call, Handler

MAX_TOP, MAX_SECOND = 3, 5
_FIELDS = {"ICON": "image_key", "NAME": "name", "I18N_NAME": "i18n_names", "REDIRECT_LINK": "redirect_link"}
Entry = dict[str, Any]


class Menus:
    """One menu for each group."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._menus: dict[str, list[Entry]] = {}

    def endpoints(self) -> list[tuple[str, str, Handler]]:
        """Method, path and handler of each."""
        tree = "im/v1/chats/{chat_id}/menu_tree"
        return [
            ("GET", tree, self.get),
            ("POST", tree, self.add),
            ("DELETE", tree, self.delete),
            ("POST", tree + "/sort", self.sort),
            ("PATCH", "im/v1/chats/{chat_id}/menu_items/{item_id}", self.patch),
        ]

    async def get(self, call: Call) -> Entry:
        """获取群菜单."""
        return self._tree(self._menu(call))

    async def add(self, call: Call) -> Entry:
        """添加群菜单."""
        menu = self._menu(call)
        tree = cast("Entry", call.json.get("menu_tree") or {})
        added = [_entry(each) for each in cast("list[Entry]", tree.get("chat_menu_top_levels") or [])]
        if not added or len(menu) + len(added) > MAX_TOP:
            raise _wrong()
        menu.extend(added)
        return self._tree(menu)

    async def delete(self, call: Call) -> Entry:
        """删除群菜单."""
        menu = self._menu(call)
        wanted = _ids(call)
        if not wanted <= {each["chat_menu_top_level_id"] for each in menu}:
            raise _wrong()
        menu[:] = [each for each in menu if each["chat_menu_top_level_id"] not in wanted]
        return self._tree(menu)

    async def sort(self, call: Call) -> Entry:
        """排序群菜单."""
        menu = self._menu(call)
        order = cast("list[str]", call.json.get("chat_menu_top_level_ids") or [])
        if sorted(order) != sorted(each["chat_menu_top_level_id"] for each in menu):
            raise _wrong()
        menu.sort(key=lambda each: order.index(each["chat_menu_top_level_id"]))
        return self._tree(menu)

    async def patch(self, call: Call) -> Entry:
        """修改群菜单元信息."""
        new = cast("Entry", call.json.get("chat_menu_item") or {})
        fields = cast("list[str]", call.json.get("update_fields") or [])
        for top in self._menu(call):
            for entry in (top, *top["children"]):
                if call.path("item_id") in (
                    entry.get("chat_menu_top_level_id"),
                    entry.get("chat_menu_second_level_id"),
                ):
                    item = entry["chat_menu_item"]
                    item |= {_FIELDS[each]: new.get(_FIELDS[each]) for each in fields if each in _FIELDS}
                    return {"chat_menu_item": item}
        raise _wrong()

    def _menu(self, call: Call) -> list[Entry]:
        return self._menus.setdefault(member_chat(self._world, call).chat_id, [])

    def _tree(self, menu: list[Entry]) -> Entry:
        return {"menu_tree": {"chat_menu_top_levels": menu}}


def _entry(given: Entry) -> Entry:
    children = cast("list[Entry]", given.get("children") or [])
    if not _name(given) or len(children) > MAX_SECOND or not all(_name(each) for each in children):
        raise _wrong()
    second = [
        {"chat_menu_second_level_id": new_id("menu"), "chat_menu_item": dict(each["chat_menu_item"])}
        for each in children
    ]
    return {
        "chat_menu_top_level_id": new_id("menu"),
        "chat_menu_item": dict(given["chat_menu_item"]),
        "children": second,
    }


def _name(entry: Entry) -> object:
    return cast("Entry", entry.get("chat_menu_item") or {}).get("name")


def _ids(call: Call) -> set[str]:
    return set(cast("list[str]", call.json.get("chat_menu_top_level_ids") or []))


def _wrong() -> ApiError:
    return ApiError(232001, "Your request contains an invalid request parameter.")
