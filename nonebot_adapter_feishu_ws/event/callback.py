"""A callback that waits for its response: a click on a card, the preview of a link.

The network loop waits, within Feishu's three seconds; a handler on NoneBot's loop answers. The first response counts,
so there is exactly one whatever blocks.
"""

import asyncio
import threading
import time
from collections.abc import Callable, Mapping
from typing import Any

from ..net.bounded_json import is_object

OLD_CARD = "card.action.trigger_v1"
OLD_CARD_ADVICE = (
    "it is a card callback of the old generation (card.action.trigger_v1), which this adapter does not take: in the "
    "console, under 事件与回调 > 回调配置 (Callback Configuration), remove 消息卡片回传交互（旧） and add 卡片回传交互 "
    "(card.action.trigger), then publish a version"
)
DEADLINE = 2.5
"""Seconds after which an empty answer goes out: Feishu shows an error after three (处理卡片回调)."""
SETTLED = 0.5
"""Seconds after the answer in which it is on its way; a card that is updated earlier is refused or reverted."""


def is_old_card(payload: Mapping[str, Any]) -> bool:
    """Whether a payload is a click on a card as the old generation reports it: without header, action on top."""
    if is_object(header := payload.get("header")):
        return header.get("event_type") == OLD_CARD
    return is_object(payload.get("action")) and "open_message_id" in payload and "event" not in payload


class Callback:
    """One callback. Created on the network loop; answered from any thread."""

    def __init__(self, *, clock: Callable[[], float] = time.monotonic) -> None:
        """Create the callback, on the network loop.

        Args:
            clock: monotonic seconds.
        """
        self._clock = clock
        self._loop = asyncio.get_running_loop()
        self._done: asyncio.Future[None] = self._loop.create_future()
        self._lock = threading.Lock()
        self._closed_at: float | None = None
        self._response: dict[str, Any] | None = None

    def answer(self, response: dict[str, Any]) -> bool:
        """Give the answer; False when there is one already, or when it is too late."""
        return self._close(response)

    def finish(self) -> None:
        """Send an empty answer at once, since no handler will answer."""
        self._close(None)

    async def wait(self, timeout: float | None = None) -> dict[str, Any] | None:
        """The answer, on the network loop; None when there is none within ``timeout`` (:data:`DEADLINE`) seconds."""
        await asyncio.wait({self._done}, timeout=DEADLINE if timeout is None else timeout)
        self._close(None)
        return self._response

    def seconds_until_settled(self) -> float:
        """How long to wait before the card may be updated in another way."""
        with self._lock:
            closed_at = self._closed_at
        return SETTLED if closed_at is None else max(0.0, closed_at + SETTLED - self._clock())

    def _close(self, response: dict[str, Any] | None) -> bool:
        with self._lock:
            if self._closed_at is not None:
                return False
            self._closed_at = self._clock()
            self._response = response
        if not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._wake)
        return True

    def _wake(self) -> None:
        if not self._done.done():
            self._done.set_result(None)
