"""When a call is tried again: a pure policy, no I/O."""

from collections.abc import Callable, Iterator
from itertools import islice
from typing import NamedTuple

from ..codes import explain
from ..exception import ActionFailed, NetworkError, RateLimited
from ..net.waiting import FULL_JITTER, backoff, doubling


class RetryPolicy(NamedTuple):
    """How often and how long a call is tried.

    Attributes:
        attempts: tries of a call that fails on the way (network, HTTP 5xx), the first one included. Refusals for rate
            do not count: the deadline bounds them.
        first_delay: seconds; the delay before the second try lies between 0 and this, and doubles.
        max_delay: seconds; where it stops growing.
        deadline: seconds from the moment when the call's turn has come until no new try begins.
    """

    attempts: int = 6
    first_delay: float = 0.5
    max_delay: float = 8.0
    deadline: float = 90.0

    def delays(self, random: Callable[[], float]) -> Iterator[float]:
        """Yield the seconds to wait before each further try, with full jitter."""
        steps = doubling(self.first_delay, self.max_delay)
        return islice(backoff(steps, random, spread=FULL_JITTER), self.attempts - 1)


ONCE = RetryPolicy(attempts=1, deadline=0.0)
"""No second try, for callers that retry themselves."""


def next_wait(
    error: ActionFailed | NetworkError,
    *,
    repeatable: bool,
    delays: Iterator[float],
    random: Callable[[], float],
) -> float | None:
    """Seconds to wait before the next try; None when the error stands.

    A call is ``repeatable`` if doing it twice has the effect of doing it once; ``delays`` are those of its policy.
    """
    if isinstance(error, RateLimited):
        # Refused, so not carried out: even a call that must not be done twice is tried again. The jitter keeps
        # callers that were refused together from coming back together.
        return error.retry_after * (1 + 0.2 * random())
    if isinstance(error, NetworkError):
        if error.sent and not repeatable:
            return None
        passing = error.status_code == 0 or error.status_code == 408 or error.status_code >= 500
    else:
        known = explain(error.code)
        passing = repeatable and (error.status_code >= 500 or (known is not None and known.kind == "busy"))
    return next(delays, None) if passing else None
