"""The bridge to nonebot-plugin-userinfo: a person's name, avatar and gender."""
# The plugin is not installed everywhere.
# pyright: basic, reportMissingImports=false

from __future__ import annotations

from typing import Any, Final

from nonebot_plugin_userinfo import getter
from nonebot_plugin_userinfo.getter import UserInfoGetter, UserInfoGetterTuple
from nonebot_plugin_userinfo.image_source import ImageUrl
from nonebot_plugin_userinfo.user_info import UserGender, UserInfo

from ..bot import Bot
from ..event import Event
from ..exception import ActionFailed, NetworkError
from ..logs import log
from ..sending.send import guess_id_type

TRIED_WITH = "nonebot-plugin-userinfo 0.2.6"
_GENDERS: Final = {1: UserGender.male, 2: UserGender.female}


class Getter(UserInfoGetter[Bot, Event]):
    """Asks Feishu for one user (获取单个用户信息) by whichever id is given; the bot itself is known."""

    async def get_info(self, user_id: str, use_cache: bool = True) -> UserInfo | None:
        """What is known of a user, for some seconds from the plugin's cache; also for events without a session."""
        try:
            self.event.get_session_id()
        except ValueError:
            use_cache = False
        return await super().get_info(user_id, use_cache)

    async def _get_info(self, user_id: str) -> UserInfo | None:
        own = self.bot.bot_info
        if user_id in (self.bot.self_id, own.open_id):
            avatar = ImageUrl(url=own.avatar_url) if own.avatar_url else None
            return UserInfo(user_id=self.bot.self_id, user_name=own.app_name, user_avatar=avatar)
        kind: Any = guess_id_type(user_id)
        try:
            user = await self.bot.contact.get_user(user_id, user_id_type=kind)
        except (ActionFailed, NetworkError) as error:
            log("WARNING", "Bot {bot}: nothing is known of a user: {}", error, bot=self.bot.self_id)
            return None
        avatar = user.avatar.avatar_origin
        return UserInfo(
            user_id=user.open_id or user_id,
            user_name=user.name or "",
            user_displayname=user.nickname or None,
            user_avatar=ImageUrl(url=avatar) if avatar else None,
            user_gender=_GENDERS.get(user.gender or 0, UserGender.unknown),
        )


def install() -> str | None:
    """Register the getter."""
    held = getter._user_info_getters
    if all(each.getter is not Getter for each in held):
        held.insert(0, UserInfoGetterTuple(Bot, Event, Getter))
    return None
