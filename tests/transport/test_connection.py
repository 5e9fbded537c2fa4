"""One socket against the sandbox, on a clock that runs a hundred times faster."""

import asyncio
import time
from contextlib import asynccontextmanager

import pytest
from picows import ws_connect
from pydantic import SecretStr

from nonebot_adapter_feishu_ws.event.envelope import Envelope, Receipt
from nonebot_adapter_feishu_ws.exception import ConnectionFailed
from nonebot_adapter_feishu_ws.sandbox import Sandbox
from nonebot_adapter_feishu_ws.transport.connection import LongConnection
from nonebot_adapter_feishu_ws.transport.heartbeat import Heartbeats
from nonebot_adapter_feishu_ws.transport.status import ClientConfig, Timing
from tests.conftest import APP, SECRET, wait_until

SPEED = 100
STEPS = 20


async def fast_sleep(seconds: float) -> None:
    """In steps, so that a machine that stalls costs one step and the rest is left for the answer."""
    for _ in range(STEPS):
        await asyncio.sleep(seconds / SPEED / STEPS)


FAST = Timing(monotonic=lambda: time.monotonic() * SPEED, sleep=fast_sleep, random=lambda: 0.5)


class Served:
    def __init__(self, sandbox: Sandbox, answer: Receipt | Exception = Receipt(), **options) -> None:
        self.is_open = asyncio.Event()
        self.client_config = ClientConfig()
        self.receiver = self
        self.envelopes: list[Envelope] = []
        self.answer = answer
        options = {"heartbeats": Heartbeats(options.pop("timing", FAST)), **options}
        self.connection = LongConnection(APP, SecretStr(SECRET), sandbox.url, **options)

    def opened(self) -> None:
        self.is_open.set()

    def alive(self) -> None:
        return

    def last_event_at(self, bot_id: str) -> None:
        return None

    async def receive(self, envelope: Envelope) -> Receipt:
        self.envelopes.append(envelope)
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer


@asynccontextmanager
async def served(sandbox: Sandbox, *args, **options):
    it = Served(sandbox, *args, **options)
    task = asyncio.create_task(it.connection.serve(it))
    await asyncio.wait({task, asyncio.create_task(it.is_open.wait())}, return_when=asyncio.FIRST_COMPLETED)
    it.task = task
    try:
        yield it
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        await it.connection.close()


async def test_the_first_ping_goes_at_once_and_the_next_by_the_servers_interval(sandbox):
    sandbox.gateway.client_config["PingInterval"] = 60
    async with served(sandbox) as it:
        [connection] = sandbox.gateway.connections[APP]
        await wait_until(lambda: connection.pings == 1)
        begin = it.connection.heartbeats.timing.monotonic()
        await wait_until(lambda: connection.pings == 2)
        assert it.connection.heartbeats.timing.monotonic() - begin > 50


async def test_a_pong_may_change_the_interval(sandbox):
    sandbox.gateway.client_config["PingInterval"] = 50_000
    sandbox.gateway.config_in_pong = {"PingInterval": 20}
    async with served(sandbox) as it:
        [connection] = sandbox.gateway.connections[APP]
        await wait_until(lambda: connection.pings >= 3)
        assert it.client_config.ping_interval == 20


async def test_silence_after_a_ping_is_a_dead_socket(sandbox):
    sandbox.gateway.client_config["PingInterval"] = 30
    async with served(sandbox) as it:
        sandbox.half_open(APP)
        with pytest.raises(ConnectionFailed, match="no sign of life"):
            await asyncio.wait_for(it.task, 30)


async def keep_pushing(sandbox, until) -> None:
    while not until():
        await sandbox.push_raw(APP, b"{}")
        await asyncio.sleep(0.02)


async def test_an_event_is_a_sign_of_life_too(sandbox):
    """F11: a server that is slow with a pong but delivers is alive."""
    sandbox.gateway.client_config["PingInterval"] = 20
    ticks: list[float] = []

    async def sleep(seconds: float) -> None:
        ticks.append(seconds)
        await asyncio.sleep(seconds / 20)

    timing = Timing(monotonic=lambda: time.monotonic() * 20, sleep=sleep, random=lambda: 0.5)
    async with served(sandbox, timing=timing) as it:
        [connection] = sandbox.gateway.connections[APP]
        await wait_until(lambda: connection.pings == 1)
        sandbox.half_open(APP)
        # One ping's window, and the rest of its interval.
        await keep_pushing(sandbox, until=lambda: len(ticks) > 25)
        assert not it.task.done()


async def test_a_server_that_sends_but_hears_nothing_is_a_dead_socket(sandbox):
    """Found by the soak: acks and answers to clicks went nowhere, and the state stayed ``connected``."""
    sandbox.gateway.client_config["PingInterval"] = 20
    async with served(sandbox) as it:
        sandbox.half_open(APP)
        await asyncio.wait_for(keep_pushing(sandbox, until=it.task.done), 10)
        with pytest.raises(ConnectionFailed, match=r"answered none of the last 2 pings|no sign of life"):
            it.task.result()


async def test_a_clean_close_returns_and_a_reset_raises(sandbox):
    async with served(sandbox) as it:
        await sandbox.disconnect(APP)
        await asyncio.wait_for(it.task, 30)
    async with served(sandbox) as it:
        sandbox.drop(APP)
        with pytest.raises(ConnectionFailed, match="cut without a close frame"):
            await asyncio.wait_for(it.task, 30)


