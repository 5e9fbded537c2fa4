"""The components of cards are as the table says."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parent.parent.parent
PACKAGE = ROOT / "nonebot_adapter_feishu_ws" / "card"


def test_generating_the_components_again_changes_nothing(tmp_path):
    """If it does: ``python scripts/generate_cards.py``, then look at the difference."""
    command = [sys.executable, "scripts/generate_cards.py", "--output", str(tmp_path)]
    result = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stderr
    fresh = {path.name: path.read_text("utf-8") for path in tmp_path.glob("*.py")}
    assert fresh.keys() == {"choices.py", "containers.py", "controls.py", "display.py", "head.py"}
    for name, code in fresh.items():
        assert (PACKAGE / name).read_text("utf-8") == code, f"{name} is out of date"
