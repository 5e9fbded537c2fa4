"""A tenant access token: cached, renewed early, fetched once for all callers."""

import asyncio
import json
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from ..exception import FeishuAdapterException, NetworkError
from ..logs import log
from ..store import Shared
from .cache import Cache

RENEWAL = 30 * 60.0
"""Seconds left of a token below which Feishu issues a new one."""
EARLY = RENEWAL - 30
"""Seconds before its end at which a token is renewed."""
RETRY_AFTER = 30.0
"""Seconds between failed renewals in the background, while the old token is still good."""
_ONLY: Final = "token"
FetchToken = Callable[[], Awaitable[tuple[str, float]]]
"""Asks for a token; returns it and its lifetime in seconds."""


@dataclass(frozen=True, slots=True)
class _Token:
    text: str = field(repr=False)
    renew_at: float
    ends_at: float


class TenantToken:
    """The token of one bot in one tenant (自建应用获取 tenant_access_token). Lives on NoneBot's loop."""

    def __init__(self, fetch: FetchToken, *, bot: str = "", clock: Callable[[], float] = time.monotonic) -> None:
        """Create a token that is fetched on first use; ``bot`` is the app id for the log."""
        self._fetch = fetch
        self._bot = bot
        self._clock = clock
        self._retry_at = 0.0
        self._tokens: Cache[str, _Token] = Cache(ttl=lambda token: token.ends_at - clock(), size=1, clock=clock)

    @property
    def lifetime(self) -> float:
        """Seconds for which the current token is good."""
        token = self._tokens.peek(_ONLY)
        return 0.0 if token is None else max(0.0, token.ends_at - self._clock())

    async def get(self) -> str:
        """A token that is good now. Callers wait only for the first one, or for one after an outage.

        Raises:
            ActionFailed: Feishu refused the credentials.
            NetworkError: Feishu could not be asked.
        """
        token = await self._tokens.get(_ONLY, self._renew)
        if (now := self._clock()) >= max(token.renew_at, self._retry_at):
            self._retry_at = now + RETRY_AFTER
            self._tokens.refresh(_ONLY, self._renew).add_done_callback(self._report)
        return token.text

    def invalidate(self, token: str) -> None:
        """Forget a token that Feishu refused, unless it was replaced in the meantime."""
        if (known := self._tokens.peek(_ONLY)) is not None and known.text == token:
            self._tokens.forget(_ONLY)

    async def _renew(self) -> _Token:
        text, lifetime = await self._fetch()
        now = self._clock()
        return _Token(text, renew_at=now + max(lifetime - EARLY, lifetime / 2), ends_at=now + lifetime)

    def _report(self, task: asyncio.Task[_Token]) -> None:
        error = None if task.cancelled() else task.exception()
        if isinstance(error, FeishuAdapterException):
            log(
                "WARNING",
                "Bot {bot}: the access token could not be renewed; the old one is still used. {}",
                error,
                bot=self._bot,
            )


def share_fetched_token(shared: Shared, key: str, fetch: FetchToken) -> FetchToken:
    """Wrap the fetch of a :class:`TenantToken`, so that the replicas of a bot use one token.

    The token is in Redis in plain text: whoever reads it there can act as the bot for up to two hours.
    """
    last = ""

    async def fetch_shared() -> tuple[str, float]:
        nonlocal last
        token, ends_at = json.loads(await shared.get(key) or '["", 0]')
        # A request for the same token again: it is about to end, or Feishu has refused it.
        if token == last or ends_at - time.time() <= RENEWAL:
            token, lifetime = await fetch()
            ends_at = time.time() + lifetime
            await shared.set(key, json.dumps([token, ends_at]), lifetime)
        last = token
        return token, ends_at - time.time()

    return fetch_shared


def token_in(body: Mapping[str, Any], key: str) -> tuple[str, float]:
    """The token in Feishu's answer, and its lifetime in seconds.

    Raises:
        NetworkError: there is none.
    """
    token, expire = body.get(key), body.get("expire")
    if not isinstance(token, str) or not isinstance(expire, int):
        raise NetworkError("Feishu answered the request for a token without one")
    return token, float(expire)
