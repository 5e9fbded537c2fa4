"""Back-off with jitter. Pure: no I/O."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

HALF_TO_ONE_AND_A_HALF = (0.5, 1.5)
FULL_JITTER = (0.0, 1.0)


def doubling(first: float, cap: float) -> tuple[float, ...]:
    """Delays in seconds that double from ``first`` up to ``cap``."""
    steps = [first]
    while steps[-1] < cap:
        steps.append(min(steps[-1] * 2, cap))
    return tuple(steps)


def backoff(
    steps: Sequence[float], random: Callable[[], float], *, spread: tuple[float, float] = HALF_TO_ONE_AND_A_HALF
) -> Iterator[float]:
    """Yield the seconds before each further attempt, endlessly.

    Args:
        steps: seconds; the last one repeats.
        random: returns 0.0-1.0.
        spread: each step is multiplied by a random factor between these two.
    """
    low, high = spread
    number = 0
    while True:
        yield steps[min(number, len(steps) - 1)] * (low + (high - low) * random())
        number += 1
