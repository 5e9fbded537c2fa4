"""Which signed deliveries were taken already, for as long as their timestamp would still pass. Pure: no I/O."""

from __future__ import annotations

from collections import OrderedDict

MAX_KNOWN = 50_000
"""Signatures; some 80 deliveries a second for the ten minutes in which a timestamp can be good."""


class NonceMemory:
    """Remembers deliveries by their signature, which covers timestamp, nonce and body.

    Only what was proven to come from Feishu gets in, so nobody else can fill it; when it is full the oldest go, and
    the intake's dedup by event id is what is left for them.
    """

    def __init__(self, max_known: int = MAX_KNOWN) -> None:
        """Args:
        max_known: how many are remembered.
        """
        self._max_known = max_known
        self._known: OrderedDict[str, float] = OrderedDict()

    def __len__(self) -> int:
        return len(self._known)

    def claim(self, signature: str, until: float, now: float) -> bool:
        """Remember a delivery; False when it is known.

        Args:
            signature: of the delivery, checked.
            until: seconds since the epoch at which its timestamp ends to be good.
            now: seconds since the epoch.
        """
        while self._known and next(iter(self._known.values())) < now:
            self._known.popitem(last=False)
        if signature in self._known:
            return False
        self._known[signature] = until
        if len(self._known) > self._max_known:
            self._known.popitem(last=False)
        return True

    def release(self, signature: str) -> None:
        """Forget a delivery that was not taken: it may come again as it is."""
        self._known.pop(signature, None)
