"""Takes away one guard after the other in a copy of the project, and demands that a test notices each time.

``--write`` puts the table into ``SECURITY.md``; names of guards, or parts of them, choose some.
"""

import argparse
import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).parent.parent
sys.path.insert(0, str(ROOT))

from benchmarks.ledger import write_section  # noqa: E402
from scripts import chinese_tables  # noqa: E402
from scripts.guards import GUARDS, PACKAGE, Guard  # noqa: E402

PAGE = ROOT / "SECURITY.md"
PARTS = (PACKAGE, "tests", "pyproject.toml", "README.md")
OPTIONS = ("-q", "-m", "", "-rfE", "-p", "no:cacheprovider", "--timeout=30", "--maxfail=3")
PATIENCE = 300.0
"""Seconds for the tests of one guard."""
FAILED = re.compile(r"^(?:FAILED|ERROR) \S+?\.py::(\w+)", re.MULTILINE)
HEAD = "| guard | removed from | tests that failed |\n|---|---|---|\n"


class Workshop:
    """A copy of the project in which guards can be taken away."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        for part in PARTS:
            source = ROOT / part
            if source.is_dir():
                shutil.copytree(source, folder / part, ignore=shutil.ignore_patterns("__pycache__", "node_modules"))
            else:
                shutil.copy(source, folder / part)
        # A module that was compiled within the same second as its change would be taken for the new one.
        self._env = {**os.environ, "PYTHONPATH": str(folder), "PYTHONDONTWRITEBYTECODE": "1"}
        self._env.pop("PYTEST_ADDOPTS", None)

    def check_import(self) -> None:
        """Make sure that the tests will see this copy, not the installed package."""
        code = f"import {PACKAGE}; print({PACKAGE}.__file__)"
        result = subprocess.run(
            [sys.executable, "-c", code], cwd=self.folder, env=self._env, capture_output=True, text=True, check=True
        )
        found = Path(result.stdout.strip()).resolve()
        if self.folder.resolve() not in found.parents:
            raise SystemExit(f"The tests would run against {found} instead of the copy in {self.folder}")

    def test(self, tests: tuple[str, ...]) -> tuple[int, str]:
        """Run some tests; returns pytest's exit code and its output."""
        command = [sys.executable, "-m", "pytest", *OPTIONS, *tests]
        result = subprocess.run(
            command, cwd=self.folder, env=self._env, capture_output=True, text=True, timeout=PATIENCE, check=False
        )
        return result.returncode, result.stdout + result.stderr

    def without(self, guard: Guard) -> list[str]:
        """The tests that fail when a guard is taken away."""
        path = self.folder / PACKAGE / guard.file
        source = path.read_text("utf-8")
        path.write_text(take_away(guard, source), "utf-8")
        try:
            code, output = self.test(guard.tests)
        finally:
            path.write_text(source, "utf-8")
        failed = list(dict.fromkeys(FAILED.findall(output)))
        if code != 1 or not failed:
            print(output[-3000:])
            return []
        return failed


def take_away(guard: Guard, source: str) -> str:
    """The source without a guard.

    Raises:
        ValueError: the guard does not stand there exactly once any more.
    """
    if (count := source.count(guard.snippet)) != 1:
        raise ValueError(f"{guard.name}: its snippet stands {count} times in {guard.file}; correct scripts/guards.py")
    return source.replace(guard.snippet, guard.removed)


def main() -> int:
    """Check all guards, or those that are named; returns 1 when one can be taken away unnoticed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--write", action="store_true", help="put the table into SECURITY.md")
    parser.add_argument("names", nargs="*", help="check only guards with these words in their names")
    options = parser.parse_args()
    chosen = [guard for guard in GUARDS if not options.names or any(name in guard.name for name in options.names)]
    with tempfile.TemporaryDirectory() as folder:
        workshop = Workshop(Path(folder))
        workshop.check_import()
        tests = tuple(sorted({test for guard in chosen for test in guard.tests}))
        code, output = workshop.test(tests)
        if code != 0:
            print(f"The tests fail with all guards in place:\n{output[-5000:]}")
            return 1
        rows, unnoticed = HEAD, 0
        for guard in chosen:
            failed = workshop.without(guard)
            unnoticed += not failed
            names = ", ".join(f"`{name}`" for name in failed) or "**none**"
            row = f"| {guard.name} | `{guard.file}` | {names} |\n"
            print(row, end="", flush=True)
            rows += row
    print(f"{len(chosen)} guards, {unnoticed} of them can be taken away unnoticed")
    if unnoticed == 0 and options.write and not options.names:
        write_section("guards", rows, PAGE)
        chinese_tables.main()
    return int(unnoticed > 0)


if __name__ == "__main__":
    sys.exit(main())
