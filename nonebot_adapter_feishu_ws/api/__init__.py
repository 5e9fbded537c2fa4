"""Feishu's REST API."""

from .cache import Cache
from .client import ApiClient
from .directory import Directory
from .isv_token import StoreTokens, current_tenant
from .limiter import Rate
from .methods.info import BotInfo, get_bot_info
from .registry import METHODS, TypedApi, call_method
from .retry import ONCE, RetryPolicy
from .token import TenantToken
from .upload import FILE, IMAGE, Content, Kind, Meter, Progress, Uploadable, as_path, check_size

__all__ = [
    "FILE",
    "IMAGE",
    "METHODS",
    "ONCE",
    "ApiClient",
    "BotInfo",
    "Cache",
    "Content",
    "Directory",
    "Kind",
    "Meter",
    "Progress",
    "Rate",
    "RetryPolicy",
    "StoreTokens",
    "TenantToken",
    "TypedApi",
    "Uploadable",
    "as_path",
    "call_method",
    "check_size",
    "current_tenant",
    "get_bot_info",
]
