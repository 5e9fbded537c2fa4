"""Ours beside an earlier build, the peers and NoneBot alone, on the same gateway and in alternating rounds.

``python benchmarks/compare.py --before PATH --write`` measures everything and puts the tables into
docs/performance.md, with the chart. PATH is a git worktree of the earlier build with its environment in
``PATH/.venv``; without ``--before`` its columns are left out. ``--memory 1`` adds the row of 50,000 events.

``--quick`` answers in about two minutes; ``--only now,existing --rows echo,burst --rounds 3`` measures a part.
``--keep FILE`` keeps every round in a file; ``--show FILE`` prints (and with ``--write`` writes) the tables of one.
"""

import argparse
import json
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import chart
from measure import ALIVE, FLOOR, MANY, SLOW, measure
from processes import HERE, Candidate, describe_machine, write_fault_row, write_section
from table import BEFORE, BEFORE_MEMORY, EXISTING, NOW, NOW_MEMORY, SDK, Rounds, busy_cores, make_table, make_targets

IMPORT = "from {} import Adapter, Bot, MessageEvent"
NOW_CANDIDATE = Candidate(
    NOW, "nonebot_bot.py", ("ours", "~fastapi"), imports=IMPORT.format("nonebot_adapter_feishu_ws")
)
EXISTING_CANDIDATE = Candidate(
    EXISTING, "nonebot_bot.py", ("existing", "~fastapi+~aiohttp"), imports=IMPORT.format("nonebot.adapters.feishu")
)
EXTRA = (
    replace(
        EXISTING_CANDIDATE, name="existing (~httpx+~websockets)", arguments=("existing", "~fastapi+~httpx+~websockets")
    ),
    Candidate("SDK, async handler", "sdk_bot.py", ("async",)),
)
ROWS = ("import", *ALIVE, *SLOW)
QUICK = {"rounds": 2, "count": 40, "burst": 3000, "rows": "import,echo,burst", "only": "now,before,existing,NoneBot"}


def earlier_build(checkout: Path) -> Candidate:
    """Another checkout of this package, after a check that it is really what runs."""
    python = checkout / ".venv" / "bin" / "python"
    candidate = replace(NOW_CANDIDATE, name=BEFORE, python=str(python), root=checkout)
    code = "import nonebot_adapter_feishu_ws; print(nonebot_adapter_feishu_ws.__file__)"
    command = [candidate.python, "-c", code]
    found = subprocess.run(command, cwd=HERE, env=candidate.env, capture_output=True, text=True, check=True).stdout
    if checkout.resolve() not in Path(found.strip()).resolve().parents:
        raise SystemExit(f"{python} imports {found.strip()}, not the package in {checkout}")
    return candidate


def choose(options: argparse.Namespace) -> list[Candidate]:
    chosen = [NOW_CANDIDATE, replace(NOW_CANDIDATE, name=NOW_MEMORY, store="memory://", imports="")]
    if options.before is not None:
        before = earlier_build(options.before.absolute())
        chosen += [before, replace(before, name=BEFORE_MEMORY, store="memory://", imports="")]
    chosen += [EXISTING_CANDIDATE, Candidate(SDK, "sdk_bot.py", ("sync",))]
    chosen += [*(EXTRA if options.all else ()), FLOOR]
    if not options.only:
        return chosen
    wanted = [word.strip() for word in options.only.split(",")]
    exact = {candidate.name for candidate in chosen}
    return [
        candidate
        for candidate in chosen
        # "now" is one candidate, "exist" the beginning of another.
        if any(candidate.name == word or (word not in exact and candidate.name.startswith(word)) for word in wanted)
    ]


