"""The tables of docs/*/bridges.md: ``python -m tests.compat.bridges.table`` writes them between their markers."""

import re
from importlib import import_module
from pathlib import Path

from tests.compat.bridges.play import Cell

BRIDGES = {
    **{"alconna": "0.62.1", "uninfo": "0.11.2", "saa": "0.7.1"},
    **{"session": "0.3.2", "userinfo": "0.2.6", "chatrecorder": "0.7.0"},
}
"""Bridge -> the release of the plugin that the cells run with."""
DOCS = Path(__file__).parents[3] / "docs"
HEADS = {
    "en": ("Operation", "This adapter", "Existing adapter", "works"),
    "zh": ("操作", "本适配器", "现有适配器", "正常"),
}


def cells(bridge: str) -> list[Cell]:
    """The cells of a bridge."""
    return import_module(f"tests.compat.bridges.cells_{bridge}").CELLS


def table(bridge: str, language: str) -> str:
    """The table of a bridge."""
    operation, ours, theirs, works = HEADS[language]
    rows = [f"| {operation} | {ours} | {theirs} |", "|---|---|---|"]
    for cell in cells(bridge):
        words = {"en": cell.en, "zh": cell.zh}[language]
        note = works if cell.existing is None else cell.existing[language == "zh"]
        rows.append(f"| {words} | {works} | {note} |")
    return "\n".join(rows)


def filled(page: str, language: str) -> str:
    """A page with its tables as the cells have them."""
    for bridge in BRIDGES:
        begin, end = f"<!-- {bridge}: tests/compat/bridges -->\n", f"\n<!-- /{bridge} -->"
        page, count = re.subn(
            f"({re.escape(begin)}).*?({re.escape(end)})",
            lambda found, bridge=bridge: f"{found[1]}{table(bridge, language)}{found[2]}",
            page,
            flags=re.DOTALL,
        )
        assert count == 1, f"docs/{language}/bridges.md has no place for {bridge}"
    return page


if __name__ == "__main__":
    for language in HEADS:
        path = DOCS / language / "bridges.md"
        path.write_text(filled(path.read_text("utf-8"), language), "utf-8")
