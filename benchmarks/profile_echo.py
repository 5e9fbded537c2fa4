"""Where the CPU of an echo goes, in multiples of NoneBot alone: ``python benchmarks/profile_echo.py``.

It needs ``py-spy``. The program is watched from outside during a burst with SQLite. A sample counts for the innermost
frame that belongs to somebody: what asyncio does counts for its caller, and the network thread's loop for that thread.
Samples are of the threads that run Python code; the share of each is then its part of the CPU that an echo costs.
"""

import shutil
import signal
import subprocess
import sys
import tempfile
from argparse import ArgumentParser, Namespace
from collections import Counter
from pathlib import Path

from compare import NOW_CANDIDATE, earlier_build
from measure import measure_floor
from processes import Candidate, describe_machine, running, write_section

PACKAGE = "nonebot_adapter_feishu_ws/"
OWNERS = {
    "loguru": "loguru: NoneBot's three lines, and those that it drops",
    "nonebot": "NoneBot: rules, dependencies, matchers",
    "anyio": "anyio: NoneBot's task groups",
    "exceptiongroup": "anyio: NoneBot's task groups",
    "pydantic": "pydantic",
    "uvicorn": "NoneBot's driver",
    "starlette": "NoneBot's driver",
    "fastapi": "NoneBot's driver",
}
OURS = {
    "transport": "ours, network thread: socket, frames, acks",
    "intake": "ours: receiving and handing over",
    "store": "ours: the store",
    "event": "ours: event and `to_me`",
    "message": "ours: message",
    "net": "ours: HTTP client, JSON",
    "api": "ours: REST (tokens, rates, retries)",
    "sending": "ours: send",
    "bot": "ours: send",
    "adapter": "ours: send",
}
BURST = 6000


def main() -> None:
    parser = ArgumentParser(description=__doc__)
    parser.add_argument("--before", type=Path, help="another checkout with its .venv")
    parser.add_argument("--write", action="store_true", help="put the table into docs/performance.md")
    arguments = parser.parse_args()
    if shutil.which("py-spy") is None and not Path(sys.executable).with_name("py-spy").exists():
        sys.exit("py-spy is missing; install it: pip install py-spy")
    candidate = NOW_CANDIDATE if arguments.before is None else earlier_build(arguments.before.absolute())
    floor = measure_floor(Namespace(count=1, burst=1200))["cpu_burst"]
    shares, cpu = watch(candidate)
    table = make_table(shares, cpu / floor)
    print(table)
    if arguments.write:
        write_section("profile", table + f"\n\nOne burst of {BURST:,} echoes. {describe_machine()}")


def watch(candidate: Candidate) -> tuple[Counter[str], float]:
    """The samples of each owner in a burst, and the CPU seconds per 1,000 echoes in another one that nobody watched."""
    with running(candidate) as bot, tempfile.TemporaryDirectory() as folder:
        bot.ask(do="burst", count=1000, limit=30)
        before = bot.cpu()
        answered = bot.ask(do="burst", count=BURST, limit=60)["answered"]
        cpu = (bot.cpu() - before) / answered * 1000
        file, spy = Path(folder, "samples"), Path(sys.executable).with_name("py-spy")
        command = [str(spy) if spy.exists() else "py-spy", "record", "--gil", "-r", "500", "-f", "raw"]
        command += ["-o", str(file), "-p", str(bot.process.pid)]
        with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as watching:
            bot.ask(do="burst", count=BURST, limit=60)
            watching.send_signal(signal.SIGINT)  # it writes what it has seen
            watching.wait()
        samples = Counter[str]()
        for line in file.read_text("utf-8").splitlines():
            stack, _, count = line.rpartition(" ")
            samples[owner_of(stack.split(";"))] += int(count)
    return samples, cpu


def owner_of(frames: list[str]) -> str:
    """Whose work a stack of frames ``function (path:line)`` is."""
    for frame in reversed(frames):
        path = frame.rpartition(" (")[2]
        if path.startswith(PACKAGE) or f"/{PACKAGE}" in path:
            room = path.rpartition(PACKAGE)[2].partition("/")[0].partition(".")[0]
            return OURS.get(room, "ours: other")
        if owner := OWNERS.get(path.partition("/")[0]):
            return owner
    return "the loops themselves"


def make_table(samples: Counter[str], multiple: float) -> str:
    lines = ["| whose work | share | times NoneBot alone |", "|---|---:|---:|"]
    for owner, count in samples.most_common():
        share = count / samples.total()
        lines.append(f"| {owner} | {share:.0%} | {share * multiple:.2f} |")
    return "\n".join([*lines, f"| all | 100% | {multiple:.2f} |"])


if __name__ == "__main__":
    main()
