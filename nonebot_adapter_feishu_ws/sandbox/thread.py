"""The sandbox in a thread of its own, beside a bot in the same process."""

import asyncio
import threading
from collections.abc import Mapping
from concurrent.futures import Future

from ..config import BotConfig
from ..log import log
from .guard import SandboxError, check_production
from .server import Sandbox
from .state import DEFAULT_APP, DEFAULT_SECRET


class SandboxThread:
    """Runs a :class:`Sandbox` on its own loop in a daemon thread, so that a plugin that blocks does not stop it."""

    def __init__(self, sandbox: Sandbox) -> None:
        self.sandbox = sandbox
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._run, name="feishu-sandbox", daemon=True)

    def start(self) -> None:
        """Return once it listens; raises :class:`SandboxError` if its port is taken."""
        self._thread.start()
        started: Future[Sandbox] = asyncio.run_coroutine_threadsafe(self.sandbox.start(), self._loop)
        try:
            started.result(10)
        except OSError as error:
            self.stop()
            raise SandboxError(
                f"the sandbox cannot listen on {self.sandbox.url} ({error.strerror}); is another one running? "
                "Stop it, or set FEISHU_SANDBOX_PORT to a free port"
            ) from error

    def stop(self) -> None:
        """Close it and end the thread."""
        if self._thread.is_alive():
            asyncio.run_coroutine_threadsafe(self.sandbox.stop(), self._loop).result(10)
            self._loop.call_soon_threadsafe(self._loop.stop)
            self._thread.join(5)

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        self._loop.run_forever()
        self._loop.close()


async def open_for_bots(
    bots: Mapping[str, BotConfig], port: int, *, in_production: bool = False
) -> tuple[SandboxThread, dict[str, BotConfig]]:
    """Start a sandbox for the bots of a process; if there are none, a bot is made up.

    Args:
        bots: by app id.
        port: where it listens on loopback.
        in_production: start even where ``ENVIRONMENT=prod`` is written.

    Returns:
        The running sandbox, and the bots as they must be configured to talk to it.

    Raises:
        SandboxError: its port is taken, or this is production.
    """
    if not in_production:
        check_production("FEISHU_SANDBOX_IN_PRODUCTION=true")
    sandbox = Sandbox(port=port)
    made_up = {"app_id": DEFAULT_APP, "app_secret": DEFAULT_SECRET}
    chosen = dict(bots) or {DEFAULT_APP: BotConfig.model_validate(made_up)}
    for bot in chosen.values():
        sandbox.add_app(
            bot.app_id,
            bot.app_secret.get_secret_value(),
            name=bot.name or "Sandbox bot",
            is_store=bot.app_type == "store",
        )
    sandbox.populate_default()
    thread = SandboxThread(sandbox)
    await asyncio.to_thread(thread.start)
    log("WARNING", "FEISHU_SANDBOX is on: the bots talk to the local sandbox, not to Feishu. Turn it off in .env")
    log("SUCCESS", "Sandbox page: {}/ - open it in a browser and talk to the bot", sandbox.url)
    return thread, {app_id: bot.at_origin(sandbox.url, proxy=False) for app_id, bot in chosen.items()}
