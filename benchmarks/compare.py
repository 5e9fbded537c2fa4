"""Ours beside the peers, or beside an earlier build, on the same gateway and in alternating rounds.

``python benchmarks/compare.py [--rounds 5]`` prints medians over the rounds and ratios to the existing adapter;
``--write`` puts the table into docs/performance.md.

``python benchmarks/compare.py --before PATH --rounds 7`` compares this tree with another checkout, such as a git
worktree of an earlier commit with its environment in ``PATH/.venv``. Both bots run the same script against the same
gateway process code, which uses the sandbox of this tree; only the bot's own package differs. It prints how far the
earlier build's own rounds lie apart beside each figure.
"""

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


def nonebot(adapter: str, driver: str, python: str = sys.executable) -> Callable[[str], list[str]]:
    """The command of a NoneBot with one adapter; ``python`` decides which installed package it imports."""
    script = str(HERE / "candidates" / "nonebot_bot.py")
    return lambda url: [python, script, adapter, driver, url, APP, SECRET, free_port()]


def sdk(kind: str) -> Callable[[str], list[str]]:
    """The command of a bot on the official SDK alone."""
    return lambda url: [sys.executable, str(HERE / "candidates" / "sdk_bot.py"), kind, url, APP, SECRET]


def earlier_build(checkout: Path) -> Callable[[str], list[str]]:
    """The command of a bot that runs another checkout of this package, after a check that it really does."""
    python = checkout / ".venv" / "bin" / "python"
    code = "import nonebot_adapter_feishu_ws; print(nonebot_adapter_feishu_ws.__file__)"
    found = subprocess.run([python, "-c", code], cwd=HERE, capture_output=True, text=True, check=True).stdout.strip()
    if checkout.resolve() not in Path(found).resolve().parents:
        raise SystemExit(f"{python} imports {found}, not the package in {checkout}")
    return nonebot("ours", "~fastapi", str(python))


OURS, BEFORE, NOW = "ours (~fastapi)", "before", "now"
CANDIDATES = {
    OURS: nonebot("ours", "~fastapi"),
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
        child = subprocess.Popen(
            candidate(server.url), cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
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


def number(key: str, value: float) -> str:
    return f"{value:,.{0 if key in ('echoes', 'answered', 'rss') else 2}f}"


def table_of_builds(rounds: dict[str, list[dict[str, float]]], options: argparse.Namespace) -> str:
    """Medians of the earlier and this build, their ratio, and how far the earlier build's own rounds lie apart."""
    lines = ["| | before | now | now / before | before, lowest to highest round | |", "|---|---:|---:|---:|---:|---|"]
    for title, key in ROWS.items():
        before, now = ([result[key] for result in rounds[name]] for name in (BEFORE, NOW))
        old, new = statistics.median(before), statistics.median(now)
        verdict = "within" if min(before) <= new <= max(before) else "above" if new > max(before) else "below"
        spread = f"{number(key, min(before))} to {number(key, max(before))}"
        ratio = f"{new / old:.3f}" if old else "-"
        lines.append(f"| {title} | {number(key, old)} | {number(key, new)} | {ratio} | {spread} | {verdict} |")
    return "\n".join([*lines, "", how(options)])


def table(rounds: dict[str, list[dict[str, float]]], options: argparse.Namespace) -> str:
    """Medians of all candidates, and the ratio of ours to the existing adapter."""
    medians = {
        name: {key: statistics.median(result[key] for result in results) for key in ROWS.values()}
        for name, results in rounds.items()
    }
    names = list(medians)
    base = "existing (~aiohttp)"
    lines = ["| | " + " | ".join(names) + " | ours / existing (~aiohttp) |", "|---|" + "---:|" * (len(names) + 1)]
    for title, key in ROWS.items():
        cells = [number(key, medians[name][key]) for name in names]
        ratio = medians[names[0]][key] / medians[base][key] if base in medians else float("nan")
        lines.append(f"| {title} | " + " | ".join(cells) + f" | {ratio:.2f} |")
    return "\n".join([*lines, "", how(options)])


def how(options: argparse.Namespace) -> str:
    """What was measured, and where."""
    machine = f"{platform.system()}, {psutil.cpu_count()} cores, Python {platform.python_version()}"
    return (
        f"Medians of {options.rounds} alternating rounds; {options.count} events at 20/s, a burst of "
        f"{options.burst:,} with {options.limit:g} s for it, {options.blocked} blocking events 0.3 s apart. {machine}."
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--count", type=int, default=100, help="events at 20/s")
    parser.add_argument("--burst", type=int, default=5000)
    parser.add_argument("--limit", type=float, default=20, help="seconds for the burst; the rest stays unanswered")
    parser.add_argument("--blocked", type=int, default=5, help="events whose handler blocks for 2 s")
    parser.add_argument("--only", action="append", help="a candidate by the beginning of its name")
    parser.add_argument(
        "--before", type=Path, help="another checkout of this package, to compare with instead of peers"
    )
    parser.add_argument("--write", action="store_true", help="put the table of the peers into docs/performance.md")
    options = parser.parse_args()
    if options.before is not None:
        chosen = {BEFORE: earlier_build(options.before.absolute()), NOW: CANDIDATES[OURS]}
    else:
        chosen = {
            name: command
            for name, command in CANDIDATES.items()
            if not options.only or any(name.startswith(only) for only in options.only)
        }
    rounds = run_rounds(chosen, options)
    text = table(rounds, options) if options.before is None else table_of_builds(rounds, options)
    print(text)
    if options.write and options.before is None:
        page = PAGE.read_text("utf-8")
        head, _, rest = page.partition(BEGIN)
        PAGE.write_text(f"{head}{BEGIN}\n{text}\n{END}{rest.partition(END)[2]}", "utf-8")


def run_rounds(
    chosen: dict[str, Callable[[str], list[str]]], options: argparse.Namespace
) -> dict[str, list[dict[str, float]]]:
    """Measure every candidate once a round; each other round in the opposite order."""
    rounds: dict[str, list[dict[str, float]]] = {name: [] for name in chosen}
    for round_number in range(options.rounds):
        names = list(chosen) if round_number % 2 == 0 else list(reversed(chosen))
        for name in names:
            result = measure(chosen[name], options)
            rounds[name].append(result)
            print(round_number + 1, name, {key: round(value, 2) for key, value in result.items()}, flush=True)
    return rounds


if __name__ == "__main__":
    main()