def run_rounds(chosen: list[Candidate], options: argparse.Namespace) -> Rounds:
    """Measure every candidate once a round; each other round in the opposite order. What was kept is gone on with."""
    rounds: Rounds = {candidate.name: [] for candidate in chosen}
    if options.resume:
        kept: Rounds = json.loads(options.keep.read_text())["rounds"]
        whole = min(len(kept.get(candidate.name, ())) for candidate in chosen)
        rounds = {candidate.name: kept[candidate.name][:whole] for candidate in chosen}
    for round_number in range(len(rounds[chosen[0].name]), options.rounds):
        groups = set(options.rows.split(","))
        if round_number >= options.slow_rounds:
            groups -= {*SLOW}
        if round_number < options.memory:
            groups.add("memory")
        for candidate in chosen if round_number % 2 == 0 else reversed(chosen):
            began = time.monotonic()
            result = measure(candidate, groups, options)
            rounds[candidate.name].append(result)
            shown = {key: round(value, 2) for key, value in result.items()}
            print(f"{round_number + 1} {candidate.name} ({time.monotonic() - began:.0f} s) {shown}", flush=True)
            if options.keep is not None:
                options.keep.write_text(json.dumps({"rounds": rounds, "how": how(options)}))
    return rounds


def how(options: argparse.Namespace) -> str:
    """What was measured, and where."""
    slow = (
        f"{options.slow_rounds} for many bots and the burst of 20,000, {options.memory} for {options.events:,} events"
    )
    return (
        f"Medians of {options.rounds} alternating rounds ({slow}); {options.count} events at 20/s, a burst of "
        f"{options.burst:,} with {options.limit:g} s for it, {options.blocked} blocking events 0.3 s apart. "
        f"{describe_machine()}"
    )


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--slow-rounds", type=int, default=3, help="rounds that measure many bots and the big burst")
    parser.add_argument("--count", type=int, default=100, help="events at 20/s")
    parser.add_argument("--burst", type=int, default=5000)
    parser.add_argument("--limit", type=float, default=20, help="seconds for the burst; the rest stays unanswered")
    parser.add_argument("--blocked", type=int, default=3, help="events whose handler blocks for 2 s")
    parser.add_argument("--idle", type=float, default=10, help="seconds for which idle bots are watched")
    parser.add_argument("--events", type=int, default=50_000, help="events of the memory row")
    parser.add_argument("--memory", type=int, default=0, help="rounds of the memory after 50,000 events, minutes each")
    parser.add_argument("--before", type=Path, help="a checkout of an earlier build with its .venv")
    parser.add_argument("--all", action="store_true", help="two slower peers as well")
    parser.add_argument("--only", default="", help="candidates by name or its beginning, separated by commas")
    parser.add_argument("--rows", default=",".join(ROWS), help="the default without those that are not wanted")
    parser.add_argument("--bots", type=int, nargs="+", default=MANY, help="numbers of bots of the rows of many bots")
    parser.add_argument("--quick", action="store_true", help="two short rounds of the most important rows")
    parser.add_argument("--keep", type=Path, help="a file that keeps what every round measured")
    parser.add_argument("--resume", action="store_true", help="go on with the rounds that --keep's file has")
    parser.add_argument("--show", type=Path, help="the tables of such a file, without measuring")
    parser.add_argument("--write", action="store_true", help="put the tables and the chart into docs/")
    if (parsed := parser.parse_args()).quick:
        parser.set_defaults(**QUICK)
        parsed = parser.parse_args()
    if unknown := set(parsed.rows.split(",")) - set(ROWS):
        parser.error(f"no such rows: {', '.join(unknown)}")
    return parsed


def main() -> None:
    options = parse()
    if options.show is None:
        kept: dict[str, Any] = {"rounds": run_rounds(choose(options), options), "how": how(options)}
    else:
        kept = json.loads(options.show.read_text())
    text = f"{make_table(kept['rounds'])}\n\n{make_targets(kept['rounds'])}\n\n{kept['how']}"
    print(text)
    if options.write:
        write_section("compare", text)
        if busy := busy_cores(kept["rounds"]):
            write_fault_row(47, busy)
        chart.main()
        subprocess.run([sys.executable, HERE.parent / "scripts" / "readme_figures.py"], check=True)


if __name__ == "__main__":
    main()
