"""The connection to Redis: commands go in batches, one pipeline each; errors say what to do."""

from collections.abc import Callable, Sequence
from typing import Any, Final, cast
from urllib.parse import urlsplit

from ...exception import InboxFull, StoreError
from ..group_commit import WRITE_TIMEOUT, GroupCommit

try:
    from redis.asyncio import Redis
    from redis.asyncio.retry import Retry
    from redis.backoff import NoBackoff
    from redis.exceptions import (
        AuthenticationError,
        BusyLoadingError,
        MasterDownError,
        NoPermissionError,
        OutOfMemoryError,
        ReadOnlyError,
        RedisError,
        ResponseError,
    )
except ImportError as _error:  # pragma: no cover - the tests have it
    raise ImportError(
        'FEISHU_STORE names Redis, which needs an extra: pip install "nonebot-adapter-feishu-ws[redis]"'
    ) from _error

Command = tuple[bytes | str | int, ...]
# The package has types, but not for this call.
_open = cast("Callable[..., Any]", Redis.from_url)  # pyright: ignore[reportUnknownMemberType]
SOCKET_TIMEOUT: Final = 0.9
"""Seconds for connecting, and for an answer; less than a batch may take."""
_RIGHTS: Final = (
    "the Redis user needs the keys feishu:* and the rights +@stream +@scripting +@read +@write +@connection +time"
)
_ADVICE: Final = (
    (AuthenticationError, "NOAUTH ", "check user and password in FEISHU_STORE (redis://user:password@host:6379/0)"),
    (NoPermissionError, "NOPERM ", _RIGHTS),
    (NoPermissionError, "The user executing the script can't", _RIGHTS),
    (ReadOnlyError, "READONLY ", "this is a read-only replica of Redis; name the primary in FEISHU_STORE"),
    (
        MasterDownError,
        "MASTERDOWN ",
        "this replica of Redis has no primary; name the primary in FEISHU_STORE",
    ),
)
_WRONG_SERVER: Final = ((ReadOnlyError, "READONLY "), (MasterDownError, "MASTERDOWN "), (BusyLoadingError, "LOADING "))
"""Errors of a server that is not, or not yet, the primary: the address may lead to another one by now."""


class RedisConnection:
    """One connection at a time; commands issued while a batch is under way go into the next one, in order.

    Raises:
        StoreError: ``run`` and ``execute``, when a command was refused, or failed and may have been executed.
    """

    def __init__(self, url: str, *, write_timeout: float = WRITE_TIMEOUT) -> None:
        """Prepare the connection; the first command opens it. ``write_timeout`` is in seconds per batch."""
        self.name: str = public_url(url)
        # No retries: a retried script would find the claims of the first attempt and report a duplicate.
        self._redis: Any = _open(
            url,
            protocol=2,
            retry=Retry(NoBackoff(), 0),
            socket_timeout=SOCKET_TIMEOUT,
            socket_connect_timeout=SOCKET_TIMEOUT,
        )
        self._commits = GroupCommit[Command](self._send, name=self.name, timeout=write_timeout)
        self.has_failed: bool = False
        """Whether a command has failed, so that it may have been executed without its caller knowing."""

    async def connect(self) -> None:
        """Open the connection, however many round trips that takes: a batch's time is for its commands alone.

        Raises:
            StoreError: it cannot be opened.
        """
        try:
            await self._redis.ping()
        except (RedisError, OSError) as error:
            raise self._failed(error) from error

    async def run(self, script: str, keys: Sequence[bytes], *args: bytes | str | int) -> Any:
        """Run a Lua script."""
        return await self.execute("EVAL", script, len(keys), *keys, *args)

    async def execute(self, *command: bytes | str | int) -> Any:
        """Execute a command."""
        try:
            result = await self._commits.submit(command)
        except StoreError:
            self.has_failed = True
            raise
        if isinstance(result, Exception):
            raise self._refused(result)
        return result

    async def close(self) -> None:
        """Wait for the commands that are under way, and close the connection."""
        await self._commits.flush()
        await self._redis.aclose()

    async def _send(self, commands: Sequence[Command]) -> list[Any]:
        pipeline = self._redis.pipeline(transaction=False)
        for command in commands:
            pipeline.execute_command(*command)
        try:
            results: list[Any] = await pipeline.execute(raise_on_error=False)
        except (RedisError, OSError) as error:
            await self._redis.connection_pool.disconnect()
            raise self._failed(error) from error
        for result in results:
            if isinstance(result, Exception) and any(_is(result, *kind) for kind in _WRONG_SERVER):
                # A primary that was demoted keeps its connections; the next one looks the address up anew.
                await self._redis.connection_pool.disconnect()
                raise self._refused(result) from result
        return results

    def _failed(self, error: Exception) -> StoreError:
        inner: BaseException | None = error
        while inner is not None:  # a refusal while connecting is wrapped
            if isinstance(inner, (AuthenticationError, ResponseError)):
                return self._refused(inner)
            inner = inner.__cause__ or inner.__context__
        what = str(error) or type(error).__name__
        return StoreError(f"the store {self.name} cannot be reached ({what}); check that Redis runs, and its address")

    def _refused(self, error: BaseException) -> StoreError:
        if _is(error, OutOfMemoryError, "OOM command"):
            return InboxFull(
                f"Redis ({self.name}) has no memory left for new events: raise maxmemory, and keep maxmemory-policy "
                "noeviction. What was taken goes on, and makes room when it is done"
            )
        advice = next((advice for kind, code, advice in _ADVICE if _is(error, kind, code)), "see Redis's log")
        return StoreError(f"the store {self.name} refused ({str(error)[:200]}); {advice}")


def _is(error: BaseException, kind: type[BaseException], code: str) -> bool:
    """Whether an error is of a kind; inside a script, Redis 6 wraps it in one that names the code only."""
    return isinstance(error, kind) or code in str(error)


def public_url(url: str) -> str:
    """A store's URL without user, password and options."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}"


def to_milliseconds(seconds: float) -> int:
    """A duration as Redis takes it, at least 1."""
    return max(1, int(seconds * 1000))
