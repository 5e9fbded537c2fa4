"""A bot on NoneBot's default driver in a sandbox, and what runs the blocks in it, one after the other.

Run as a process of its own from an empty folder: ``python -m tests.docs.bench LANGUAGE RESULTS [slow]``.
"""

import asyncio
import inspect
import json
import os
import socket
import sys
import time
import traceback
from ast import PyCF_ALLOW_TOP_LEVEL_AWAIT
from collections.abc import Awaitable, Callable, Coroutine, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any, TypeVar

import nonebot
from nonebot.log import logger
from nonebot.matcher import Matcher, matchers
from nonebot.message import event_postprocessor, event_preprocessor  # noqa: F401 - imported before a block does

from nonebot_adapter_feishu_ws import Adapter
from nonebot_adapter_feishu_ws.sandbox import Sandbox, SandboxThread, User
from nonebot_adapter_feishu_ws.sandbox.fixture.chat import TestChat
from nonebot_adapter_feishu_ws.sandbox.report import Report
from nonebot_adapter_feishu_ws.sandbox.reporter import Reporter
from tests.docs.blocks import Block, own_blocks

APP, SECRET, TOKEN = "cli_a0b1c2d3e4f56789", "secret-of-the-blocks-0123", "a-token-of-the-blocks-0123"
T = TypeVar("T")
Frame = Callable[["Bench", Block], Awaitable[None]]
FRAMES: dict[str, Frame] = {}
SLOW: set[str] = set()
ASIDE: set[str] = set()


def frame(name: str, *, slow: bool = False, aside: bool = False) -> Callable[[Frame], Frame]:
    """Register what runs the blocks that name it.

    Args:
        name: as in ``<!-- run: NAME -->``.
        slow: left to the slow test.
        aside: it has processes of its own and nothing to do with the bot of the bench, so it runs beside the others.
    """

    def register(function: Frame) -> Frame:
        FRAMES[name] = function
        SLOW.update([name] * slow)
        ASIDE.update([name] * aside)
        return function

    return register


