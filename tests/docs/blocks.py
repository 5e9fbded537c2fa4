"""The code blocks of the README and the guides, with what stands above them in hidden comments.

``<!-- run: NAME -->`` above a block names its frame: a function of ``frames.py``, ``commands.py``, ``processes.py`` or
``data.py`` that supplies what a fragment needs, uses what it makes and looks at the result. ``<!-- continues -->`` says
that a block goes on where the one before it ended, as a reader types them. Without a comment a block stands for itself.
"""

import re
import textwrap
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parent.parent.parent
LANGUAGES = ("en", "zh")
PROJECT = {
    "docs/reliability.md": "docs/zh/reliability.md",
    "SECURITY.md": "docs/zh/security.md",
    "CONTRIBUTING.md": "docs/zh/contributing.md",
}
"""Pages about the project, with their Chinese ones; their blocks are for people who work on it, and are not run."""
FENCE = re.compile(
    r"(?:^ *<!-- (?P<mark>[^>\n]*) -->\n)?"
    r"^(?P<indent> *)```(?P<kind>\w*)[^\n]*\n(?P<text>.*?)^(?P=indent)```$",
    re.MULTILINE | re.DOTALL,
)


@dataclass(frozen=True)
class Block:
    """A code block of a page."""

    page: Path
    line: int
    kind: str
    text: str
    frame: str = ""
    continues: bool = False

    def __str__(self) -> str:
        return f"{self.page.relative_to(ROOT).as_posix()}:{self.line}"

    @property
    def language(self) -> str:
        """``en`` or ``zh``."""
        return "zh" if "zh" in self.page.name or self.page.parent.name == "zh" else "en"


def pages(language: str) -> list[Path]:
    """The README and the guides of a language."""
    readme = ROOT / ("README.zh-CN.md" if language == "zh" else "README.md")
    guides = sorted((ROOT / "docs" / language).glob("*.md"))
    return [readme, *(page for page in guides if page.relative_to(ROOT).as_posix() not in PROJECT.values())]


def blocks_of(page: Path) -> list[Block]:
    """The blocks of a page, in order."""
    text = page.read_text("utf-8")
    found: list[Block] = []
    for match in FENCE.finditer(text):
        marks = [part.strip() for part in (match["mark"] or "").split(",")]
        frame = next((mark.removeprefix("run: ") for mark in marks if mark.startswith("run: ")), "")
        line = text.count("\n", 0, match.start("indent")) + 2
        code = textwrap.dedent(match["text"])
        found.append(Block(page, line, match["kind"], code, frame, "continues" in marks))
    return found


def all_blocks(language: str) -> list[Block]:
    """Every block of a language."""
    return [block for page in pages(language) for block in blocks_of(page)]


def own_blocks(language: str) -> list[Block]:
    """The blocks of a language without those that an earlier one, or an English one, has word for word."""
    seen = set() if language == "en" else {(each.frame, each.text) for each in all_blocks("en")}
    own: list[Block] = []
    for block in all_blocks(language):
        key = (block.frame, block.text)
        if block.continues or key not in seen:
            own.append(block)
            seen.add(key)
    return own
