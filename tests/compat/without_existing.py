"""Hides the existing adapter from the imports of this process, as if it were not installed."""

import sys
from importlib.abc import MetaPathFinder


class Without(MetaPathFinder):
    """A finder that does not find the existing adapter."""

    def __init__(self, finder):
        self.finder = finder

    def __getattr__(self, name):
        return getattr(self.finder, name)

    def find_spec(self, fullname, path=None, target=None):
        hidden = fullname == "nonebot.adapters.feishu" or fullname.startswith("nonebot.adapters.feishu.")
        return None if hidden else self.finder.find_spec(fullname, path, target)


def hide() -> None:
    sys.meta_path[:] = map(Without, sys.meta_path)
