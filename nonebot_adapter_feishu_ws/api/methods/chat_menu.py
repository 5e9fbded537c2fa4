"""``bot.chat_menu``: the menu of a group.

The bot's own menu (机器人自定义菜单) is set in the console; a click on it arrives as ``application.bot.menu_v6``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ..method import Group, method
from ..models.chat import MenuItem, MenuTree


class ChatMenus(Group):
    """A group's menu (群菜单): at most 3 entries with at most 5 below each."""

    group = "chat_menu"

    @method("GET", "im/v1/chats/{chat_id}/menu_tree", returns=MenuTree, at=["data", "menu_tree"])
    async def get(self, chat_id: str) -> MenuTree:
        """A group's menu (获取群菜单).

        Args:
            chat_id: the group.

        Scopes (one of): ``im:chat``, ``im:chat:readonly``, ``im:chat.menu_tree:read``.
        """
        ...

    @method("POST", "im/v1/chats/{chat_id}/menu_tree", returns=MenuTree, at=["data", "menu_tree"])
    async def create(self, chat_id: str, menu_tree: Mapping[str, Any]) -> MenuTree:
        """Add entries to a group's menu (添加群菜单).

        Args:
            chat_id: the group; the bot must be in it.
            menu_tree: ``{"chat_menu_top_levels": [{"chat_menu_item": {"action_type": "REDIRECT_LINK", "name": ...,
                "redirect_link": {"common_url": ...}}, "children": [{"chat_menu_item": ...}]}]}``.

        Returns:
            The whole menu, with the ids of its entries.

        Scopes (one of): ``im:chat``, ``im:chat.menu_tree:write_only``.
        """
        ...

    @method("DELETE", "im/v1/chats/{chat_id}/menu_tree", returns=MenuTree, at=["data", "menu_tree"])
    async def delete(self, chat_id: str, chat_menu_top_level_ids: Sequence[str]) -> MenuTree:
        """Delete entries of the first level with what is below them (删除群菜单).

        Args:
            chat_id: the group.
            chat_menu_top_level_ids: the entries' ids.

        Returns:
            What is left of the menu.

        Scopes (one of): ``im:chat``, ``im:chat.menu_tree:write_only``.
        """
        ...

    @method("POST", "im/v1/chats/{chat_id}/menu_tree/sort", returns=MenuTree, at=["data", "menu_tree"])
    async def sort(self, chat_id: str, chat_menu_top_level_ids: Sequence[str]) -> MenuTree:
        """Put the entries of the first level in order (排序群菜单).

        Args:
            chat_id: the group.
            chat_menu_top_level_ids: all of them, in the order wanted.

        Scopes (one of): ``im:chat``, ``im:chat.menu_tree:write_only``.
        """
        ...

    @method(
        "PATCH",
        "im/v1/chats/{chat_id}/menu_items/{menu_item_id}",
        returns=MenuItem,
        at=["data", "chat_menu_item"],
    )
    async def update_item(
        self, chat_id: str, menu_item_id: str, update_fields: Sequence[str], chat_menu_item: Mapping[str, Any]
    ) -> MenuItem:
        """Change an entry of a group's menu (修改群菜单元信息).

        Args:
            chat_id: the group.
            menu_item_id: the entry's id, of the first or second level.
            update_fields: what changes: ``ICON``, ``NAME``, ``I18N_NAME``, ``REDIRECT_LINK``.
            chat_menu_item: the new values.

        Scopes (one of): ``im:chat``, ``im:chat.menu_tree:write_only``.
        """
        ...
