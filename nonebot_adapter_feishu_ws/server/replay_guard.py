"""Recognises a webhook delivery that is replayed within its timestamp's window."""

from collections import OrderedDict

MAX_KNOWN = 50_000
"""Signatures; about 80 deliveries a second for the ten minutes in which a timestamp can be valid."""


class ReplayGuard:
    """Remembers deliveries by their signature, which covers timestamp, nonce and body.

    Only signatures that were verified get in, so nobody else can fill it. When it is full the oldest are dropped,
    and the intake's deduplication by event id still covers them.
    """

    def __init__(self, max_known: int = MAX_KNOWN) -> None:
        self._max_known = max_known
        self._known: OrderedDict[str, float] = OrderedDict()

    def __len__(self) -> int:
        return len(self._known)

    def claim(self, signature: str, until: float, now: float) -> bool:
        """Remember a delivery ``until`` its timestamp stops being valid; False when it is known."""
        while self._known and next(iter(self._known.values())) < now:
            self._known.popitem(last=False)
        if signature in self._known:
            return False
        self._known[signature] = until
        if len(self._known) > self._max_known:
            self._known.popitem(last=False)
        return True

    def release(self, signature: str) -> None:
        """Forget a delivery that was not taken, so that it may be repeated unchanged."""
        self._known.pop(signature, None)
