"""Whole answers of Feishu, as the existing NoneBot Feishu adapter names them; exported by ``models``."""

from typing import ClassVar

from pydantic import BaseModel, ConfigDict

from ..event import Reply
from .directory import BotInfo


class BaseResponse(BaseModel):
    """What every answer has: ``code`` is 0 for a success."""

    model_config: ClassVar[ConfigDict] = ConfigDict(extra="allow", defer_build=True)

    code: int
    msg: str = ""


class TenantAccessTokenResponse(BaseResponse):
    """A token (自建应用获取 tenant_access_token); ``expire`` in seconds."""

    tenant_access_token: str
    expire: int


class BotInfoResponse(BaseResponse):
    """The bot's profile (获取机器人信息)."""

    bot: BotInfo


class ReplyResponseItems(BaseModel):
    """The ``data`` of a fetched message."""

    items: list[Reply]


class ReplyResponse(BaseResponse):
    """A fetched message (获取指定消息的内容)."""

    data: ReplyResponseItems
