"""When the next update may go. Pure: the clock is an argument."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Final

MAX_EDITS: Final = 20
"""Feishu takes no more edits of one message (编辑消息), or silently stops to show them."""
_GROWTH: Final = 1.25


class Pace:
    """At most so many updates per second, evenly spaced; what comes in between is left to the next one."""

    def __init__(self, per_second: float, clock: Callable[[], float]) -> None:
        self._interval = 1 / per_second
        self._clock = clock
        self._next = -math.inf

    def delay(self) -> float:
        """Seconds until the next update may go; 0 when it may go now."""
        return max(0.0, self._next - self._clock())

    def spend(self) -> None:
        """An update goes now."""
        self._next = self._clock() + self._interval


class EditPace:
    """The edits of one message: each waits longer than the one before, and the last one is kept for the final text."""

    def __init__(self, first: float, clock: Callable[[], float]) -> None:
        """Args:
        first: seconds before the first edit.
        """
        self._first = first
        self._clock = clock
        self._next = clock() + first
        self.edits: int = 0

    def delay(self) -> float:
        """Seconds until the next edit may go; infinite when only the last one is left."""
        if self.edits >= MAX_EDITS - 1:
            return math.inf
        return max(0.0, self._next - self._clock())

    def spend(self) -> None:
        """An edit goes now."""
        self.edits += 1
        self._next = self._clock() + self._first * _GROWTH**self.edits
