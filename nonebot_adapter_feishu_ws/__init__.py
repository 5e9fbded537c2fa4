"""Feishu/Lark adapter for NoneBot2: one long connection per bot, no public domain needed.

Quick start::

    # .env
    FEISHU_BOTS='[{"app_id": "cli_...", "app_secret": "..."}]'

    # bot.py
    import nonebot
    from nonebot_adapter_feishu_ws import Adapter

    nonebot.init()
    nonebot.get_driver().register_adapter(Adapter)
    nonebot.load_builtin_plugins("echo")
    nonebot.run()
"""

from .adapter import Adapter, ensure_registered
from .api import BotInfo
from .bot import Bot
from .config import BotConfig, Config
from .event import (
    Event,
    GroupMessageEvent,
    MessageEvent,
    NoticeEvent,
    PrivateMessageEvent,
    Reply,
    TopicMessageEvent,
)
from .exception import (
    ActionFailed,
    ApiNotAvailable,
    BotNotFound,
    ConfigError,
    ConnectionFailed,
    FeishuAdapterException,
    NetworkError,
)
from .log import log
from .message import (
    Message,
    MessageSegment,
    PostA,
    PostAt,
    PostEmotion,
    PostImg,
    PostMedia,
    PostMessageNode,
    PostMessageNodeStylable,
    PostText,
)
from .transport.connection import ConnectionState, ConnectionStatus

__all__ = [
    "ActionFailed",
    "Adapter",
    "ApiNotAvailable",
    "Bot",
    "BotConfig",
    "BotInfo",
    "BotNotFound",
    "Config",
    "ConfigError",
    "ConnectionFailed",
    "ConnectionState",
    "ConnectionStatus",
    "Event",
    "FeishuAdapterException",
    "GroupMessageEvent",
    "Message",
    "MessageEvent",
    "MessageSegment",
    "NetworkError",
    "NoticeEvent",
    "PostA",
    "PostAt",
    "PostEmotion",
    "PostImg",
    "PostMedia",
    "PostMessageNode",
    "PostMessageNodeStylable",
    "PostText",
    "PrivateMessageEvent",
    "Reply",
    "TopicMessageEvent",
    "ensure_registered",
    "log",
]
