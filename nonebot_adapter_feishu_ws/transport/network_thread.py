"""The network thread: one thread, one asyncio loop for the sockets, acks and timers of all bots.

Plugins may block NoneBot's loop for seconds; what must be on time runs here, and never runs plugin code.
"""

import asyncio
import sys
import threading
from collections.abc import Coroutine
from concurrent.futures import Future
from typing import Any, TypeVar

from ..logs import log

T = TypeVar("T")
SWITCH_INTERVAL = 0.0005
"""Seconds; Python's default is 0.005. It holds for the whole process."""


class NetworkThread:
    """Owns the network loop. Constructed without side effects; nothing runs before :meth:`start`."""

    def __init__(self, name: str = "feishu-network", *, switch_interval: float = SWITCH_INTERVAL) -> None:
        """Create the thread.

        ``switch_interval`` (seconds, see :func:`sys.setswitchinterval`) is set for the whole process when the thread
        starts, unless it is shorter already.
        """
        self._name = name
        self._switch_interval = switch_interval
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: threading.Thread | None = None

    @property
    def running(self) -> bool:
        """Whether the loop accepts work."""
        return self._loop is not None

    def start(self) -> None:
        """Start the daemon thread; returns once its loop accepts work. A second call does nothing."""
        if self._loop is not None:
            return
        ready = threading.Event()
        loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._run, args=(loop, ready), name=self._name, daemon=True)
        self._thread.start()
        ready.wait()
        self._loop = loop

    def submit(self, coroutine: Coroutine[Any, Any, T]) -> Future[T]:
        """Run a coroutine on the network loop, from any thread.

        Raises:
            RuntimeError: the thread is not running.
        """
        if self._loop is None:
            coroutine.close()
            raise RuntimeError("The Feishu network thread is not running: the adapter has not started or is closed")
        return asyncio.run_coroutine_threadsafe(coroutine, self._loop)

    async def call(self, coroutine: Coroutine[Any, Any, T]) -> T:
        """Run a coroutine on the network loop and await its result on this one."""
        return await asyncio.wrap_future(self.submit(coroutine))

    async def stop(self, timeout: float = 5.0) -> None:
        """Cancel what still runs on the loop and end the thread, within ``timeout`` seconds."""
        loop, thread = self._loop, self._thread
        if loop is None or thread is None:
            return
        self._loop = self._thread = None
        loop.call_soon_threadsafe(loop.stop)
        await asyncio.to_thread(thread.join, timeout)
        if thread.is_alive():
            log("WARNING", "The network thread did not end within {:g} s; it ends with the process", timeout)

    def _run(self, loop: asyncio.AbstractEventLoop, ready: threading.Event) -> None:
        # How long a CPU-bound plugin keeps the GIL each time this thread wants it, which is several times per ack.
        sys.setswitchinterval(min(self._switch_interval, sys.getswitchinterval()))
        asyncio.set_event_loop(loop)
        loop.call_soon(ready.set)
        try:
            loop.run_forever()
        finally:
            tasks = asyncio.all_tasks(loop)
            for task in tasks:
                task.cancel()
            loop.run_until_complete(asyncio.gather(*tasks, return_exceptions=True))
            loop.run_until_complete(loop.shutdown_asyncgens())
            loop.close()
