"""The typed methods and their results are what ``scripts/generate_api.py`` writes."""

import re
import runpy
import sys
from pathlib import Path

import pytest

from nonebot_adapter_feishu_ws.api.registry import all_methods, find_group

ROOT = Path(__file__).parent.parent.parent
API = ROOT / "nonebot_adapter_feishu_ws" / "api"


def test_generating_the_api_again_changes_nothing(tmp_path, monkeypatch, capsys):
    """If it does: ``python scripts/generate_api.py``, then look at the difference."""
    script = ROOT / "scripts" / "generate_api.py"
    monkeypatch.syspath_prepend(str(script.parent))
    monkeypatch.setattr(sys, "argv", [str(script), "--output", str(tmp_path)])
    runpy.run_path(str(script), run_name="__main__")
    fresh = {path.relative_to(tmp_path).as_posix(): path.read_text("utf-8") for path in tmp_path.rglob("*.py")}
    assert capsys.readouterr().out.startswith(f"{len(fresh)} modules written")
    known = {path.relative_to(API).as_posix() for name in ("methods", "models") for path in (API / name).glob("*.py")}
    assert set(fresh) == known - {"models/base.py"} | {"registry.py", "types.py"}
    for name, code in fresh.items():
        assert (API / name).read_text("utf-8") == code, f"api/{name} is out of date"


@pytest.mark.parametrize("name", all_methods())
def test_a_method_names_its_document(name):
    group, _, method = name.partition(".")
    doc = vars(find_group(group))[method].__doc__
    if name in ("card.convert_id", "app.get_connections"):  # in no document that we have
        return
    assert re.search(r"Document: https://open\.feishu\.cn/document/\S+", doc)
