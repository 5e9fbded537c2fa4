"""The adapter's log: every line carries its name, text from outside is an argument, and what repeats is logged once."""

from collections import OrderedDict
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Protocol

from nonebot.log import logger
from nonebot.utils import logger_wrapper


class PluginLog(Protocol):
    """One line of the log, as adapters export it to plugins."""

    def __call__(self, level: str, message: str, exception: Exception | None = None) -> None: ...


log_context: Callable[..., AbstractContextManager[None]] = logger.contextualize
"""``with log_context(bot=..., event_id=...)``: adds these to ``extra`` of every line that is logged inside."""


plugin_log: PluginLog = logger_wrapper("Feishu")
"""``log(level, message, exception=None)`` as adapters export it to plugins; tags in the message are live."""


def log(level: str, template: str, *values: object, exception: BaseException | None = None, **named: object) -> None:
    """Write one line of the adapter's log.

    Tags in the values are literal: loguru reads colours in the template alone.

    Args:
        level: the name of a loguru level.
        template: a literal text with ``{}`` and ``{name}`` where the values go.
        values: fill the ``{}``, in order.
        exception: logged with its traceback.
        named: fill the ``{name}``, and stand in the line's ``extra``: ``bot``, ``event_id``, ``message_id``,
            ``log_id``, which is taken from an error among the values if it is not given.
    """
    for value in (exception, *values, *named.values()):
        if isinstance(value, BaseException) and (log_id := getattr(value, "log_id", "")):
            named.setdefault("log_id", log_id)
            break
    logger.opt(colors=True, depth=1, exception=exception).log(level, f"<m>Feishu</m> | {template}", *values, **named)


class LogOnce:
    """Tells which kinds of trouble were not logged yet, so that a flood of one kind does not fill the log."""

    def __init__(self, max_kinds: int = 1000) -> None:
        """Create an empty memory.

        Args:
            max_kinds: kinds that are remembered; beyond them the oldest is forgotten, and logged again.
        """
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


__all__ = ["LogOnce", "log", "log_context", "plugin_log"]
