"""Looks for known vulnerabilities in the packages of this environment, which are ours and those of the tests.

A vulnerability that is found, and is not in ``IGNORED``, ends with 1. Where the database cannot be reached, or knows
next to nothing (a mirror of the package index has no such data), that is said with the reason, and the run goes on.
"""

import json
import subprocess
import sys
import sysconfig
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

PATIENCE: Final = 180.0
"""Seconds for everything."""
IGNORED: Final[Mapping[str, str]] = {}
"""The id of a vulnerability -> why it does not matter here, and until when that was looked at."""


def main() -> int:
    """Ask, and print what was found."""
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder) / "report.json"
        trouble = ask(report)
        text = report.read_text("utf-8") if report.exists() else ""
    return judge(text, trouble)


def ask(report: Path) -> str:
    """Have pip-audit write its report; returns what it said where that failed."""
    site = sysconfig.get_path("purelib")
    command = [sys.executable, "-m", "pip_audit", "--path", site, "--timeout", "15", "--progress-spinner", "off"]
    command += ["--format", "json", "--output", str(report)]
    try:
        result = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE, check=False)
    except subprocess.TimeoutExpired:
        return f"it took longer than {PATIENCE:g} s"
    lines = [line for line in result.stderr.splitlines() if line.strip()]
    return lines[-1] if lines else f"it ended with {result.returncode} and said nothing"


def judge(text: str, trouble: str) -> int:
    """What a report means for the build.

    Args:
        text: the report; empty when there is none.
        trouble: why there is none.
    """
    try:
        dependencies: list[dict[str, Any]] = json.loads(text)["dependencies"]
    except (ValueError, KeyError, TypeError):
        print(f"NOT AUDITED: the database of vulnerabilities gave no answer ({trouble}). The build goes on without it")
        return 0
    skipped = {each["name"]: str(each["skip_reason"]) for each in dependencies if "skip_reason" in each}
    if len(skipped) > len(dependencies) // 2:
        reason = next(iter(skipped.values()))
        print(f"NOT AUDITED: {len(skipped)} of {len(dependencies)} packages are unknown there, such as: {reason}")
        return 0
    found = list(findings(dependencies))
    for name, version, vulnerability, fixed, reason in found:
        state = f"ignored: {reason}" if reason else f"fixed in {fixed or 'no release yet'}"
        print(f"{name} {version}: {vulnerability} ({state})")
    open_ones = [each for each in found if not each[-1]]
    print(f"{len(dependencies) - len(skipped)} packages audited, {len(open_ones)} vulnerabilities to be dealt with")
    if skipped:
        print(f"Not in the database: {', '.join(skipped)}")
    if open_ones:
        print("Raise the version in pyproject.toml, or give a reason in IGNORED of scripts/audit.py")
    return int(bool(open_ones))


def findings(dependencies: list[dict[str, Any]]) -> Iterator[tuple[str, str, str, str, str]]:
    """Package, version, vulnerability, versions that fix it, and the reason to ignore it (empty without one)."""
    for dependency in dependencies:
        for each in dependency.get("vulns", ()):
            names = [each["id"], *each.get("aliases", ())]
            reason = next((IGNORED[name] for name in names if name in IGNORED), "")
            fixed = ", ".join(each.get("fix_versions", ()))
            yield dependency["name"], dependency["version"], each["id"], fixed, reason


if __name__ == "__main__":
    sys.exit(main())
