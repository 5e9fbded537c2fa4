"""What people do with groups and with bots: create, join, leave, rename, add a bot, open its chat, use its menu."""

from collections.abc import Callable, Sequence
from typing import Any

from .acting import Acting, by_user
from .events import user_ids
from .state import TENANT, App, Chat, ChatMode, User


class Groups(Acting):
    """What people do with groups and bots; each method pushes what Feishu pushes for it."""

    async def create_group(
        self, user: User, name: str, *, members: Sequence[User] = (), apps: Sequence[str] = (), mode: ChatMode = "group"
    ) -> Chat:
        """A user creates a group and owns it; its bots get ``im.chat.member.bot.added_v1`` (机器人进群).

        Args:
            user: who creates it.
            name: of the group.
            members: who else is in it.
            apps: app ids of its bots.
            mode: ``group`` or ``topic``.
        """
        people = list(dict.fromkeys([user.open_id, *(each.open_id for each in members)]))
        chat = self.world.add_chat(name, mode, people, [])
        chat.owner = user.open_id
        for app_id in dict.fromkeys(apps):
            await self.add_bot(user, chat, app_id)
        return chat

    async def rename_group(self, user: User, chat: Chat, name: str) -> None:
        """A user renames a group: ``im.chat.updated_v1`` (群配置修改)."""
        self._group(chat)
        before, chat.name = chat.name, name

        def body(app: App) -> dict[str, Any]:
            change = {"before_change": {"name": before}, "after_change": {"name": name}}
            return {"chat_id": chat.chat_id, **by_user(user, app), **change}

        await self._changed(chat, chat.apps, "im.chat.updated_v1", body)

    async def dissolve_group(self, user: User, chat: Chat) -> None:
        """The owner dissolves a group: ``im.chat.disbanded_v1`` (群解散).

        Raises:
            ValueError: the user does not own it.
        """
        self._group(chat)
        if chat.owner_id != user.open_id:
            raise ValueError("only its owner dissolves a group")
        self.world.dissolve(chat)
        await self._changed(chat, chat.apps, "im.chat.disbanded_v1", lambda app: _about(chat, user, app))

    async def join(self, user: User, chat: Chat, *, by: User | None = None) -> None:
        """A user joins a group, or ``by`` adds them: ``im.chat.member.user.added_v1`` (用户进群)."""
        self._group(chat)
        if user.open_id not in chat.members:
            chat.members.append(user.open_id)
            await self._member_event("added", user, chat, by)

    async def leave(self, user: User, chat: Chat, *, by: User | None = None) -> None:
        """A user leaves a group, or ``by`` removes them: ``im.chat.member.user.deleted_v1`` (用户出群).

        Raises:
            ValueError: the user is not in it.
        """
        self._group(chat)
        self.member(chat, user)
        chat.members.remove(user.open_id)
        chat.managers = [each for each in chat.managers if each != user.open_id]
        await self._member_event("deleted", user, chat, by)

    async def withdraw(self, user: User, chat: Chat, *, by: User) -> None:
        """``by`` takes back that they added a user: ``im.chat.member.user.withdrawn_v1`` (撤销拉用户进群)."""
        self._group(chat)
        self.member(chat, user)
        chat.members.remove(user.open_id)
        await self._member_event("withdrawn", user, chat, by)

    async def _member_event(self, what: str, user: User, chat: Chat, by: User | None) -> None:
        def body(app: App) -> dict[str, Any]:
            who = {"name": user.name, "tenant_key": user.tenant_key, "user_id": user_ids(user, app)}
            return {**_about(chat, by or user, app), "users": [who]}

        await self._changed(chat, chat.apps, f"im.chat.member.user.{what}_v1", body)

    async def add_bot(self, user: User, chat: Chat, app_id: str) -> None:
        """A user adds a bot to a group: ``im.chat.member.bot.added_v1`` to that bot (机器人进群)."""
        self._group(chat)
        if app_id not in chat.apps:
            chat.apps.append(app_id)
            await self._changed(chat, [app_id], "im.chat.member.bot.added_v1", lambda app: _about(chat, user, app))

    async def remove_bot(self, user: User, chat: Chat, app_id: str) -> None:
        """A user removes a bot from a group: ``im.chat.member.bot.deleted_v1`` to that bot (机器人被移出群).

        Raises:
            ValueError: the bot is not in it.
        """
        self._group(chat)
        if app_id not in chat.apps:
            raise ValueError(f"{app_id} is not in this group")
        chat.apps.remove(app_id)
        await self._changed(chat, [app_id], "im.chat.member.bot.deleted_v1", lambda app: _about(chat, user, app))

    async def enter_chat(self, user: User, app_id: str) -> Chat:
        """A user opens the private chat of a bot: ``bot_p2p_chat_entered_v1`` (用户进入与机器人的会话)."""
        chat = self.world.p2p(user.open_id, app_id)
        last = next(reversed(list(self.world.history(chat.chat_id))), None)
        body: dict[str, Any] = {"chat_id": chat.chat_id}
        if last is not None:
            body |= {"last_message_id": last.message_id, "last_message_create_time": str(last.create_time)}
        event = "im.chat.access_event.bot_p2p_chat_entered_v1"
        await self._changed(chat, [app_id], event, lambda app: {**body, "operator_id": user_ids(user, app)})
        return chat

    async def click_menu(self, user: User, app_id: str, event_key: str) -> None:
        """A user clicks an entry of a bot's menu: ``application.bot.menu_v6`` (机器人自定义菜单事件).

        Args:
            user: who clicks.
            app_id: whose menu.
            event_key: what the entry is called in the developer console.
        """
        body = {"event_key": event_key, "timestamp": int(self.world.clock())}

        def event(app: App) -> dict[str, Any]:
            return {"operator": {"operator_name": user.name, "operator_id": user_ids(user, app)}, **body}

        await self.tell([app_id], "application.bot.menu_v6", event, TENANT)

    async def _changed(
        self, chat: Chat, apps: Sequence[str], event: str, body: Callable[[App], dict[str, Any]]
    ) -> None:
        await self.tell(apps, event, body, chat.tenant_key)
        self.world.feed.add("chat", chat.chat_id)
        await self.world.notify()

    def _group(self, chat: Chat) -> None:
        if chat.mode == "p2p":
            raise ValueError("this is a private chat, not a group")


def _about(chat: Chat, user: User, app: App) -> dict[str, Any]:
    return {"chat_id": chat.chat_id, "name": chat.name, **by_user(user, app)}
