"""Writes the tables of docs/en/events.md and docs/zh/events.md; what stands above the marker is written by hand.

python scripts/generate_event_docs.py [--output FOLDER]
"""

import argparse
import sys
from collections.abc import Iterator
from itertools import groupby
from pathlib import Path

ROOT = Path(__file__).parent.parent
DOCS = ROOT / "docs"
MARKER = "<!-- Below: scripts/generate_event_docs.py -->\n"
MESSAGES = "im.message.receive_v1"
HEADS = {
    "en": ("Event type", "Class", "Meaning", "Module"),
    "zh": ("事件类型", "类", "含义", "模块"),
}
FIRST = {"en": "First generation", "zh": "第一代事件"}


def rows(language: str) -> Iterator[tuple[str, str, str, str]]:
    """Event type, class, meaning and module (below ``nonebot_adapter_feishu_ws.event``) of every event."""
    sys.path[:0] = [str(ROOT), str(ROOT / "scripts")]
    from generate_events import read_phrases

    from nonebot_adapter_feishu_ws.event.catalog import find_place, known_types

    phrases = read_phrases()
    for event_type in sorted([*known_types(), MESSAGES]):
        module, name = ("message", "MessageEvent") if event_type == MESSAGES else find_place(event_type)
        phrase = phrases.get(event_type)
        meaning = (phrase.english if language == "en" else phrase.chinese) if phrase else ""
        yield event_type, name, meaning, module


def _domain(row: tuple[str, str, str, str]) -> str:
    """The domain of a row; types of the first generation have none, and stand together."""
    return row[0].partition(".")[0] if "." in row[0] else "first"


def tables(language: str) -> str:
    """The tables, one per domain."""
    parts: list[str] = []
    by_domain = sorted(rows(language), key=_domain)
    for domain, events in groupby(by_domain, key=_domain):
        title = FIRST[language] if domain == "first" else domain
        lines = [f"### {title}\n", f"| {' | '.join(HEADS[language])} |", "|---|---|---|---|"]
        lines += [f"| `{kind}` | `{name}` | {meaning} | `{module}` |" for kind, name, meaning, module in events]
        parts.append("\n".join(lines) + "\n")
    return "\n".join(parts)


def main() -> None:
    """Write both languages."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--output", type=Path, default=DOCS, help="the folder to write to")
    output: Path = parser.parse_args().output
    for language in HEADS:
        words = (DOCS / language / "events.md").read_text("utf-8").partition(MARKER)[0]
        target = output / language / "events.md"
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(f"{words}{MARKER}\n{tables(language)}", "utf-8")


if __name__ == "__main__":
    main()
