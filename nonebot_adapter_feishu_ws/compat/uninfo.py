"""The bridge to nonebot-plugin-uninfo: who wrote where, and the bot's people, groups and members."""
# The plugin is not installed everywhere.
# pyright: basic, reportMissingImports=false

from __future__ import annotations

from collections.abc import AsyncGenerator, Iterable
from typing import Any, Final

from nonebot.adapters import Bot as BaseBot
from nonebot.adapters import Event as BaseEvent
from nonebot_plugin_uninfo import adapters
from nonebot_plugin_uninfo.constraint import SupportAdapter, SupportScope
from nonebot_plugin_uninfo.fetch import InfoFetcher
from nonebot_plugin_uninfo.loader import BaseLoader
from nonebot_plugin_uninfo.model import BasicInfo, Member, Role, Scene, SceneType, User

from ..api.models.contact import User as Profile
from ..bot import Bot
from ..event import NoticeEvent, UserId
from ..event.message import AboutMessage
from ..exception import ActionFailed, NetworkError
from ..logs import LogOnce, log
from ..net.bounded_json import as_list, as_text
from ..sending.send import guess_id_type
from .people import visible_users
from .places import chat_of_topic, topic_of

TRIED_WITH = "nonebot-plugin-uninfo 0.11.2"
_BUILT_IN: Final = "nonebot_plugin_uninfo."
_OWNER: Final = Role("OWNER", 100, "owner")
_ADMINISTRATOR: Final = Role("ADMINISTRATOR", 10, "administrator")
_MEMBER: Final = Role("MEMBER", 1, "member")
_GENDERS: Final = {1: "male", 2: "female"}
_BATCH: Final = 50
_refusals = LogOnce()


class Fetcher(InfoFetcher):
    """Answers uninfo's questions by Feishu's documented methods.

    A session is there whatever the app may see: without the scopes for names it has ids alone, so that what keys on
    them (limits, blocklists, records) works.
    """

    def __init__(self) -> None:
        """Create the fetcher of all bots."""
        super().__init__(SupportAdapter.feishu)
        self.supply_wildcard(self.describe)

    def supply_self(self, bot: BaseBot) -> BasicInfo:
        """Which bot it is."""
        return {"self_id": bot.self_id, "adapter": SupportAdapter.feishu, "scope": SupportScope.feishu}

    def extract_user(self, data: dict[str, Any]) -> User:
        """The user of what :meth:`describe` returns."""
        return data["user"]

    def extract_scene(self, data: dict[str, Any]) -> Scene:
        """Its scene."""
        return data["scene"]

    def extract_member(self, data: dict[str, Any], user: User | None) -> Member | None:
        """Its member; None in private chats."""
        return data["member"]

    async def describe(self, bot: BaseBot, event: BaseEvent) -> dict[str, Any]:
        """Whom and which place an event is about.

        Raises:
            NotImplementedError: it names nobody.
        """
        assert isinstance(bot, Bot)
        actor, person = _people_of(event)
        subject = person or actor
        if subject is None or not subject.any:
            raise NotImplementedError(f"{event.get_event_name()} names nobody")
        chat_id = event.chat_id if isinstance(event, (AboutMessage, NoticeEvent)) else ""
        private = isinstance(event, AboutMessage) and event.event.message.chat_type == "p2p"
        chat = {} if private or not chat_id else await self._chat(bot, chat_id)
        user = await self._user(bot, subject.any)
        if private or not chat_id or chat.get("chat_mode") == "p2p":
            return {"user": user, "scene": _private(user), "member": None}
        scene = _scene(chat_id, chat, topic_of(event))
        found = {"user": user, "scene": scene, "member": _member(user, chat)}
        if person is not None and actor is not None and actor.any not in ("", person.any):
            found["operator"] = {"member": _member(await self._user(bot, actor.any), chat)}
        return found

    async def query_user(self, bot: BaseBot, user_id: str) -> User | None:
        """A user (获取单个用户信息), or the bot itself; None when there is none."""
        assert isinstance(bot, Bot)
        if user_id in (bot.self_id, bot.bot_info.open_id):
            return User(bot.self_id, bot.bot_info.app_name, avatar=bot.bot_info.avatar_url)
        kind: Any = guess_id_type(user_id)
        try:
            return _user(await bot.contact.get_user(user_id, user_id_type=kind))
        except (ActionFailed, NetworkError) as error:
            _say(bot, "a user's name and avatar are not known", error)
            return None

    async def query_scene(
        self, bot: BaseBot, scene_type: SceneType, scene_id: str, *, parent_scene_id: str | None = None
    ) -> Scene | None:
        """A person, a group (获取群信息) or a topic of one."""
        assert isinstance(bot, Bot)
        if scene_type == SceneType.PRIVATE:
            user = await self.fetch_user(bot, scene_id)
            return None if user is None else _private(user)
        if scene_type == SceneType.GROUP:
            chat = await self._chat(bot, scene_id)
            return _scene(scene_id, chat) if chat else None
        chat_id = await chat_of_topic(bot, scene_id) if scene_type == SceneType.CHANNEL_TEXT else ""
        return _scene(chat_id, await self._chat(bot, chat_id), scene_id) if chat_id else None

    async def query_member(
        self, bot: BaseBot, scene_type: SceneType, parent_scene_id: str, user_id: str
    ) -> Member | None:
        """A member of a group, or of the group of a topic; None when they are not in it."""
        async for member in self.query_members(bot, scene_type, parent_scene_id):
            if member.id == user_id:
                return member
        return None

    async def query_users(self, bot: BaseBot) -> AsyncGenerator[User, None]:
        """The people of the app's contact scope (获取通讯录授权范围)."""
        assert isinstance(bot, Bot)
        async for user in visible_users(bot):
            yield _user(user)

    async def query_scenes(
        self, bot: BaseBot, scene_type: SceneType | None = None, *, parent_scene_id: str | None = None
    ) -> AsyncGenerator[Scene, None]:
        """The people and groups of the bot (获取用户或机器人所在的群列表); Feishu has no list of topics."""
        assert isinstance(bot, Bot)
        if scene_type in (None, SceneType.PRIVATE):
            async for user in self.query_users(bot):
                yield _private(user)
        if scene_type in (None, SceneType.GROUP):
            async for chat in bot.chat.list(page_size=100):
                yield _scene(chat.chat_id or "", chat.model_dump())

    async def query_members(
        self, bot: BaseBot, scene_type: SceneType, parent_scene_id: str
    ) -> AsyncGenerator[Member, None]:
        """The people of a group (获取群成员列表) with their roles; of a topic those of its group."""
        assert isinstance(bot, Bot)
        if scene_type == SceneType.PRIVATE:
            return
        chat_id = parent_scene_id
        if chat_id.startswith("omt_"):
            chat_id = await chat_of_topic(bot, chat_id)
        chat = await self._chat(bot, chat_id)
        batch: list[User] = []
        async for found in bot.chat.list_members(chat_id, page_size=100):
            batch.append(User(found.member_id or "", found.name))
            if len(batch) == _BATCH:
                for user in await self._profiles(bot, batch):
                    yield _member(user, chat)
                batch = []
        for user in await self._profiles(bot, batch):
            yield _member(user, chat)

    async def _profiles(self, bot: Bot, users: list[User]) -> list[User]:
        """The same users with what their profiles say, as far as the app may see them (批量获取用户信息)."""
        if not users:
            return []
        try:
            found = (await bot.contact.batch_users([user.id for user in users])).items
        except (ActionFailed, NetworkError) as error:
            _say(bot, "the avatars of members are not known", error)
            return users
        known = {profile.open_id: _user(profile) for profile in found}
        return [known.get(user.id, user) for user in users]

    async def _user(self, bot: Bot, user_id: str) -> User:
        return await self.fetch_user(bot, user_id) or User(user_id)

    async def _chat(self, bot: Bot, chat_id: str) -> dict[str, Any]:
        try:
            return await bot.get_chat_info(chat_id)
        except (ActionFailed, NetworkError) as error:
            _say(bot, "a group's name and roles are not known", error)
            return {}


