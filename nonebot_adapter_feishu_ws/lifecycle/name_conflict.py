"""Two adapters named ``Feishu``: NoneBot silently ignores the second one."""

from __future__ import annotations

import nonebot

from ..adapter import Adapter
from ..log import log


def ensure_registered() -> bool:
    """Whether this adapter is the one that NoneBot uses under the name ``Feishu``; says what to do if not.

    The adapter itself cannot tell when it came second.
    """
    registered = nonebot.get_adapters().get(Adapter.get_name())
    if isinstance(registered, Adapter):
        return True
    other = "none" if registered is None else type(registered).__module__
    log(
        "ERROR",
        "nonebot_adapter_feishu_ws is not in use: the adapter named {!r} is {}. Register this one, and "
        "remove the line that registers the other (bot.py, or [tool.nonebot] adapters)",
        Adapter.get_name(),
        other,
    )
    return False