async def test_a_hanging_handshake_ends_by_itself(sandbox, monkeypatch):
    monkeypatch.setattr("nonebot_adapter_feishu_ws.transport.connection.OPEN_TIMEOUT", 0.2)
    sandbox.faults.add("handshake", hang=True)
    async with served(sandbox) as it:
        with pytest.raises(ConnectionFailed, match="did not answer in time"):
            await asyncio.wait_for(it.task, 30)


@pytest.mark.parametrize("rounds", range(4))
async def test_a_cancel_in_the_moment_of_opening_is_not_lost(sandbox, monkeypatch, rounds):
    """Regression: ``asyncio.wait_for`` of Python 3.10 and 3.11 swallowed it, so a disconnect waited for ever."""
    it = Served(sandbox)

    async def cancelled_while_opening(*args, **options):
        opened = await ws_connect(*args, **options)
        asyncio.get_running_loop().call_soon(task.cancel)
        for _ in range(rounds):
            await asyncio.sleep(0)
        return opened

    monkeypatch.setattr("nonebot_adapter_feishu_ws.transport.connection.ws_connect", cancelled_while_opening)
    task = asyncio.create_task(it.connection.serve(it))
    try:
        await asyncio.wait({task}, timeout=30)
        assert task.cancelled()
        await wait_until(lambda: not sandbox.gateway.connections.get(APP))
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        await it.connection.close()


async def test_a_hanging_discovery_ends_by_itself(sandbox, monkeypatch):
    monkeypatch.setattr("nonebot_adapter_feishu_ws.transport.connection.OPEN_TIMEOUT", 0.2)
    sandbox.faults.add("discovery", hang=True)
    async with served(sandbox) as it:
        with pytest.raises(ConnectionFailed, match="did not answer in time"):
            await asyncio.wait_for(it.task, 30)


@pytest.mark.parametrize(
    ("fault", "code"),
    [
        ({"code": 403}, 403),
        ({"code": 514}, 514),
        ({"code": 514, "auth_code": 1000040350}, 1000040350),
        ({"status": 502}, None),
    ],
)
async def test_a_refused_handshake_carries_feishus_code(sandbox, fault, code):
    sandbox.faults.add("handshake", **fault)
    async with served(sandbox) as it:
        with pytest.raises(ConnectionFailed) as caught:
            await it.task
        assert (caught.value.code, caught.value.phase) == (code, "handshake")
        assert "access_key" not in str(caught.value)


@pytest.mark.parametrize(
    ("origin", "says"),
    [
        ("http://127.0.0.1:9", "refused the connection"),
        ("http://name.invalid", "cannot be resolved"),
        ("https://{host}", "TLS"),
    ],
)
async def test_network_trouble_is_told_in_words(sandbox, origin, says):
    it = Served(sandbox)
    it.connection = LongConnection(APP, SecretStr(SECRET), origin.format(host=sandbox.url.removeprefix("http://")))
    with pytest.raises(ConnectionFailed, match=says) as caught:
        await it.connection.serve(it)
    assert (caught.value.code, caught.value.phase) == (None, "discovery")
    await it.connection.close()


async def test_a_proxy_that_is_not_there_is_named(sandbox):
    it = Served(sandbox, proxy="http://user:hunter2@127.0.0.1:9")
    with pytest.raises(ConnectionFailed, match="proxy cannot be reached") as caught:
        await it.connection.serve(it)
    assert "hunter2" not in str(caught.value)
    await it.connection.close()


async def test_an_answer_to_a_callback_travels_back(sandbox):
    async with served(sandbox, Receipt(200, b'{"toast":{"type":"info"}}')):
        delivery = await sandbox.push(APP, "card.action.trigger", {})
        await delivery.wait()
    assert delivery.answer == {"toast": {"type": "info"}}


async def test_a_failing_intake_leaves_the_event_unacked_for_the_next_push(sandbox, logs):
    async with served(sandbox, RuntimeError("store down")) as it:
        delivery = await sandbox.push(APP, "x", {})
        await wait_until(lambda: len(it.envelopes) == 1)
        it.answer = Receipt()
        await delivery.wait()
    assert delivery.attempts == 2
    assert any("pushed again" in line for line in logs)


async def test_stopping_sends_the_acks_that_are_due_and_a_close_frame(sandbox):
    gate = asyncio.Event()
    it = Served(sandbox)

    async def slow(envelope: Envelope) -> Receipt:
        it.envelopes.append(envelope)
        await gate.wait()
        return Receipt()

    it.receive = slow
    task = asyncio.create_task(it.connection.serve(it))
    await it.is_open.wait()
    [connection] = sandbox.gateway.connections[APP]
    delivery = await sandbox.push(APP, "x", {})
    await wait_until(lambda: it.envelopes)
    task.cancel()
    await asyncio.sleep(0.05)
    gate.set()
    await asyncio.gather(task, return_exceptions=True)
    await delivery.wait()
    assert delivery.attempts == 1
    await wait_until(lambda: connection.socket.closed)
    assert connection.socket.close_code == 1000
    await it.connection.close()
