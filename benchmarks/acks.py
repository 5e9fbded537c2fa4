"""What the journal costs an ack: ``python benchmarks/acks.py [--rounds 3] [--write]``.

Times a write into the inbox of each store alone, and the way from an event to its ack through a whole bot; puts the
table into docs/performance.md.
"""

import argparse
import asyncio
import shutil
import statistics
import subprocess
import tempfile
import time
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from compare import NOW_CANDIDATE
from processes import describe_machine, free_port, percentile, running, write_section

from nonebot_adapter_feishu_ws.store import Entry, make_store

BOT = "cli_a0b1c2d3e4f56789"
PAYLOAD = b'{"schema": "2.0", "event": "' + b"x" * 1_000 + b'"}'


@contextmanager
def store_urls(folder: Path) -> Generator[dict[str, str]]:
    """A fresh store of each kind."""
    urls = {"memory": "memory://", "SQLite": f"sqlite:///{folder / 'store.sqlite3'}"}
    if shutil.which("redis-server") is None:
        yield urls
        return
    port = free_port()
    command = ["redis-server", "--port", port, "--bind", "127.0.0.1", "--save", "", "--appendonly", "yes"]
    with subprocess.Popen(command, cwd=folder, stdout=subprocess.DEVNULL) as server:
        try:
            time.sleep(0.5)
            yield {**urls, "Redis": f"redis://127.0.0.1:{port}/0"}
        finally:
            server.terminate()


async def time_takes(url: str, count: int, rate: float, at_once: int) -> list[float]:
    """Seconds of each write into the inbox, ``at_once`` of them at a time."""
    store = make_store(url)
    await store.open([BOT])
    inbox = store.inbox
    took: list[float] = []

    async def take(number: int) -> None:
        entry = Entry(f"{BOT}:event:{at_once}-{number}", BOT, PAYLOAD, time.time())
        started = time.perf_counter()
        keys = [entry.key, f"{BOT}:message:{at_once}-{number}"]
        if inbox is None:
            assert await store.claim(keys)
        else:
            assert (await inbox.take(entry, keys, begin=True)).new
        took.append(time.perf_counter() - started)
        if inbox is not None:
            await inbox.done([entry.key])

    started = time.perf_counter()
    for number in range(0, count, at_once):
        await asyncio.sleep(max(0.0, started + number / rate - time.perf_counter()))
        await asyncio.gather(*(take(number + offset) for offset in range(at_once)))
    await store.close()
    return took


def time_acks(url: str, count: int) -> list[float]:
    """Latencies from event to ack through a bot with this store."""
    with running(replace(NOW_CANDIDATE, store=url)) as bot:
        bot.ask(do="echo", count=20, rate=20)
        return bot.ask(do="echo", count=count, rate=20)["ack"]


def one_round(options: argparse.Namespace) -> dict[str, dict[str, float]]:
    result: dict[str, dict[str, float]] = {}
    with tempfile.TemporaryDirectory(prefix="acks-") as name, store_urls(Path(name)) as urls:
        for kind, url in urls.items():
            alone = asyncio.run(time_takes(url, options.count * 4, 200, 1))
            crowd = asyncio.run(time_takes(url, options.count * 4, 2_000, 50))
            acks = time_acks(url, options.count)
            result[kind] = {
                f"{what}_{name}": percentile(values, share)
                for what, values in (("alone", alone), ("crowd", crowd), ("ack", acks))
                for name, share in (("p50", 0.5), ("p99", 0.99))
            }
            print(kind, {key: round(value, 2) for key, value in result[kind].items()}, flush=True)
    return result


ROWS = {
    "a write into the inbox, p50, ms": "alone_p50",
    "a write into the inbox, p99, ms": "alone_p99",
    "50 at once, 2,000 a second, p50, ms": "crowd_p50",
    "50 at once, 2,000 a second, p99, ms": "crowd_p99",
    "event to ack of a whole bot, p50, ms": "ack_p50",
    "event to ack of a whole bot, p99, ms": "ack_p99",
}


def table(rounds: list[dict[str, dict[str, float]]], options: argparse.Namespace) -> str:
    kinds = list(rounds[0])
    lines = ["| | " + " | ".join(kinds) + " |", "|---|" + "---:|" * len(kinds)]
    for title, key in ROWS.items():
        cells = [f"{statistics.median(each[kind][key] for each in rounds):.2f}" for kind in kinds]
        lines.append(f"| {title} | " + " | ".join(cells) + " |")
    writes = f"{options.count * 4:,} writes (200 a second)"
    events = f"{options.count} events (20 a second) in each"
    how = f"Medians of {options.rounds} rounds; {writes} and {events}. {describe_machine()}"
    return "\n".join([*lines, "", how])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--count", type=int, default=200, help="events; four times as many writes")
    parser.add_argument("--write", action="store_true", help="put the table into docs/performance.md")
    options = parser.parse_args()
    text = table([one_round(options) for _ in range(options.rounds)], options)
    print(text)
    if options.write:
        write_section("acks", text)


if __name__ == "__main__":
    main()
