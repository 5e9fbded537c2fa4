"""Runs the tests of faults and of the fallback and writes what they saw into ``docs/reliability.md``.

The rows go into its Chinese page as well.
"""

import os
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).parent.parent
sys.path.insert(0, str(ROOT))

from scripts import chinese_tables  # noqa: E402
from tests.fault_rows import FAULTS, SEEN_FILE, missing_rows, read_seen, to_table  # noqa: E402

PAGE = ROOT / "docs" / "reliability.md"
HEAD = (
    "| fault | states that the status went through | error in the status | back after (s) | events lost "
    "| what the other bot saw |\n|---|---|---|---|---|---|\n"
)


def main() -> int:
    """Run the tests; writes nothing, and returns an error, when one fails or a row was not seen."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        code = run_tests(folder)
        seen = read_seen(folder / "seen")
        for row in missing_rows(seen):
            print(f"Nothing was seen of row {row}: {FAULTS[row].fault}", file=sys.stderr)
            code = code or 1
        if code == 0:
            write("rows", to_table(seen, PAGE.read_text("utf-8")))
            write("faults", HEAD + (folder / "faults").read_text("utf-8"))
            write("fallback", (folder / "fallback").read_text("utf-8"))
            code = chinese_tables.main()
        return code


def run_tests(folder: Path) -> int:
    """Run what records, nothing else; returns the exit code."""
    files = {SEEN_FILE: "seen", "FAULT_TABLE": "faults", "FALLBACK_TABLE": "fallback"}
    env = {**os.environ, "CI": "true", **{variable: str(folder / name) for variable, name in files.items()}}
    return subprocess.run([sys.executable, "-m", "pytest", "-q", "-m", "fault"], cwd=ROOT, env=env).returncode


def write(name: str, table: str) -> None:
    """Put a table between its markers."""
    begin, end = f"<!-- {name}: begin -->\n", f"<!-- {name}: end -->"
    before, found, rest = PAGE.read_text("utf-8").partition(begin)
    assert found, f"{PAGE} has no table {name}"
    PAGE.write_text(before + begin + table + end + rest.partition(end)[2], "utf-8")


if __name__ == "__main__":
    sys.exit(main())
