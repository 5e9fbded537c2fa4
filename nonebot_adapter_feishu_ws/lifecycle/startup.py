"""What the adapter needs before anything runs: a name of its own, its configuration, and each bot's transport."""

import os
import sys
from collections.abc import Callable
from typing import Protocol, TypeVar

import nonebot
from nonebot.adapters import Adapter as BaseAdapter
from nonebot.drivers import Driver

from ..config import BotConfig, Config, explain_no_bots, load_config, superuser_warnings, unknown_keys, unused_proxies
from ..exception import ConfigError
from ..logs import log
from ..store import CLAIM_TTL, Store, make_store
from ..transport.heartbeat import Heartbeats
from ..transport.status import Transport

T = TypeVar("T")
_OTHER_ADAPTER = "nonebot.adapters.feishu.adapter"
_BRIDGES = ("alconna", "uninfo", "saa", "session", "userinfo", "chatrecorder")
_BRIDGED = frozenset(f"nonebot_plugin_{name}" for name in _BRIDGES)


class Stoppable(Protocol):
    """A local Feishu that runs in a thread of its own."""

    def stop(self) -> None:
        """End it, and wait for its thread."""
        ...


def read_config(driver: Driver) -> Config:
    """The checked configuration; what cannot be used is logged and ends the process.

    Raises:
        SystemExit: the configuration cannot be used.
    """
    raw = driver.config.model_dump()
    config = or_exit(lambda: load_config(raw, os.environ))
    for warning in (*unknown_keys(raw, os.environ), *superuser_warnings(raw)):
        log("WARNING", "{}", warning)
    for note in unused_proxies(config, os.environ, raw):
        log("INFO", "{}", note)
    return config


def or_exit(step: Callable[[], T]) -> T:
    """What a step of the start returns; a configuration that it cannot use is logged and ends the process.

    Raises:
        SystemExit: the configuration cannot be used.
    """
    try:
        return step()
    except ConfigError as error:
        log("ERROR", "The Feishu configuration cannot be used:\n{}", error)
        # Not an exception with a traceback: the text above is all that helps.
        raise SystemExit(1) from None


def say_no_bots(driver: Driver) -> None:
    """Log a warning that no bot is configured, with what looks as if one was meant."""
    why = "".join(f". {it}" for it in explain_no_bots(driver.config.model_dump(), os.environ))
    log(
        "WARNING",
        "No bot is configured: set FEISHU_BOTS in .env, or FEISHU_SANDBOX=true to try it offline{}",
        why,
    )


def before_plugins_start(driver: Driver, step: Callable[[], None]) -> None:
    """Run a step at startup, before what plugins loaded later do there."""

    async def run() -> None:  # NoneBot runs a plain function in a thread
        step()

    driver.on_startup(run)


def bridged_plugins() -> frozenset[str]:
    """The loaded plugins that need a bridge of ours; ``compat`` is imported only if there are any."""
    return _BRIDGED & sys.modules.keys()


def open_store(config: Config) -> Store:
    """The store that the configuration names."""
    return make_store(
        config.feishu_store,
        replay_window=config.feishu_replay_window,
        takeover_after=config.feishu_takeover_after,
        claim_ttl=claim_ttl(config),
    )


def claim_ttl(config: Config) -> float:
    """Seconds for which an event must be known again: by redelivery, and by backfill, which looks back further."""
    if config.feishu_backfill_after is None:
        return CLAIM_TTL
    from ..backfill.backfill import OVERLAP  # only who asks for backfill loads it

    return max(CLAIM_TTL, config.feishu_backfill_window + OVERLAP + 3600)


def make_transport(bot: BotConfig, heartbeats: Heartbeats) -> Transport:
    """The connection that a bot's entry asks for."""
    if bot.transport == "sdk":
        from ..transport.sdk_connection import SdkConnection

        return SdkConnection(bot.app_id, bot.app_secret, bot.api_origin, proxy=bot.proxy_url)
    from ..transport.connection import LongConnection  # with the WebSocket and protobuf, on the network thread

    return LongConnection(bot.app_id, bot.app_secret, bot.api_origin, proxy=bot.proxy_url, heartbeats=heartbeats)


def warn_of_other_adapter() -> None:
    """Log a warning when the existing adapter is imported too: NoneBot takes only one of a name, without a word."""
    other = sys.modules.get(_OTHER_ADAPTER)
    if other is not None and other.__name__ == _OTHER_ADAPTER:  # else it is the alias of this one
        log(
            "WARNING",
            "The package nonebot-adapter-feishu is imported too. Both adapters are named 'Feishu', so NoneBot ignores "
            "the one that comes second; remove the line that registers the other one, if there is one",
        )


def report_deaf(bot_id: str) -> None:
    """Log that a bot has no way to receive events."""
    log(
        "ERROR",
        "Bot {bot} cannot receive: use_websocket is false, and the webhook needs an ASGI driver (DRIVER=~fastapi) and "
        "an encrypt_key or verification_token",
        bot=bot_id,
    )


def is_registered(adapter: type[BaseAdapter]) -> bool:
    """Whether an adapter is the one that NoneBot uses under its name; logs what to do if not."""
    name = adapter.get_name()
    registered = nonebot.get_adapters().get(name)
    if isinstance(registered, adapter):
        return True
    log(
        "ERROR",
        "nonebot_adapter_feishu_ws is not in use: the adapter named {!r} is {}. Register this one, and remove the line "
        "that registers the other (bot.py, or [tool.nonebot] adapters)",
        name,
        "none" if registered is None else type(registered).__module__,
    )
    return False
