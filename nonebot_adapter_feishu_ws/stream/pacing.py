"""When the next update may be sent. Pure: the clock is an argument."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, Self

MAX_EDITS: Final = 20
"""Feishu accepts at most 20 edits of a message (编辑消息), or silently stops showing them."""
_GROWTH: Final = 1.25


@dataclass(eq=False, repr=False)
class Pace:
    """Spaces the updates of one card or message; text that arrives in between is sent with the next update.

    Attributes:
        interval: seconds between the first two updates.
        clock: monotonic seconds.
        growth: each further interval is longer by this factor.
        max_updates: no more updates than these are due.
    """

    interval: float
    clock: Callable[[], float]
    growth: float = 1.0
    max_updates: float = math.inf
    updates: int = 0

    def __post_init__(self) -> None:
        self._next = -math.inf

    @classmethod
    def of_edits(cls, first: float, clock: Callable[[], float]) -> Self:
        """The pace of the edits of a message just sent: ever slower, with the last edit kept for the final text.

        Args:
            first: seconds before the first edit.
            clock: monotonic seconds.
        """
        pace = cls(first, clock, growth=_GROWTH, max_updates=MAX_EDITS - 1)
        pace._next = clock() + first
        return pace

    def delay(self) -> float:
        """Seconds until the next update is due: 0 when it is due now, infinite when none is left."""
        return math.inf if self.updates >= self.max_updates else max(0.0, self._next - self.clock())

    def spend(self) -> None:
        """Record that an update is sent now."""
        self.updates += 1
        self._next = self.clock() + self.interval * self.growth**self.updates
