"""Writes the figures of both READMEs from the last measurement: ``python scripts/readme_figures.py [--check]``.

The measurement is the first table of ``docs/performance.md``; ``benchmarks/compare.py --write`` runs this after it.
"""

import argparse
import sys
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parent.parent
PAGE = ROOT / "docs" / "performance.md"
BEGIN, END = "<!-- figures: begin -->", "<!-- figures: end -->"
COLUMNS = {
    "now": ("this adapter", "本适配器"),
    "existing (~aiohttp)": ("nonebot-adapter-feishu", "nonebot-adapter-feishu"),
    "SDK, sync handler": ("lark-oapi alone", "仅 lark-oapi"),
}
ROWS = {
    "burst: echoes per second": ("echoes per second in a burst", "突发流量下每秒回复数"),
    "burst: CPU per 1,000 echoes, s": (
        "CPU seconds per 1,000 echoes in a burst",
        "突发流量下每 1,000 条回复的 CPU 时间（秒）",
    ),
    "event to reply p50, ms": (
        "event to reply at 20 per second, median ms",
        "每秒 20 条时从事件到回复的延迟，中位数（毫秒）",
    ),
    "ack p99 while a plugin sleeps 2 s per event, ms": (
        "event to ack while a plugin blocks for 2 s, 99th percentile ms",
        "插件阻塞 2 秒期间从事件到确认的延迟，P99（毫秒）",
    ),
    "start to connected, s": ("start to connected, s", "从启动到连接成功（秒）"),
    "RSS after the first echo, MB": ("memory after the first echo, MB", "首条回复后的内存占用（MB）"),
}
READMES = (ROOT / "README.md", ROOT / "README.zh-CN.md")


def measured() -> dict[str, dict[str, str]]:
    """Row -> candidate -> figure, of the first table."""
    section = PAGE.read_text("utf-8").partition("<!-- compare: begin -->")[2]
    lines = [line for line in section.partition("\n\n")[0].splitlines() if line.startswith("|")]
    head = [cell.strip() for cell in lines[0].split("|")[2:-1]]
    cells = ([cell.strip() for cell in line.split("|")[1:-1]] for line in lines[2:])
    return {title: dict(zip(head, rest, strict=True)) for title, *rest in cells}


def table(language: int) -> Iterator[str]:
    """The lines of a README's table; raises ``KeyError`` for a row or column that is not measured any more."""
    figures = measured()
    yield "| | " + " | ".join(words[language] for words in COLUMNS.values()) + " |"
    yield "|---|" + "---:|" * len(COLUMNS)
    for row, words in ROWS.items():
        yield f"| {words[language]} | " + " | ".join(figures[row][name] for name in COLUMNS) + " |"


def main() -> int:
    """Write the tables; with ``--check`` only say whether they are up to date."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="write nothing; exit code 1 if a README is out of date")
    check = parser.parse_args().check
    stale: list[str] = []
    for language, readme in enumerate(READMES):
        before = readme.read_text("utf-8")
        head, _, rest = before.partition(BEGIN)
        after = "\n".join([f"{head}{BEGIN}", *table(language), f"{END}{rest.partition(END)[2]}"])
        if after != before:
            stale.append(readme.name)
            if not check:
                readme.write_text(after, "utf-8")
    if check and stale:
        print(f"{' and '.join(stale)}: run python scripts/readme_figures.py")
    return int(check and bool(stale))


if __name__ == "__main__":
    sys.exit(main())
