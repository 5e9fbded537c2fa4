"""What the adapter needs before anything runs: its configuration, and each bot's transport."""

import os

from nonebot.drivers import Driver

from ..backfill import OVERLAP
from ..config import BotConfig, Config, load_config, unknown_keys
from ..exception import ConfigError
from ..log import log
from ..store import CLAIM_TTL
from ..transport.connection import LongConnection
from ..transport.status import Transport


def read_config(driver: Driver) -> Config:
    """The checked configuration; what cannot be used is logged and ends the process.

    Raises:
        SystemExit: the configuration cannot be used.
    """
    raw = driver.config.model_dump()
    try:
        config = load_config(raw, os.environ)
    except ConfigError as error:
        log("ERROR", "The Feishu configuration cannot be used:\n{}", error)
        # Not an exception with a traceback: the text above is all that helps.
        raise SystemExit(1) from None
    for warning in unknown_keys(raw):
        log("WARNING", "{}", warning)
    return config


def claim_ttl(config: Config) -> float:
    """Seconds for which an event must be known again: by redelivery, and by backfill, which looks back further."""
    if config.feishu_backfill_after is None:
        return CLAIM_TTL
    return max(CLAIM_TTL, config.feishu_backfill_window + OVERLAP + 3600)


def make_transport(bot: BotConfig) -> Transport:
    """The connection that a bot's entry asks for."""
    if bot.transport == "sdk":
        from ..transport.sdk_connection import SdkConnection  # only who asks for it loads what goes with it

        return SdkConnection(bot.app_id, bot.app_secret, bot.api_origin, proxy=bot.proxy_url)
    return LongConnection(bot.app_id, bot.app_secret, bot.api_origin, proxy=bot.proxy_url)
