"""``nonebot.adapters.feishu`` as another name of this package, for plugins that import the existing adapter."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from importlib import import_module
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from importlib.util import find_spec
from types import ModuleType
from typing import Final

from typing_extensions import override

from ..exception import ConfigError

ALIAS: Final = "nonebot.adapters.feishu"
_PACKAGE: Final = __name__.partition(".")[0]


class _SameModule(Loader):
    """Gives out a module that has another name already, and leaves it as it is."""

    def __init__(self, module: ModuleType) -> None:
        self._module = module
        self._spec = module.__spec__

    @override
    def create_module(self, spec: ModuleSpec) -> ModuleType:
        return self._module

    @override
    def exec_module(self, module: ModuleType) -> None:
        module.__spec__ = self._spec  # the import has put the one of the alias there


class AliasFinder(MetaPathFinder):
    """Finds the alias and what is below it: the same modules, never a second copy with classes of its own."""

    @override
    def find_spec(
        self, fullname: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """Where a module comes from; None for all but the alias."""
        if fullname != ALIAS and not fullname.startswith(f"{ALIAS}."):
            return None
        try:
            module = import_module(_PACKAGE + fullname.removeprefix(ALIAS))
        except ModuleNotFoundError:
            return None
        return ModuleSpec(fullname, _SameModule(module), is_package=hasattr(module, "__path__"))


def install() -> None:
    """Let ``import nonebot.adapters.feishu`` find this package; a second time it does nothing.

    Raises:
        ConfigError: the existing adapter is installed.
    """
    if any(isinstance(finder, AliasFinder) for finder in sys.meta_path):
        return
    if (found := find_spec(ALIAS)) is not None:
        trouble = (
            "FEISHU_COMPAT_ALIAS is true, but nonebot-adapter-feishu is installed: plugins would import its classes, "
            f"which this adapter's events are not ({found.origin}). Run pip uninstall nonebot-adapter-feishu, or set "
            "FEISHU_COMPAT_ALIAS=false"
        )
        raise ConfigError([trouble])
    sys.meta_path.insert(0, AliasFinder())
