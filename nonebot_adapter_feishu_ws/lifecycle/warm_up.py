"""Loads what start leaves out, in threads, so that no event waits for an import or for the schema of a model."""

import asyncio
import time
from importlib import import_module
from threading import Thread
from typing import Final

from ..api.registry import all_methods
from ..event import GroupMessageEvent, NoticeEvent, PrivateMessageEvent, Reply, TopicMessageEvent
from .collector import tune_collector

REST_AFTER: Final = 0.5
"""Seconds from the first part to the rest, which then does not compete with the first events."""
_REST: Final = (
    "codes.table",
    "card",
    "stream",
    "media.fetch",
    "event.chat",
    "event.generated.im",
    "event.generated.card",
)
"""What handlers may reach through a bot or an event; the events that few bots subscribe to are left out."""


class WarmUp:
    """The warm-up of a process, in two parts. Lives on NoneBot's loop."""

    def __init__(self, gc_threshold: int = 0) -> None:
        """Create the warm-up, which ends with the collector; see :func:`~.collector.tune_collector`."""
        self._gc_threshold = gc_threshold
        self._first: asyncio.Future[None] | None = None

    async def ready(self) -> None:
        """Return when messages can be handled without a delay; the first call begins the warm-up."""
        if self._first is None:
            self._first = asyncio.get_running_loop().run_in_executor(None, _build_schemas)
            # Not in the executor: a process that ends meanwhile would wait for it.
            Thread(target=self._run_rest, name="feishu-warm-up", daemon=True).start()
        await asyncio.shield(self._first)

    def _run_rest(self) -> None:
        time.sleep(REST_AFTER)
        _import_rest()
        tune_collector(self._gc_threshold)


def _build_schemas() -> None:
    for model in (GroupMessageEvent, PrivateMessageEvent, TopicMessageEvent, Reply, NoticeEvent):
        model.model_rebuild()


def _import_rest() -> None:
    all_methods()
    for name in _REST:
        import_module(f"..{name}", __package__)
