"""Two adapters named ``Feishu``: NoneBot silently ignores the second one."""

import sys

import nonebot
from nonebot.adapters import Adapter as BaseAdapter

from ..log import log

_OTHER_ADAPTER = "nonebot.adapters.feishu.adapter"


def warn_of_other_adapter() -> None:
    """Log a warning when the existing adapter is imported too: NoneBot takes only one of a name, without a word."""
    if _OTHER_ADAPTER in sys.modules:
        log(
            "WARNING",
            "The package nonebot-adapter-feishu is imported too. Both adapters are named 'Feishu', so NoneBot ignores "
            "the one that comes second; remove the line that registers the other one, if there is one",
        )


def is_registered(adapter: type[BaseAdapter]) -> bool:
    """Whether an adapter is the one that NoneBot uses under its name; logs what to do if not.

    The adapter itself cannot tell when it came second.
    """
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
