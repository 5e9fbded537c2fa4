"""Which bots a token may see and control. Pure: no I/O."""

import hashlib
import hmac
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

ALL = "*"
_HASHED = "sha256:"


@dataclass(frozen=True, slots=True)
class Access:
    """The bots that a token gives access to: app ids, or ``*`` for all."""

    bots: frozenset[str]

    def allows(self, bot_id: str) -> bool:
        """Whether a bot may be seen and controlled."""
        return ALL in self.bots or bot_id in self.bots


class Tokens:
    """The configured tokens; holds only their hashes."""

    def __init__(self, tokens: Mapping[str, Sequence[str]]) -> None:
        """Hash the configured tokens: a token, or ``sha256:`` and the hex of its hash -> the app ids it may reach."""
        self._known = [(_digest_of(token), Access(frozenset(bots))) for token, bots in tokens.items()]

    def __bool__(self) -> bool:
        return bool(self._known)

    def find(self, authorization: str) -> Access | None:
        """What the value of an ``Authorization`` header allows; None when it is no known token.

        Every token is compared, and each comparison takes the same time, so an answer's delay tells nothing.
        """
        scheme, _, token = authorization.partition(" ")
        presented = hashlib.sha256(token.strip().encode()).digest()
        found: Access | None = None
        for digest, access in self._known:
            if hmac.compare_digest(digest, presented):
                found = access
        return found if scheme.lower() == "bearer" else None


class FailureLimit:
    """Counts refused requests over a sliding window, so that guessing is answered with 429.

    A valid token always passes, so that guessing cannot lock the operator out.
    """

    def __init__(
        self, max_failures: int = 10, window: float = 60.0, *, clock: Callable[[], float] = time.monotonic
    ) -> None:
        """The first ``max_failures`` within ``window`` seconds are answered with 401, the others with 429."""
        self._max_failures = max_failures
        self._window = window
        self._clock = clock
        self._failures: deque[float] = deque(maxlen=max_failures)

    def failed(self) -> float | None:
        """Count a refused request; returns the seconds to wait when there were too many."""
        now = self._clock()
        while self._failures and now - self._failures[0] >= self._window:
            self._failures.popleft()
        if len(self._failures) >= self._max_failures:
            return self._window - (now - self._failures[0])
        self._failures.append(now)
        return None


def _digest_of(token: str) -> bytes:
    if token.startswith(_HASHED):
        return bytes.fromhex(token.removeprefix(_HASHED))
    return hashlib.sha256(token.encode()).digest()
