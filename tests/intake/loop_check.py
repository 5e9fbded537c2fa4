"""Has bridges refuse a call of one end on the other end's loop."""

import asyncio
import inspect
from collections.abc import Callable
from functools import wraps
from typing import Any

from nonebot_adapter_feishu_ws.intake.bridge import Bridge, NetworkEnd, PluginEnd


class WrongLoop(RuntimeError):
    """An end of the bridge was called on a loop that is not its own."""


def check_loops() -> None:
    """Check every bridge that is created from now on."""
    create = Bridge.__init__

    @wraps(create)
    def create_checked(self: Bridge, **bounds: Any) -> None:
        create(self, **bounds)
        _check_calls(self.network)
        _check_calls(self.plugins)

    Bridge.__init__ = create_checked  # pyright: ignore[reportAttributeAccessIssue]


def _check_calls(end: NetworkEnd | PluginEnd) -> None:
    """Have each public method of an end refuse calls on another loop, once the end is open."""

    def checked(method: Callable[..., Any]) -> Callable[..., Any]:
        @wraps(method)
        def call(*args: Any, **kwargs: Any) -> Any:
            if end.loop is not None and asyncio.get_running_loop() is not end.loop:
                raise WrongLoop(f"{method.__qualname__} was called on the other loop")
            return method(*args, **kwargs)

        return call

    for name, method in inspect.getmembers(end, inspect.ismethod):
        if not name.startswith("_") and name != "open":
            setattr(end, name, checked(method))
