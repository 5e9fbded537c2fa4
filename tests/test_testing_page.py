"""What ``docs/*/testing.md`` says, done: files from its blocks, in an empty folder, with only the wheel."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
BLOCK = re.compile(r"```(?:python|ini)\n# (\S+)\n(.*?)```", re.DOTALL)
PAGES = [ROOT / "docs" / language / "testing.md" for language in ("en", "zh")]
BY_NONEBUG = "## With nonebug", "## 使用 nonebug"


@pytest.fixture(scope="module")
def wheel(tmp_path_factory) -> Path:
    """A folder with nothing but the package, as the wheel has it."""
    folder = tmp_path_factory.mktemp("wheel")
    build = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder / "dist")]
    subprocess.run(build, cwd=ROOT, check=True, capture_output=True, timeout=100)
    [file] = (folder / "dist").glob("*.whl")
    shutil.unpack_archive(file, folder / "site", "zip")
    return folder / "site"


def blocks(page: Path, nonebug: bool) -> dict[str, str]:
    """File -> its text, of one of the two ways."""
    text = page.read_text("utf-8")
    [before, after] = re.split("|".join(BY_NONEBUG), text)
    return dict(BLOCK.findall(after if nonebug else before))


@pytest.mark.parametrize("nonebug", [False, True], ids=["conversation", "nonebug"])
@pytest.mark.parametrize("page", PAGES, ids=["en", "zh"])
def test_the_page_runs_as_it_is_written(page, nonebug, wheel, tmp_path, monkeypatch):
    files = blocks(page, nonebug)
    assert set(files) == (
        {"pytest.ini", "ping.py", "test_ping.py"} if nonebug else {"pytest.ini", "weather.py", "test_weather.py"}
    )
    for name, text in files.items():
        (tmp_path / name).write_text(text, "utf-8")
    monkeypatch.setenv("PYTHONPATH", str(wheel))
    options = [] if nonebug else ["-p", "no:nonebug"]
    command = [sys.executable, "-m", "pytest", "-q", *options]
    result = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=100)
    assert result.returncode == 0, result.stdout + result.stderr
    assert "1 passed" in result.stdout
