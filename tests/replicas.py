"""Several processes of one bot against one sandbox and one Redis, and the ledger of what became of each message."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import sys
import time
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from nonebot_adapter_feishu_ws.sandbox import Sandbox
from tests.redis_server import RedisServer

HERE = Path(__file__).parent
APP, SECRET = "cli_a0b1c2d3e4f56789", "secret-of-cli-a-0123456789"


@dataclass(frozen=True)
class Sums:
    """What became of the messages."""

    sent: int
    handled: int
    handled_twice: int
    lost: int
    answers: int
    doubled: int


class Replicas:
    """The processes, by name. Ends them all when it is left."""

    def __init__(self, sandbox: Sandbox, redis: RedisServer, folder: Path, **env: str) -> None:
        self.sandbox = sandbox
        self.redis = redis
        self.folder = folder
        self.env = {"FEISHU_RECONNECT_DELAYS": "[0.2, 0.5]", "FEISHU_MAX_RECONNECT_ATTEMPTS": "100", **env}
        self.processes: dict[str, subprocess.Popen[bytes]] = {}
        self.sent = 0
        users = [sandbox.add_user(f"user {number}") for number in range(40)]
        self.chats = [(user, sandbox.p2p(user, APP)) for user in users]

    async def __aenter__(self) -> Replicas:
        return self

    async def __aexit__(self, *_: object) -> None:
        for process in self.processes.values():
            if process.poll() is None:
                process.send_signal(signal.SIGCONT)
                process.terminate()
        for process in self.processes.values():
            try:
                await asyncio.to_thread(process.wait, 20)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()

    async def start(self, *names: str) -> None:
        """Start replicas, and wait until their connections are there."""
        before = len(self.sandbox.gateway.connections.get(APP, []))
        for name in names:
            bots = json.dumps([{"app_id": APP, "app_secret": SECRET, "domain": self.sandbox.url}])
            env = {**os.environ, **self.env, "FEISHU_BOTS": bots, "FEISHU_STORE": self.redis.url, "REPLICA": name}
            env |= {"LEDGER": str(self.folder / "ledger"), "PYTHONPATH": str(HERE.parent), "PYTHONUNBUFFERED": "1"}
            with (self.folder / f"{name}.log").open("ab") as log:
                command = [sys.executable, str(HERE / "flow" / "replica_bot.py")]
                self.processes[name] = subprocess.Popen(  # noqa: ASYNC220
                    command, cwd=self.folder, env=env, stdout=log, stderr=log, start_new_session=True
                )
        await self.sandbox.wait_connected(APP, count=before + len(names), timeout=60)

    def signal(self, name: str, number: signal.Signals) -> None:
        """Kill, pause or wake a replica."""
        self.processes[name].send_signal(number)

    async def say(self, count: int, pause: float = 0.0) -> None:
        """Send messages, each with a number of its own, to the chats in turn."""
        for _ in range(count):
            self.sent += 1
            await self.sandbox.say(*self.chats[self.sent % len(self.chats)], f"n{self.sent}")
            await asyncio.sleep(pause)

    async def settle(self, timeout: float) -> None:
        """Wait until each message has an answer and nobody is still at work, or the time is over."""
        deadline = time.monotonic() + timeout
        while time.monotonic() < deadline:
            lines = Counter(line.split()[1] for line in self._ledger())
            if len(self._answers()) >= self.sent and lines["begin"] == lines["end"] + self._killed_at_work():
                return
            await asyncio.sleep(0.1)

    def sums(self) -> Sums:
        """What became of the messages so far."""
        ends = Counter(line.split()[2] for line in self._ledger() if " end " in line)
        answers = self._answers()
        return Sums(
            self.sent,
            len(ends),
            sum(count > 1 for count in ends.values()),
            self.sent - len(answers),
            sum(answers.values()),
            sum(count > 1 for count in answers.values()),
        )

    def shares(self) -> Counter[str]:
        """How many messages each replica has handled."""
        return Counter(line.split()[0] for line in self._ledger() if " end " in line)

    def _killed_at_work(self) -> int:
        dead = {name for name, process in self.processes.items() if process.poll() is not None}
        kinds = Counter(line.split()[1] for line in self._ledger() if line.split()[0] in dead)
        return kinds["begin"] - kinds["end"]

    def _ledger(self) -> list[str]:
        path = self.folder / "ledger"
        return path.read_text().splitlines() if path.exists() else []

    def _answers(self) -> Counter[str]:
        messages = self.sandbox.world.messages.values()
        return Counter(message.content for message in messages if message.sender_type == "app")