def free_port() -> int:
    """A port of loopback that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Bench:
    """The sandbox as blocks and frames see it; what :class:`TestChat` needs of a fixture."""

    def __init__(self) -> None:
        self.reports: list[Report] = []
        self.port = free_port()
        self.sandbox = Sandbox()
        self.sandbox.add_app(APP, SECRET, name="Bot")
        self.thread = SandboxThread(self.sandbox)
        self.thread.start()
        self.namespace: dict[str, Any] = {}
        self.plugin: Any = None
        self.count = 0

    # What TestChat needs

    def user(self, name: str) -> User:
        known = self.sandbox.world.users.values()
        return next((each for each in known if each.name == name), None) or self.do(self.sandbox.add_user, name)

    def do(self, call: Callable[..., T], *arguments: Any) -> T:
        async def run() -> T:
            return call(*arguments)

        return self.thread.spawn(run()).result(30)

    async def run(self, work: Coroutine[Any, Any, T]) -> T:
        return await asyncio.wrap_future(self.thread.spawn(work))

    async def ask(self, call: Callable[..., T], *arguments: Any) -> T:
        async def run() -> T:
            return call(*arguments)

        return await self.run(run())

    # What frames use

    def private_chat(self) -> TestChat:
        """A private chat with somebody new."""
        self.count += 1
        user = self.user(f"Amy {self.count}")
        return TestChat(self, self.do(self.sandbox.p2p, user, APP), user)

    def group(self, *names: str, mode: str = "group") -> TestChat:
        """A new group with the bot, owned by its first member."""
        self.count += 1
        members = [self.user(f"{name} {self.count}") for name in names or ("Amy",)]
        chat = self.do(lambda: self.sandbox.add_chat("Team", mode=mode, members=members, apps=[APP]))  # type: ignore[arg-type]
        return TestChat(self, chat, members[0])

    def load(self, block: Block) -> Any:
        """Load a block as a plugin, as written, from ``plugins/``."""
        self.count += 1
        path = Path("plugins", f"block_{self.count}.py")
        path.parent.mkdir(exist_ok=True)
        path.write_text(block.text, "utf-8")
        plugin = nonebot.load_plugin(path.resolve())
        assert plugin is not None, "NoneBot cannot load it as a plugin"
        self.plugin = plugin.module
        self.namespace = vars(plugin.module)
        return plugin.module

    async def execute(self, block: Block, **names: Any) -> dict[str, Any]:
        """Run a fragment, ``await`` on its top level included, with names that its frame supplies."""
        code = compile(block.text, str(block), "exec", flags=PyCF_ALLOW_TOP_LEVEL_AWAIT)
        namespace = {**(self.namespace if block.continues else {"__name__": "block"}), **names}
        result = eval(code, namespace)
        if inspect.iscoroutine(result):
            await result
        self.namespace = namespace
        return namespace

    async def in_handler(self, block: Block, chat: TestChat, **names: Any) -> dict[str, Any]:
        """Run a fragment in a handler of a message from a chat, with ``bot``, ``event`` and ``matcher``."""
        return await self.handling(chat, lambda given: self.execute(block, **given, **names))

    async def handling(self, chat: TestChat, work: Callable[[dict[str, Any]], Awaitable[T]]) -> T:
        """Do something in a handler of a message from a chat."""
        done: asyncio.Future[T] = asyncio.get_running_loop().create_future()
        matcher = nonebot.on_command("frame")

        async def handle(bot: nonebot.adapters.Bot, event: nonebot.adapters.Event, current: Matcher) -> None:
            try:
                done.set_result(await work({"bot": bot, "event": event, "matcher": current}))
            except Exception as error:  # noqa: BLE001 - it is raised where the frame waits
                done.set_exception(error)

        matcher.append_handler(handle)
        await chat.say("/frame" if chat.chat.mode == "p2p" else "@Bot /frame")
        return await asyncio.wait_for(done, 30)

    @contextmanager
    def clean(self, block: Block) -> Iterator[list[str]]:
        """Take away what a block registers, and collect the errors that are logged meanwhile."""
        if block.frame in ASIDE:  # it registers nothing, and the blocks beside it do
            yield []
            return
        before = {matcher for group in matchers.values() for matcher in group}
        errors: list[str] = []
        sink = logger.add(errors.append, level="ERROR", format="{message}\n{exception}")
        try:
            yield errors
        finally:
            logger.remove(sink)
            for matcher in self.made(before):
                matcher.destroy()

    @staticmethod
    def made(before: set[type[Matcher]]) -> list[type[Matcher]]:
        """The matchers that were not there before."""
        return [each for group in list(matchers.values()) for each in group if each not in before]


async def plain(bench: Bench, block: Block) -> None:
    """A block without a frame: a module, which registers nothing that would have to be called."""
    before = {matcher for group in matchers.values() for matcher in group}
    await bench.execute(block)
    assert not bench.made(before), "it has handlers that nobody calls: name a frame, <!-- run: NAME -->"


async def run_block(bench: Bench, block: Block) -> str:
    """Run one block; what went wrong, or nothing."""
    from tests.docs import data

    defaults = {"python": plain, **data.BY_KIND}
    with bench.clean(block) as errors:
        try:
            run = FRAMES[block.frame] if block.frame else defaults.get(block.kind)
            assert run is not None, f"a {block.kind or 'nameless'} block needs a frame: <!-- run: NAME -->"
            await asyncio.wait_for(run(bench, block), 90)
        except (Exception, SystemExit) as error:  # noqa: BLE001 - one block that fails leaves the others to run
            shown = traceback.format_exc(limit=-3) if not isinstance(error, KeyError) else f"no frame {error}"
            return f"{block}: {shown}\n{''.join(errors)}"
    return f"{block}: it logged\n{''.join(errors)}" if errors else ""


async def run_all(bench: Bench, blocks: list[Block], results: Path) -> None:
    """Run blocks in order, those with processes of their own beside the others, and write a line for each."""
    await bench.run(bench.sandbox.wait_connected(APP))
    while APP not in nonebot.get_bots():
        await asyncio.sleep(0.01)
    with results.open("w", encoding="utf-8") as out:

        async def run(some: list[Block]) -> None:
            for block in some:
                began = time.monotonic()
                problem = await run_block(bench, block)
                print(json.dumps([str(block), problem, time.monotonic() - began]), file=out, flush=True)

        aside = [each for each in blocks if each.frame in ASIDE]
        await asyncio.gather(run(aside), run([each for each in blocks if each not in aside]))


def main(language: str, results: str, slow: str = "") -> None:
    """Start the bot as a README's ``bot.py`` does, run the blocks, and end it."""
    from tests.docs import assistants, commands, frames, processes, recipes  # noqa: F401 - they register the frames

    blocks = [each for each in own_blocks(language) if (each.frame in SLOW) == bool(slow)]
    bench = Bench()
    bot = {"app_id": APP, "app_secret": SECRET, "domain": bench.sandbox.url}
    settings = {
        "feishu_bots": [bot],
        "feishu_store": "memory://",
        "port": bench.port,
        "feishu_reconnect_delays": [0.05],
    }
    nonebot.init(**settings, feishu_management_tokens={TOKEN: ["*"]}, superusers={"feishu:ou_owner"})
    driver = nonebot.get_driver()
    driver.register_adapter(Adapter)
    reporter = Reporter(nonebot.get_adapter(Adapter), bench.reports.append)
    reporter.watch()
    code = SimpleNamespace(value=1)

    async def run() -> None:
        try:
            await run_all(bench, blocks, Path(results))
            code.value = 0
        except Exception:  # noqa: BLE001 - uvicorn would go on
            traceback.print_exc()
        finally:
            sys.stdout.flush()
            os._exit(code.value)

    tasks: list[asyncio.Task[None]] = []

    @driver.on_startup
    async def start() -> None:
        tasks.append(asyncio.create_task(run()))

    nonebot.run()


if __name__ == "__main__":
    sys.modules["tests.docs.bench"] = sys.modules["__main__"]
    main(*sys.argv[1:])
