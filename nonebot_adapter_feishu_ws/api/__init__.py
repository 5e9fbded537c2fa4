"""Feishu's REST API."""

from .client import ApiClient
from .form import read_file
from .info import BotInfo, get_bot_info
from .token import TenantToken

__all__ = ["ApiClient", "BotInfo", "TenantToken", "get_bot_info", "read_file"]
