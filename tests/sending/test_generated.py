"""The existing adapter's bot methods are as the table says."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parent.parent.parent


def test_generating_the_legacy_methods_again_changes_nothing(tmp_path):
    """If it does: ``python scripts/generate_legacy_methods.py``, then look at the difference."""
    output = tmp_path / "legacy_methods.py"
    command = [sys.executable, "scripts/generate_legacy_methods.py", "--output", str(output)]
    result = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stderr
    current = ROOT / "nonebot_adapter_feishu_ws" / "sending" / "legacy_methods.py"
    assert output.read_text("utf-8") == current.read_text("utf-8"), "legacy_methods.py is out of date"
