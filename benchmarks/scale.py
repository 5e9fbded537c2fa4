"""How cost grows with bots, events and replicas: ``python benchmarks/scale.py [--write] [--long]``.

1 to 1,000 bots in one process; 1,000 to 100,000 events (``--long``: a million) through one process; and 1, 2 and 3
replicas on a real redis-server, whose handler echoes at once. ``--only bots,events,replicas`` measures a part.
"""

import argparse
import math
import sys
import tempfile
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import psutil
from compare import NOW_CANDIDATE
from measure import idle, settled_rss
from processes import ROOT, describe_machine, replicated, running, write_section

sys.path.insert(0, str(ROOT))

from tests.redis_server import RedisServer

BOTS = (1, 10, 100, 1000)
EVENTS = (1_000, 10_000, 100_000, 1_000_000)
REPLICAS = (1, 2, 3)
NEEDED = (10, 50, 200, 500, 1_000, 3_000)
"""Messages a second for which the page says how much is needed."""
LOAD = 0.6
"""The share of a core that a plan may use, so that a burst finds room."""
LIMIT = 1200.0


def used(processes: list[psutil.Process]) -> list[float]:
    return [sum(process.cpu_times()[:2]) for process in processes]


def bots_table(options: argparse.Namespace) -> str:
    lines = [
        "| bots in one process | start to connected, s | RSS, MB | idle CPU, % | CPU per 1,000 echoes, s |",
        "|---:|---:|---:|---:|---:|",
    ]
    for bots in BOTS:
        with running(NOW_CANDIDATE, bots=bots) as bot:
            idling, rss = idle(bot, options.idle), bot.rss()
            before = bot.cpu()
            answered = bot.ask(do="flow", count=options.count, limit=LIMIT, ahead=200)["answered"]
            cpu = (bot.cpu() - before) / answered * 1000
            lines.append(f"| {bots:,} | {bot.start:.1f} | {rss:.0f} | {idling:.1f} | {cpu:.2f} |")
            print(lines[-1], flush=True)
    return "\n".join(lines)


def events_table(options: argparse.Namespace) -> str:
    lines = [
        "| events so far | messages per second | CPU per 1,000 since the row above, s | RSS after, MB |",
        "|---:|---:|---:|---:|",
    ]
    with running(NOW_CANDIDATE) as bot:
        lines.append(f"| 0 | - | - | {settled_rss(bot):.0f} |")
        sent = 0
        for events in EVENTS[: None if options.long else -1]:
            count, sent, before = events - sent, events, bot.cpu()
            flow = bot.ask(do="flow", count=count, limit=LIMIT * 4, ahead=200)
            cpu, speed = (bot.cpu() - before) / flow["answered"] * 1000, flow["answered"] / flow["seconds"]
            lines.append(f"| {events:,} | {speed:,.0f} | {cpu:.2f} | {settled_rss(bot):.0f} |")
            print(lines[-1], flush=True)
    return "\n".join(lines)


def measure_replicas(count: int, events: int) -> dict[str, Any]:
    """Messages a second of some replicas, and CPU per 1,000 messages of each part."""
    with tempfile.TemporaryDirectory(prefix="scale-") as folder:
        redis = RedisServer(Path(folder))
        redis.start()
        try:
            assert redis.process is not None
            with replicated(replace(NOW_CANDIDATE, store=redis.url), replicas=count) as bots:
                parts = [bot.process for bot in bots] + [psutil.Process(redis.process.pid)]
                bots[0].ask(do="flow", count=200 * count, limit=LIMIT, ahead=100)
                time.sleep(1)
                before = used(parts)
                flow = bots[0].ask(do="flow", count=events, limit=LIMIT, ahead=200 * count)
                spent = [after - start for start, after in zip(before, used(parts), strict=True)]
        finally:
            redis.stop()
    answered, seconds = flow["answered"], flow["seconds"]
    share = [cpu / answered * 1000 for cpu in spent]
    return {
        "speed": answered / seconds,
        "bots": share[:-1],
        "redis": share[-1],
        "gateway": flow["gateway_cpu"] / answered * 1000,
        "cores": (sum(spent) + flow["gateway_cpu"]) / seconds,
    }


def replicas_tables(options: argparse.Namespace) -> str:
    lines = [
        "| replicas | messages per second | CPU per 1,000: replicas, s | Redis, s | gateway, s | cores in use |",
        "|---:|---:|---|---:|---:|---:|",
    ]
    measured = list[dict[str, Any]]()
    for count in REPLICAS:
        each = measure_replicas(count, options.count)
        measured.append(each)
        bots = " + ".join(f"{cpu:.2f}" for cpu in each["bots"])
        figures = f"{each['redis']:.2f} | {each['gateway']:.2f} | {each['cores']:.2f}"
        lines.append(f"| {count} | {each['speed']:,.0f} | {bots} | {figures} |")
        print(lines[-1], flush=True)
    return "\n".join(lines) + "\n\n" + machines_table(sum(measured[0]["bots"]) / 1000, measured[0]["redis"] / 1000)


def machines_table(process: float, redis: float) -> str:
    """What messages a second need, from the CPU seconds of one message in a replica and in Redis."""
    lines = ["| messages per second | processes, a core each | CPU of Redis, cores |", "|---:|---:|---:|"]
    for wanted in NEEDED:
        lines.append(f"| {wanted:,} | {math.ceil(wanted * process / LOAD)} | {wanted * redis:.2f} |")
    return "\n".join(lines)


PARTS = {"bots": bots_table, "events": events_table, "replicas": replicas_tables}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", default=",".join(PARTS), help="parts, separated by commas")
    parser.add_argument("--count", type=int, default=6000, help="echoes for each number of bots and of replicas")
    parser.add_argument("--idle", type=float, default=130, help="seconds of idleness; a bot pings every 120")
    parser.add_argument("--long", action="store_true", help="a million events, which take a quarter of an hour or more")
    parser.add_argument("--write", action="store_true", help="put the tables into docs/performance.md")
    options = parser.parse_args()
    for name in options.only.split(","):
        text = f"{PARTS[name](options)}\n\n{describe_machine()}"
        print(text)
        if options.write:
            write_section(f"scale {name}", text)


if __name__ == "__main__":
    main()
