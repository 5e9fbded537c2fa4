"""The sandbox for the bots of a process: beside them, or in a process of its own, told what became of each event."""

import asyncio
from collections.abc import Mapping
from pathlib import Path

from nonebot.adapters import Adapter

from ..config import BotConfig
from ..logs import log
from .guard import check_production
from .reporter import Poster, Reporter
from .server import Sandbox
from .state import DEFAULT_APP, DEFAULT_SECRET
from .thread import SandboxThread


class Door:
    """A sandbox that the bots of a process talk to."""

    def __init__(self, end: SandboxThread | Poster, reporter: Reporter) -> None:
        self._end = end
        self._reporter = reporter

    def stop(self) -> None:
        """Report no more, and end a sandbox in this process."""
        self._reporter.closed = True
        self._end.stop()


async def open_for_bots(
    adapter: Adapter,
    bots: Mapping[str, BotConfig],
    port: int,
    *,
    url: str | None = None,
    keep: Path | None = None,
    in_production: bool = False,
) -> tuple[Door, dict[str, BotConfig]]:
    """Start a sandbox for the bots of a process, or join one; if there are no bots, one is made up.

    Args:
        adapter: whose bots they are.
        bots: by app id.
        port: where it listens on loopback.
        url: of a sandbox that runs already, in place of one in this process.
        keep: a file in which its world outlives the process.
        in_production: start even where ``ENVIRONMENT=prod`` is written.

    Returns:
        The door to the sandbox, and the bots as they must be configured to talk to it.

    Raises:
        SandboxError: its port is taken, its file cannot be read, or this is production.
    """
    if not in_production:
        check_production("FEISHU_SANDBOX_IN_PRODUCTION=true")
    made_up = {"app_id": DEFAULT_APP, "app_secret": DEFAULT_SECRET}
    chosen = dict(bots) or {DEFAULT_APP: BotConfig.model_validate(made_up)}
    if url is not None:
        end, origin = Poster(url), url
        deliver = end.deliver
    else:
        sandbox = Sandbox(port=port, keep=keep)
        for bot in chosen.values():
            sandbox.add_app(
                bot.app_id,
                bot.app_secret.get_secret_value(),
                name=bot.name or "Sandbox bot",
                is_store=bot.app_type == "store",
            )
        sandbox.populate_default()
        end = SandboxThread(sandbox)
        deliver = end.report
        await asyncio.to_thread(end.start)
        origin = sandbox.url
    reporter = Reporter(adapter, deliver)
    reporter.watch()
    reporter.hello(chosen)
    log("WARNING", "FEISHU_SANDBOX is on: the bots talk to the local sandbox, not to Feishu. Turn it off in .env")
    log("SUCCESS", "Sandbox page: {}/ - open it in a browser and talk to the bot", origin)
    return Door(end, reporter), {app_id: bot.at_origin(origin, proxy=False) for app_id, bot in chosen.items()}
