"""What becomes of events when the bot is killed again and again: ``python benchmarks/crash_ledger.py``.

Prints one ledger per candidate and, with ``--write``, puts them into docs/reliability.md. ``--store`` takes ``sqlite``,
``redis`` (a redis-server is started for the run) or any URLs of FEISHU_STORE.
"""

import argparse
import asyncio
import json
import logging
import os
import platform
import random
import shutil
import socket
import sqlite3
import sys
import tempfile
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import psutil
from ledger import Witness, read_handled, read_section, write_section
from redis import Redis

from nonebot_adapter_feishu_ws.sandbox import Delivery, Sandbox

CANDIDATES = Path(__file__).parent / "candidates"
APP, SECRET = "cli_a0b1c2d3e4f56789", "benchmark-secret"
CHATS = 500
"""One chat takes five messages a second (发送消息), so the events come from many."""
STARTING = (0.5, 4.0)
"""Every fifth kill comes so many seconds after the start of the process, whatever it has reached."""
QUIET = 25.0
"""Seconds without any news, after which nothing more is to be hoped for."""


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@dataclass
class Candidate:
    """One row of the table."""

    name: str
    arguments: tuple[str, ...]
    rounds: int
    rate: float
    store: str = ""
    ack_timeout: float = 1.0
    redelivery: float = 1.0
    """Seconds, each; Feishu has 3 and 15, then minutes and hours."""

    def command(self, url: str, handled: Path) -> list[str]:
        script, kind = self.arguments
        port = [str(free_port())] if script == "ledger_bot.py" else []
        return [sys.executable, str(CANDIDATES / script), kind, url, APP, SECRET, *port, str(handled)]


class Run:
    """A candidate under events and kills."""

    def __init__(self, candidate: Candidate, sandbox: Sandbox, folder: Path, options: argparse.Namespace) -> None:
        self.candidate = candidate
        self.options = options
        self.sandbox = sandbox
        self.folder = folder
        self.handled = folder / "handled"
        self.random = random.Random(options.seed)
        self.witness = Witness(sandbox)
        self.deliveries: dict[str, Delivery] = {}
        self.wanted: dict[str, int] = {}
        """Name of an event -> how many answers it must get."""
        users = [sandbox.add_user(f"User {number}") for number in range(CHATS)]
        self.places = [(user, sandbox.p2p(user, APP)) for user in users]

    async def send_events(self, count: int | None = None) -> None:
        """Push events at the rate, until it is cancelled or ``count`` are out."""
        started, number = time.perf_counter(), 0
        while count is None or number < count:
            await asyncio.sleep(max(0.0, started + number / self.candidate.rate - time.perf_counter()))
            await self._send(f"n{number}", number)
            number += 1

    async def _send(self, name: str, number: int) -> None:
        user, chat = self.places[number % CHATS]
        pause = self.random.uniform(0.05, 0.3) if self.random.random() < self.options.slow else 0.0
        self.wanted[name] = 2 if self.random.random() < self.options.twice else 1
        message = {
            "message_id": f"om_{name}",
            "create_time": str(self.sandbox.world.now_ms()),
            "chat_id": chat.chat_id,
            "chat_type": "p2p",
            "message_type": "text",
            "content": json.dumps({"text": f"{name} {pause:.3f} {self.wanted[name]}"}),
        }
        ids = {"open_id": user.open_id, "user_id": user.user_id, "union_id": user.union_id}
        event = {"sender": {"sender_id": ids, "sender_type": "user", "tenant_key": "t"}, "message": message}
        self.deliveries[name] = await self.sandbox.push(APP, "im.message.receive_v1", event)

    @asynccontextmanager
    async def process(self, *, kill: bool) -> AsyncIterator[asyncio.subprocess.Process]:
        env = {**os.environ, "FEISHU_STORE": self.candidate.store}
        command = self.candidate.command(self.sandbox.url, self.handled)
        child = await asyncio.create_subprocess_exec(*command, env=env, cwd=self.folder)
        try:
            yield child
        finally:
            if child.returncode is None:
                child.kill() if kill else child.terminate()
            await child.wait()

    async def connected(self, child: asyncio.subprocess.Process) -> None:
        """Wait for its connection.

        Raises:
            SystemExit: it has ended instead.
        """
        ended = asyncio.create_task(child.wait())
        connected = asyncio.create_task(self.sandbox.wait_connected(APP, timeout=90))
        await asyncio.wait({ended, connected}, return_when=asyncio.FIRST_COMPLETED)
        if not connected.done():
            connected.cancel()
            raise SystemExit(f"{self.candidate.name} ended with {child.returncode} before it was connected; see above")
        ended.cancel()
        connected.result()

    async def one_round(self, number: int) -> None:
        """Start the bot, and kill it at some moment."""
        started = time.perf_counter()
        async with self.process(kill=True) as child:
            if number % 5 == 4:
                await asyncio.sleep(self.random.uniform(*STARTING))
            else:
                await self.connected(child)
                await asyncio.sleep(self.random.uniform(*self.options.up))
        while self.sandbox.gateway.connections.get(APP):
            await asyncio.sleep(0.01)
        print(f"{self.candidate.name}: kill {number + 1} after {time.perf_counter() - started:.1f} s", flush=True)

    async def settle(self) -> None:
        """Wait until all is done, or nothing has happened for a while."""
        last, news_at = None, time.monotonic()
        while time.monotonic() - news_at < QUIET:
            began, ended = read_handled(self.handled)
            answers = self.witness.answers
            open_pushes = sum(not each.done.is_set() for each in self.deliveries.values())
            missing = sum(name not in ended for name in self.wanted)
            silent = sum(key not in answers for key in self._keys())
            if (now := (began.total(), ended.total(), answers.total(), open_pushes)) != last:
                last, news_at = now, time.monotonic()
            if not open_pushes and not missing and not silent:
                await asyncio.sleep(1)  # for what comes twice
                return
            await asyncio.sleep(0.2)

    def _keys(self) -> list[str]:
        return [f"{name}.{number}" for name, answers in self.wanted.items() for number in range(answers)]

    def ledger(self) -> dict[str, int]:
        began, ended = read_handled(self.handled)
        answers, keys = self.witness.answers, self._keys()
        return {
            "events sent": len(self.wanted),
            "acked": sum(each.done.is_set() for each in self.deliveries.values()),
            "handled": sum(name in ended for name in self.wanted),
            "begun again": sum(began[name] > 1 for name in self.wanted),
            "ended twice": sum(ended[name] > 1 for name in self.wanted),
            "lost": sum(name not in ended for name in self.wanted),
            "answers due": len(keys),
            "seen": sum(key in answers for key in keys),
            "missing": sum(key not in answers for key in keys),
            "doubled": sum(answers[key] > 1 for key in keys),
            "dropped by uuid": self.sandbox.world.repeated_sends,
            "parked": count_parked(self.candidate.store),
        }

    def blame(self) -> dict[str, list[str]]:
        """The names behind the bad figures."""
        _, ended = read_handled(self.handled)
        answers = self.witness.answers
        return {
            "lost": [name for name in self.wanted if name not in ended],
            "missing": [key for key in self._keys() if key not in answers],
            "doubled": [key for key in self._keys() if answers[key] > 1],
        }


