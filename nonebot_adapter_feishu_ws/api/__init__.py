"""Feishu's REST API."""

from .cache import Cache
from .call import call_api
from .client import ApiClient, ClientPool
from .directory import BotInfo, Directory, get_bot_info
from .group import ApiCaller
from .isv_token import IsvTokens, current_tenant
from .limiter import Rate
from .registry import METHODS, TypedApi
from .retry import ONCE, RetryPolicy
from .token import TenantToken
from .upload import FILE, IMAGE, Content, Kind, Meter, Progress, Uploadable, as_path, check_size

__all__ = [
    "FILE",
    "IMAGE",
    "METHODS",
    "ONCE",
    "ApiCaller",
    "ApiClient",
    "BotInfo",
    "Cache",
    "ClientPool",
    "Content",
    "Directory",
    "IsvTokens",
    "Kind",
    "Meter",
    "Progress",
    "Rate",
    "RetryPolicy",
    "TenantToken",
    "TypedApi",
    "Uploadable",
    "as_path",
    "call_api",
    "check_size",
    "current_tenant",
    "get_bot_info",
]
