"""A monotonic clock that includes the time during which the machine was suspended."""

import time

# Linux names it; on macOS CLOCK_MONOTONIC counts on, where time.monotonic() does not; Windows' own clock does.
_CLOCK: int | None = getattr(time, "CLOCK_BOOTTIME", getattr(time, "CLOCK_MONOTONIC", None))


def boottime() -> float:
    """Return monotonic seconds, including those of a suspended machine."""
    return time.monotonic() if _CLOCK is None else time.clock_gettime(_CLOCK)
