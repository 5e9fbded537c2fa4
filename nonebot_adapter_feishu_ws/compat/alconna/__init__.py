"""The bridge to nonebot-plugin-alconna, found by the entry point ``n-p-alc.uniseg.adapters``.

Everybody who has alconna and this package imports this file: it loads nothing until a message is to be read or sent.
"""
# The plugin is not installed everywhere.
# pyright: basic, reportMissingImports=false

from __future__ import annotations

import sys

from nonebot_plugin_alconna.uniseg.constraint import SupportAdapter
from nonebot_plugin_alconna.uniseg.loader import BaseLoader

TRIED_WITH = "nonebot-plugin-alconna 0.62.1"
_BUILT_IN = "nonebot_plugin_alconna.uniseg.adapters.feishu"


class Loader(BaseLoader):
    """Gives alconna what reads and sends Feishu's messages: ours, or its own when the existing adapter is in use."""

    def get_adapter(self) -> SupportAdapter:
        """``Feishu``."""
        return SupportAdapter.feishu

    def get_builder(self):
        """What makes alconna's segments of ours."""
        if (built_in := _built_in_loader()) is not None:
            return built_in.get_builder()
        from .builder import Builder

        return Builder()

    def get_exporter(self):
        """What makes our segments of alconna's, and sends them."""
        if (built_in := _built_in_loader()) is not None:
            return built_in.get_exporter()
        from .exporter import Exporter

        return Exporter()

    def get_fetcher(self):
        """What lists the places that a bot can send to."""
        if (built_in := _built_in_loader()) is not None:
            return built_in.get_fetcher()
        from .target import Fetcher

        return Fetcher()


def _built_in_loader() -> BaseLoader | None:
    """alconna's own loader when the existing adapter is the one in use, whose bots ours cannot serve."""
    if not _existing_in_use():
        return None
    from nonebot_plugin_alconna.uniseg.adapters.feishu import Loader as BuiltIn

    return BuiltIn()


def _existing_in_use() -> bool:
    import nonebot

    try:
        registered = nonebot.get_adapters().get("Feishu")
    except ValueError:  # NoneBot is not initialised
        registered = None
    package = __name__.partition(".")[0]
    if registered is not None:
        return not any(base.__module__.startswith(f"{package}.") for base in type(registered).__mro__)
    return "nonebot.adapters.feishu" in sys.modules and f"{package}.adapter" not in sys.modules


def install() -> str | None:
    """Make sure that alconna uses this loader; it may have been imported without the entry point."""
    from nonebot_plugin_alconna.uniseg import adapters

    name = SupportAdapter.feishu.value
    loader = adapters.loaders.get(name)
    if loader is not None and not isinstance(loader, Loader) and type(loader).__module__ != _BUILT_IN:
        return f"{type(loader).__module__} brings another one for the adapter {name!r}"
    loader = adapters.loaders[name] = loader if isinstance(loader, Loader) else Loader()
    adapters.BUILDER_MAPPING[name] = loader.get_builder()
    adapters.EXPORTER_MAPPING[name] = loader.get_exporter()
    adapters.FETCHER_MAPPING[name] = loader.get_fetcher()
    return None
