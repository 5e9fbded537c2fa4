"""Retries for card operations.

The REST client's own retries don't fit them, since every attempt needs a sequence number of its own. Messages and edits
leave retrying to the client.
"""

import random
from collections.abc import Awaitable, Callable
from typing import Final, TypeVar

from ..exception import ActionFailed, NetworkError, TargetUnavailable
from ..net.waiting import Sleep, backoff, doubling

RATE_LIMITED: Final = frozenset({230020, 99991400, 11232})
"""Rate limits of the app, the chat or the card."""
TRANSIENT: Final = frozenset({200810, 300120})
"""Someone is operating the card right now (200810), or Feishu had an internal error (300120)."""
_CARD_GONE: Final = frozenset({200740, 200750, 300311})
"""The card is unknown, has expired, or belongs to another app: a message may still work."""
_NETWORK_ATTEMPTS: Final = 5
_LIMITED_ATTEMPTS: Final = 12
"""About a minute."""
_STEPS: Final = doubling(0.5, 8.0)
_JITTER: Final = (0.95, 1.05)

T = TypeVar("T")


def is_transient(error: ActionFailed) -> bool:
    """Whether the same call may succeed a moment later."""
    return error.code in RATE_LIMITED or error.code in TRANSIENT or error.status_code == 429 or error.status_code >= 500


def is_out_of_reach(error: ActionFailed) -> bool:
    """Whether the chat, the user or the message is out of the bot's reach, whatever is sent."""
    return isinstance(error, TargetUnavailable) and error.code not in _CARD_GONE


async def retry(call: Callable[[], Awaitable[T]], sleep: Sleep) -> T:
    """Repeat a call up to 4 times after network errors, and for about a minute while Feishu limits the rate.

    Args:
        call: must be safe to repeat.
        sleep: as :func:`asyncio.sleep`.

    Raises:
        ActionFailed: Feishu refused, or still limited the rate at the last attempt.
        NetworkError: the network was still down at the last attempt.
    """
    delays = backoff(_STEPS, random.random, spread=_JITTER)
    broken = limited = 0
    while True:
        try:
            return await call()
        except NetworkError:
            broken += 1
            if broken == _NETWORK_ATTEMPTS:
                raise
        except ActionFailed as error:
            limited += 1
            if limited == _LIMITED_ATTEMPTS or not is_transient(error):
                raise
        await sleep(next(delays))
