"""``bot.chat``: groups and their members."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal

from ..method import Group, method, paged
from ..models.chat import AddedMembers, Announcement, Chat, IsInChat, Managers, Member, RemovedMembers, ShareLink
from ..paging import Paged
from .im import UserIdType

MemberIdType = Literal["open_id", "user_id", "union_id", "app_id"]


class Chats(Group):
    """Groups (群组管理). The bot must be a member, else code 232011; an unknown chat is code 232006."""

    group = "chat"

    @method("POST", "im/v1/chats", returns=Chat, query=["user_id_type", "set_bot_manager", "uuid"], uuid=True)
    async def create(
        self,
        name: str | None = None,
        *,
        description: str | None = None,
        avatar: str | None = None,
        i18n_names: Mapping[str, str] | None = None,
        owner_id: str | None = None,
        user_id_list: Sequence[str] | None = None,
        bot_id_list: Sequence[str] | None = None,
        group_message_type: Literal["chat", "thread"] | None = None,
        chat_type: Literal["private", "public"] | None = None,
        join_message_visibility: str | None = None,
        leave_message_visibility: str | None = None,
        membership_approval: str | None = None,
        edit_permission: str | None = None,
        user_id_type: UserIdType | None = None,
        set_bot_manager: bool | None = None,
        uuid: str | None = None,
    ) -> Chat:
        """Make a group with the bot in it (创建群).

        Args:
            name: its name; a public group needs one of at least two characters.
            description: its description.
            avatar: image key of its picture, uploaded as ``avatar``.
            i18n_names: its name by language: ``zh_cn``, ``en_us``, ``ja_jp``.
            owner_id: its owner; the bot when not given.
            user_id_list: people to invite, at most 50.
            bot_id_list: app ids of bots to invite, at most 5.
            group_message_type: ``thread`` makes a topic group.
            chat_type: ``public`` groups can be found.
            join_message_visibility: who sees that somebody came: ``only_owner``, ``all_members`` or ``not_anyone``.
            leave_message_visibility: the same for leaving.
            membership_approval: ``no_approval_required`` or ``approval_required``.
            edit_permission: who may edit the group: ``only_owner`` or ``all_members``.
            user_id_type: what ``owner_id`` and ``user_id_list`` are; ``open_id`` when not given.
            set_bot_manager: make the bot a manager where somebody else is the owner.
            uuid: at most 50 characters; one group per uuid and 10 hours. Random when not given.

        Scopes (one of): ``im:chat``, ``im:chat:create``.

        Raises:
            ActionFailed: 232025 the app has no bot, 232030 a user id is wrong, 232043 some ids are not available.
        """
        ...

    @method("GET", "im/v1/chats/{chat_id}", returns=Chat)
    async def get(self, chat_id: str, *, user_id_type: UserIdType | None = None) -> Chat:
        """A group's details (获取群信息).

        Args:
            chat_id: the group.
            user_id_type: which ids the answer has; ``open_id`` when not given.

        Scopes (one of): ``im:chat``, ``im:chat:readonly``, ``im:chat:read``.
        """
        ...

    @method("PUT", "im/v1/chats/{chat_id}", query=["user_id_type"])
    async def update(
        self,
        chat_id: str,
        *,
        name: str | None = None,
        description: str | None = None,
        avatar: str | None = None,
        i18n_names: Mapping[str, str] | None = None,
        owner_id: str | None = None,
        add_member_permission: Literal["only_owner", "all_members"] | None = None,
        share_card_permission: Literal["allowed", "not_allowed"] | None = None,
        at_all_permission: Literal["only_owner", "all_members"] | None = None,
        edit_permission: Literal["only_owner", "all_members"] | None = None,
        join_message_visibility: str | None = None,
        leave_message_visibility: str | None = None,
        membership_approval: str | None = None,
        chat_type: Literal["private", "public"] | None = None,
        group_message_type: Literal["chat", "thread"] | None = None,
        user_id_type: UserIdType | None = None,
    ) -> None:
        """Change a group (更新群信息). What is not given stays.

        Args:
            chat_id: the group.
            name: its name.
            description: its description.
            avatar: image key of its picture.
            i18n_names: its name by language.
            owner_id: its new owner, who must be a member.
            add_member_permission: who may add members.
            share_card_permission: whether members may share the group.
            at_all_permission: who may mention all.
            edit_permission: who may edit the group.
            join_message_visibility: who sees that somebody came.
            leave_message_visibility: who sees that somebody left.
            membership_approval: ``no_approval_required`` or ``approval_required``.
            chat_type: ``public`` groups can be found.
            group_message_type: ``chat`` or ``thread``.
            user_id_type: what ``owner_id`` is; ``open_id`` when not given.

        Scopes (one of): ``im:chat``, ``im:chat:update``.

        Raises:
            ActionFailed: 232002 only the owner or a manager may edit, 232012 the new owner is no member, 232016 a
                plain member may change only some fields.
        """
        ...

    @method("DELETE", "im/v1/chats/{chat_id}")
    async def delete(self, chat_id: str) -> None:
        """Dissolve a group (解散群). Its history is not kept.

        Args:
            chat_id: the group.

        Scopes (one of): ``im:chat``, ``im:chat:delete``.

        Raises:
            ActionFailed: 232017 the bot is not its owner, 232009 it was dissolved before.
        """
        ...

    @paged("im/v1/chats", Chat)
    def list(
        self,
        *,
        sort_type: Literal["ByCreateTimeAsc", "ByActiveTimeDesc"] | None = None,
        user_id_type: UserIdType | None = None,
        page_size: int | None = None,
        limit: int | None = None,
    ) -> Paged[Chat]:
        """The groups that the bot is in, without private chats (获取用户或机器人所在的群列表).

        Args:
            sort_type: by time of creation when not given.
            user_id_type: which ids the answer has; ``open_id`` when not given.
            page_size: groups per call, 1 to 100; 20 when not given.
            limit: groups altogether.

        Scopes (one of): ``im:chat``, ``im:chat:readonly``, ``im:chat:read``.
        """
        ...

    @paged("im/v1/chats/search", Chat)
    def search(
        self,
        query: str,
        *,
        user_id_type: UserIdType | None = None,
        page_size: int | None = None,
        limit: int | None = None,
    ) -> Paged[Chat]:
        """Groups that the bot can see, by a word of their names or members (搜索对用户或机器人可见的群列表).

        Args:
            query: at most 64 characters; an empty one finds nothing.
            user_id_type: which ids the answer has; ``open_id`` when not given.
            page_size: groups per call, 1 to 100; 20 when not given.
            limit: groups altogether.

        Scopes (one of): ``im:chat``, ``im:chat:readonly``, ``im:chat:read``.
        """
        ...

    @method("POST", "im/v1/chats/{chat_id}/link", returns=ShareLink)
    async def get_link(
        self, chat_id: str, validity_period: Literal["week", "year", "permanently"] | None = None
    ) -> ShareLink:
        """A link that lets people join (获取群分享链接).

        Args:
            chat_id: the group.
            validity_period: how long it is good; a week when not given.

        Scopes (one of): ``im:chat``, ``im:chat:read``, ``im:chat:readonly``.

        Raises:
            ActionFailed: 232062 private chats have no link, 232064 only the owner or a manager may share.
        """
        ...

    @paged("im/v1/chats/{chat_id}/members", Member)
    def list_members(
        self,
        chat_id: str,
        *,
        member_id_type: UserIdType | None = None,
        page_size: int | None = None,
        limit: int | None = None,
    ) -> Paged[Member]:
        """A group's people, without its bots (获取群成员列表).

        Args:
            chat_id: the group.
            member_id_type: which ids the answer has; ``open_id`` when not given.
            page_size: members per call, 1 to 100; 20 when not given.
            limit: members altogether.

        Scopes (one of): ``im:chat``, ``im:chat:readonly``, ``im:chat.members:read``.
        """
        ...

    @method("POST", "im/v1/chats/{chat_id}/members", returns=AddedMembers, query=["member_id_type", "succeed_type"])
    async def add_members(
        self,
        chat_id: str,
        id_list: Sequence[str],
        *,
        member_id_type: MemberIdType | None = None,
        succeed_type: Literal[0, 1, 2] | None = None,
    ) -> AddedMembers:
        """Add people or bots to a group (将用户或机器人拉入群聊).

        Args:
            chat_id: the group.
            id_list: at most 50 people, or 5 bots.
            member_id_type: what the ids are; ``open_id`` when not given, ``app_id`` for bots.
            succeed_type: 0: unknown ids are left out and any other problem fails the call; 1: whoever can be added is
                added; 2: any problem fails the call.

        Scopes (one of): ``im:chat``, ``im:chat.members:write_only``.

        Raises:
            ActionFailed: 232014 the bot may not add members, 232024 a user is outside the bot's availability.
        """
        ...

    @method("DELETE", "im/v1/chats/{chat_id}/members", returns=RemovedMembers, query=["member_id_type"])
    async def remove_members(
        self, chat_id: str, id_list: Sequence[str], *, member_id_type: MemberIdType | None = None
    ) -> RemovedMembers:
        """Remove people or bots from a group (将用户或机器人移出群聊).

        Args:
            chat_id: the group.
            id_list: at most 50 people, or 5 bots.
            member_id_type: what the ids are; ``open_id`` when not given, ``app_id`` for bots.

        Scopes (one of): ``im:chat``, ``im:chat.members:write_only``.

        Raises:
            ActionFailed: 232017 the bot is neither owner nor manager.
        """
        ...

    @method("PATCH", "im/v1/chats/{chat_id}/members/me_join")
    async def join(self, chat_id: str) -> None:
        """Let the bot join a public group (用户或机器人主动加入群聊).

        Args:
            chat_id: the group.

        Scopes (one of): ``im:chat``, ``im:chat.members:write_only``.

        Raises:
            ActionFailed: 232001 or 232006 the group does not exist, or is not public.
        """
        ...

    @method("GET", "im/v1/chats/{chat_id}/members/is_in_chat", returns=IsInChat)
    async def is_in_chat(self, chat_id: str) -> IsInChat:
        """Whether the bot is in a group (判断用户或机器人是否在群里).

        Args:
            chat_id: the group.

        Scopes (one of): ``im:chat``, ``im:chat:readonly``, ``im:chat.members:read``.
        """
        ...

    @method("POST", "im/v1/chats/{chat_id}/managers/add_managers", returns=Managers, query=["member_id_type"])
    async def add_managers(
        self, chat_id: str, manager_ids: Sequence[str], *, member_id_type: MemberIdType | None = None
    ) -> Managers:
        """Make members managers (指定群管理员).

        Args:
            chat_id: the group; the bot must be its owner.
            manager_ids: at most 50 people, or 5 bots; 10 managers altogether.
            member_id_type: what the ids are; ``open_id`` when not given, ``app_id`` for bots.

        Scopes (one of): ``im:chat``, ``im:chat.managers:write_only``.
        """
        ...

    @method("POST", "im/v1/chats/{chat_id}/managers/delete_managers", returns=Managers, query=["member_id_type"])
    async def remove_managers(
        self, chat_id: str, manager_ids: Sequence[str], *, member_id_type: MemberIdType | None = None
    ) -> Managers:
        """Make managers plain members again (删除群管理员).

        Args:
            chat_id: the group; the bot must be its owner.
            manager_ids: at most 50 people, or 5 bots.
            member_id_type: what the ids are; ``open_id`` when not given, ``app_id`` for bots.

        Scopes (one of): ``im:chat``, ``im:chat.managers:write_only``.
        """
        ...

    @method("GET", "im/v1/chats/{chat_id}/announcement", returns=Announcement)
    async def get_announcement(self, chat_id: str, *, user_id_type: UserIdType | None = None) -> Announcement:
        """A group's announcement in the old document format (获取群公告信息).

        Args:
            chat_id: the group.
            user_id_type: which ids the answer has; ``open_id`` when not given.

        Scopes (one of): ``im:chat``, ``im:chat:readonly``, ``im:chat.announcement:read``.

        Raises:
            ActionFailed: 232097 the announcement has the new format (docx), which other methods read.
        """
        ...

    @method("PUT", "im/v1/chats/{chat_id}/moderation", query=["user_id_type"])
    async def update_moderation(
        self,
        chat_id: str,
        moderation_setting: Literal["all_members", "only_owner", "moderator_list"] | None = None,
        *,
        moderator_added_list: Sequence[str] | None = None,
        moderator_removed_list: Sequence[str] | None = None,
        user_id_type: UserIdType | None = None,
    ) -> None:
        """Say who may speak in a group (更新群发言权限).

        Args:
            chat_id: the group; the bot must be its owner or a manager.
            moderation_setting: everybody, owner and managers, or a list.
            moderator_added_list: who is added to the list.
            moderator_removed_list: who is taken from it.
            user_id_type: what the ids are; ``open_id`` when not given.

        Scopes (one of): ``im:chat``, ``im:chat.moderation:write_only``.
        """
        ...

    @method("POST", "im/v1/chats/{chat_id}/top_notice/put_top_notice")
    async def put_top_notice(self, chat_id: str, chat_top_notice: Sequence[Mapping[str, Any]]) -> None:
        """Show a message or the announcement at the top of a group (更新群置顶).

        Args:
            chat_id: the group.
            chat_top_notice: one entry: ``{"action_type": "1", "message_id": ...}`` for a message,
                ``{"action_type": "2"}`` for the announcement.

        Scopes (one of): ``im:chat``, ``im:chat.top_notice:write_only``.
        """
        ...

    @method("POST", "im/v1/chats/{chat_id}/top_notice/delete_top_notice")
    async def delete_top_notice(self, chat_id: str) -> None:
        """Show nothing at the top of a group any more (撤销群置顶).

        Args:
            chat_id: the group.

        Scopes (one of): ``im:chat``, ``im:chat.top_notice:write_only``.
        """
        ...
