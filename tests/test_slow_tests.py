"""The list of slow tests means tests that exist, and marks them."""

import ast
from pathlib import Path

import pytest

from tests.slow_tests import SLOW, reason

ROOT = Path(__file__).parent.parent


@pytest.mark.parametrize("part", SLOW)
def test_every_entry_exists(part: str):
    path, _, name = part.partition("::")
    assert (ROOT / path).exists()
    assert (ROOT / path).is_dir() == part.endswith("/")
    if name:
        tree = ast.parse((ROOT / path).read_text("utf-8"))
        functions = {node.name for node in tree.body if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)}
        assert name.partition("[")[0] in functions


def test_a_reason_is_found_by_whole_parts():
    assert reason("tests/flow/test_crash.py::test_x[1]") == SLOW["tests/flow/test_crash.py"]
    assert reason("tests/peers/test_peers.py::test_x") == SLOW["tests/peers/"]
    assert reason("tests/flow/test_crash.pyx::test_x") is None
