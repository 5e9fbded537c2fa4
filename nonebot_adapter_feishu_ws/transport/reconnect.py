"""Which connection errors are worth another attempt. Pure: no I/O."""

from collections.abc import Callable
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
"""The token endpoint's codes for a wrong app id or secret."""
_FATAL_IN_DISCOVERY = _WRONG_SECRET | {CODE_FORBIDDEN, CODE_AUTH_FAILED, CODE_NO_CREDENTIAL, CODE_WRONG_DOMAIN}


class Verdict(Enum):
    """What an error means for the next attempt."""

    RETRY = "retry"
    """Transient: quick attempts, then slow probing."""
    PROBE = "probe"
    """May clear up by itself, but not soon: slow probing at once."""
    FATAL = "fatal"
    """Needs a person: no attempt until connect or restart."""


def classify(error: ConnectionFailed) -> Verdict:
    """Decide what a failed or lost connection means for the next attempt.

    A 514 in the handshake only means that the single-use URL was not accepted (a fresh one may be); the same code from
    discovery is about the credentials.
    """
    code = error.code
    if error.phase == "setup":
        return Verdict.FATAL
    if code is None or error.phase == "socket" or code in _BUSY:
        return Verdict.RETRY
    if code == CODE_CONNECTION_LIMIT:
        return Verdict.PROBE
    if error.phase == "handshake":
        return Verdict.FATAL if code == CODE_FORBIDDEN else Verdict.RETRY
    if code in _FATAL_IN_DISCOVERY:
        return Verdict.FATAL
    # The SDK gives up on unknown codes; a bot that runs for months keeps probing slowly.
    return Verdict.PROBE


def probe_delay(config: ClientConfig, random: Callable[[], float]) -> float:
    """Seconds until the next slow probe, from the server's own interval and nonce."""
    return config.reconnect_interval + config.reconnect_nonce * random()
