"""One term for each thing in Chinese: no page has a word that the glossary (``docs/zh/contributing.md``) rules out."""

import re
from pathlib import Path

import pytest

from tests.docs.blocks import ROOT

GLOSSARY = ROOT / "docs" / "zh" / "contributing.md"
HEADING = "### 中文术语"
PACKAGE = ROOT / "nonebot_adapter_feishu_ws"
PAGES = [
    ROOT / "README.zh-CN.md",
    *sorted((ROOT / "docs" / "zh").rglob("*.md")),
    ROOT / "scripts" / "codes_zh.toml",
    PACKAGE / "sandbox" / "page" / "words.js",
    PACKAGE / "management" / "page" / "words.js",
]
"""What people read in Chinese."""


def glossary() -> dict[str, str]:
    """Wrong term -> the right one."""
    section = GLOSSARY.read_text("utf-8").partition(HEADING)[2].partition("\n## ")[0]
    rows = re.findall(r"^\| (.+?) \| (.+?) \| (.*?) ?\|$", section, re.MULTILINE)
    return {wrong: right for _, right, wrongs in rows[1:] for wrong in wrongs.split("、") if wrong and "-" not in wrong}


def wrong_terms(text: str) -> list[str]:
    """Where a text has a wrong term, and the right one."""
    return [
        f"{number}: {wrong} -> {right}"
        for number, line in enumerate(text.splitlines(), 1)
        for wrong, right in glossary().items()
        if wrong in line
    ]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_no_page_has_a_wrong_term(page: Path):
    text = page.read_text("utf-8")
    if page == GLOSSARY:
        before, heading, rest = text.partition(HEADING)
        assert heading
        text = before + rest.partition("\n## ")[2]
    assert wrong_terms(text) == []


def test_the_glossary_is_read():
    assert len(glossary()) > 20
    assert wrong_terms("在私聊中") == ["1: 私聊 -> 单聊、群聊"]
    assert wrong_terms("在单聊中") == []
