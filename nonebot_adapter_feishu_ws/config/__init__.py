"""The adapter's configuration."""

from .load import explain_json, explain_no_bots, load_config, read_files, unknown_keys, unused_proxies
from .models import DEFAULT_STORE, FEISHU, LARK, SANDBOX_PORT, BotConfig, Config
from .superusers import superuser_warnings

__all__ = [
    "DEFAULT_STORE",
    "FEISHU",
    "LARK",
    "SANDBOX_PORT",
    "BotConfig",
    "Config",
    "explain_json",
    "explain_no_bots",
    "load_config",
    "read_files",
    "superuser_warnings",
    "unknown_keys",
    "unused_proxies",
]
