"""When to try again: a pure classification of errors, and the delays as a generator. Pure: no I/O."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from enum import Enum

from ..exception import ConnectionFailed
from .status import ClientConfig
from .wire import (
    CODE_AUTH_FAILED,
    CODE_CONNECTION_LIMIT,
    CODE_FORBIDDEN,
    CODE_INTERNAL_ERROR,
    CODE_NO_CREDENTIAL,
    CODE_SYSTEM_BUSY,
    CODE_WRONG_DOMAIN,
)

_BUSY = frozenset({CODE_SYSTEM_BUSY, CODE_INTERNAL_ERROR})
_WRONG_SECRET = frozenset({10003, 10014})
"""What the token endpoint says of a wrong app id or secret."""
_FATAL_IN_DISCOVERY = _WRONG_SECRET | {CODE_FORBIDDEN, CODE_AUTH_FAILED, CODE_NO_CREDENTIAL, CODE_WRONG_DOMAIN}


class Verdict(Enum):
    """What an error means for the next attempt."""

    RETRY = "retry"
    """Passing trouble: quick attempts, then slow probing."""
    PROBE = "probe"
    """It may clear by itself, but not soon: slow probing at once."""
    FATAL = "fatal"
    """It stays until a person acts: no attempt before connect or restart."""


def classify(error: ConnectionFailed) -> Verdict:
    """Say what a failed or lost connection means for the next attempt.

    A 514 in the handshake only says that the single-use URL did not serve (a fresh one may); the same code from
    discovery is about the credentials.
    """
    code = error.code
    if code is None or error.phase == "socket" or code in _BUSY:
        return Verdict.RETRY
    if code == CODE_CONNECTION_LIMIT:
        return Verdict.PROBE
    if error.phase == "handshake":
        return Verdict.FATAL if code == CODE_FORBIDDEN else Verdict.RETRY
    if code in _FATAL_IN_DISCOVERY:
        return Verdict.FATAL
    # The SDK gives up on any code it does not know; a bot that must live for months asks again, slowly.
    return Verdict.PROBE


def backoff(delays: Sequence[float], attempts: int, random: Callable[[], float]) -> Iterator[float]:
    """Yield the delays in seconds before the quick attempts, each spread to 0.5-1.5 times its value.

    Args:
        delays: seconds; the last one repeats.
        attempts: how many to yield.
        random: returns 0.0-1.0.
    """
    for number in range(attempts):
        yield delays[min(number, len(delays) - 1)] * (0.5 + random())


def probe_delay(config: ClientConfig, random: Callable[[], float]) -> float:
    """Seconds until the next slow probe, by the server's own interval and nonce."""
    return config.reconnect_interval + config.reconnect_nonce * random()
