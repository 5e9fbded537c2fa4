"""What plugins and operators see of connections: hooks, grace, choices, and a store in trouble."""

import asyncio

import pytest

from nonebot_adapter_feishu_ws import Adapter, BotDisabled, ConnectionState, ConnectionStatus, on_connection_state
from tests.conftest import APP, SECRET, wait_until


@pytest.fixture
def hooks():
    """Removes the hooks of a test afterwards."""
    before = list(Adapter.state_hooks)
    yield Adapter.state_hooks
    Adapter.state_hooks[:] = before


async def test_plugins_are_told_of_every_state_in_order(sandbox, run_adapter, hooks, logs):
    told: list[ConnectionStatus] = []

    @on_connection_state
    async def slow(status: ConnectionStatus):
        await asyncio.sleep(0.01)
        told.append(status)

    @on_connection_state
    def broken(status: ConnectionStatus):
        raise RuntimeError("a plugin's mistake")

    async with run_adapter() as adapter:
        await sandbox.disconnect(APP)
        await wait_until(lambda: [s.state for s in told].count(ConnectionState.CONNECTED) == 2)
        await adapter.connections.disconnect(APP)
        await wait_until(lambda: told[-1].state is ConnectionState.DISCONNECTED)
    states = [status.state.value for status in told]
    assert [state for i, state in enumerate(states) if i == 0 or states[i - 1] != state] == [
        *("connecting", "connected", "connecting", "connected", "disconnected"),
    ]
    assert any("broken raised" in line for line in logs)


@pytest.mark.parametrize(("grace", "stays"), [(30.0, True), (0.05, False)])
async def test_the_bot_stays_registered_through_short_trouble(sandbox, run_adapter, monkeypatch, grace, stays):
    monkeypatch.setattr("nonebot_adapter_feishu_ws.lifecycle.connection_follower.GRACE", grace)
    gone, came = [], []
    async with run_adapter(feishu_max_reconnect_attempts=3) as adapter:
        bot = adapter.bots[APP]
        adapter.driver.on_bot_connect(lambda bot: came.append(bot.self_id))
        adapter.driver.on_bot_disconnect(lambda bot: gone.append(bot.self_id))
        try:
            sandbox.faults.add("discovery", times=6, status=500)
            await sandbox.disconnect(APP)
            await wait_until(lambda: adapter.connections.get_status(APP).state is ConnectionState.ERROR)
            await asyncio.sleep(0.2)
            await wait_until(lambda: (adapter.bots.get(APP) is bot) is stays)
            sandbox.faults.clear()
            await adapter.connections.connect(APP)
            await wait_until(lambda: adapter.connections.is_connected(APP))
            await wait_until(lambda: APP in adapter.bots)
            assert (adapter.bots[APP] is bot) is stays
            if not stays:
                await wait_until(lambda: gone and came)  # NoneBot runs the hooks in tasks of their own
            assert (gone, came) == (([], []) if stays else ([APP], [APP]))
        finally:
            adapter.driver._bot_connection_hook.clear()
            adapter.driver._bot_disconnection_hook.clear()


async def test_a_connect_by_hand_ends_slow_probing(sandbox, run_adapter):
    sandbox.faults.add("handshake", code=514, auth_code=1000040350)
    async with run_adapter(connected=False) as adapter:
        await wait_until(lambda: adapter.connections.get_status(APP).state is ConnectionState.ERROR)
        assert adapter.connections.get_status(APP).next_attempt_at is not None
        await adapter.connections.connect(APP)
        await wait_until(lambda: adapter.connections.is_connected(APP))


async def test_a_disabled_bot_is_known_and_cannot_be_connected(sandbox, run_adapter):
    bots = [{"app_id": APP, "app_secret": SECRET}, {"app_id": "cli_off", "app_secret": "s", "enabled": False}]
    async with run_adapter(bots, connected=False) as adapter:
        await wait_until(lambda: APP in adapter.bots)
        status = adapter.connections.get_status("cli_off")
        assert (status.state, status.error) == (ConnectionState.DISCONNECTED, "Bot is disabled")
        assert "enabled" in (status.advice or "")
        for act in (adapter.connections.connect, adapter.connections.disconnect, adapter.connections.reconnect):
            with pytest.raises(BotDisabled, match="Bot is disabled"):
                await act("cli_off")
        assert "cli_off" not in adapter.bots


async def test_a_choice_survives_a_restart_in_the_store(sandbox, run_adapter, tmp_path, logs):
    config = {"feishu_store": f"sqlite:///{tmp_path}/s.db"}
    async with run_adapter(**config) as adapter:
        await adapter.connections.disconnect(APP)
    async with run_adapter(connected=False, **config) as adapter:
        await asyncio.sleep(0.2)
        assert adapter.connections.get_status(APP).state is ConnectionState.DISCONNECTED
        assert len([line for line in logs if "as its operator chose" in line]) == 1
        await adapter.connections.connect(APP)
        await wait_until(lambda: APP in adapter.bots)


async def test_an_operators_connect_wins_over_use_websocket_false(sandbox, run_adapter, tmp_path, logs):
    config = {"feishu_store": f"sqlite:///{tmp_path}/s.db"}
    bots = [{"app_id": APP, "app_secret": SECRET, "use_websocket": False}]
    async with run_adapter(bots, connected=False, **config) as adapter:
        assert any("cannot receive" in line for line in logs)
        await adapter.connections.connect(APP)
        await wait_until(lambda: APP in adapter.bots)
    async with run_adapter(bots, **config):
        assert len([line for line in logs if "stays connected, as its operator chose" in line]) == 1


async def test_a_store_in_trouble_is_told_and_the_bot_works(sandbox, run_adapter, tmp_path, logs):
    (tmp_path / "file").write_text("in the way")
    async with run_adapter(feishu_store=f"sqlite:///{tmp_path}/file/s.db") as adapter:
        await (await sandbox.push(APP, "x", {})).wait()
        await adapter.connections.disconnect(APP)
        assert adapter.connections.get_status(APP).state is ConnectionState.DISCONNECTED
    assert any("The bots go on" in line and "check the disk" in line for line in logs)
    assert any("will not survive a restart" in line for line in logs)
