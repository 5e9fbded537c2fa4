"""The tenant access token of a bot: cached, renewed early, fetched once for all who wait."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable

from ..exception import FeishuAdapterException
from ..log import log

EARLY = 30 * 60.0 - 30
"""Seconds before its end at which a token is renewed: Feishu issues a new one when less than 30 minutes remain."""
RETRY_AFTER = 30.0
"""Seconds between renewals in the background that failed, while the old token still serves."""


class TenantToken:
    """One bot's token (source: 自建应用获取 tenant_access_token). Lives on NoneBot's loop."""

    def __init__(
        self,
        fetch: Callable[[], Awaitable[tuple[str, float]]],
        *,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Args:
        fetch: asks Feishu; returns the token and its lifetime in seconds.
        clock: monotonic seconds.
        """
        self._fetch = fetch
        self._clock = clock
        self._value = ""
        self._renew_at = 0.0
        self._ends_at = 0.0
        self._flight: asyncio.Task[str] | None = None

    @property
    def lifetime(self) -> float:
        """Seconds for which the current token is good."""
        return max(0.0, self._ends_at - self._clock())

    async def get(self) -> str:
        """A token that is good now. Only the first one, or one after an outage, is waited for.

        Raises:
            ActionFailed: Feishu refused the credentials.
            NetworkError: Feishu could not be asked.
        """
        now = self._clock()
        if self._value and now < self._ends_at:
            if now >= self._renew_at:
                self._renew_at = now + RETRY_AFTER
                self._fly().add_done_callback(_report)
            return self._value
        return await asyncio.shield(self._fly())

    def invalidate(self, token: str) -> None:
        """Feishu refused this token: forget it, unless it was replaced in the meantime."""
        if token == self._value:
            self._value = ""

    def _fly(self) -> asyncio.Task[str]:
        if self._flight is None or self._flight.done():
            self._flight = asyncio.create_task(self._renew(), name="feishu-token")
            # Whoever waits gets the error; a flight whose last waiter was cancelled has none to give it to.
            self._flight.add_done_callback(lambda task: task.cancelled() or task.exception())
        return self._flight

    async def _renew(self) -> str:
        token, lifetime = await self._fetch()
        now = self._clock()
        self._value = token
        self._ends_at = now + lifetime
        self._renew_at = now + max(lifetime - EARLY, lifetime / 2)
        return token


def _report(task: asyncio.Task[str]) -> None:
    error = None if task.cancelled() else task.exception()
    if isinstance(error, FeishuAdapterException):
        log("WARNING", "The access token could not be renewed; the old one still serves. {}", error)
