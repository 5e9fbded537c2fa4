"""Puts the generated tables of ``docs/reliability.md`` and ``SECURITY.md`` into their Chinese pages.

The figures are measured once and stand in the English page; here only their words change, by ``chinese_tables.toml``.
Run it after a script that writes one of the English tables; a test fails until that is done.
"""

import re
import sys
import tomllib
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parent.parent
PAGES = {"docs/reliability.md": "docs/zh/reliability.md", "SECURITY.md": "docs/zh/security.md"}
"""English page -> its Chinese page, which has the same markers."""
MARKED = re.compile(r"<!-- (?P<name>\w+): begin -->\n(?P<text>.*?)<!-- (?P=name): end -->", re.DOTALL)
CELL = re.compile(r"(?<!\\)\|")
ENGLISH = re.compile(r"[A-Za-z][a-z]{2,} [a-z]{2,}")
"""Two words in a row, as only a sentence has them; names such as ``HTTP`` or ``seed`` alone may stay."""
CODE = re.compile(r"`[^`]*`")


class Dictionary:
    """The words of the tables.

    Attributes:
        unknown: what has no Chinese words yet.
    """

    def __init__(self) -> None:
        data: dict[str, Any] = tomllib.loads((ROOT / "scripts" / "chinese_tables.toml").read_text("utf-8"))
        self.unknown: list[str] = []
        self._tables: dict[str, dict[str, list[int]]] = data["tables"]
        self._heads: dict[str, str] = data["heads"]
        self._words: dict[str, str] = data["words"]
        self._patterns = [(re.compile(pattern), words) for pattern, words in data["patterns"].items()]

    def section(self, name: str, text: str) -> str:
        """The text between two markers, in Chinese."""
        lines = text.splitlines()
        is_head = [below.startswith("|---") for below in [*lines[1:], ""]]
        return "".join(self._line(name, line, head) + "\n" for line, head in zip(lines, is_head, strict=True))

    def _line(self, name: str, line: str, head: bool) -> str:
        if not line.startswith("|"):
            return self._sentence(line) if line else line
        columns = self._tables[name]
        cells = [cell.strip() for cell in CELL.split(line)[1:-1]]
        if head:
            cells = [self._head(cell) for cell in cells]
        elif not line.startswith("|---"):
            cells = [self._cell(cell) if number in columns["words"] else cell for number, cell in enumerate(cells)]
        kept = [cell for number, cell in enumerate(cells) if number not in columns.get("drop", [])]
        return f"|{'|'.join(kept)}|" if line.startswith("|---") else f"| {' | '.join(kept)} |"

    def _head(self, cell: str) -> str:
        if cell and cell not in self._heads:
            self.unknown.append(cell)
        return self._heads.get(cell, cell)

    def _cell(self, cell: str) -> str:
        return self._words[cell] if cell in self._words else self._sentence(cell)

    def _sentence(self, text: str) -> str:
        for pattern, words in self._patterns:
            text = pattern.sub(words, text)
        if ENGLISH.search(CODE.sub("", text)):
            self.unknown.append(text)
        return text


def in_chinese(english: str, chinese: str, dictionary: Dictionary) -> str:
    """A Chinese page with the tables of its English one."""
    sections = {found["name"]: found["text"] for found in MARKED.finditer(english)}

    def filled(found: re.Match[str]) -> str:
        name = found["name"]
        return f"<!-- {name}: begin -->\n{dictionary.section(name, sections[name])}<!-- {name}: end -->"

    return MARKED.sub(filled, chinese)


def main() -> int:
    """Write the pages; 1 when words are missing."""
    dictionary = Dictionary()
    for english, chinese in PAGES.items():
        page = ROOT / chinese
        page.write_text(in_chinese((ROOT / english).read_text("utf-8"), page.read_text("utf-8"), dictionary), "utf-8")
    for text in dictionary.unknown:
        print(f"No Chinese words in scripts/chinese_tables.toml for: {text}", file=sys.stderr)
    return 1 if dictionary.unknown else 0


if __name__ == "__main__":
    sys.exit(main())
