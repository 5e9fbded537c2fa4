"""Group commit: operations submitted while one batch is written go into the next one together."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from contextvars import Context
from dataclasses import KW_ONLY, dataclass, field
from typing import Any, Generic, TypeVar

from ..exception import StoreError

Op = TypeVar("Op")
WRITE_TIMEOUT = 1.0
"""Seconds that a batch may take: the ack, which waits for it, is due after three."""


@dataclass(eq=False, repr=False)
class GroupCommit(Generic[Op]):
    """Writes operations in batches, one batch at a time, in the order of their submission.

    Attributes:
        write: writes a batch and returns a result per operation; raises StoreError for all of them together.
        name: of the store, for errors.
        timeout: seconds after which the callers get an error, and new ones at once until the write ends.
        max_batch: operations per batch.
    """

    write: Callable[[Sequence[Op]], Awaitable[Sequence[Any]]]
    _: KW_ONLY
    name: str
    timeout: float = WRITE_TIMEOUT
    max_batch: int = 500
    _waiting: list[tuple[Op, asyncio.Future[Any]]] = field(default_factory=list[tuple[Op, asyncio.Future[Any]]])
    _writer: asyncio.Task[None] | None = None
    _stuck: bool = False

    async def submit(self, operation: Op) -> Any:
        """Write an operation; returns its result once the batch is safe.

        Raises:
            StoreError: the batch failed, or takes too long and may still be written later.
        """
        if self._stuck:
            raise self._too_slow()
        future: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        self._waiting.append((operation, future))
        if self._writer is None:
            # It serves many callers: its log lines must not carry the ids of the first one's event.
            self._writer = asyncio.create_task(self._run(), name="feishu-store", context=Context())
        return await future

    async def flush(self) -> None:
        """Wait until every operation is written, or has failed."""
        while self._writer is not None:
            await asyncio.wait({self._writer})

    async def _run(self) -> None:
        try:
            while self._waiting:
                batch = self._waiting[: self.max_batch]
                del self._waiting[: self.max_batch]
                await self._commit(batch)
        finally:
            self._writer = None

    async def _commit(self, batch: list[tuple[Op, asyncio.Future[Any]]]) -> None:
        timer = asyncio.get_running_loop().call_later(self.timeout, self._give_up, batch)
        try:
            results = await self.write([operation for operation, _ in batch])
        except StoreError as error:
            _fail(batch, error)
        except Exception as error:  # noqa: BLE001 - whatever it is, the callers wait for it
            _fail(batch, unexpected(self.name, error))
        else:
            for (_, future), result in zip(batch, results, strict=True):
                if not future.done():
                    future.set_result(result)
        finally:
            timer.cancel()
            self._stuck = False

    def _give_up(self, batch: list[tuple[Op, asyncio.Future[Any]]]) -> None:
        self._stuck = True
        waiting, self._waiting = self._waiting, []
        _fail([*batch, *waiting], self._too_slow())

    def _too_slow(self) -> StoreError:
        return StoreError(f"the store {self.name} takes longer than {self.timeout:g} s to write")


def unexpected(name: str, error: Exception) -> StoreError:
    """What callers of a batch get when writing it raised something that nobody foresaw."""
    failure = StoreError(
        f"the store {name} failed on something unexpected ({type(error).__name__}: {str(error)[:200]}). "
        "Please report it"
    )
    failure.__cause__ = error
    return failure


def _fail(batch: list[tuple[Any, asyncio.Future[Any]]], error: StoreError) -> None:
    for _, future in batch:
        if not future.done():
            future.set_exception(error)
