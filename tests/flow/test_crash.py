"""F27: a bot killed at any moment loses no event and answers none twice; ``benchmarks/crash_ledger.py`` in small."""

import asyncio
import json
import sys
from pathlib import Path

ROOT = Path(__file__).parent.parent.parent


async def test_kills_lose_nothing_and_double_nothing(tmp_path):
    result = tmp_path / "ledger.json"
    options = [
        "--rounds",
        "2",
        "--peer-rounds",
        "0",
        "--count",
        "60",
        "--rate",
        "20",
        "--up",
        "0.1",
        "0.8",
        "--seed",
        "3",
    ]
    child = await asyncio.create_subprocess_exec(
        *(sys.executable, str(ROOT / "benchmarks" / "crash_ledger.py"), *options, "--json", str(result)),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    output, _ = await child.communicate()
    print(output.decode(errors="replace"))
    assert child.returncode == 0
    ledger = json.loads(result.read_text())
    assert (ledger["events sent"], ledger["acked"], ledger["handled"]) == (60, 60, 60)
    assert ledger["seen"] == ledger["answers due"] > 60
    assert (ledger["lost"], ledger["missing"], ledger["doubled"], ledger["parked"]) == (0, 0, 0, 0)
