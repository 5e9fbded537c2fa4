"""Loads what start leaves out, in a thread, so that no event waits for an import or for the schema of a model."""

import asyncio
import time
from importlib import import_module
from threading import Thread
from typing import Final

from pydantic import BaseModel

from ..event import GroupMessageEvent, NoticeEvent, PrivateMessageEvent, Reply, TopicMessageEvent

REST_AFTER: Final = 0.5
"""Seconds from the first part to the rest, which then does not compete with the first events."""
PAUSE: Final = 0.02
"""Seconds between the modules of the rest."""
_FIRST: Final[tuple[type[BaseModel], ...]] = (
    GroupMessageEvent,
    PrivateMessageEvent,
    TopicMessageEvent,
    Reply,
    NoticeEvent,
)
_REST: Final = (
    *(f"api.methods.{name}" for name in ("im", "chat", "contact", "file", "card", "reaction")),
    *(f"api.methods.{name}" for name in ("pin", "urgent", "chat_menu", "app")),
    *("event.generated.im", "event.generated.card", "event.chat", "card", "stream", "media.fetch"),
)
"""What handlers may reach through a bot or an event; types of events that few bots subscribe to are left out."""


class WarmUp:
    """The warm-up of a process, in two parts. Lives on NoneBot's loop."""

    def __init__(self) -> None:
        self._first: asyncio.Future[None] | None = None

    async def ready(self) -> None:
        """Return when messages can be handled without a delay; the first call begins the warm-up."""
        if self._first is None:
            self._first = asyncio.get_running_loop().run_in_executor(None, _build_schemas)
            # Not in the executor: a process that ends meanwhile would wait for it.
            Thread(target=_import_rest, name="feishu-warm-up", daemon=True).start()
        await asyncio.shield(self._first)


def _build_schemas() -> None:
    for model in _FIRST:
        model.model_rebuild()


def _import_rest() -> None:
    time.sleep(REST_AFTER)
    for name in _REST:
        import_module(f"..{name}", __package__)
        time.sleep(PAUSE)
