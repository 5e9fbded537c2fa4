"""Names of users and facts about chats, cached so that asking is cheap; and the bot's own profile."""

import json
from collections.abc import Awaitable, Callable
from typing import Any, ClassVar, TypeVar

from pydantic import BaseModel, ConfigDict, Field

from ..net.bounded_json import as_object
from ..store import Shared
from .cache import Cache
from .client import ApiClient
from .types import ApiCaller

T = TypeVar("T")
NAME_TTL = 6 * 3600.0
CHAT_TTL = 10 * 60.0
"""Seconds: names hardly change, a chat's settings do."""


class Directory:
    """One bot's address book."""

    def __init__(self, bot: ApiCaller, *, app_id: str = "", shared: Shared | None = None) -> None:
        """Create an empty address book. The bot makes the calls, so that its hooks see them."""
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

        return await self._names.get(open_id, lambda: self._share(f"name:{open_id}", NAME_TTL, fetch))

    async def get_chat_info(self, chat_id: str) -> dict[str, Any]:
        """What a chat is (获取群信息): ``name``, ``chat_mode``, ``owner_id``, ...

        Raises:
            ActionFailed: Feishu refused.
            NetworkError: no usable answer came.
        """

        async def fetch() -> dict[str, Any]:
            answer = as_object(await self._bot.call_api(f"im/v1/chats/{chat_id}", method="GET"))
            return as_object(answer.get("data"))

        return dict(await self._chats.get(chat_id, lambda: self._share(f"chat:{chat_id}", CHAT_TTL, fetch)))

    async def _share(self, name: str, ttl: float, fetch: Callable[[], Awaitable[T]]) -> T:
        """What some replica of the bot has fetched within ``ttl`` seconds, or else what ``fetch`` returns."""
        if self._shared is None:
            return await fetch()
        key = f"{self._app_id}:{name}"
        if (found := await self._shared.get(key)) is not None:
            return json.loads(found)
        value = await fetch()
        await self._shared.set(key, json.dumps(value), ttl)
        return value


class BotInfo(BaseModel):
    """The bot's profile from ``bot/v3/info`` (获取机器人信息).

    Attributes:
        open_id: the bot's own open id, which identifies an @ of it; empty until Feishu has answered.
        app_name: its name.
        avatar_url: its picture.
        activate_status: 2 when it is enabled.
        ip_white_list: IP addresses that may call its API; empty for all.
    """

    model_config: ClassVar[ConfigDict] = ConfigDict(extra="allow", defer_build=True)

    open_id: str = ""
    app_name: str = ""
    avatar_url: str = ""
    activate_status: int | None = None
    ip_white_list: list[str] = Field(default_factory=list[str])


async def get_bot_info(client: ApiClient) -> BotInfo:
    """Fetch the bot's profile in a single try: the caller goes on without it and asks again later.

    Raises:
        ActionFailed: Feishu refused.
        NetworkError: no usable answer came.
    """
    answer = await client.call("bot/v3/info", _deadline=0.0)
    return BotInfo.model_validate(answer.get("bot") or {})
