"""Which adapters a plugin supports, as its metadata says: help plugins hide what does not name the bot's adapter."""

from collections.abc import Iterable
from typing import Final

from nonebot.plugin import PluginMetadata

_OURS: Final = __name__.partition(".")[0]
_FEISHU: Final = frozenset({"~feishu", "nonebot.adapters.feishu"})


def mark_supported(plugins: Iterable[PluginMetadata | None]) -> None:
    """Add this adapter to the plugins that support Feishu; they name the existing adapter's module.

    Args:
        plugins: the metadata of loaded plugins; None of one that has none.
    """
    for metadata in plugins:
        if metadata is None or metadata.supported_adapters is None:
            continue
        named = metadata.supported_adapters
        if _OURS not in named and any(name.partition(":")[0] in _FEISHU for name in named):
            metadata.supported_adapters = {*named, _OURS}
