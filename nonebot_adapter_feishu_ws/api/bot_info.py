"""A bot's own profile."""

from __future__ import annotations

from typing import Any, ClassVar

from pydantic import BaseModel, ConfigDict, Field

from .client import ApiClient


class BotInfo(BaseModel):
    """The bot's profile from ``bot/v3/info`` (获取机器人信息).

    Attributes:
        open_id: the bot's own open id, which identifies an @ of it; empty until Feishu has answered.
        app_name: its name.
        avatar_url: its picture.
        activate_status: 2 when it is enabled.
        ip_white_list: IP addresses that may call its API; empty for all.
    """

    model_config: ClassVar[ConfigDict] = ConfigDict(extra="allow")

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
    answer: dict[str, Any] = await client.call("bot/v3/info", _deadline=0.0)
    return BotInfo.model_validate(answer.get("bot") or {})
