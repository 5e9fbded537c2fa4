"""``python -m nonebot_adapter_feishu_ws.parked`` on real stores, beside a bot that runs."""

import asyncio
import time

import pytest

from nonebot_adapter_feishu_ws.intake.bridge import Bridge
from nonebot_adapter_feishu_ws.intake.delivery import Delivery
from nonebot_adapter_feishu_ws.intake.receiver import Receiver
from nonebot_adapter_feishu_ws.parked.__main__ import main
from nonebot_adapter_feishu_ws.store import MAX_RUNS, Entry, FallbackStore
from nonebot_adapter_feishu_ws.store.redis.store import RedisStore
from nonebot_adapter_feishu_ws.store.sqlite.store import SqliteStore
from tests.conftest import wait_until
from tests.intake.collector import Collector

BOT = "cli_a"


@pytest.fixture(params=["sqlite", pytest.param("redis", marks=pytest.mark.needs("redis-server"))])
async def parked(request, tmp_path):
    """The URL of a store with two parked events of long ago, and a way to open the store."""
    if request.param == "sqlite":
        url = f"sqlite:///{tmp_path / 's.db'}"
        opened = lambda: SqliteStore(tmp_path / "s.db", replay_window=1e6)  # noqa: E731
    else:
        url = request.getfixturevalue("redis_server").url
        opened = lambda: RedisStore(url, replay_window=1e6)  # noqa: E731
    for run in range(MAX_RUNS + 1):
        store = opened()
        await store.open([BOT])
        if run == 0:
            for number in (1, 2):
                payload = b'{"header": {"event_type": "x"}, "event": {"n": %d}}' % number
                event = Entry(f"{BOT}:event:{number}", BOT, payload, time.time() - 5000)
                await store.inbox.take(event, [event.key], begin=True)
        else:
            for _ in range(2):
                await store.inbox.fetch_abandoned([BOT])
        await store.close()
    return url, opened


def test_they_are_listed_shown_and_dropped(parked, capsys):
    url, _ = parked
    assert main(["--store", url, "list"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in lines] == [f"{BOT}:event:1", f"{BOT}:event:2"]
    assert main(["--store", url, "show", f"{BOT}:event:1"]) == 0
    assert '"n": 1' in capsys.readouterr().out
    assert main(["--store", url, "drop", f"{BOT}:event:1"]) == 0
    assert capsys.readouterr().out == f"{BOT}:event:1 is dropped\n"
    assert main(["--store", url, "drop", f"{BOT}:event:1"]) == 1
    assert main(["--store", url, "retry", f"{BOT}:event:9"]) == 1
    assert f"No event {BOT}:event:9 is parked" in capsys.readouterr().err
    assert main(["--store", url, "list"]) == 0
    assert capsys.readouterr().out.startswith(f"{BOT}:event:2")
    assert main(["--store", url, "retry", f"{BOT}:event:2"]) == 0
    assert "runs again: at once if its bot is running" in capsys.readouterr().out
    assert main(["--store", url, "list"]) == 0
    said = capsys.readouterr()
    assert (said.out, said.err) == ("", "No event is parked.\n")


async def test_one_is_run_again_by_the_bot_that_runs(parked):
    url, opened = parked
    taken: list[Delivery] = []
    bridge = Bridge()
    bridge.plugins.open(Collector(taken))
    bridge.plugins.arrive(BOT)
    store = FallbackStore(opened())
    intake = Receiver(store, bridge.network)
    intake.watch._count_every = 0.05
    await intake.open([BOT])
    await wait_until(lambda: intake.watch.view().inbox and not intake._consumer.backlog)
    assert intake.watch.view().inbox[BOT].dead_letters == 2
    assert await asyncio.to_thread(main, ["--store", url, "retry", f"{BOT}:event:2"]) == 0
    await wait_until(lambda: taken)
    assert (taken[0].key, taken[0].payload["event"]) == (f"{BOT}:event:2", {"n": 2})
    bridge.plugins.started(taken[0])
    bridge.plugins.ended(taken[0], True)
    await wait_until(lambda: intake.watch.view().inbox[BOT].dead_letters == 1)
    await asyncio.sleep(0.1)
    assert len(taken) == 1
    await intake.close()
    after = opened()
    await after.open([BOT])
    assert await after.inbox.fetch(BOT, 5) == []
    assert await after.inbox.fetch_abandoned([BOT]) is None, "it is done"
    await after.close()


def test_what_cannot_be_opened_is_told(tmp_path, capsys):
    for url, why in (
        ("memory://", "keeps no event"),
        (f"sqlite:///{tmp_path}/none.db", "there is no store"),
        (f"unix://u:hunter2@{tmp_path}/none.sock", "cannot be reached"),
    ):
        assert main(["--store", url, "list"]) == 2
        error = capsys.readouterr().err
        assert why in error
        assert "hunter2" not in error
    (tmp_path / "other.db").write_text("not a database, but long enough to be read as one, and so on")
    assert main(["--store", f"sqlite:///{tmp_path}/other.db", "list"]) == 2


def test_the_store_is_the_one_of_env(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    (tmp_path / ".env").write_text("FEISHU_STORE=sqlite:///here.db\n")
    assert main(["list"]) == 2
    assert "here.db" in capsys.readouterr().err
