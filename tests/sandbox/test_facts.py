"""What the REST side checks comes from the documents' facts, and nothing that is generated was edited."""

import runpy
import sys
from pathlib import Path

import pytest

from nonebot_adapter_feishu_ws.sandbox.rest import facts, handlers
from nonebot_adapter_feishu_ws.sandbox.rest.call import ApiError

ROOT = Path(__file__).parent.parent.parent


def test_generating_the_facts_again_changes_nothing(tmp_path, monkeypatch):
    """If it does: ``python scripts/generate_sandbox.py``, then look at the difference."""
    script = ROOT / "scripts" / "generate_sandbox.py"
    monkeypatch.setattr(sys, "argv", [str(script), "--output", str(tmp_path)])
    runpy.run_path(str(script), run_name="__main__")
    for module in (facts, handlers):
        made = Path(module.__file__)
        assert (tmp_path / made.name).read_text("utf-8") == made.read_text("utf-8")


def test_every_endpoint_is_documented():
    assert handlers.HANDLERS.keys() <= facts.ENDPOINTS.keys()


@pytest.mark.parametrize(
    ("code", "ext", "text"), [(230011, "", "The message is recalled."), (230001, "x.", ", ext=x.")]
)
def test_an_error_has_the_documents_words(code, ext, text):
    error = ApiError(code, ext=ext)
    assert error.msg.endswith(text)
    assert error.status == 400
