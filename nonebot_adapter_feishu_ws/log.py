"""The adapter's log: every line carries its name; what repeats is said once."""

from __future__ import annotations

import re
from collections import OrderedDict
from typing import Protocol

from nonebot.utils import logger_wrapper


class Log(Protocol):
    """One line of the adapter's log."""

    def __call__(self, level: str, message: str, exception: Exception | None = None) -> None: ...


log: Log = logger_wrapper("Feishu")
"""``log(level, message, exception=None)``; whatever is not ours in ``message`` must be :func:`escape`-d."""

_TAG = re.compile(r"(\\*)(</?(?:[fb]g\s)?[^<>\s]*>)")


def escape(text: str) -> str:
    """Make any text safe inside a coloured log line.

    NoneBot's ``escape_tag`` puts one backslash before each tag; where the text has one there already, the two
    cancel out, the tag is live, and the log call raises, which loses the event.
    """
    return _TAG.sub(lambda match: f"{match[1] * 2}\\{match[2]}", text)


class OncePer:
    """Says which kinds of trouble were not reported yet, so that a flood of one kind fills no log."""

    def __init__(self, max_kinds: int = 1000) -> None:
        self._seen: OrderedDict[str, None] = OrderedDict()
        self._max_kinds = max_kinds

    def first(self, kind: str) -> bool:
        """Whether this kind comes for the first time (or was forgotten among too many others)."""
        if kind in self._seen:
            return False
        self._seen[kind] = None
        if len(self._seen) > self._max_kinds:
            self._seen.popitem(last=False)
        return True


__all__ = ["Log", "OncePer", "escape", "log"]
