"""The store's thread: what is submitted while one batch is written goes into the next one together.

It waits for work by itself and answers a whole batch with one wake-up of the loop: a task and an executor in between
wake both twice as often, which for a single event is more work than its write. An event that comes alone is even
written on the loop itself, as long as that is quick: then its ack waits for no thread at all.
"""

import asyncio
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import KW_ONLY, dataclass, field
from queue import Empty, SimpleQueue
from typing import Any, Generic, NamedTuple, TypeVar

from ...exception import StoreError
from ..group_commit import WRITE_TIMEOUT

Op = TypeVar("Op")
Results = TypeVar("Results", Sequence[Any], Sequence[Any] | None)
WriteHere = Callable[[Sequence[Op]], Sequence[Any] | None]
LATEST = 0.05
"""Seconds that an operation which can wait does so for the next one."""
ALONE = 0.002
"""Seconds without another operation after which one counts as alone; those of a burst go into the thread's batches."""
QUICK = 0.005
"""Seconds that a write on the loop may take: a longer one has waited for the disk, another process or Python's lock."""
CAUTION = 1.0
"""Seconds for which everything goes to the thread after a write on the loop that was not quick."""


class _Job(NamedTuple):
    """Work for the thread: an operation, which is written in a batch, or a call, which runs by itself."""

    future: asyncio.Future[Any]
    operation: Any = None
    call: Callable[[], Any] | None = None


