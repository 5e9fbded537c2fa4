"""What the installed wheel adds to ``pytest --co`` of an empty project: its plugin is loaded by every pytest.

``python benchmarks/collecting.py [--rounds 21]`` builds the wheel, installs it into two environments with everything
that it needs, removes it from one of them, and asks both in turn. Milliseconds of CPU, since a busy machine stretches
the rest.
"""

import argparse
import os
import resource
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).parent.parent
PACKAGE = "nonebot-adapter-feishu-ws"
TARGET = 20
"""Milliseconds."""


def environment(folder: Path, wheel: Path) -> Path:
    """A new environment with pytest and the wheel; returns its Python."""
    uv(["venv", "-q", str(folder)])
    python = folder / "bin" / "python"
    uv(["pip", "install", "-q", "-p", str(python), "pytest", str(wheel)])
    return python


def uv(arguments: list[str]) -> None:
    """Run uv."""
    subprocess.run([sys.executable, "-m", "uv", *arguments], check=True)


def collect(python: Path, project: Path) -> float:
    """Milliseconds of CPU of one ``pytest --co``."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    command = [str(python), "-m", "pytest", "--co", "-q", "-p", "no:cacheprovider"]
    env = {key: value for key, value in os.environ.items() if key not in ("PYTHONPATH", "VIRTUAL_ENV")}
    done = subprocess.run(command, cwd=project, env=env, capture_output=True, text=True, check=False)
    if done.returncode != 5:  # no tests
        raise SystemExit(done.stdout + done.stderr)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return 1000 * (after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=21)
    rounds = parser.parse_args().rounds
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        uv(["build", "-q", "--wheel", "-o", str(folder), str(ROOT)])
        (wheel,) = folder.glob("*.whl")
        with_it, without = environment(folder / "with", wheel), environment(folder / "without", wheel)
        uv(["pip", "uninstall", "-q", "-p", str(without), PACKAGE])
        (folder / "empty").mkdir()
        for python in (with_it, without):
            collect(python, folder / "empty")  # writes the .pyc files
        pairs = [(collect(with_it, folder / "empty"), collect(without, folder / "empty")) for _ in range(rounds)]
    longer, shorter = (statistics.median(each) for each in zip(*pairs, strict=True))
    added = statistics.median(one - other for one, other in pairs)
    print(
        f"pytest --co of an empty project: {shorter:.0f} ms of CPU, with the wheel {longer:.0f}: {added:+.1f} ms",
        end="",
    )
    print(f" (target at most {TARGET}; median of {rounds} pairs)")


if __name__ == "__main__":
    main()