def count_parked(store: str) -> int:
    """Parked events, counted from outside."""
    if store.startswith("redis://"):
        with Redis.from_url(store) as redis:
            return redis.xlen(f"feishu:{{{APP}}}:parked")
    if not store.startswith("sqlite:///"):
        return 0
    with sqlite3.connect(store.removeprefix("sqlite:///")) as database:
        [[count]] = database.execute("SELECT count(*) FROM inbox WHERE parked_at IS NOT NULL")
    return count


async def run(candidate: Candidate, options: argparse.Namespace) -> dict[str, int]:
    """A candidate's ledger."""
    with tempfile.TemporaryDirectory(prefix="ledger-") as name:
        folder = Path(name)
        if candidate.store == "sqlite":
            candidate.store = f"sqlite:///{folder / 'store.sqlite3'}"
        pushes = Sandbox(redelivery=(candidate.redelivery,) * 600, ack_timeout=candidate.ack_timeout)
        async with redis_if_wanted(candidate, folder), pushes as sandbox:
            sandbox.add_app(APP, SECRET)
            it = Run(candidate, sandbox, folder, options)
            events = asyncio.create_task(it.send_events(options.count))
            for number in range(candidate.rounds):
                await it.one_round(number)
            async with it.process(kill=False) as child:
                await it.connected(child)
                if options.count is None:
                    await asyncio.sleep(2)
                    events.cancel()
                await asyncio.gather(events, return_exceptions=True)
                await it.settle()
            ledger, blame = it.ledger(), it.blame()
    print(json.dumps({"candidate": candidate.name, "ledger": ledger}), flush=True)
    if any(ledger[key] for key in blame):
        print(json.dumps({key: names[:20] for key, names in blame.items()}), flush=True)
    return ledger


