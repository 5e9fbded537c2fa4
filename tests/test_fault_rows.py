"""The table of faults cannot rot: each row has a test that tells what it saw, and no test has a row of its own."""

import ast
from pathlib import Path

import pytest

from tests.fault_rows import FAULTS, MEASURED, SEEN_FILE, Seen, missing_rows, read_seen, record, to_table
from tests.flow.test_faults import CASES

HERE = Path(__file__).parent


def marked_rows(node: ast.AST) -> list[int]:
    """The rows of the ``mark.fault(...)`` calls in a part of a test file."""
    return [
        argument.value
        for call in ast.walk(node)
        if isinstance(call, ast.Call) and isinstance(call.func, ast.Attribute) and call.func.attr == "fault"
        for argument in call.args
        if isinstance(argument, ast.Constant) and isinstance(argument.value, int)
    ]


def marked_tests() -> list[tuple[str, ast.FunctionDef | ast.AsyncFunctionDef, list[int]]]:
    found = []
    for path in sorted(HERE.rglob("test_*.py")):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name.startswith("test_"):
                rows = [row for decorator in node.decorator_list for row in marked_rows(decorator)]
                if rows:
                    found.append((f"{path.name}::{node.name}", node, rows))
    return found


def test_every_row_has_a_test():
    rows = {row for _, _, marked in marked_tests() for row in marked} | {case.row for case in CASES}
    assert rows == set(FAULTS)
    assert sorted(FAULTS | MEASURED) == list(range(1, 61))
    assert not FAULTS.keys() & MEASURED


def test_a_measured_row_stays_when_the_table_is_written_anew():
    [line] = [line for line in to_table([]).splitlines() if line.startswith("| 47 |")]
    assert "| not measured yet | `benchmarks/compare.py` |" in line
    assert line.replace("not measured yet", "acks p99 12 ms") in to_table(
        [], line.replace("not measured yet", "acks p99 12 ms")
    )


@pytest.mark.parametrize(("name", "node"), [pytest.param(name, node, id=name) for name, node, _ in marked_tests()])
def test_who_shows_a_row_tells_what_was_seen(name: str, node: ast.AST):
    calls = [call for call in ast.walk(node) if isinstance(call, ast.Call) and isinstance(call.func, ast.Name)]
    told = [call for call in calls if call.func.id == "saw"]
    assert told, f"{name} never calls saw()"
    for call in told:
        by_hand = not any(isinstance(part, ast.Name | ast.FormattedValue) for part in ast.walk(call.args[0]))
        assert not by_hand, f"{name}: what was seen is written by hand"


def test_without_a_file_nothing_is_recorded(monkeypatch, tmp_path):
    monkeypatch.delenv(SEEN_FILE, raising=False)
    record(Seen(14, "x", "t"))
    monkeypatch.setenv(SEEN_FILE, str(tmp_path / "seen"))
    assert read_seen(tmp_path / "seen") == []
    record(Seen(14, "a | b <c>", "flow/test_x.py::test_y"))
    assert missing_rows(read_seen(tmp_path / "seen")) == [row for row in sorted(FAULTS) if row != 14]
    [line] = [line for line in to_table(read_seen(tmp_path / "seen")).splitlines() if line.startswith("| 14 |")]
    assert line.endswith("| a \\| b &lt;c> | `flow/test_x.py` |")
