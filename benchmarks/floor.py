"""CPU of an echo as a multiple of NoneBot alone, beside the last release: ``python benchmarks/floor.py``.

CI prints it with every change. It asserts nothing: a machine that is shared moves the figure by some ten percent. Ours
and NoneBot alone are measured in turn, so that they see the same machine. With ``--before PATH`` it measures another
checkout, for the figure of a release.
"""

from argparse import ArgumentParser, Namespace
from pathlib import Path

from compare import NOW_CANDIDATE, earlier_build
from measure import FLOOR, measure

OPTIONS = Namespace(count=1, burst=1200, limit=20)
ROUNDS = 3
RELEASE, MEASURED, RELEASED = "0.1.0 (d7b8fc9)", "2026-11-29", 2.86
"""CPU per echo in a burst with SQLite, as a multiple of NoneBot alone, of the last release."""


def main() -> None:
    parser = ArgumentParser(description=__doc__)
    parser.add_argument("--before", type=Path, help="another checkout with its .venv")
    before = parser.parse_args().before
    candidate = NOW_CANDIDATE if before is None else earlier_build(before.absolute())
    ours, floor = list[float](), list[float]()
    for _ in range(ROUNDS):
        ours.append(measure(candidate, {"burst"}, OPTIONS)["cpu_burst"])
        floor.append(measure(FLOOR, {"burst"}, OPTIONS)["cpu_burst"])
        print(f"CPU per 1,000 echoes in a burst: {ours[-1]:.2f} s; NoneBot alone {floor[-1]:.2f} s", flush=True)
    # The best of each: whatever else runs on the machine only adds.
    times = f"{min(ours) / min(floor):.2f} times NoneBot alone"
    print(f"{candidate.name}: {times}; {RELEASE}, measured {MEASURED}: {RELEASED:.2f} times")


if __name__ == "__main__":
    main()
