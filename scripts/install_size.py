"""Measures what ``pip install`` of this package takes on disk: ``python scripts/install_size.py [--write | --check]``.

It builds the wheel, installs it with pip into a new environment, and prints a table: each dependency of
``pyproject.toml``, its size, what it is for (``scripts/dependencies.toml``), and what it brings along. Sizes are those
of the installed files, with the bytecode that pip compiles, in millions of bytes.
"""

import argparse
import subprocess
import sys
import tempfile
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass, field
from importlib.metadata import Distribution, distributions
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parent.parent
NAME = "nonebot-adapter-feishu-ws"
PAGES = {"en": ROOT / "docs" / "en" / "deploy.md", "zh": ROOT / "docs" / "zh" / "deploy.md"}
BEGIN, END = "<!-- sizes: begin -->", "<!-- sizes: end -->"
HEADS = {
    "en": ("dependency", "MB", "what it is for", "brings along"),
    "zh": ("依赖", "MB", "用途", "随之安装"),
}
TOTALS = {"en": "all", "zh": "合计"}
SELF = {"en": "this package, with the sandbox", "zh": "本包，含沙箱"}
GROWTH = 1.15
"""By this factor an installation may outgrow the figure of the guides before ``--check`` fails."""


@dataclass
class Row:
    """A dependency: its size in bytes, and that of each distribution that only comes with it."""

    name: str
    size: int
    brings: dict[str, int] = field(default_factory=dict[str, int])

    @property
    def total(self) -> int:
        """Bytes of it and of what it brings."""
        return self.size + sum(self.brings.values())


def declared() -> list[str]:
    """The names of the dependencies in ``pyproject.toml``."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    return [canonicalize_name(Requirement(each).name) for each in project["dependencies"]]


def words() -> dict[str, dict[str, str]]:
    """Dependency -> language -> what it is for."""
    return tomllib.loads((ROOT / "scripts" / "dependencies.toml").read_text("utf-8"))


def install(folder: Path) -> Path:
    """Build the wheel and install it as a user does; returns the folder of the installed packages."""
    build = [sys.executable, "-m", "build", "--wheel", "--installer", "uv", "-o", str(folder), str(ROOT)]
    subprocess.run(build, check=True, stdout=subprocess.DEVNULL)
    subprocess.run([sys.executable, "-m", "venv", str(folder / "venv")], check=True)
    [wheel] = folder.glob("*.whl")
    subprocess.run([str(folder / "venv" / "bin" / "pip"), "install", "-q", str(wheel)], check=True)
    [packages] = (folder / "venv" / "lib").glob("python*/site-packages")
    return packages


def size_of(installed: Distribution) -> int:
    """Bytes of a distribution's files."""
    paths = (Path(str(installed.locate_file(file))) for file in installed.files or ())
    return sum(path.stat().st_size for path in paths if path.is_file())


def reached(name: str, extras: set[str], known: dict[str, Distribution]) -> Iterator[str]:
    """The installed distributions that one needs, those of its extras included, itself first."""
    seen: set[tuple[str, str]] = set()
    todo = [(name, extra) for extra in ["", *sorted(extras)]]
    while todo:
        at, extra = todo.pop()
        if (at, extra) in seen or at not in known:
            continue
        seen.add((at, extra))
        yield at
        for line in known[at].requires or ():
            needed = Requirement(line)
            if needed.marker is None or needed.marker.evaluate({"extra": extra}):
                todo += [(canonicalize_name(needed.name), each) for each in ["", *needed.extras]]


def measure(packages: Path) -> list[Row]:
    """This package and its dependencies, the largest first."""
    known = {canonicalize_name(each.metadata["Name"]): each for each in distributions(path=[str(packages)])}
    sizes = {name: size_of(each) for name, each in known.items()}
    direct = [Requirement(line) for line in known[NAME].requires or () if "extra ==" not in line]
    names = [canonicalize_name(each.name) for each in direct]
    taken = {NAME, *names}
    rows = [Row(NAME, sizes[NAME])]
    for name, needed in zip(names, direct, strict=True):
        row = Row(name, sizes[name])
        for other in reached(name, needed.extras, known):
            if other not in taken:
                taken.add(other)
                row.brings[other] = sizes[other]
        rows.append(row)
    return sorted(rows, key=lambda row: -row.total)


def megabytes(size: int) -> str:
    """Bytes as a figure of a table."""
    return f"{size / 1e6:.1f}"


def table(rows: list[Row], language: str) -> Iterator[str]:
    """The lines of a guide's table."""
    explained = {NAME: {language: SELF[language]}, **words()}
    yield "| " + " | ".join(HEADS[language]) + " |"
    yield "|---|---:|---|---|"
    for row in rows:
        largest = sorted(row.brings.items(), key=lambda item: -item[1])
        brings = ", ".join(f"{name} {megabytes(size)}" for name, size in largest[:4])
        rest = largest[4:]
        if rest:
            brings += f", + {len(rest)}: {megabytes(sum(size for _, size in rest))}"
        yield f"| {row.name} | {megabytes(row.size)} | {explained[row.name][language]} | {brings} |"
    yield f"| **{TOTALS[language]}** | **{megabytes(sum(row.total for row in rows))}** | | |"


def between(text: str) -> str:
    """What stands between the marks of a guide."""
    return text.partition(BEGIN)[2].partition(END)[0]


def documented() -> float:
    """The total that the guides name, in MB; raises ``ValueError`` if they name two."""
    totals = {between(page.read_text("utf-8")).split("**")[-2] for page in PAGES.values()}
    [total] = totals
    return float(total)


def write(rows: list[Row]) -> None:
    """Put the table into both guides."""
    for language, page in PAGES.items():
        head, _, rest = page.read_text("utf-8").partition(BEGIN)
        after = "\n".join([f"{head}{BEGIN}", *table(rows, language), f"{END}{rest.partition(END)[2]}"])
        page.write_text(after, "utf-8")


def main() -> int:
    """Measure, print, and write or compare."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--write", action="store_true", help="write the table into docs/*/deploy.md")
    parser.add_argument("--check", action="store_true", help="exit code 1 if it has grown by more than 15 %%")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        rows = measure(install(Path(folder)))
    print(*table(rows, "en"), sep="\n")
    if options.write:
        write(rows)
    total = sum(row.total for row in rows) / 1e6
    if options.check and total > documented() * GROWTH:
        print(f"{total:.0f} MB, and the guides say {documented():.0f}: run python scripts/install_size.py --write")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
