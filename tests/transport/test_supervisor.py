"""The supervisor against a scripted transport, on an injected clock: no real waiting."""

import asyncio
from collections.abc import Callable

from nonebot_adapter_feishu_ws.event.envelope import Envelope, Receipt
from nonebot_adapter_feishu_ws.exception import ConnectionFailed
from nonebot_adapter_feishu_ws.transport.status import ClientConfig, ConnectionState, ConnectionStatus, Timing
from nonebot_adapter_feishu_ws.transport.supervisor import ReconnectPolicy, Supervisor


class World:
    """A clock that jumps to the end of every sleep."""

    def __init__(self) -> None:
        self.now = 1000.0
        self.slept: list[float] = []

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += seconds
        await asyncio.sleep(0)

    @property
    def timing(self) -> Timing:
        return Timing(monotonic=lambda: self.now, wall=lambda: self.now, sleep=self.sleep, random=lambda: 0.5)


class Scripted:
    """A transport whose connections go as scripted: an error before opening, or seconds of life and an error."""

    def __init__(self, world: World, script: list[Exception | tuple[float, Exception | None]]) -> None:
        self.world = world
        self.script = script
        self.closed = False

    async def serve(self, callbacks) -> None:
        if not self.script:
            await asyncio.Event().wait()
        step = self.script.pop(0)
        if isinstance(step, Exception):
            raise step
        lifetime, error = step
        callbacks.client_config = ClientConfig(reconnect_interval=100, reconnect_nonce=40)
        callbacks.opened()
        self.world.now += lifetime
        callbacks.alive()
        await callbacks.receiver.receive(Envelope(bot_id="a", payload=b"{}", transport="websocket"))
        if error is not None:
            raise error

    async def close(self) -> None:
        self.closed = True


class Accepting:
    async def receive(self, envelope: Envelope) -> Receipt:
        return Receipt()

    def last_event_at(self, bot_id: str) -> None:
        return None


async def run(script, *, attempts: int = 5, until: Callable[[World, Scripted], bool] | None = None):
    world = World()
    transport = Scripted(world, script)
    statuses: list[ConnectionStatus] = []
    supervisor = Supervisor(
        "a",
        transport,
        Accepting(),
        policy=ReconnectPolicy((1, 2, 4, 8, 16), attempts),
        timing=world.timing,
        on_change=statuses.append,
    )
    task = asyncio.create_task(supervisor.run())
    for _ in range(10_000):
        if task.done() or not transport.script:
            break
        await asyncio.sleep(0)
    for _ in range(5):
        await asyncio.sleep(0)
    status = supervisor.status
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    return world, statuses, status, transport


def refused(code: int | None = None, phase: str = "discovery") -> ConnectionFailed:
    return ConnectionFailed("refused", code=code, phase=phase)  # pyright: ignore[reportArgumentType]


async def test_quick_attempts_then_slow_probing_then_back():
    world, statuses, status, _ = await run([*[refused() for _ in range(7)], (1, refused(phase="socket"))])
    assert world.slept[:7] == [1, 2, 4, 8, 16, 135, 135], "five quick ones, then 120 s + half the nonce of 30 s"
    states = [status.state for status in statuses]
    assert states[0] is ConnectionState.CONNECTING
    error = next(status for status in statuses if status.state is ConnectionState.ERROR)
    assert error.attempts == 6
    assert error.next_attempt_at is not None
    assert ConnectionState.CONNECTED in states
    assert status.last_heartbeat is not None


async def test_while_it_probes_the_state_does_not_flicker():
    _, statuses, _, _ = await run([refused() for _ in range(12)])
    states = [status.state.value for status in statuses]
    assert states.count("error") >= 1
    assert "connecting" not in states[states.index("error") : -1]


async def test_a_fatal_answer_ends_the_attempts_and_says_what_to_do():
    world, _, status, transport = await run([refused(514), refused(514)])
    assert world.slept == []
    assert len(transport.script) == 1, "no second try"
    assert (status.state, status.error_code, status.next_attempt_at) == (ConnectionState.ERROR, 514, None)
    assert status.advice
    assert transport.closed


async def test_a_reached_connection_limit_is_probed_slowly_at_once():
    world, _, status, _ = await run([refused(1000040350, "handshake")])
    assert world.slept == [135]
    assert status.state is ConnectionState.ERROR
    assert status.advice


async def test_a_stable_connection_resets_the_attempts_a_flapping_one_does_not():
    lost = refused(phase="socket")
    world, _, _, _ = await run([refused(), refused(), (61, lost), (1, lost), (1, lost), (61, lost)])
    assert world.slept == [1, 2, 1, 2, 4, 1]


async def test_a_clean_close_is_followed_by_a_connection_within_a_second():
    world, _, _, _ = await run([(100, None)])
    assert world.slept == [1]


async def test_a_defect_in_the_transport_does_not_end_the_supervision():
    world, statuses, _, _ = await run([RuntimeError("bug"), (1, None)])
    assert world.slept[0] == 1
    assert any("RuntimeError" in (status.error or "") for status in statuses)
    assert any(status.state is ConnectionState.CONNECTED for status in statuses)


async def test_cancelling_ends_in_disconnected_and_closes_the_transport():
    _, statuses, _, transport = await run([(1, None)])
    assert statuses[-1].state is ConnectionState.DISCONNECTED
    assert transport.closed


class Patient(World):
    """A clock on which a sleep lasts until the test says otherwise."""

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        await asyncio.Event().wait()


async def reconnected(script, world: World):
    """A supervisor that has gone through its script, told to reconnect once."""
    transport = Scripted(world, script)
    statuses: list[ConnectionStatus] = []
    supervisor = Supervisor(
        "a", transport, Accepting(), policy=ReconnectPolicy((1,), 0), timing=world.timing, on_change=statuses.append
    )
    task = asyncio.create_task(supervisor.run())
    for _ in range(20):
        await asyncio.sleep(0)
    before = supervisor.status
    world.sleep = lambda seconds: asyncio.sleep(0)  # pyright: ignore[reportAttributeAccessIssue]
    supervisor.timing = world.timing
    transport.script.append((5, None))
    supervisor.reconnect_now(1.0)
    for _ in range(20):
        await asyncio.sleep(0)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    return before, [status.state for status in statuses]


async def test_reconnect_now_ends_slow_probing_at_once():
    before, states = await reconnected([refused()], Patient())
    assert (before.state, before.attempts) == (ConnectionState.ERROR, 1)
    after = states[states.index(ConnectionState.ERROR) + 1 :]
    assert after[:2] == [ConnectionState.CONNECTING, ConnectionState.CONNECTED]


async def test_reconnect_now_replaces_a_connection_that_is_held():
    before, states = await reconnected([], Patient())
    assert before.state is ConnectionState.CONNECTING
    assert ConnectionState.CONNECTED in states