@dataclass(eq=False, repr=False)
class Writer(Generic[Op]):
    """Writes operations in batches, one batch at a time, in the order of their submission. Used on one loop.

    Attributes:
        write: writes a batch, in the thread, and returns a result per operation; raises for all of them together.
        name: of the store, for errors.
        timeout: seconds after which the callers get an error, and new ones at once until the write ends.
        max_batch: operations per batch.
    """

    write: Callable[[Sequence[Op]], Sequence[Any]]
    _: KW_ONLY
    name: str
    timeout: float = WRITE_TIMEOUT
    max_batch: int = 500
    _jobs: SimpleQueue[_Job | None] = field(default_factory=SimpleQueue[_Job | None])
    _thread: threading.Thread | None = None
    _writing: Sequence[_Job] = ()
    _later: list[_Job] = field(default_factory=list[_Job])
    _later_timer: asyncio.TimerHandle | None = None
    _unsettled: int = 0
    _deadline: float = 0.0
    _timer: asyncio.TimerHandle | None = None
    _stuck: bool = False
    _queued: int = 0
    """Jobs that the thread has or will get; while there are none, it waits, and the loop may write."""
    _alone_from: float = 0.0

    def submit(self, operation: Op, *, later: bool = False, here: WriteHere[Op] | None = None) -> asyncio.Future[Any]:
        """Write an operation; the future has its result once the batch is safe.

        Args:
            operation: what to write.
            later: whether it can wait for the next one, :data:`LATEST` seconds at most, so that both are one commit.
            here: writes a batch like ``write``, but on the loop, or returns None if it would have to wait; tried when
                the operation comes alone.

        Raises:
            StoreError: an earlier batch takes too long. The future raises it when this batch does, and may still be
                written later.
        """
        if self._stuck:
            raise self._too_slow()
        loop = asyncio.get_running_loop()
        job = _Job(loop.create_future(), operation)
        if later:
            self._later.append(job)
            self._later_timer = self._later_timer or loop.call_later(LATEST, self._put)
        elif here is None or not self._comes_alone(loop.time()) or not self._try_here(here, job, loop):
            self._put(job)
        return job.future

    async def call(self, call: Callable[[], Any]) -> Any:
        """Run a function in the thread after what was submitted, however long it takes; returns its result."""
        future: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        self._put(_Job(future, call=call))
        return await future

    def stop(self) -> None:
        """End the thread after what was submitted; the next job starts another one."""
        if self._thread is not None:
            self._jobs.put(None)
            self._thread = None

    # On the loop

    def _comes_alone(self, now: float) -> bool:
        """Note an operation; returns whether it may be written here: the thread waits, and no burst has begun."""
        alone = self._queued == 0 and now >= self._alone_from
        self._alone_from = max(self._alone_from, now + ALONE)
        return alone

    def _try_here(self, write: WriteHere[Op], job: _Job, loop: asyncio.AbstractEventLoop) -> bool:
        """Write an operation on the loop, with those that have waited for it; False if it would have to wait."""
        started, batch = loop.time(), [*self._later, job]
        results = _attempt(lambda jobs: write([job.operation for job in jobs]), batch)
        if results is None or loop.time() - started > QUICK:
            self._alone_from = loop.time() + CAUTION
        if results is None:
            return False
        self._with_later()
        for written, result in zip(batch, results, strict=True):
            _answer(written, result)
        return True

    def _with_later(self, *jobs: _Job) -> Sequence[_Job]:
        """Jobs, after those that have waited for them."""
        if self._later_timer is not None:
            self._later_timer.cancel()
            self._later_timer = None
            jobs, self._later = (*self._later, *jobs), []
        return jobs

    def _put(self, *jobs: _Job) -> None:
        """Hand jobs to the thread, after those that have waited for them."""
        if self._thread is None:
            self._thread = threading.Thread(target=self._serve, name="feishu-sqlite", daemon=True)
            self._thread.start()
        for job in self._with_later(*jobs):
            self._queued += 1
            if job.call is None:
                self._unsettled += 1
                if self._unsettled == 1:
                    self._deadline = job.future.get_loop().time() + self.timeout
            self._jobs.put(job)
        if self._timer is None and self._unsettled:
            self._watch()

    def _settle(self, batch: Sequence[_Job], results: Sequence[Any]) -> None:
        self._queued -= len(batch)
        if batch[0].call is None and not self._stuck:
            self._unsettled -= len(batch)
            self._deadline = batch[0].future.get_loop().time() + self.timeout  # of the next batch
        self._stuck = False
        for job, result in zip(batch, results, strict=True):
            _answer(job, result)

    def _watch(self) -> None:
        """Look at the deadline when it may have passed; a timer that is set and cancelled for each event costs more."""
        loop = asyncio.get_running_loop()
        left = self._deadline - loop.time()
        self._timer = None
        if self._unsettled and left <= 0:
            self._give_up()
        elif self._unsettled:
            self._timer = loop.call_later(left, self._watch)

    def _give_up(self) -> None:
        """Fail what is being written, and what waits behind it: that will not be written."""
        self._stuck = True
        self._unsettled = 0
        waiting = list(_take_all(self._jobs))
        for job in (*self._writing, *waiting):
            if job is None or job.call is not None:
                self._jobs.put(job)
            else:
                _answer(job, self._too_slow())
        self._queued -= sum(job is not None and job.call is None for job in waiting)

    def _too_slow(self) -> StoreError:
        return StoreError(f"the store {self.name} takes longer than {self.timeout:g} s to write")

    # In the thread

    def _serve(self) -> None:
        for batch in self._batches():
            if batch[0].call is not None:
                results = _attempt(lambda jobs: [job.call and job.call() for job in jobs], batch)
            else:
                self._writing = batch
                results = _attempt(lambda jobs: self.write([job.operation for job in jobs]), batch)
            self._writing = ()
            with suppress(RuntimeError):  # the loop is closed: nobody waits for this
                batch[0].future.get_loop().call_soon_threadsafe(self._settle, batch, results)

    def _batches(self) -> Iterator[Sequence[_Job]]:
        """Yield what waits until the thread ends: operations together, calls each by itself."""
        job = self._jobs.get()
        while job is not None:
            batch, following = [job], None
            if job.call is None:
                following = self._add_waiting(batch)
            yield batch
            job = following or self._jobs.get()

    def _add_waiting(self, batch: list[_Job]) -> _Job | None:
        """Add the operations that wait to the batch; returns the call that ended it, if one did."""
        while len(batch) < self.max_batch:
            try:
                job = self._jobs.get_nowait()
            except Empty:
                break
            if job is None:
                self._jobs.put(None)  # the last one
                break
            if job.call is not None:
                return job
            batch.append(job)
        return None


def _attempt(write: Callable[[Sequence[_Job]], Results], batch: Sequence[_Job]) -> Results | list[Exception]:
    """Return a result for each job, the same error for all of them when the batch failed."""
    try:
        return write(batch)
    except Exception as error:  # noqa: BLE001 - raised again where it is awaited
        return [error] * len(batch)


def _answer(job: _Job, result: Any) -> None:
    if job.future.done():
        return
    if isinstance(result, Exception):
        job.future.set_exception(result)
    else:
        job.future.set_result(result)


def _take_all(jobs: SimpleQueue[_Job | None]) -> Iterator[_Job | None]:
    with suppress(Empty):
        while True:
            yield jobs.get_nowait()
