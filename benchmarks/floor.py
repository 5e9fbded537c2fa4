"""CPU of an echo as a multiple of NoneBot alone, beside the last release: ``python benchmarks/floor.py``.

CI prints it with every change. It asserts nothing: a machine that is shared moves the figure by some ten percent. Ours
and NoneBot alone are measured in turn, so that they see the same machine.
"""

import statistics
from argparse import Namespace

from compare import NOW_CANDIDATE
from measure import FLOOR, measure

OPTIONS = Namespace(count=20, burst=1500, limit=20)
ROUNDS = 2
RELEASE, MEASURED, RELEASED = "0.1.0 (d7b8fc9)", "2026-11-28", 0.0
"""CPU per echo in a burst with SQLite, as a multiple of NoneBot alone, of the last release."""


def main() -> None:
    ratios = list[float]()
    for _ in range(ROUNDS):
        ours, floor = (measure(each, {"burst"}, OPTIONS)["cpu_burst"] for each in (NOW_CANDIDATE, FLOOR))
        ratios.append(ours / floor)
        print(f"CPU per 1,000 echoes in a burst: {ours:.2f} s; NoneBot alone {floor:.2f} s; {ours / floor:.2f} times")
    print(f"now {statistics.median(ratios):.2f} times NoneBot alone; {RELEASE}, {MEASURED}: {RELEASED:.2f} times")


if __name__ == "__main__":
    main()
