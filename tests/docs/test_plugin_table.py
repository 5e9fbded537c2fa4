"""The page of plugins says what scripts/plugin_table.py runs in CI."""

from pathlib import Path

import pytest

from scripts import plugin_table

DOCS = Path(__file__).parents[2] / "docs"


@pytest.mark.parametrize("language", plugin_table.HEADS)
def test_the_docs_have_the_table(language: str):
    page = (DOCS / language / "plugins.md").read_text("utf-8")
    assert page == plugin_table.filled(page, language), "run python scripts/plugin_table.py --write"
