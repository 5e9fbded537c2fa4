"""The configuration as a bot started in this folder would read it, for command-line tools."""

from __future__ import annotations

import os

from nonebot.config import Config as NoneBotConfig
from nonebot.config import Env

from .load import load_config, unknown_keys
from .models import Config


def read_files(env_file: str | None = None) -> tuple[Config, list[str]]:
    """The checked configuration, and warnings about keys that may be misspelt.

    Args:
        env_file: read this file instead of those that ``nonebot.init()`` reads.

    Raises:
        ConfigError: the configuration is invalid.
    """
    files = (env_file,) if env_file else (".env", f".env.{Env().environment}")
    raw = NoneBotConfig(_env_file=files).model_dump()  # pyright: ignore[reportCallIssue]
    return load_config(raw, os.environ), unknown_keys(raw)
