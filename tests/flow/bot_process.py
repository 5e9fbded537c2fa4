"""A bot in a process of its own with its store in a file, what it prints, and the ledger of what it did."""

import asyncio
import json
import os
import signal
import sqlite3
import sys
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from nonebot_adapter_feishu_ws.sandbox import Sandbox
from tests.conftest import APP, SECRET

HERE = Path(__file__).parent


class BotProcess:
    """Runs a script, as often as it is started; its store and ledger stay in one folder."""

    def __init__(self, sandbox: Sandbox, folder: Path, script: Path = HERE / "replica_bot.py", **env: str) -> None:
        self.sandbox = sandbox
        self.script = script
        self.folder = folder
        self.env = env
        self.file = folder / "s.db"
        users = [sandbox.add_user(f"user {number}") for number in range(20)]
        self.chats = [(user, sandbox.p2p(user, APP)) for user in users]
        self.sent = 0
        self.output = ""
        """What it has printed so far, in all its runs."""

    @asynccontextmanager
    async def running(self, **env: str) -> AsyncIterator[asyncio.subprocess.Process]:
        """Start it, and wait until its connection is there; what still runs at the end is killed."""
        child = await self.start(**env)
        assert child.stdout is not None
        reader = asyncio.create_task(self._read(child.stdout))
        try:
            await self.sandbox.wait_connected(APP, timeout=60)
            yield child
        finally:
            if child.returncode is None:
                child.send_signal(signal.SIGKILL)
            await reader
            await child.wait()
            print("".join(line for line in self.output.splitlines(True) if "[INFO]" not in line)[-5000:])
            print(f"begun {self.count('begin')}, ended {self.count('end')} of {self.sent} sent")

    async def start(self, **env: str) -> asyncio.subprocess.Process:
        """Start it, without waiting for it."""
        bots = json.dumps([{"app_id": APP, "app_secret": SECRET, "domain": self.sandbox.url}])
        own = {"FEISHU_BOTS": bots, "FEISHU_STORE": f"sqlite:///{self.file}", "REPLICA": "bot"}
        own |= {"LEDGER": str(self.folder / "ledger"), "PYTHONUNBUFFERED": "1"}
        return await asyncio.create_subprocess_exec(
            *(sys.executable, str(self.script)),
            cwd=self.folder,
            env={**os.environ, **own, **self.env, **env},
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )

    async def _read(self, stream: asyncio.StreamReader) -> None:
        async for line in stream:
            self.output += line.decode(errors="replace")

    async def say(self, count: int) -> None:
        """Send messages, each with a number of its own, to the chats in turn."""
        for _ in range(count):
            await self.sandbox.say(*self.chats[self.sent % len(self.chats)], f"n{self.sent}")
            self.sent += 1

    def message(self, number: int, text: str = "") -> dict[str, Any]:
        """The event of a message, to be pushed without the sandbox's remembering it."""
        user, chat = self.chats[number % len(self.chats)]
        message = {"message_id": f"om_{number}", "chat_id": chat.chat_id, "chat_type": "p2p", "message_type": "text"}
        return {
            "sender": {"sender_id": {"open_id": user.open_id}},
            "message": {**message, "content": json.dumps({"text": text or f"m{number}"})},
        }

    def count(self, kind: str) -> int:
        """How many handlers have come to their ``begin`` or ``end``."""
        return sum(line.split()[1] == kind for line in self._lines())

    def ledger(self) -> tuple[Counter[str], Counter[str], int]:
        """How often each message was begun and ended, and the most handlers that ran at a time."""
        counts: dict[str, Counter[str]] = {"begin": Counter(), "end": Counter()}
        running = most = 0
        for line in self._lines():
            _, kind, text = line.split()
            counts[kind][text] += 1
            running += 1 if kind == "begin" else -1
            most = max(most, running)
        return counts["begin"], counts["end"], most

    def _lines(self) -> list[str]:
        path = self.folder / "ledger"
        lines = path.read_text() if path.exists() else ""
        return lines[: lines.rfind("\n") + 1].splitlines()

    def answers(self) -> list[str]:
        """The texts of all answers that stand in the chats."""
        messages = self.sandbox.world.messages.values()
        return sorted(json.loads(it.content)["text"] for it in messages if it.sender_type == "app")

    def kept(self) -> int:
        """How many events wait in the store; to be asked when the process has ended."""
        with sqlite3.connect(self.file) as database:
            [[count]] = database.execute("SELECT count(*) FROM inbox")
        database.close()
        return count

    def forget_inbox(self) -> None:
        """Delete what waits in the store, as an operator might; to be called when the process has ended."""
        with sqlite3.connect(self.file) as database:
            database.execute("DELETE FROM inbox")
        database.close()
