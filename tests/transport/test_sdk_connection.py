"""``transport: sdk``: the SDK's own client behind our protocol passes the delivery tests of the native one."""

import asyncio
import threading

import pytest
from nonebot import on_message

from nonebot_adapter_feishu_ws import ConnectionState, Event
from nonebot_adapter_feishu_ws.exception import ApiNotAvailable
from nonebot_adapter_feishu_ws.sandbox import Sandbox
from tests.conftest import APP, SECRET, wait_until

B = "cli_b"
BOTS = [
    {"app_id": APP, "app_secret": SECRET, "transport": "sdk"},
    {"app_id": B, "app_secret": "b", "transport": "sdk"},
]


@pytest.fixture
async def sandbox():
    async with Sandbox(redelivery=(0.3,) * 20, ack_timeout=0.5) as server:
        server.add_app(APP, SECRET)
        server.add_app(B, "b")
        yield server


@pytest.fixture
def heard(matchers):
    texts: list[tuple[str, str]] = []
    matcher = on_message(block=True, priority=50)
    matchers(matcher)

    @matcher.handle()
    async def _(event: Event):
        texts.append((event.header.app_id or "", event.get_plaintext()))
        await matcher.send(f"heard {event.get_plaintext()}")

    return texts


def threads() -> list[str]:
    return [thread.name for thread in threading.enumerate() if thread.name.startswith("feishu-sdk")]


async def talk(sandbox: Sandbox, app_id: str, text: str) -> str:
    user = sandbox.add_user("Li Lei")
    chat = sandbox.p2p(user, app_id)
    await sandbox.say(user, chat, text)
    [answer] = await sandbox.wait_message(chat)
    return answer.content


async def test_several_bots_echo_reconnect_and_stop(sandbox, run_adapter, heard, logs, capfd):
    """The SDK keeps its loop in a global, so its own second client in a process never runs."""
    async with run_adapter(BOTS) as adapter:
        capfd.readouterr()
        assert await talk(sandbox, APP, "one") == '{"text": "heard one"}'
        assert await talk(sandbox, B, "two") == '{"text": "heard two"}'
        status = adapter.connections.get_status(APP)
        assert (status.state, status.transport) == (ConnectionState.CONNECTED, "websocket")
        assert status.last_heartbeat is not None
        assert status.last_event_at is not None

        for trouble in (sandbox.disconnect, sandbox.drop):
            first = adapter.connections.get_status(APP).connected_at
            result = trouble(APP)
            if asyncio.iscoroutine(result):
                await result
            await wait_until(lambda first=first: adapter.connections.get_status(APP).connected_at not in (None, first))
            assert await talk(sandbox, APP, trouble.__name__) == f'{{"text": "heard {trouble.__name__}"}}'
        assert adapter.connections.is_connected(B)

        await adapter.connections.disconnect(B)
        assert sandbox.gateway.connections[B] == []
        assert threads() == [f"feishu-sdk-{APP}"]
        await adapter.connections.connect(B)
        await wait_until(lambda: adapter.connections.is_connected(B))
        assert await talk(sandbox, B, "again") == '{"text": "heard again"}'
    assert threads() == []
    everything = "\n".join([*logs, *capfd.readouterr()])
    assert "The SDK says" in everything
    assert "access_key" not in everything, "the URL's ticket is a secret"
    assert sandbox.gateway.connections[APP] == []


async def test_the_proxy_of_the_environment_is_not_used(sandbox, run_adapter, monkeypatch):
    """Discovery alone took it, whatever the log said of an unused proxy."""
    monkeypatch.delenv("NO_PROXY", raising=False)
    for name in ("ALL_PROXY", "HTTP_PROXY", "HTTPS_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    async with run_adapter(BOTS[:1]) as adapter:
        assert adapter.connections.get_status(APP).attempts == 0


async def test_a_redelivered_event_is_handled_once(sandbox, run_adapter, heard):
    user = sandbox.add_user("Li Lei")
    async with run_adapter(BOTS[:1]):
        sandbox.half_open(APP)  # the server does not read the ack, so it pushes again
        await sandbox.say(user, sandbox.p2p(user, APP), "once")
        await sandbox.wait_message(sandbox.p2p(user, APP))
        sandbox.half_open(APP, False)
        await asyncio.sleep(0.7)
    assert heard == [(APP, "once")]


async def test_what_the_intake_refuses_is_acked_with_500(sandbox, run_adapter):
    async with run_adapter(BOTS[:1]):
        delivery = sandbox.gateway.push(sandbox.world.apps[APP], b"{}", "e")
        await wait_until(lambda: delivery.ack_code is not None)
    assert delivery.ack_code == 500


@pytest.mark.parametrize(
    ("place", "fault", "code", "state"),
    [
        ("discovery", {"code": 514}, 514, ConnectionState.ERROR),
        ("discovery", {"code": 1000040351}, 1000040351, ConnectionState.ERROR),
        ("handshake", {"code": 514, "auth_code": 1000040350}, 1000040350, ConnectionState.ERROR),
        ("discovery", {"status": 500}, None, ConnectionState.CONNECTING),
    ],
)
async def test_refusals_carry_feishus_code_and_stop_that_bot_alone(sandbox, run_adapter, place, fault, code, state):
    async with run_adapter(BOTS) as adapter:
        sandbox.faults.add(place, times=-1, **fault)
        await sandbox.disconnect(APP)

        def told() -> bool:
            status = adapter.connections.get_status(APP)
            return status.state is state and status.attempts >= 2

        await wait_until(told)
        assert adapter.connections.get_status(APP).error_code == code
        assert adapter.connections.is_connected(B)
        sandbox.faults.clear()
        await adapter.connections.reconnect(APP)
        await wait_until(lambda: adapter.connections.is_connected(APP))


async def test_an_sdk_that_cannot_be_imported_is_told(sandbox, run_adapter, monkeypatch):
    def missing():
        raise ApiNotAvailable("the official SDK cannot be used (ImportError: no lark_oapi)")

    monkeypatch.setattr("nonebot_adapter_feishu_ws.transport.sdk_connection.load_connection_module", missing)
    async with run_adapter(BOTS[:1], connected=False) as adapter:
        await wait_until(lambda: adapter.connections.get_status(APP).error)
        assert "no lark_oapi" in (adapter.connections.get_status(APP).error or "")
