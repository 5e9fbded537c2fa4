"""``bot.app``: what the app can ask about itself."""

from __future__ import annotations

from typing import Literal

from ..method import Group, method
from ..models.app import Application, OnlineConnections, Profile, Scopes
from .im import UserIdType


class App(Group):
    """The app itself (应用信息)."""

    group = "app"

    @method("GET", "bot/v3/info", returns=Profile, at=["bot"])
    async def get_bot(self) -> Profile:
        """The bot's profile (获取机器人信息).

        Scopes: none.

        Raises:
            ActionFailed: 11205 the app has no bot.
        """
        ...

    @method("GET", "application/v6/scopes", returns=Scopes)
    async def list_scopes(self) -> Scopes:
        """The scopes that the tenant has granted, or not yet (查询租户授权状态).

        Scopes: none.
        """
        ...

    @method("GET", "event/v1/connection", returns=OnlineConnections)
    async def get_connections(self) -> OnlineConnections:
        """How many long connections the app has, in all processes (获取长连接在线数量).

        Scopes: none.
        """
        ...

    @method("GET", "application/v6/applications/{app_id}", returns=Application, at=["data", "app"])
    async def get_application(
        self,
        app_id: str = "me",
        *,
        lang: Literal["zh_cn", "en_us", "ja_jp"] = "zh_cn",
        user_id_type: UserIdType | None = None,
    ) -> Application:
        """The app as the console shows it (获取应用信息).

        Args:
            app_id: its id; ``me`` is the bot's own.
            lang: language of the texts.
            user_id_type: which ids of users the answer has; ``open_id`` when not given.

        Scopes (one of): ``application:application:self_manage``, ``admin:app.info:readonly``.
        """
        ...
