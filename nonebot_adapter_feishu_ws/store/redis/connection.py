"""The connection to Redis: batches in one pipeline, scripts loaded when they are missing, errors in plain words."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final, cast
from urllib.parse import urlsplit

from ...exception import StoreError
from .scripts import ALL, Script

try:
    from redis.asyncio import Redis
    from redis.asyncio.retry import Retry
    from redis.backoff import NoBackoff
    from redis.exceptions import (
        AuthenticationError,
        NoPermissionError,
        NoScriptError,
        OutOfMemoryError,
        ReadOnlyError,
        RedisError,
        ResponseError,
    )
except ImportError as _error:  # pragma: no cover - the tests have it
    raise ImportError(
        'FEISHU_STORE names Redis, which needs an extra: pip install "nonebot-adapter-feishu-ws[redis]"'
    ) from _error

# The package has types, but not for these two calls.
_open = cast("Callable[..., Any]", Redis.from_url)  # pyright: ignore[reportUnknownMemberType]
SOCKET_TIMEOUT: Final = 0.9
"""Seconds for connecting, and for an answer; less than a batch may take."""
_ADVICE: Final = (
    (OutOfMemoryError, "Redis has no memory left: raise maxmemory, and keep maxmemory-policy noeviction"),
    (AuthenticationError, "check user and password in FEISHU_STORE (redis://user:password@host:6379/0)"),
    (
        NoPermissionError,
        "the Redis user needs the keys feishu:* and the categories @stream, @scripting, @read, @write, +time",
    ),
    (ReadOnlyError, "this is a read-only replica of Redis; name the primary in FEISHU_STORE"),
)


@dataclass(frozen=True, slots=True)
class Call:
    """One script with its arguments, or (``script`` None) a command with its arguments."""

    script: Script | None
    keys: tuple[bytes, ...]
    args: tuple[bytes | str | int, ...]

    def command(self) -> tuple[bytes | str | int, ...]:
        """What goes over the wire."""
        return (
            self.args if self.script is None else ("EVALSHA", self.script.sha, len(self.keys), *self.keys, *self.args)
        )


class RedisLink:
    """One connection at a time; batches are sent one after the other."""

    def __init__(self, url: str) -> None:
        """Args:
        url: ``redis://``, ``rediss://`` or ``unix://``, with credentials.
        """
        self.name: str = public_url(url)
        # A second try could tell a duplicate from what the first one has taken: who asks must know of the error.
        self._redis: Any = _open(
            url,
            protocol=2,
            retry=Retry(NoBackoff(), 0),
            socket_timeout=SOCKET_TIMEOUT,
            socket_connect_timeout=SOCKET_TIMEOUT,
        )

    async def run(self, calls: Sequence[Call]) -> list[Any]:
        """Run a batch, in order; returns for each its result, or a StoreError when it was refused.

        Raises:
            StoreError: the connection failed; any part of the batch may have been done.
        """
        results = await self._send([call.command() for call in calls])
        missing = [number for number, result in enumerate(results) if isinstance(result, NoScriptError)]
        if missing:
            await self._send([("SCRIPT", "LOAD", script.text) for script in ALL])
            again = await self._send([calls[number].command() for number in missing])
            for number, result in zip(missing, again, strict=True):
                results[number] = result
        return [self._refused(result) if isinstance(result, Exception) else result for result in results]

    async def close(self) -> None:
        """Close the connection."""
        await self._redis.aclose()

    async def _send(self, commands: Sequence[tuple[Any, ...]]) -> list[Any]:
        pipeline = self._redis.pipeline(transaction=False)
        for command in commands:
            pipeline.execute_command(*command)
        try:
            return await pipeline.execute(raise_on_error=False)
        except (RedisError, OSError) as error:
            raise self._failed(error) from error

    def _failed(self, error: Exception) -> StoreError:
        inner: BaseException | None = error
        while inner is not None:  # a refusal while connecting comes wrapped
            if isinstance(inner, (AuthenticationError, ResponseError)):
                return self._refused(inner)
            inner = inner.__cause__ or inner.__context__
        what = str(error) or type(error).__name__
        return StoreError(f"the store {self.name} cannot be reached ({what}); check that Redis runs, and its address")

    def _refused(self, error: BaseException) -> StoreError:
        advice = next((advice for kind, advice in _ADVICE if isinstance(error, kind)), "see Redis's log")
        return StoreError(f"the store {self.name} refused ({str(error)[:200]}); {advice}")


def public_url(url: str) -> str:
    """A store's URL without user, password and options."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}"
