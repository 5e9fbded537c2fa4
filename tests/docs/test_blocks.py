"""Every code block of the README and the guides runs, as written, from an empty folder, with the default driver.

A process for each language runs all of its blocks in one bot (``bench.py``); what imports the official SDK or starts
pytest is left to a slow one.
"""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.docs.blocks import LANGUAGES, ROOT, all_blocks, own_blocks


def run_blocks(language: str, folder: Path, slow: str = "") -> dict[str, str]:
    """Block -> what went wrong with it."""
    results, work = folder / "results.jsonl", folder / "empty"
    work.mkdir()
    env = {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONUTF8": "1"}
    command = [sys.executable, "-m", "tests.docs.bench", language, str(results), *([slow] if slow else [])]
    child = subprocess.run(command, cwd=work, env=env, capture_output=True, text=True, timeout=280)
    assert child.returncode == 0, (child.stdout + child.stderr)[-4000:]
    return {block: problem for block, problem, _ in map(json.loads, results.read_text("utf-8").splitlines())}


def check(language: str, results: dict[str, str]) -> None:
    problems = [problem for problem in results.values() if problem]
    total, own = len(all_blocks(language)), len(own_blocks(language))
    ran = f"{len(results) - len(problems)} of {len(results)}"
    print(f"{language}: {ran} blocks run; the pages have {total}, {own} of them different")
    assert not problems, "\n\n".join(problems)


@pytest.mark.timeout(300)
@pytest.mark.parametrize("language", LANGUAGES)
def test_every_block_runs(language, tmp_path):
    """Those that are quick."""
    check(language, run_blocks(language, tmp_path))


@pytest.mark.timeout(300)
@pytest.mark.parametrize("language", LANGUAGES)
def test_every_slow_block_runs(language, tmp_path):
    """The others: together they are all."""
    check(language, run_blocks(language, tmp_path, "slow"))


def test_both_languages_have_the_same_blocks():
    english, chinese = (
        [(each.kind, each.frame, each.continues) for each in all_blocks(language)] for language in LANGUAGES
    )
    assert english == chinese