class Loader(BaseLoader):
    """What uninfo asks when it has no fetcher yet."""

    def get_adapter(self) -> SupportAdapter:
        """``Feishu``."""
        return SupportAdapter.feishu

    def get_fetcher(self) -> InfoFetcher:
        """A new fetcher."""
        return Fetcher()


def install() -> str | None:
    """Put our fetcher into uninfo's table."""
    name = SupportAdapter.feishu.value
    held = adapters.INFO_FETCHER_MAPPING.get(name)
    if isinstance(held, Fetcher):
        return None
    if held is not None and not type(held).__module__.startswith(_BUILT_IN):
        return f"{type(held).__module__} answers for the adapter {name!r}"
    adapters.loaders[name] = Loader()
    adapters.INFO_FETCHER_MAPPING[name] = Fetcher()
    return None


def _people_of(event: BaseEvent) -> tuple[UserId | None, UserId | None]:
    """Who acted, and whom it is about."""
    if isinstance(event, AboutMessage):
        return event.event.sender.sender_id, None
    return (event.operator, event.person) if isinstance(event, NoticeEvent) else (None, None)


def _user(profile: Profile) -> User:
    return User(
        profile.open_id or "",
        profile.name,
        profile.nickname or None,
        profile.avatar.avatar_origin or None,
        _GENDERS.get(profile.gender or 0, "unknown"),
    )


def _private(user: User) -> Scene:
    return Scene(user.id, SceneType.PRIVATE, user.name, user.avatar)


def _scene(chat_id: str, chat: dict[str, Any], thread_id: str | None = None) -> Scene:
    name, avatar = as_text(chat.get("name")) or None, as_text(chat.get("avatar")) or None
    group = Scene(chat_id, SceneType.GROUP, name, avatar)
    return Scene(thread_id, SceneType.CHANNEL_TEXT, name, avatar, group) if thread_id else group


def _member(user: User, chat: dict[str, Any]) -> Member:
    return Member(user, roles=[_role(user.id, chat.get("owner_id"), as_list(chat.get("user_manager_id_list")))])


def _role(user_id: str, owner: object, managers: Iterable[object]) -> Role:
    if user_id == owner:
        return _OWNER
    return _ADMINISTRATOR if user_id in managers else _MEMBER


def _say(bot: Bot, trouble: str, error: Exception) -> None:
    if _refusals.first(f"{bot.self_id}: {trouble}"):
        log("WARNING", "Bot {bot}: {} to nonebot-plugin-uninfo (logged once): {}", trouble, error, bot=bot.self_id)
