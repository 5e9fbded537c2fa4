"""The sandbox in a thread of its own, beside a bot in the same process."""

import asyncio
import threading
from collections.abc import Coroutine
from concurrent.futures import Future
from typing import Any, TypeVar

from .control.inspect import take_report
from .guard import SandboxError
from .report import Report
from .server import Sandbox

T = TypeVar("T")


class SandboxThread:
    """Runs a :class:`Sandbox` on its own loop in a daemon thread, so that a plugin that blocks does not stop it."""

    def __init__(self, sandbox: Sandbox) -> None:
        self.sandbox = sandbox
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._run, name="feishu-sandbox", daemon=True)

    def start(self) -> None:
        """Return once it listens; raises :class:`SandboxError` if its port is taken."""
        self._thread.start()
        try:
            self.spawn(self.sandbox.start()).result(10)
        except OSError as error:
            self.stop()
            raise SandboxError(
                f"the sandbox cannot listen on {self.sandbox.url} ({error.strerror}); is another one running? "
                "Stop it, or set FEISHU_SANDBOX_PORT to a free port"
            ) from error

    def stop(self) -> None:
        """Close it and end the thread."""
        if self._thread.is_alive():
            self.spawn(self.sandbox.stop()).result(10)
            self._loop.call_soon_threadsafe(self._loop.stop)
            self._thread.join(5)

    def spawn(self, work: Coroutine[Any, Any, T]) -> Future[T]:
        """Run something on the sandbox's loop; from any thread."""
        return asyncio.run_coroutine_threadsafe(work, self._loop)

    def report(self, report: Report) -> None:
        """Take what a bot says of an event; from any thread."""
        if self._thread.is_alive():
            self._loop.call_soon_threadsafe(take_report, self.sandbox, report)

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        self._loop.run_forever()
        self._loop.close()
