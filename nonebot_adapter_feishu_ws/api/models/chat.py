"""Results of chat methods."""

from __future__ import annotations

from typing import Any

from pydantic import Field

from .base import Result


class Chat(Result):
    """A group, as lists and details show it (群).

    Attributes:
        chat_id: its id, ``oc_...``; empty where it was asked for by its id
        avatar: URL of its picture
        name: its name
        description: its description
        owner_id: its owner; empty when a bot owns it
        owner_id_type: what ``owner_id`` is
        external: whether people of other tenants are in it
        tenant_key: the tenant
        chat_status: ``normal``, ``dissolved`` or ``dissolved_save``
        chat_mode: ``group``, ``topic`` or ``p2p``
        chat_type: ``private`` or ``public``
        chat_tag: such as ``inner`` or ``department``
        group_message_type: ``chat`` or ``thread``
        add_member_permission: who may add members: ``only_owner`` or ``all_members``
        share_card_permission: ``allowed`` or ``not_allowed``
        at_all_permission: who may mention all: ``only_owner`` or ``all_members``
        edit_permission: who may edit the chat: ``only_owner`` or ``all_members``
        user_manager_id_list: users who manage it
        bot_manager_id_list: bots that manage it
        join_message_visibility: who sees that somebody came
        leave_message_visibility: who sees that somebody left
        membership_approval: ``no_approval_required`` or ``approval_required``
        moderation_permission: who may speak: ``all_members``, ``only_owner`` or ``moderator_list``
        user_count: number of people
        bot_count: number of bots
        labels: its labels
    """

    chat_id: str | None = None
    avatar: str | None = None
    name: str | None = None
    description: str | None = None
    owner_id: str | None = None
    owner_id_type: str | None = None
    external: bool | None = None
    tenant_key: str | None = None
    chat_status: str | None = None
    chat_mode: str | None = None
    chat_type: str | None = None
    chat_tag: str | None = None
    group_message_type: str | None = None
    add_member_permission: str | None = None
    share_card_permission: str | None = None
    at_all_permission: str | None = None
    edit_permission: str | None = None
    user_manager_id_list: list[str] = Field(default_factory=list[str])
    bot_manager_id_list: list[str] = Field(default_factory=list[str])
    join_message_visibility: str | None = None
    leave_message_visibility: str | None = None
    membership_approval: str | None = None
    moderation_permission: str | None = None
    user_count: str | None = None
    bot_count: str | None = None
    labels: list[str] = Field(default_factory=list[str])


class Member(Result):
    """A member of a chat.

    Attributes:
        member_id_type: what ``member_id`` is
        member_id: the user
        name: the name
        tenant_key: the tenant
    """

    member_id_type: str | None = None
    member_id: str | None = None
    name: str | None = None
    tenant_key: str | None = None


class AddedMembers(Result):
    """Who could not be added.

    Attributes:
        invalid_id_list: ids that are no users, or users outside the bot's availability
        not_existed_id_list: ids that do not exist
        pending_approval_id_list: those who wait for an approval
    """

    invalid_id_list: list[str] = Field(default_factory=list[str])
    not_existed_id_list: list[str] = Field(default_factory=list[str])
    pending_approval_id_list: list[str] = Field(default_factory=list[str])


class RemovedMembers(Result):
    """Who could not be removed.

    Attributes:
        invalid_id_list: ids that are no members
    """

    invalid_id_list: list[str] = Field(default_factory=list[str])


class Managers(Result):
    """A chat's managers.

    Attributes:
        chat_managers: users
        chat_bot_managers: bots
    """

    chat_managers: list[str] = Field(default_factory=list[str])
    chat_bot_managers: list[str] = Field(default_factory=list[str])


class IsInChat(Result):
    """Whether the bot is a member.

    Attributes:
        is_in_chat: whether it is
    """

    is_in_chat: bool | None = None


class ShareLink(Result):
    """A link that lets people join.

    Attributes:
        share_link: the link
        expire_time: seconds since the epoch; empty for a permanent one
        is_permanent: whether it never expires
    """

    share_link: str | None = None
    expire_time: str | None = None
    is_permanent: bool | None = None


class Announcement(Result):
    """A chat's announcement (群公告).

    Attributes:
        content: the document's JSON as text
        revision: its version, needed to change it
        create_time: seconds since the epoch
        update_time: seconds since the epoch
        owner_id_type: what ``owner_id`` is
        owner_id: its owner
        modifier_id_type: what ``modifier_id`` is
        modifier_id: who changed it last
    """

    content: str | None = None
    revision: str | None = None
    create_time: str | None = None
    update_time: str | None = None
    owner_id_type: str | None = None
    owner_id: str | None = None
    modifier_id_type: str | None = None
    modifier_id: str | None = None


class RedirectLink(Result):
    """Where a menu item leads.

    Attributes:
        common_url: the link
        ios_url: the link on iOS
        android_url: the link on Android
        pc_url: the link on computers
        web_url: the link in browsers
    """

    common_url: str | None = None
    ios_url: str | None = None
    android_url: str | None = None
    pc_url: str | None = None
    web_url: str | None = None


class MenuItem(Result):
    """An item of a group's menu.

    Attributes:
        action_type: ``NONE`` or ``REDIRECT_LINK``
        redirect_link: where it leads
        image_key: its icon
        name: its name
        i18n_names: its name by language
    """

    action_type: str | None = None
    redirect_link: RedirectLink = Field(default_factory=RedirectLink)
    image_key: str | None = None
    name: str | None = None
    i18n_names: dict[str, Any] = Field(default_factory=dict[str, Any])


class SecondMenu(Result):
    """An entry of the second level.

    Attributes:
        chat_menu_second_level_id: its id
        chat_menu_item: what it shows
    """

    chat_menu_second_level_id: str | None = None
    chat_menu_item: MenuItem = Field(default_factory=MenuItem)


class TopMenu(Result):
    """An entry of the first level.

    Attributes:
        chat_menu_top_level_id: its id
        chat_menu_item: what it shows
        children: its second level
    """

    chat_menu_top_level_id: str | None = None
    chat_menu_item: MenuItem = Field(default_factory=MenuItem)
    children: list[SecondMenu] = Field(default_factory=list[SecondMenu])


class MenuTree(Result):
    """A group's menu (群菜单).

    Attributes:
        chat_menu_top_levels: its first level
    """

    chat_menu_top_levels: list[TopMenu] = Field(default_factory=list[TopMenu])