@asynccontextmanager
async def redis_if_wanted(candidate: Candidate, folder: Path) -> AsyncIterator[None]:
    """A redis-server of its own for the store ``redis``."""
    if candidate.store != "redis":
        yield
        return
    port = free_port()
    server = await asyncio.create_subprocess_exec(
        *("redis-server", "--port", str(port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "yes"),
        cwd=folder,
        stdout=asyncio.subprocess.DEVNULL,
    )
    candidate.store = f"redis://127.0.0.1:{port}/0"
    try:
        while True:
            try:
                _, writer = await asyncio.open_connection("127.0.0.1", port)
            except OSError:
                await asyncio.sleep(0.05)
            else:
                writer.close()
                break
        yield
    finally:
        server.terminate()
        await server.wait()


def table(
    results: list[tuple[Candidate, dict[str, int]]], seed: int, *, everybody: list[Candidate], before: str = ""
) -> str:
    columns = list(results[0][1])
    lines = [
        "| | kills | events a second | " + " | ".join(columns) + " |",
        "|---|" + "---:|" * (len(columns) + 2),
    ]
    rows = {}
    for candidate, ledger in results:
        cells = " | ".join(f"{ledger[column]:,}" for column in columns)
        rows[candidate.name] = f"| {candidate.name} | {candidate.rounds} | {candidate.rate:g} | {cells} |"
    # Rows of candidates that did not run this time stay as they are.
    others = {line.split(" | ")[0].removeprefix("| "): line for line in before.splitlines() if line.startswith("| ")}
    names = [candidate.name for candidate in everybody]
    lines += [rows.get(name) or others[name] for name in names if name in rows or name in others]
    machine = f"{platform.system()}, {psutil.cpu_count()} cores, Python {platform.python_version()}"
    return "\n".join([*lines, "", f"Seed {seed}. {machine}.", ""])


def make_candidates(options: argparse.Namespace) -> list[Candidate]:
    rounds, rate = options.peer_rounds, options.peer_rate
    ours = ("ledger_bot.py", "ours")
    return [
        *(Candidate(f"ours, {store}", ours, options.rounds, options.rate, store) for store in options.store),
        Candidate("ours, memory", ours, rounds, options.rate, "memory://"),
        Candidate("existing adapter", ("ledger_bot.py", "existing"), rounds, rate),
        # What is pushed again is more work for who knows no duplicates, so here it comes no sooner than Feishu's.
        Candidate("SDK, async handler", ("ledger_sdk.py", "async"), rounds, rate, "", 3.0, 15.0),
        Candidate("SDK, sync handler", ("ledger_sdk.py", "sync"), rounds, rate, "", 3.0, 15.0),
    ]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=20, help="kills of ours")
    parser.add_argument("--peer-rounds", type=int, default=5, help="kills of each other candidate; 0 leaves them out")
    stores = "sqlite, redis, or URLs for FEISHU_STORE"
    parser.add_argument("--store", nargs="+", default=["sqlite", "redis"], help=stores)
    parser.add_argument("--rate", type=float, default=100, help="events per second")
    parser.add_argument("--peer-rate", type=float, default=10, help="events per second for existing adapter and SDK")
    parser.add_argument("--only", default="", help="a part of the names of the candidates to run")
    parser.add_argument("--count", type=int, help="so many events instead of as many as the rounds take")
    parser.add_argument("--slow", type=float, default=0.3, help="part of the messages that are answered slowly")
    parser.add_argument("--twice", type=float, default=0.2, help="part of the messages that are answered twice")
    parser.add_argument("--seed", type=int, default=1)
    up = "seconds after the connection is made: a kill comes at a random moment between them"
    parser.add_argument("--up", type=float, nargs=2, default=[0.1, 6.0], help=up)
    parser.add_argument("--json", type=Path, help="a file for the ledger of ours")
    parser.add_argument("--write", action="store_true", help="put the table into docs/reliability.md")
    options = parser.parse_args()
    logging.getLogger("aiohttp.server").disabled = True  # connections that end with their process
    if "redis" in options.store and shutil.which("redis-server") is None:
        parser.error("redis-server is not installed; install it, or give the URL of a running one")
    everybody = make_candidates(options)
    chosen = [each for each in everybody if each.rounds and options.only in each.name]
    results = [(candidate, asyncio.run(run(candidate, options))) for candidate in chosen]
    if options.json:
        options.json.write_text(json.dumps(results[0][1]), "utf-8")
    before = read_section("crash") if options.write else ""
    text = table(results, options.seed, everybody=everybody, before=before)
    print(text)
    if options.write:
        write_section("crash", text)


if __name__ == "__main__":
    main()
