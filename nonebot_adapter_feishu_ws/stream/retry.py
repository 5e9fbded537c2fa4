"""Calls on card entities that outlive a bad network and Feishu's limits.

The REST client's own second tries do not fit them: each try needs a sequence of its own. Messages and edits leave them
to the client.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Final, TypeVar

from ..exception import ActionFailed, NetworkError

RATE_LIMITED: Final = frozenset({230020, 99991400, 11232})
"""The app, the chat or the card gets too much at once."""
PASSING: Final = frozenset({200810, 300120})
"""A person operates the card just now (200810), an error inside Feishu (300120): later it works."""
_TRIES: Final = 5
_PATIENCE: Final = 12
"""Tries while Feishu only asks to wait: about a minute."""
_FIRST_WAIT: Final = 0.5
_LONGEST_WAIT: Final = 8.0

Sleep = Callable[[float], Awaitable[object]]
T = TypeVar("T")


def is_passing(error: ActionFailed) -> bool:
    """Whether the same call may work a moment later."""
    return error.code in RATE_LIMITED or error.code in PASSING or error.status_code == 429 or error.status_code >= 500


async def persistent(call: Callable[[], Awaitable[T]], sleep: Sleep) -> T:
    """Make a call again after a network error (4 times), and wait for about a minute where Feishu asks to wait.

    The call must be safe to repeat.

    Raises:
        ActionFailed: Feishu refuses, or still limits after the last try.
        NetworkError: the network is still down after the last try.
    """
    broken = limited = 0
    while True:
        try:
            return await call()
        except NetworkError:
            broken += 1
            if broken == _TRIES:
                raise
        except ActionFailed as error:
            limited += 1
            if limited == _PATIENCE or not is_passing(error):
                raise
        await sleep(min(_FIRST_WAIT * 2 ** (broken + limited - 1), _LONGEST_WAIT))
