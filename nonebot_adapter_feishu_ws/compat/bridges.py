"""Opens the bridge to each plugin that is loaded; one that cannot be opened is named in one warning."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from importlib import import_module, metadata
from typing import Protocol, cast

from nonebot import get_loaded_plugins

from ..logs import LogOnce, log
from .metadata import mark_supported

_warned = LogOnce()


class Bridge(Protocol):
    """The module of one bridge."""

    TRIED_WITH: str
    """The plugin's package and the release that the tests run with."""

    @staticmethod
    def install() -> str | None:
        """Register what the plugin needs; a second time it does nothing.

        Returns:
            Why the bridge is off; None when it is open.
        """
        ...


def open_bridges(plugins: Iterable[str]) -> None:
    """Open the bridges to plugins that are loaded, and add this adapter to the ones that those support.

    Args:
        plugins: their modules, such as ``nonebot_plugin_alconna``.
    """
    for plugin in sorted(plugins):
        name = plugin.removeprefix("nonebot_plugin_")
        try:
            bridge = cast("Bridge", import_module(f".{name}", __package__))
        except Exception as error:  # noqa: BLE001 - another release of the plugin may lack any name
            _warn(plugin, f"{type(error).__name__}: {error}")
            continue
        try:
            trouble = bridge.install()
        except Exception as error:  # noqa: BLE001 - the bot must start without the bridge
            trouble = f"{type(error).__name__}: {error}"
        if trouble is not None:
            _warn(plugin, trouble, bridge.TRIED_WITH)
    mark_supported(plugin.metadata for plugin in get_loaded_plugins())


def _warn(plugin: str, trouble: str, tried_with: str | None = None) -> None:
    if not _warned.first(plugin):
        return
    template = (
        "The plugin {} is loaded, but its bridge to Feishu is off ({}): what it does for other platforms will not work "
        "here. {}"
    )
    version = _version(plugin)
    tested = f"The bridge was tested with {tried_with}" if tried_with else "See docs/en/bridges.md for tested releases"
    log("WARNING", template, plugin, trouble, f"{tested}; installed is {version}")


def _version(plugin: str) -> str:
    module = sys.modules.get(plugin)
    names = metadata.packages_distributions().get(plugin, []) if module is not None else []
    return f"{names[0]} {metadata.version(names[0])}" if names else "an unknown release"
