"""Runs the tests of faults and of the fallback and writes what was seen into ``docs/reliability.md``."""

import os
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).parent.parent
PAGE = ROOT / "docs" / "reliability.md"
HEAD = (
    "| fault | states that the status went through | error in the status | back after (s) | events lost "
    "| what the other bot saw |\n|---|---|---|---|---|---|\n"
)


def main() -> int:
    """Run the tests; returns their exit code, and writes nothing when they fail."""
    with tempfile.TemporaryDirectory() as folder:
        table = Path(folder) / "table.md"
        fallback = Path(folder) / "fallback.md"
        command = [sys.executable, "-m", "pytest", "-q", "tests/flow/test_faults.py", "tests/flow/test_fallback.py"]
        env = {**os.environ, "FAULT_TABLE": str(table), "FALLBACK_TABLE": str(fallback)}
        code = subprocess.run(command, cwd=ROOT, env=env).returncode
        if code == 0:
            write("faults", HEAD + table.read_text("utf-8"))
            write("fallback", fallback.read_text("utf-8"))
    return code


def write(name: str, table: str) -> None:
    """Put a table between its markers."""
    begin, end = f"<!-- {name}: begin -->\n", f"<!-- {name}: end -->"
    before, _, rest = PAGE.read_text("utf-8").partition(begin)
    PAGE.write_text(before + begin + table + end + rest.partition(end)[2], "utf-8")


if __name__ == "__main__":
    sys.exit(main())
