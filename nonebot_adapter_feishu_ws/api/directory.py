"""Names of users and facts about chats, cached so that asking is cheap."""

from __future__ import annotations

from typing import Any

from ..net.bounded_json import as_object
from ..store import Shared
from .cache import Cache
from .group import ApiCaller
from .share import share_fetched

NAME_TTL = 6 * 3600.0
CHAT_TTL = 10 * 60.0
"""Seconds: names hardly change, a chat's settings do."""


class Directory:
    """One bot's address book."""

    def __init__(self, bot: ApiCaller, *, app_id: str = "", shared: Shared | None = None) -> None:
        """Create an empty address book.

        Args:
            bot: makes the calls, so that its hooks see them.
            app_id: the bot's.
            shared: the values that the bot's replicas share, if it has any.
        """
        self._bot = bot
        self._app_id = app_id
        self._shared = shared
        self._names: Cache[str, str] = Cache(ttl=NAME_TTL, size=10_000)
        self._chats: Cache[str, dict[str, Any]] = Cache(ttl=CHAT_TTL, size=2_000)

    async def get_user_name(self, open_id: str) -> str:
        """A user's name (获取单个用户信息); empty when the app may not see it (scope contact:user.base:readonly).

        Raises:
            ActionFailed: Feishu refused.
            NetworkError: no usable answer came.
        """

        async def fetch() -> str:
            path, params = f"contact/v3/users/{open_id}", {"user_id_type": "open_id"}
            answer = as_object(await self._bot.call_api(path, method="GET", params=params))
            return str(as_object(as_object(answer.get("data")).get("user")).get("name") or "")

        key = f"{self._app_id}:name:{open_id}"
        return await self._names.get(open_id, lambda: share_fetched(self._shared, key, NAME_TTL, fetch))

    async def get_chat_info(self, chat_id: str) -> dict[str, Any]:
        """What a chat is (获取群信息): ``name``, ``chat_mode``, ``owner_id``, ...

        Raises:
            ActionFailed: Feishu refused.
            NetworkError: no usable answer came.
        """

        async def fetch() -> dict[str, Any]:
            answer = as_object(await self._bot.call_api(f"im/v1/chats/{chat_id}", method="GET"))
            return as_object(answer.get("data"))

        key = f"{self._app_id}:chat:{chat_id}"
        return dict(await self._chats.get(chat_id, lambda: share_fetched(self._shared, key, CHAT_TTL, fetch)))
