"""The groups of rows that ``compare.py`` measures, one function each."""

import json
import statistics
import subprocess
import tempfile
import time
from argparse import Namespace
from pathlib import Path

from processes import HERE, BusyCores, Candidate, Running, free_port, percentile, running, start_quietly

NOT_A_NUMBER = float("nan")
FLOOR = Candidate("NoneBot alone", "floor_bot.py")
MANY = (50, 500, 1000)


def measure(candidate: Candidate, groups: set[str], options: Namespace) -> dict[str, float]:
    """One round of one candidate."""
    if candidate is FLOOR:
        return measure_floor(options) if groups & {"echo", "burst"} else {}
    result: dict[str, float] = {}
    if "import" in groups and candidate.imports:
        result["import"] = time_import(candidate)
    if groups & set(ALIVE):
        with running(candidate) as bot:
            result["start"] = bot.start
            for group, function in ALIVE.items():
                if group in groups:
                    result |= function(bot, options)
        if "reply_p50" in result:
            result["first_ratio"] = result["first"] / result["reply_p50"]
    if "bots" in groups and candidate.many:
        result |= measure_many(candidate, options)
    if "big" in groups and candidate.store == "memory://":
        with running(candidate) as bot:
            result["big_refused"] = bot.ask(do="burst", count=20_000, limit=options.limit * 4)["refused"]
    if "memory" in groups:
        with running(candidate) as bot:
            result["rss"] = settled_rss(bot)
            bot.ask(do="flow", count=options.events, limit=options.events / 100, ahead=200)
            result["rss_after"] = settled_rss(bot)
            result["rss_grown"] = result["rss_after"] - result["rss"]
    return result


def settled_rss(bot: Running) -> float:
    time.sleep(2)
    return bot.rss()


def measure_echo(bot: Running, options: Namespace) -> dict[str, float]:
    """The first echo, and echoes at 20 a second."""
    result = {"rss": settled_rss(bot)}
    result["first"] = percentile(bot.ask(do="echo", count=1, rate=20)["reply"], 0.5)
    result["rss_first"] = bot.rss()
    bot.ask(do="echo", count=20, rate=20)
    before = bot.cpu()
    echo = bot.ask(do="echo", count=options.count, rate=20)
    result["cpu_rate"] = (bot.cpu() - before) / (len(echo["reply"]) or NOT_A_NUMBER) * 1000
    for name in ("ack", "reply"):
        result |= {f"{name}_p50": percentile(echo[name], 0.5), f"{name}_p99": percentile(echo[name], 0.99)}
    return result


def measure_busy(bot: Running, options: Namespace) -> dict[str, float]:
    with BusyCores():
        echo = bot.ask(do="echo", count=options.count, rate=20)
    return {"busy_p50": percentile(echo["reply"], 0.5), "busy_ack_p99": percentile(echo["ack"], 0.99)}


def measure_burst(bot: Running, options: Namespace) -> dict[str, float]:
    """All at once: echoes, and acks while the plugin does nothing."""
    bot.ask(do="burst", count=200, limit=options.limit)  # the first ones cost more
    before = bot.cpu()
    burst = bot.ask(do="burst", count=options.burst, limit=options.limit)
    answered, cpu = burst["answered"] or NOT_A_NUMBER, bot.cpu() - before
    acks = bot.ask(do="acks", count=options.burst, limit=options.limit)
    return {
        "cpu_burst": cpu / answered * 1000,
        "echoes": burst["answered"] / burst["seconds"],
        "answered": burst["answered"],
        "refused": burst["refused"],
        "gateway": burst["gateway_cpu"] / answered * 1000,
        "acks": acks["acked"] / acks["seconds"],
    }


def measure_blocked(bot: Running, options: Namespace) -> dict[str, float]:
    return {
        f"{word}_p99": percentile(bot.ask(do="block", word=word, count=options.blocked, every=0.3)["ack"], 0.99)
        for word in ("sleep", "compute")
    }


ALIVE = {"echo": measure_echo, "busy": measure_busy, "burst": measure_burst, "blocked": measure_blocked}
SLOW = ("bots", "big")


def time_import(candidate: Candidate) -> float:
    """Milliseconds of the adapter's import after NoneBot's, the best of three."""
    code = f"import nonebot, time; t = time.perf_counter(); {candidate.imports}; print(time.perf_counter() - t)"
    command = [candidate.python, "-c", code]
    with tempfile.TemporaryDirectory() as folder:
        runs = [subprocess.check_output(command, cwd=folder, env=candidate.env) for _ in range(3)]
    return min(map(float, runs)) * 1000


def idle(bot: Running, seconds: float) -> float:
    """Percent of a core that bots without work use."""
    time.sleep(3)
    before = bot.cpu()
    time.sleep(seconds)
    return (bot.cpu() - before) / seconds * 100


def measure_many(candidate: Candidate, options: Namespace) -> dict[str, float]:
    """Many bots in one process."""
    result: dict[str, float] = {}
    with running(candidate) as bot:
        alone = settled_rss(bot)
    for bots in options.bots:
        with running(candidate, bots=bots) as bot:
            result[f"start_{bots}"] = bot.start
            result[f"idle_{bots}"] = idle(bot, options.idle)
            result[f"rss_{bots}"] = bot.rss()
            result[f"kb_{bots}"] = (bot.rss() - alone) / (bots - 1) * 1000
            if bots == MANY[0]:
                acks = bot.ask(do="echo", count=options.count * 5, rate=100)["ack"]
                result |= {"many_p50": percentile(acks, 0.5), "many_p99": percentile(acks, 0.99)}
    return result


def measure_floor(options: Namespace) -> dict[str, float]:
    """CPU of NoneBot alone per 1,000 events.

    Raises:
        RuntimeError: It ended before it had written its result.
    """
    with tempfile.TemporaryDirectory() as folder:
        script, counts = str(HERE / "candidates" / FLOOR.script), (str(options.count), str(options.burst))
        command, result = [FLOOR.python, script, free_port(), *counts], Path(folder, "floor.json")
        child = start_quietly(command, folder, FLOOR.env)
        try:
            while not result.exists():
                if child.poll() is not None:
                    raise RuntimeError(f"NoneBot alone ended early; see {command}")
                time.sleep(0.1)
            return json.loads(result.read_text())
        finally:
            child.kill()
            child.wait()


def medians(rounds: list[dict[str, float]]) -> dict[str, float]:
    """The median of each figure, over the rounds that measured it."""
    values: dict[str, list[float]] = {}
    for each in rounds:
        for key, value in each.items():
            if value == value:
                values.setdefault(key, []).append(value)
    return {key: statistics.median(value) for key, value in values.items()}
