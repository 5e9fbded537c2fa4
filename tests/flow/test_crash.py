"""A bot that is killed at any moment loses no event and answers none twice.

The crash ledger in small; ``benchmarks/crash_ledger.py`` has more kills, more events and the peers.
"""

import asyncio
import json
import sys
from pathlib import Path

import pytest

LEDGER = Path(__file__).parent.parent.parent / "benchmarks" / "crash_ledger.py"
OPTIONS = {
    "store": "sqlite",
    "rounds": "2",
    "peer-rounds": "0",
    "count": "60",
    "rate": "15",
    # Most handlers wait before each of their answers: kills come between the two.
    "slow": "0.6",
    "twice": "0.9",
    "seed": "3",
}


@pytest.mark.fault(27)
async def test_kills_lose_nothing_and_double_nothing(tmp_path, saw):
    result = tmp_path / "ledger.json"
    options = [f"--{name}={value}" for name, value in OPTIONS.items()]
    child = await asyncio.create_subprocess_exec(
        *(sys.executable, str(LEDGER), *options, "--up", "0.3", "0.7", f"--json={result}"),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    try:
        output, _ = await asyncio.wait_for(child.communicate(), 110)
    finally:
        if child.returncode is None:
            child.terminate()
    print(output.decode(errors="replace"))
    assert child.returncode == 0
    ledger = json.loads(result.read_text())
    assert (ledger["events sent"], ledger["acked"], ledger["handled"]) == (60, 60, 60)
    assert ledger["seen"] == ledger["answers due"] > 60
    assert (ledger["lost"], ledger["missing"], ledger["doubled"], ledger["parked"]) == (0, 0, 0, 0)
    words = ("acked", "handled", "begun again", "lost", "answers due", "seen", "doubled")
    kills = output.count(b": kill ")
    saw(f"{kills} × kill -9 under {ledger['events sent']} events: {', '.join(f'{it} {ledger[it]}' for it in words)}")
