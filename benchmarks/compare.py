"""Ours beside the peers on the same gateway, in alternating rounds: ``python benchmarks/compare.py [--rounds 5]``.

Prints medians over the rounds and ratios to the existing adapter, and writes the table to docs/performance.md.
"""

from __future__ import annotations

import argparse
import json
import platform
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil

HERE = Path(__file__).parent
PAGE = HERE.parent / "docs" / "performance.md"
APP, SECRET = "cli_a0b1c2d3e4f56789", "benchmark-secret"
BEGIN, END = "<!-- compare: begin -->", "<!-- compare: end -->"


def free_port() -> str:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return str(probe.getsockname()[1])


def nonebot(adapter: str, driver: str) -> Callable[[str], list[str]]:
    script = str(HERE / "candidates" / "nonebot_bot.py")
    return lambda url: [script, adapter, driver, url, APP, SECRET, free_port()]


def sdk(kind: str) -> Callable[[str], list[str]]:
    return lambda url: [str(HERE / "candidates" / "sdk_bot.py"), kind, url, APP, SECRET]


CANDIDATES = {
    "ours (~fastapi)": nonebot("ours", "~fastapi"),
    "existing (~httpx+~websockets)": nonebot("existing", "~fastapi+~httpx+~websockets"),
    "existing (~aiohttp)": nonebot("existing", "~fastapi+~aiohttp"),
    "SDK, sync handler": sdk("sync"),
    "SDK, async handler": sdk("async"),
}
ROWS = {
    "start to connected, s": "start",
    "RSS when connected, MB": "rss",
    "event to ack p50, ms": "ack_p50",
    "event to ack p99, ms": "ack_p99",
    "event to reply p50, ms": "reply_p50",
    "event to reply p99, ms": "reply_p99",
    "burst: echoes per second": "echoes",
    "burst: answered within the limit": "answered",
    "CPU per 1,000 echoes, s": "cpu",
    "ack p99 while a plugin sleeps 2 s per event, ms": "sleep_p99",
    "ack p99 while a plugin computes 2 s per event, ms": "compute_p99",
}


@dataclass
class Gateway:
    process: subprocess.Popen[str]
    url: str

    def ask(self, **command: Any) -> dict[str, Any]:
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write(json.dumps(command) + "\n")
        self.process.stdin.flush()
        return json.loads(self.process.stdout.readline())


@contextmanager
def gateway():
    command = [sys.executable, str(HERE / "gateway.py")]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            yield Gateway(process, json.loads(process.stdout.readline())["url"])
        finally:
            process.kill()


def percentile(values: list[float], share: float) -> float:
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))] * 1000


def measure(candidate: Callable[[str], list[str]], options: argparse.Namespace) -> dict[str, float]:
    # A folder of its own: what a run has stored must not be known to the next one.
    with gateway() as server, tempfile.TemporaryDirectory() as folder:
        started = time.time()
        command = [sys.executable, *candidate(server.url)]
        child = subprocess.Popen(command, cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            watched = psutil.Process(child.pid)
            result = {"start": server.ask(do="connected")["at"] - started}
            time.sleep(1)
            result["rss"] = watched.memory_info().rss / 1e6
            server.ask(do="echo", count=20, rate=20)
            echo = server.ask(do="echo", count=options.count, rate=20)
            for name in ("ack", "reply"):
                result |= {f"{name}_p50": percentile(echo[name], 0.5), f"{name}_p99": percentile(echo[name], 0.99)}
            for word in ("sleep", "compute"):
                blocked = server.ask(do="block", word=word, count=options.blocked, every=0.3)
                result[f"{word}_p99"] = percentile(blocked["ack"], 0.99)
            before = sum(watched.cpu_times()[:2])
            burst = server.ask(do="burst", count=options.burst, limit=options.limit)
            result["echoes"] = burst["answered"] / burst["seconds"]
            result["answered"] = burst["answered"]
            result["cpu"] = (sum(watched.cpu_times()[:2]) - before) / (burst["answered"] or float("nan")) * 1000
            return result
        finally:
            child.kill()
            child.wait()


def table(medians: dict[str, dict[str, float]], options: argparse.Namespace) -> str:
    names = list(medians)
    base = "existing (~aiohttp)"
    lines = ["| | " + " | ".join(names) + " | ours / existing (~aiohttp) |", "|---|" + "---:|" * (len(names) + 1)]
    for title, key in ROWS.items():
        cells = [f"{medians[name][key]:,.{0 if key in ('echoes', 'answered', 'rss') else 2}f}" for name in names]
        ratio = medians[names[0]][key] / medians[base][key] if base in medians else float("nan")
        lines.append(f"| {title} | " + " | ".join(cells) + f" | {ratio:.2f} |")
    machine = f"{platform.system()}, {psutil.cpu_count()} cores, Python {platform.python_version()}"
    how = (
        f"Medians of {options.rounds} alternating rounds; {options.count} events at 20/s, a burst of "
        f"{options.burst:,} with {options.limit:g} s for it, {options.blocked} blocking events 0.3 s apart. {machine}."
    )
    return "\n".join([*lines, "", how])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--count", type=int, default=100, help="events at 20/s")
    parser.add_argument("--burst", type=int, default=5000)
    parser.add_argument("--limit", type=float, default=20, help="seconds for the burst; the rest stays unanswered")
    parser.add_argument("--blocked", type=int, default=5, help="events whose handler blocks for 2 s")
    parser.add_argument("--only", action="append", help="a candidate by the beginning of its name")
    parser.add_argument("--write", action="store_true", help="put the table into docs/performance.md")
    options = parser.parse_args()
    chosen = {
        name: command
        for name, command in CANDIDATES.items()
        if not options.only or any(name.startswith(only) for only in options.only)
    }
    rounds: dict[str, list[dict[str, float]]] = {name: [] for name in chosen}
    for number in range(options.rounds):
        for name, command in chosen.items():
            result = measure(command, options)
            rounds[name].append(result)
            print(number + 1, name, {key: round(value, 2) for key, value in result.items()}, flush=True)
    medians = {
        name: {key: statistics.median(result[key] for result in results) for key in ROWS.values()}
        for name, results in rounds.items()
    }
    text = table(medians, options)
    print(text)
    if options.write:
        page = PAGE.read_text("utf-8")
        head, _, rest = page.partition(BEGIN)
        PAGE.write_text(f"{head}{BEGIN}\n{text}\n{END}{rest.partition(END)[2]}", "utf-8")


if __name__ == "__main__":
    main()
