"""Tokens and cached answers that the replicas of a bot share through the store."""

from __future__ import annotations

import json
import time
from collections.abc import Awaitable, Callable
from typing import Any

from ..store import Shared

RENEWAL = 30 * 60.0
"""Seconds left of a token below which Feishu issues a new one."""
FetchToken = Callable[[], Awaitable[tuple[str, float]]]


def share_fetched_token(
    shared: Shared | None, key: str, fetch: FetchToken, *, clock: Callable[[], float] = time.time
) -> FetchToken:
    """Wrap the fetch of a :class:`~.token.TenantToken`, so that replicas use one token.

    The token is in Redis in plain text: whoever reads it there can act as the bot for up to two hours.

    Args:
        shared: the replicas' values; None for a bot without replicas.
        key: the token's name, beginning with the app id and a colon.
        fetch: asks Feishu; returns the token and its lifetime in seconds.
        clock: seconds since the epoch, the same for all replicas.
    """
    if shared is None:
        return fetch
    last = ""

    async def fetch_shared() -> tuple[str, float]:
        nonlocal last
        found = _token_of(await shared.get(key))
        # A request for the same token again: it is about to end, or Feishu has refused it.
        if found is not None and found[0] != last and (left := found[1] - clock()) > RENEWAL:
            last = found[0]
            return last, left
        last, lifetime = await fetch()
        await shared.set(key, json.dumps([last, clock() + lifetime]), lifetime)
        return last, lifetime

    return fetch_shared


async def share_fetched(shared: Shared | None, key: str, ttl: float, fetch: Callable[[], Awaitable[Any]]) -> Any:
    """A value that some replica has fetched within ``ttl`` seconds, or else what ``fetch`` returns.

    Args:
        shared: the replicas' values; None for a bot without replicas.
        key: the value's name, beginning with the app id and a colon.
        ttl: seconds for which it is good.
        fetch: asks Feishu for it; returns what JSON can hold.
    """
    if shared is None:
        return await fetch()
    if (found := await shared.get(key)) is not None:
        return json.loads(found)
    value = await fetch()
    await shared.set(key, json.dumps(value), ttl)
    return value


def _token_of(text: str | None) -> tuple[str, float] | None:
    if text is None:
        return None
    token, ends_at = json.loads(text)
    return token, ends_at
