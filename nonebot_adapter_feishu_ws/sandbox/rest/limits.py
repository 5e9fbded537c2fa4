"""Rate limits as Feishu keeps them, off until a test sets them (发送消息, 使用限制; 频控策略)."""

import math
import time
from collections import defaultdict, deque
from collections.abc import Callable
from dataclasses import dataclass, field

LOG = 100_000
"""Arrivals kept."""


@dataclass(frozen=True, slots=True)
class Limit:
    """``count`` calls in any ``period`` seconds."""

    count: int
    period: float


@dataclass(frozen=True, slots=True)
class Arrival:
    """A call that was counted.

    Attributes:
        at: monotonic seconds.
        key: the chat, or app and API.
        accepted: whether it was within the limit.
    """

    at: float
    key: str
    accepted: bool


class Refusal(Exception):
    """The answer to a call above a limit."""

    def __init__(self, code: int, msg: str, status: int, headers: dict[str, str]) -> None:
        super().__init__(msg)
        self.code = code
        self.msg = msg
        self.status = status
        self.headers = headers


@dataclass
class Limits:
    """What is limited; None is unlimited. A refused call does not count for the limit.

    Attributes:
        per_chat: messages to one chat from all its bots; a private chat is its user.
        per_api: calls of one API by one app.
        per_card: operations on one card entity; the only limit that is on by itself.
        api_status: HTTP status of a refusal by app and API: 429, or 400 as some older APIs answer.
        clock: monotonic seconds.
        arrivals: what was counted while limits were on, oldest first.
    """

    per_chat: Limit | None = None
    per_api: Limit | None = None
    per_card: Limit | None = Limit(10, 1.0)
    api_status: int = 429
    clock: Callable[[], float] = time.monotonic
    arrivals: deque[Arrival] = field(default_factory=lambda: deque[Arrival](maxlen=LOG))
    _accepted: dict[str, deque[float]] = field(default_factory=lambda: defaultdict[str, deque[float]](deque))

    def count_send(self, chat_id: str) -> None:
        """Count a message.

        Raises:
            Refusal: with 230020.
        """
        if self.per_chat is not None and self._count(chat_id, self.per_chat) is not None:
            raise _too_many()

    def count_card(self, card_id: str, now: float) -> None:
        """Count an operation on a card entity.

        Args:
            card_id: the entity.
            now: seconds, on the clock of the entity.

        Raises:
            Refusal: with 230020.
        """
        if self.per_card is not None and self._wait(card_id, self.per_card, now) is not None:
            raise _too_many()

    def count_call(self, app_id: str, api: str) -> None:
        """Count a call of an API.

        Raises:
            Refusal: with 99991400 and the headers that say how long to wait.
        """
        limit = self.per_api
        if limit is None or (wait := self._count(f"{app_id} {api}", limit)) is None:
            return
        headers = {
            "x-ogw-ratelimit-limit": str(limit.count),
            "x-ogw-ratelimit-reset": str(max(1, math.ceil(wait))),
        }
        raise Refusal(99991400, "request trigger frequency limit", self.api_status, headers)

    def _count(self, key: str, limit: Limit) -> float | None:
        now = self.clock()
        wait = self._wait(key, limit, now)
        self.arrivals.append(Arrival(now, key, accepted=wait is None))
        return wait

    def _wait(self, key: str, limit: Limit, now: float) -> float | None:
        """Seconds until there is room again; None if there is room, which is taken."""
        accepted = self._accepted[key]
        while accepted and accepted[0] <= now - limit.period:
            accepted.popleft()
        if len(accepted) < limit.count:
            accepted.append(now)
            return None
        return accepted[0] + limit.period - now


def _too_many() -> Refusal:
    return Refusal(230020, "This operation triggers the frequency limit.", 400, {})
