"""What every cell of the matrix uses: a bot process with one plugin file, and a person who writes to it."""

import asyncio
import json
import os
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

from nonebot_adapter_feishu_ws.sandbox import Sandbox
from tests.conftest import APP, SECRET
from tests.flow.test_drivers import free_port, running

HERE = Path(__file__).parent
OURS, THEIRS = "nonebot_adapter_feishu_ws", "nonebot.adapters.feishu"
OPUS = b"OggS" + bytes(24) + b"OpusHead" + bytes(40)
MP4 = bytes(4) + b"ftypisom" + bytes(40)
PNG = b"\x89PNG\r\n\x1a\n" + bytes(16)


class Refused(AssertionError):
    """The plugin's handler raised."""


@dataclass
class Done:
    """What came of one operation: what the plugin said about it, and the messages before that."""

    said: str
    messages: list[Any] = field(default_factory=list)

    @property
    def kinds(self) -> list[str]:
        return [message.msg_type for message in self.messages]

    @property
    def contents(self) -> list[Any]:
        return [json.loads(message.content) for message in self.messages]


class Play:
    """One person, a private chat and a group with the bot."""

    def __init__(self, sandbox: Sandbox, patience: float) -> None:
        self.sandbox = sandbox
        self.patience = patience
        self.user = sandbox.add_user("Li Lei")
        self.private = sandbox.p2p(self.user, APP)
        self.group = sandbox.add_chat("Group", members=[self.user], apps=[APP])

    async def do(self, content: str | dict, *, chat=None, **how: Any) -> Done:
        """Say something, and wait until the plugin says ``done: ...``."""
        await self.sandbox.say(self.user, chat or self.private, content, **how)
        return await self.answer(chat or self.private)

    async def answer(self, chat) -> Done:
        messages: list[Any] = []
        while True:
            messages += await self.sandbox.wait_message(chat, timeout=self.patience)
            said = self.text(messages[-1])
            if said.startswith("failed: "):
                raise Refused(said.removeprefix("failed: "))
            if said.startswith("done: "):
                return Done(said.removeprefix("done: "), messages[:-1])

    @staticmethod
    def text(message) -> str:
        """The words of a text or rich text."""
        content = json.loads(message.content) if message.msg_type in ("text", "post") else {}
        if message.msg_type == "text":
            return content["text"]
        if message.msg_type == "post":
            return "\n".join("".join(part.get("text", "") for part in line) for line in content["content"])
        return ""


@dataclass(frozen=True)
class Cell:
    """One row of the matrix.

    Attributes:
        en: what is done, in English.
        zh: the same in Chinese.
        run: does it, and fails when it went wrong.
        existing: what the existing adapter does instead (English, Chinese); None where it works there, too.
    """

    en: str
    zh: str
    run: Callable[[Play], Awaitable[None]]
    existing: tuple[str, str] | None = None


def need(*plugins: str) -> None:
    """Skip a module where plugins are not installed; CI must not."""
    if missing := [name for name in plugins if find_spec(name) is None]:
        if os.environ.get("CI"):
            pytest.fail(f"{missing} not installed, and CI must not skip what needs them", pytrace=False)
        pytest.skip(f"{missing} not installed (dependency group test)", allow_module_level=True)


@asynccontextmanager
async def stage(adapter: str, plugin: str, folder: Path, **env: str) -> AsyncIterator[Sandbox]:
    """A sandbox with a bot process that runs ``plugin`` on ``adapter``."""
    async with Sandbox() as sandbox:
        sandbox.add_app(APP, SECRET, name="Bot A")
        path = HERE / f"{plugin}.py"
        command = [sys.executable, str(HERE.parent / "run_plugin.py"), adapter, str(path), sandbox.url, APP, SECRET]
        async with running(*command, str(free_port()), cwd=folder, **env):
            await sandbox.wait_connected(APP, timeout=60)
            await asyncio.sleep(0.5 if adapter == THEIRS else 0)  # it registers its bot before it can answer
            yield sandbox


async def outcome(cell: Cell, sandbox: Sandbox, patience: float = 3.0) -> str | None:
    """Why a cell fails; None when it passes."""
    try:
        await cell.run(Play(sandbox, patience))
    except TimeoutError:
        return "no answer"
    except (AssertionError, pytest.fail.Exception, LookupError, TypeError, ValueError) as error:
        return f"{type(error).__name__}: {str(error).splitlines()[0] if str(error) else ''}"
    return None
