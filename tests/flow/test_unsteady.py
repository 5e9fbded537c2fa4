"""Connections that are slow or do not last, on a clock that runs 25 times faster."""

from collections.abc import AsyncIterator, Callable

import pytest

from nonebot_adapter_feishu_ws.sandbox import Sandbox
from tests.conftest import APP, SECRET, wait_until
from tests.flow.fleet import SPEED, fleet

Saw = Callable[[str], None]
CLIENT_CONFIG = {"PingInterval": 15, "ReconnectInterval": 20, "ReconnectNonce": 5}


@pytest.fixture
async def sandbox() -> AsyncIterator[Sandbox]:
    async with Sandbox(client_config=CLIENT_CONFIG, redelivery=(0.6,) * 50, ack_timeout=0.3) as server:
        server.add_app(APP, SECRET)
        yield server


@pytest.mark.fault(11)
async def test_late_pongs_within_the_window_change_nothing(sandbox: Sandbox, saw: Saw):
    late = 3.0
    sandbox.gateway.pong_delay = late / SPEED
    async with fleet(sandbox, APP) as it:
        [connection] = sandbox.gateway.connections[APP]
        since = it.now
        await wait_until(lambda: connection.pings >= 3)
        delivery = await (await sandbox.push(APP, "x", {})).wait()
        assert sandbox.gateway.connections[APP] == [connection]
        states = it.states(APP)
        passed = it.now - since
    assert states == ["connecting", "connected"]
    saw(
        f"{connection.pings} pings in {passed:.0f} s, each pong {late:.0f} s late: {' → '.join(states)}, "
        f"one connection, an event acked {delivery.ack_code}"
    )


@pytest.mark.fault(14)
async def test_a_flapping_connection_does_not_look_new_each_time(
    sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch, saw: Saw
):
    """A connection counts as stable after 20 s here, not after a minute."""
    monkeypatch.setattr("nonebot_adapter_feishu_ws.transport.supervisor.STABLE_AFTER", 20.0)
    async with fleet(sandbox, APP) as it:
        attempts: list[int] = []
        waits: list[float] = []
        for number in range(4):
            await wait_until(lambda number=number: it.manager.is_connected(APP) and len(_opened(it)) == number + 1)
            await it.sleep(1)
            await sandbox.disconnect(APP)
            await wait_until(lambda number=number: len(_lost(it)) == number + 1)
            at, lost = _lost(it)[-1]
            attempts.append(lost.attempts)
            assert lost.next_attempt_at is not None
            waits.append(lost.next_attempt_at.timestamp() - 1_700_000_000 - at)
        await wait_until(lambda: len(_opened(it)) == 5)
        while_connected = it.status().attempts
        await it.sleep(22)
        await sandbox.disconnect(APP)
        await wait_until(lambda: len(_lost(it)) == 5)
        after_stable = _lost(it)[-1][1].attempts
    assert attempts == [1, 2, 3, 4]
    assert while_connected == 4, "the status tells of it while the bot is connected, too"
    assert waits[3] > 3.9, "8 s, spread to half of it at least, and a look may come a little late"
    assert after_stable == 1
    told = ", ".join(f"{wait:.1f}" for wait in waits)
    saw(
        f"4 drops after 1 s each: attempts {attempts}, next try after {told} s, status while connected: "
        f"{while_connected} attempts; a drop after 22 s: attempts {after_stable}"
    )


def _opened(it):
    return [status for _, status in it.seen if status.state.value == "connected"]


def _lost(it):
    return [(at, status) for at, status in it.seen if status.error]
