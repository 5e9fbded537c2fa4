"""Feishu's REST API."""

from .cache import Cache
from .client import ApiClient
from .directory import Directory
from .form import read_file
from .groups import METHODS, TypedApi, call_method
from .info import BotInfo, get_bot_info
from .limiter import Rate
from .retry import ONCE, RetryPolicy
from .token import TenantToken

__all__ = [
    "METHODS",
    "ONCE",
    "ApiClient",
    "BotInfo",
    "Cache",
    "Directory",
    "Rate",
    "RetryPolicy",
    "TenantToken",
    "TypedApi",
    "call_method",
    "get_bot_info",
    "read_file",
]
