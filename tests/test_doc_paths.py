"""The guides name only files that exist: every link, and every path in backticks."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PACKAGE = ROOT / "nonebot_adapter_feishu_ws"
PAGES = sorted(
    [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"), *(ROOT / "examples").rglob("*.md")],
)
LINK = re.compile(r"\]\((?!https?:|mailto:|#)([^)\s#]+)(?:#[^)]*)?\)")
FENCE = re.compile(r"^ *```.*?^ *```", re.MULTILINE | re.DOTALL)
CODE = re.compile(r"`([^`\n]+)`")
FILE = re.compile(r"[\w.*-]+(?:/[\w.*-]+)*\.(?:py|md|toml|tsv|jsonl|lua|html|js|css|yml)(?:::\w+)?")
FOLDER = re.compile(r"(?:[\w.-]+/)+")
MADE_BY_USERS = {"bot.py", "pyproject.toml", "compose.yml", "traffic.jsonl"}
"""Files of the reader's own project, beside what is in its ``plugins/``."""


def mentioned(text: str) -> set[str]:
    """Paths of files and folders that a text names in backticks."""
    spans = CODE.findall(FENCE.sub("", text))
    return {word for span in spans for word in span.split() if FILE.fullmatch(word) or FOLDER.fullmatch(word)}


def exists(path: str, *folders: Path) -> bool:
    """Whether a path leads somewhere from one of the folders; ``*`` stands for anything."""
    return any(next(folder.glob(path.rstrip("/")), None) is not None for folder in folders)


def missing_paths(page: Path, text: str) -> list[str]:
    """The paths that lead nowhere, seen from the page, the project, the package and the tests."""
    prose = CODE.sub("", FENCE.sub("", text))
    links = [path for path in LINK.findall(prose) if not (page.parent / path).exists()]
    paths = [
        path
        for path in mentioned(text) - MADE_BY_USERS
        if not path.startswith("plugins/")
        and not exists(path.partition("::")[0], page.parent, ROOT, PACKAGE, ROOT / "tests")
    ]
    return sorted({*links, *paths})


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_every_path_exists(page: Path):
    assert missing_paths(page, page.read_text("utf-8")) == []


def test_what_does_not_exist_is_found():
    text = (
        "See `message/nowhere.py`, `gone/` and [here](nowhere.md); not `message/parse.py`, `store/` or `im/v1/chats`."
    )
    assert missing_paths(ROOT / "README.md", text) == ["gone/", "message/nowhere.py", "nowhere.md"]
