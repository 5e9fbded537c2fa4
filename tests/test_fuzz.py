"""A small count of what ``scripts/fuzz.py`` does, and proof that it sees a fault."""

import importlib.util
import sys
from pathlib import Path

import pytest

from nonebot_adapter_feishu_ws.intake.bridge import NetworkEnd
from nonebot_adapter_feishu_ws.transport import connection as long_connection

SCRIPT = Path(__file__).parent.parent / "scripts" / "fuzz.py"
COUNTS = {"frames": 6_000, "webhooks": 2_000, "events": 3_000, "cards": 2_000}
SEED = 7


@pytest.fixture(scope="module")
def fuzz():
    spec = importlib.util.spec_from_file_location("fuzz_script", SCRIPT)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    yield module
    del sys.modules[spec.name]


async def run(fuzz, kind: str, count: int):
    work = getattr(fuzz, f"fuzz_{kind}")(count, SEED)
    return work if kind in ("events", "cards") else await work


@pytest.mark.parametrize("kind", COUNTS)
async def test_nothing_crashes_and_nothing_is_lost(fuzz, kind):
    report = await run(fuzz, kind, COUNTS[kind])
    assert report["inputs"] == COUNTS[kind]
    assert {fault: report[fault] for fault in fuzz.FAULTS} == dict.fromkeys(fuzz.FAULTS, 0)
    assert kind in ("events", "cards") or report["valid events"] > 50


async def test_a_lost_event_is_seen(fuzz, monkeypatch):
    put = NetworkEnd.put
    lose = lambda self, delivery, size: None if "good40" in str(delivery.payload) else put(self, delivery, size)  # noqa: E731
    monkeypatch.setattr(NetworkEnd, "put", lose)
    report = await run(fuzz, "frames", 200)
    assert (report["silent losses"], report["accepted, not delivered"]) == (1, 1)


async def test_a_crash_is_seen_with_its_seed(fuzz, monkeypatch, capsys):
    def broken(frame):
        raise KeyError("defect")

    monkeypatch.setattr(long_connection, "read_data_headers", broken)
    report = await run(fuzz, "frames", 200)
    assert report["crashes"] > 0
    assert f"seed={SEED}" in capsys.readouterr().out


async def test_a_forged_delivery_that_is_taken_is_seen(fuzz, monkeypatch):
    monkeypatch.setattr("nonebot_adapter_feishu_ws.server.webhook.check_token", lambda *_: None)
    report = await run(fuzz, "webhooks", 200)
    assert report["wrong answers"] > 0
