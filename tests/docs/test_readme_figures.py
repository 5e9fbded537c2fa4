"""The READMEs say what docs/performance.md has measured."""

import subprocess
import sys

from tests.docs.blocks import ROOT


def test_the_figures_of_the_readmes_are_those_of_the_last_measurement():
    command = [sys.executable, str(ROOT / "scripts" / "readme_figures.py"), "--check"]
    result = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert result.returncode == 0, result.stdout + result.stderr
