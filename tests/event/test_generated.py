"""What scripts/ generate is up to date with the installed SDK, and loaded only when needed."""

import runpy
import subprocess
import sys
from pathlib import Path

import pytest

from nonebot_adapter_feishu_ws.event.catalog import find_class, known_types
from nonebot_adapter_feishu_ws.event.generated import BY_HAND, EVENTS
from tests.event.test_every_type import SDK_TYPES

ROOT = Path(__file__).parent.parent.parent
PACKAGE = ROOT / "nonebot_adapter_feishu_ws"
GENERATED = PACKAGE / "event" / "generated"


def run(*arguments: str) -> str:
    result = subprocess.run([sys.executable, *arguments], cwd=ROOT, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stderr
    return result.stdout


def test_generating_the_events_again_changes_nothing(tmp_path, monkeypatch, capsys):
    """If it does: ``python scripts/generate_events.py``, then look at the difference."""
    # In this process, where other tests have imported the SDK already.
    script = ROOT / "scripts" / "generate_events.py"
    monkeypatch.setattr(sys, "argv", [str(script), "--output", str(tmp_path)])
    runpy.run_path(str(script), run_name="__main__")
    said = capsys.readouterr().out
    assert said.startswith(f"{len(SDK_TYPES)} event types,")
    fresh = {path.name: path.read_text("utf-8") for path in tmp_path.glob("*.py")}
    assert sorted(fresh) == sorted(path.name for path in GENERATED.glob("*.py"))
    for name, code in fresh.items():
        assert (GENERATED / name).read_text("utf-8") == code, f"{name} is out of date"


def test_generating_the_exports_again_changes_nothing(tmp_path):
    """If it does: ``python scripts/generate_exports.py``, then look at the difference."""
    run("scripts/generate_exports.py", "--output", str(tmp_path))
    fresh = {path.relative_to(tmp_path): path.read_text("utf-8") for path in tmp_path.rglob("*.py")}
    assert {str(path.parent) for path in fresh} == {".", "api", "card", "event", "message", "sandbox"}
    for path, code in fresh.items():
        assert (PACKAGE / path).read_text("utf-8") == code, f"{path} is out of date"


def test_the_tables_in_the_docs_are_up_to_date(tmp_path):
    """If not: ``python scripts/generate_event_docs.py``."""
    run("scripts/generate_event_docs.py", "--output", str(tmp_path))
    for language in ("en", "zh"):
        page = f"{language}/events.md"
        assert (ROOT / "docs" / page).read_text("utf-8") == (tmp_path / page).read_text("utf-8")
        for event_type in known_types():
            assert f"| `{event_type}` | `" in (tmp_path / page).read_text("utf-8")


def test_every_event_has_its_words_in_both_languages():
    phrases = (ROOT / "scripts" / "event_phrases.tsv").read_text("utf-8").splitlines()[1:]
    assert {line.split("\t")[0] for line in phrases} == {*known_types(), "im.message.receive_v1"}
    assert all(all(part.strip() for part in line.split("\t")) and line.count("\t") == 2 for line in phrases)


@pytest.mark.parametrize("event_type", sorted({*BY_HAND, *EVENTS}))
def test_the_catalog_leads_to_the_class_of_the_type(event_type):
    model = find_class(event_type)
    assert model is not None
    assert model.__event__ == event_type
    assert model.__doc__


def test_importing_the_adapter_loads_no_class_of_a_single_event_type():
    loaded = run(
        "-c",
        "import sys, nonebot_adapter_feishu_ws as package\n"
        "print(*(name for name in sys.modules if name.startswith('nonebot_adapter_feishu_ws.event.')))\n"
        "from nonebot_adapter_feishu_ws import GroupMemberBotAddedEvent\n"
        "print(*(name for name in sys.modules if name.startswith('nonebot_adapter_feishu_ws.event.generated.')))\n",
    ).splitlines()
    prefix = "nonebot_adapter_feishu_ws.event."
    at_import = {name.removeprefix(prefix) for name in loaded[0].split()}
    assert not {name for name in at_import if name.startswith("generated.")} - {"generated"}
    assert not at_import & {"chat", "notice"}
    assert loaded[1].split() == [f"{prefix}generated.im"]
