"""Redis in trouble under a bot that runs: its chats go on, its status and its log tell, and it comes back."""

import asyncio
from collections.abc import Callable

import pytest
from redis.asyncio import Redis

from nonebot_adapter_feishu_ws.store import FallbackStore
from tests.conftest import APP, wait_until
from tests.flow.test_store_trouble import Talk, store_of
from tests.flow.test_trouble import errors

Saw = Callable[[str], None]
pytestmark = pytest.mark.needs("redis-server")


@pytest.fixture(autouse=True)
def quick_probes(monkeypatch: pytest.MonkeyPatch) -> None:
    """A store that is down is tried every twentieth of a second instead of every two seconds."""
    monkeypatch.setitem(FallbackStore.__init__.__kwdefaults__, "probe_every", 0.05)


@pytest.mark.fault(29)
@pytest.mark.parametrize("trouble", ["killed", "stopped"])
async def test_redis_in_trouble(sandbox, run_adapter, heard, logs, redis_server, saw: Saw, trouble: str):
    """Killed and started again with its data; or alive and silent (SIGSTOP), which looks like a network that hangs."""
    talk = Talk(sandbox, heard)
    async with run_adapter(feishu_store=redis_server.url) as adapter:
        store = store_of(adapter)
        await talk.say()
        if trouble == "killed":
            redis_server.stop()
        else:
            redis_server.pause()
        while store.status.ok:
            await talk.say()
        error = store.status.error or ""
        for _ in range(3):
            await talk.say()
        if trouble == "killed":
            redis_server.start()
        else:
            redis_server.pause(False)
        await wait_until(lambda: store.status.ok)
        await talk.say()
        left = await adapter._network.call(store.inner.inbox.fetch(APP, 10))
    assert left == [], "nothing waits in it"
    assert any("The bots go on" in line for line in errors(logs))
    cause = error.partition(";")[0].replace(str(redis_server.folder), "")
    saw(f'Redis {trouble}: "{cause}", then back; {talk.sums()}')


@pytest.mark.fault(29)
async def test_redis_is_down_at_the_start(sandbox, run_adapter, heard, redis_server, saw: Saw):
    redis_server.stop()
    talk = Talk(sandbox, heard)
    async with run_adapter(feishu_store=redis_server.url) as adapter:
        store = store_of(adapter)
        assert not store.status.ok
        await talk.say()
        redis_server.start()
        await wait_until(lambda: store.status.ok)
        await talk.say()
    saw(f"Redis down at the start, back later: {talk.sums()}")


@pytest.mark.fault(29)
async def test_a_slow_redis_delays_and_loses_nothing(sandbox, run_adapter, heard, redis_server, saw: Saw):
    talk = Talk(sandbox, heard)
    sandbox.gateway.ack_timeout = 3.0
    async with run_adapter(feishu_store=redis_server.url) as adapter, Redis.from_url(redis_server.url) as raw:
        store = store_of(adapter)
        await talk.say()
        await raw.execute_command("CLIENT", "PAUSE", "400", "ALL")
        began = asyncio.get_running_loop().time()
        await talk.say()
        took = asyncio.get_running_loop().time() - began
        state = "up" if store.status.ok else "down"
    saw(f"Redis answers after 0.4 s: status {state}, handled after {took:.1f} s; {talk.sums()}")
