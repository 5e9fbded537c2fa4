"""Detects clock jumps: the machine slept, a container was frozen, somebody set the clock."""

from collections.abc import Callable

from .status import Timing

CHECK_EVERY = 5.0
"""Seconds between two comparisons of the clocks."""
JUMP = 15.0
"""Seconds by which the wall clock must be ahead of the time slept."""


async def watch_clock(timing: Timing, on_jump: Callable[[float], None]) -> None:
    """Compare the time slept with the wall clock, forever; ``on_jump`` gets the missing seconds.

    A suspended machine stops its monotonic clock, a frozen process does not; the wall clock goes on in both cases.
    """
    while True:
        before = timing.wall()
        await timing.sleep(CHECK_EVERY)
        missing = timing.wall() - before - CHECK_EVERY
        if missing > JUMP:
            on_jump(missing)
