"""Both languages say the same: page by page the same headings, paragraphs, lists, tables and code, in the same order.

What is compared is the outline, not the words. Where one language has a row, a paragraph or a block that the other
lacks, the test names the place.
"""

import ast
import re
from dataclasses import dataclass
from itertools import zip_longest
from pathlib import Path

import pytest

from scripts import chinese_tables
from tests.docs.blocks import FENCE, PROJECT, ROOT, pages

PAIRS = [*zip(pages("en"), pages("zh"), strict=False), *((ROOT / en, ROOT / zh) for en, zh in PROJECT.items())]
COMMENT = re.compile(r"<!--.*?-->", re.DOTALL)
ITEM = re.compile(r"(?:[-*]|\d+\.) ")


@dataclass(frozen=True)
class Part:
    """A part of a page.

    Attributes:
        kind: ``heading 2``, ``text``, ``list of 3``, ``table of 4 rows``, ``python`` and so on.
        line: where it stands.
        start: how it begins, to find it by.
    """

    kind: str
    line: int
    start: str


def outline(page: Path) -> list[Part]:
    """The parts of a page, in order; code blocks stand where they stand, also inside of a list."""
    text = COMMENT.sub(lambda found: "\n" * found[0].count("\n"), page.read_text("utf-8"))
    parts: list[Part] = []
    position = 0
    for fence in FENCE.finditer(text):
        parts += prose(text[position : fence.start("indent")], text.count("\n", 0, position))
        line = text.count("\n", 0, fence.start("indent")) + 1
        parts.append(Part(f"code {fence['kind']}".strip(), line, fence["text"].partition("\n")[0]))
        position = fence.end()
    return parts + prose(text[position:], text.count("\n", 0, position))


def prose(text: str, before: int) -> list[Part]:
    """The parts of a text without code; ``before`` is the number of lines before it."""
    parts: list[Part] = []
    for found in re.finditer(r"(?:^[^\n]*\S[^\n]*\n?)+", text, re.MULTILINE):
        lines = found[0].rstrip("\n").split("\n")
        parts.append(Part(kind_of(lines), before + text.count("\n", 0, found.start()) + 1, lines[0].strip()[:60]))
    return parts


def kind_of(lines: list[str]) -> str:
    """What lines that stand together are."""
    first = lines[0].lstrip()
    if first.startswith("#"):
        return f"heading {len(first) - len(first.lstrip('#'))}"
    if first.startswith("|"):
        return f"table of {len(lines) - 2} rows"
    if ITEM.match(first):
        return f"list of {sum(ITEM.match(line.lstrip()) is not None for line in lines)}"
    return "text"


def differences(english: list[Part], chinese: list[Part]) -> str:
    """The first place at which two outlines part; empty when they are alike."""
    for en, zh in zip_longest(english, chinese):
        if en is None or zh is None or en.kind != zh.kind:
            return f"English: {en}\nChinese: {zh}"
    return ""


@pytest.mark.parametrize(("english", "chinese"), PAIRS, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_both_languages_have_the_same_outline(english: Path, chinese: Path):
    assert differences(outline(english), outline(chinese)) == ""


def test_every_page_exists_in_both_languages():
    english, chinese = ({page.name for page in pages(language)[1:]} for language in ("en", "zh"))
    assert english == chinese
    assert [page for _, page in PAIRS if not page.exists()] == []


class Words(ast.NodeTransformer):
    """Takes the words out of code: strings, and the order of what an f-string shows."""

    def visit_Constant(self, node: ast.Constant) -> ast.Constant:
        """A text without its words."""
        return ast.Constant("") if isinstance(node.value, str) else node

    def visit_JoinedStr(self, node: ast.JoinedStr) -> ast.JoinedStr:
        """An f-string as what it shows, in any order."""
        shown = [self.visit(part) for part in node.values if isinstance(part, ast.FormattedValue)]
        return ast.JoinedStr(sorted(shown, key=ast.dump))


def code_without_words(kind: str, text: str) -> str:
    """Code as it is in every language: Python as its tree, anything else as its number of lines."""
    if kind != "python":
        return f"{len(text.splitlines())} lines"
    return ast.dump(Words().visit(ast.parse(f"async def _():\n{re.sub('^', ' ', text, flags=re.M)}")))


@pytest.mark.parametrize(("english", "chinese"), PAIRS, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_code_differs_in_its_words_alone(english: Path, chinese: Path):
    codes = [
        [(found["kind"], code_without_words(found["kind"], dedented(found))) for found in FENCE.finditer(text)]
        for text in (english.read_text("utf-8"), chinese.read_text("utf-8"))
    ]
    assert codes[0] == codes[1]


def dedented(found: re.Match[str]) -> str:
    """The code of a block without its indentation."""
    return re.sub(f"^{found['indent']}", "", found["text"], flags=re.MULTILINE)


@pytest.mark.parametrize(("english", "chinese"), chinese_tables.PAGES.items())
def test_generated_tables_are_the_same_in_chinese(english: str, chinese: str):
    dictionary = chinese_tables.Dictionary()
    page = (ROOT / chinese).read_text("utf-8")
    made = chinese_tables.in_chinese((ROOT / english).read_text("utf-8"), page, dictionary)
    assert dictionary.unknown == [], "add the words to scripts/chinese_tables.toml"
    assert made == page, "run scripts/chinese_tables.py"


def test_a_missing_row_is_found():
    def page(rows: int) -> list[Part]:
        return prose("# A\n\nwords\n\n" + "| a |\n|---|\n" + "| b |\n" * rows, 0)

    assert differences(page(2), page(2)) == ""
    assert "table of 2 rows" in differences(page(2), page(1))
