"""The table of guards fits the source; ``scripts/guard_check.py`` takes them away one by one."""

import ast
from pathlib import Path

import pytest

from scripts.guard_check import take_away
from scripts.guards import GUARDS, PACKAGE

ROOT = Path(__file__).parent.parent


@pytest.mark.parametrize("guard", GUARDS, ids=lambda guard: guard.name)
def test_a_guard_stands_where_the_table_says(guard):
    source = (ROOT / PACKAGE / guard.file).read_text("utf-8")
    ast.parse(take_away(guard, source))
    for test in guard.tests:
        path, _, name = test.partition("::")
        assert f"def {name}" in (ROOT / path).read_text("utf-8")


def test_names_are_unique_and_stand_in_the_document():
    names = [guard.name for guard in GUARDS]
    assert len(set(names)) == len(names)
    document = (ROOT / "SECURITY.md").read_text("utf-8")
    table = document.partition("<!-- guards: begin -->")[2].partition("<!-- guards: end -->")[0]
    assert [name for name in names if f"| {name} |" not in table] == [], "run scripts/guard_check.py --write"
    assert "**none**" not in table
