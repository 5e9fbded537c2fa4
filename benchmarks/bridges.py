"""What the bridge to alconna costs: ``python benchmarks/bridges.py [--write]``.

The CPU of an answer by ``UniMessage`` beside one by ``matcher.send``, and of ``import nonebot_plugin_alconna`` with
this package's entry point and without it. Like ``floor.py`` it asserts nothing: the targets stand in its output.
"""

import subprocess
import sys
import tempfile
from argparse import ArgumentParser, Namespace
from statistics import median

from measure import measure_burst
from processes import Candidate, describe_machine, running, write_section

OPTIONS = Namespace(burst=1000, limit=60)
ROUNDS, IMPORTS = 3, 15
WAYS = {"matcher": "`matcher.send`, alconna not loaded", "loaded": "`matcher.send`", "unimessage": "`UniMessage.send`"}
ENTRY = """
import sys, time, warnings
import importlib_metadata, nonebot
nonebot.init(driver="~none", _env_file=None, log_level="ERROR")
warnings.simplefilter("ignore")
found = importlib_metadata.entry_points

def without(**select):
    return importlib_metadata.EntryPoints(point for point in found(**select) if point.name != "feishu_ws")

if sys.argv[1] == "without":
    importlib_metadata.entry_points = without
began = time.process_time()
import nonebot_plugin_alconna
took = time.process_time() - began
assert ("nonebot_adapter_feishu_ws" in sys.modules) == (sys.argv[1] == "with")
print(took * 1000)
"""


def time_import(way: str) -> float:
    """Milliseconds of CPU of one import, in a process of its own; the time on the wall is mostly what else runs."""
    with tempfile.TemporaryDirectory() as folder:
        answer = subprocess.run([sys.executable, "-c", ENTRY, way], cwd=folder, capture_output=True, check=True)
    return float(answer.stdout.split()[-1])


def main() -> None:
    parser = ArgumentParser(description=__doc__)
    parser.add_argument("--write", action="store_true", help="write the figures into docs/performance.md")
    options = parser.parse_args()
    cpu: dict[str, list[float]] = {way: [] for way in WAYS}
    for _ in range(ROUNDS):
        for way, seen in cpu.items():
            with running(Candidate(way, "bridge_bot.py", (way,))) as bot:
                seen.append(measure_burst(bot, OPTIONS)["cpu_burst"])
        print("; ".join(f"{way} {seen[-1]:.2f} s" for way, seen in cpu.items()), flush=True)
    imports: dict[str, list[float]] = {"without": [], "with": []}
    for _ in range(IMPORTS):
        for way, seen in imports.items():
            seen.append(time_import(way))
    # What else runs on the machine only adds, so the best of each is compared.
    best = {way: min(seen) for way, seen in cpu.items()}
    rows = ["| | best | median |", "|---|---:|---:|"]
    rows += [
        f"| CPU per 1,000 answers by {WAYS[way]}, s | {min(it):.2f} | {median(it):.2f} |" for way, it in cpu.items()
    ]
    more = best["unimessage"] / best["loaded"]
    rows.append(f"| `UniMessage.send` / `matcher.send` (at most 1.3) | {more:.2f} | - |")
    name = "`import nonebot_plugin_alconna` {} this package's entry point, ms of CPU"
    rows += [f"| {name.format(way)} | {min(it):.0f} | {median(it):.0f} |" for way, it in imports.items()]
    added = min(imports["with"]) - min(imports["without"])
    rows.append(f"| added by the entry point (at most 20), ms of CPU | {added:.1f} | - |")
    print(table := "\n".join(rows))
    if options.write:
        write_section("bridges", f"{describe_machine()}\n\n{table}")


if __name__ == "__main__":
    main()
