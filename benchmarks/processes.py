"""The gateway and the candidates, each started as a process of its own."""

import json
import os
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Generator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil

HERE = Path(__file__).parent
ROOT = HERE.parent
PAGE = ROOT / "docs" / "performance.md"
APP, SECRET = f"cli_{0:016x}", "benchmark-secret"


def free_port() -> str:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return str(probe.getsockname()[1])


def start_quietly(command: list[str], folder: str, env: dict[str, str]) -> subprocess.Popen[bytes]:
    """With its log to nowhere, so that writing it costs all candidates the same."""
    return subprocess.Popen(command, cwd=folder, env=env, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def describe_machine() -> str:
    system, version = os.uname().sysname, ".".join(map(str, sys.version_info[:3]))
    return f"{system}, {psutil.cpu_count()} cores, Python {version}."


def write_section(name: str, text: str) -> None:
    """Put a table between its two markers in docs/performance.md."""
    begin, end = f"<!-- {name}: begin -->", f"<!-- {name}: end -->"
    head, _, rest = PAGE.read_text("utf-8").partition(begin)
    PAGE.write_text(f"{head}{begin}\n{text}\n{end}{rest.partition(end)[2]}", "utf-8")


def write_fault_row(row: int, seen: str) -> None:
    """Put what was measured into a row of the table of faults in docs/reliability.md."""
    page = ROOT / "docs" / "reliability.md"
    text = page.read_text("utf-8")
    [line] = [line for line in text.splitlines() if line.startswith(f"| {row} |")]
    head, _, test = line.rsplit(" | ", 2)
    page.write_text(text.replace(line, f"{head} | {seen} | {test}"), "utf-8")


def percentile(values: list[float], share: float) -> float:
    """In milliseconds, of values in seconds."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))] * 1000 if ordered else float("nan")


@dataclass
class Gateway:
    process: subprocess.Popen[str]
    url: str

    def ask(self, **command: Any) -> dict[str, Any]:
        """One command of ``gateway.py`` and its answer."""
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write(json.dumps(command) + "\n")
        self.process.stdin.flush()
        if not (line := self.process.stdout.readline()):
            raise RuntimeError(f"the gateway ended during {command}")
        return json.loads(line)


@contextmanager
def gateway() -> Generator[Gateway]:
    command = [sys.executable, str(HERE / "gateway.py")]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            yield Gateway(process, json.loads(process.stdout.readline())["url"])
        finally:
            process.kill()


@dataclass(frozen=True)
class Candidate:
    """What is measured: a script of ``candidates/`` with its arguments, and the Python and package that run it."""

    name: str
    script: str
    arguments: tuple[str, ...] = ()
    store: str = "-"
    imports: str = ""
    """The statement whose time is measured after ``import nonebot``; empty for none."""
    python: str = sys.executable
    root: Path = ROOT

    @property
    def many(self) -> bool:
        """Whether it is asked to run many bots in one process."""
        return self.script == "nonebot_bot.py" and self.store == "-"

    @property
    def env(self) -> dict[str, str]:
        return {**os.environ, "PYTHONPATH": str(self.root), "PYTHONUTF8": "1"}

    def command(self, url: str, bots: int = 1) -> list[str]:
        script = str(HERE / "candidates" / self.script)
        if self.script == "nonebot_bot.py":
            return [self.python, script, *self.arguments, url, free_port(), self.store, str(bots)]
        return [self.python, script, *self.arguments, url, APP, SECRET]


@dataclass
class Running:
    """A candidate that is connected to a gateway of its own."""

    gateway: Gateway
    process: psutil.Process
    start: float
    """Seconds from its start until all its bots were connected."""

    def ask(self, **command: Any) -> dict[str, Any]:
        return self.gateway.ask(**command)

    def rss(self) -> float:
        return self.process.memory_info().rss / 1e6

    def cpu(self) -> float:
        return sum(self.process.cpu_times()[:2])


@contextmanager
def running(candidate: Candidate, bots: int = 1, replicas: int = 1) -> Generator[Running]:
    """Start a candidate and wait for its bots.

    Raises:
        RuntimeError: The bots did not connect within two minutes.
    """
    with replicated(candidate, bots, replicas) as all_of_them:
        yield all_of_them[0]


@contextmanager
def replicated(candidate: Candidate, bots: int = 1, replicas: int = 1) -> Generator[list[Running]]:
    """The same for several processes of one candidate on one gateway."""
    with ExitStack() as stack:
        server = stack.enter_context(gateway())
        began, processes, command = time.time(), list[psutil.Process](), list[str]()
        for _ in range(replicas):
            # A folder of its own: what a run has stored must not be known to the next one.
            folder = stack.enter_context(tempfile.TemporaryDirectory(ignore_cleanup_errors=True))
            command = candidate.command(server.url, bots)
            child = start_quietly(command, folder, candidate.env)
            stack.callback(child.wait)
            stack.callback(child.kill)
            processes.append(psutil.Process(child.pid))
        connected = server.ask(do="connected", bots=bots * replicas)
        if connected["bots"] < bots * replicas:
            raise RuntimeError(f"{candidate.name}: {connected['bots']} of {bots * replicas} connected; see {command}")
        yield [Running(server, process, connected["at"] - began) for process in processes]


@dataclass
class BusyCores:
    """Other processes that use every core while it is entered."""

    children: list[subprocess.Popen[bytes]] = field(default_factory=list[subprocess.Popen[bytes]])

    def __enter__(self) -> "BusyCores":
        for _ in range(psutil.cpu_count() or 1):
            self.children.append(subprocess.Popen([sys.executable, "-c", "while True: pass"]))
        return self

    def __exit__(self, *_: object) -> None:
        for child in self.children:
            child.kill()
            child.wait()
