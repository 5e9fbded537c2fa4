"""Notices that time has jumped: a laptop woke up, a container was frozen, somebody set the clock."""

from __future__ import annotations

from collections.abc import Callable

from .status import Timing

LOOK_EVERY = 5.0
"""Seconds between two looks at the clock."""
JUMP = 15.0
"""Seconds by which the wall clock must be ahead of what was waited for."""


async def watch_clock(timing: Timing, jumped: Callable[[float], None]) -> None:
    """Compare what was waited with what the wall clock says, without end.

    A suspended machine stops its monotonic clock, a frozen process does not; the wall clock goes on in both cases.

    Args:
        timing: clocks and sleep.
        jumped: called with the seconds that are missing.
    """
    while True:
        before = timing.wall()
        await timing.sleep(LOOK_EVERY)
        missing = timing.wall() - before - LOOK_EVERY
        if missing > JUMP:
            jumped(missing)
