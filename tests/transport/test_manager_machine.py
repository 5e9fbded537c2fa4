"""Any order of operators' commands and servers' moods: the manager against a model of what must be true."""

import asyncio
import json
from collections import Counter
from collections.abc import Sequence

from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test

from nonebot_adapter_feishu_ws.event.envelope import Envelope
from nonebot_adapter_feishu_ws.exception import ConnectionFailed
from nonebot_adapter_feishu_ws.intake.bridge import Bridge
from nonebot_adapter_feishu_ws.intake.receiver import Receiver
from nonebot_adapter_feishu_ws.store import MemoryStore
from nonebot_adapter_feishu_ws.transport.manager import ConnectionManager, ManagedBot
from nonebot_adapter_feishu_ws.transport.network_thread import NetworkThread
from nonebot_adapter_feishu_ws.transport.status import ConnectionState, Timing

CALM, TARGETS = "calm", ("a", "b")
LONG = 200.0
"""Seconds after which even a slow probe has been made (120 s and half of 30 s)."""
ROUNDS = 300
"""Turns of the loop in which everything that needs no time is done."""
STATES = ConnectionState
LEGAL = {
    STATES.DISCONNECTED: {STATES.DISCONNECTED, STATES.CONNECTING},
    STATES.CONNECTING: set(STATES),
    STATES.CONNECTED: set(STATES) - {STATES.CONNECTED},
    STATES.ERROR: set(STATES),
}
steps: Counter[str] = Counter()


class OneLoop(NetworkThread):
    """Both sides on one loop, so that a run can be repeated; the thread has tests of its own."""

    async def call(self, coroutine):
        return await asyncio.ensure_future(coroutine)


class World:
    """A clock that moves when the test says so."""

    def __init__(self) -> None:
        self.now, self.slept_away = 1000.0, 0.0
        self.sleepers: list[tuple[float, asyncio.Future[None]]] = []

    async def sleep(self, seconds: float) -> None:
        future = asyncio.get_running_loop().create_future()
        self.sleepers.append((self.now + seconds, future))
        await future

    @property
    def timing(self) -> Timing:
        return Timing(lambda: self.now, lambda: self.now + self.slept_away, self.sleep, lambda: 0.5)

    async def advance(self, seconds: float) -> None:
        end = self.now + seconds
        await turn()
        while True:
            self.sleepers = [sleeper for sleeper in self.sleepers if not sleeper[1].done()]
            first = min(self.sleepers, key=lambda sleeper: sleeper[0], default=None)
            if first is None or first[0] > end:
                break
            self.now = max(self.now, first[0])
            first[1].set_result(None)
            await turn()
        self.now = end


async def turn(rounds: int = 30) -> None:
    for _ in range(rounds):
        await asyncio.sleep(0)


class Server:
    """Feishu as one bot sees it: it keeps an event until it is acked."""

    def __init__(self, bot_id: str) -> None:
        self.bot_id, self.mood = bot_id, "up"
        self.sockets = self.most_sockets = self.opened = 0
        self.pending: list[str] = []
        self.ack_lost: set[str] = set()
        self.changed = asyncio.Event()
        self.drop: ConnectionFailed | str | None = None

    def tell(self, drop: ConnectionFailed | str | None = None) -> None:
        self.drop = drop
        self.changed.set()

    async def serve(self, callbacks) -> None:
        await asyncio.sleep(0)
        if self.mood != "up":
            raise ConnectionFailed("refused", code=514 if self.mood == "fatal" else None, phase="discovery")
        self.sockets += 1
        self.opened += 1
        self.most_sockets = max(self.sockets, self.most_sockets)
        self.drop = None
        callbacks.opened()
        try:
            await self._hold(callbacks)
        finally:
            await turn(8)  # a close frame takes its time
            self.sockets -= 1

    async def _hold(self, callbacks) -> None:
        while True:
            self.changed.clear()
            while self.pending:
                event = self.pending[0]
                envelope = Envelope(bot_id=self.bot_id, payload=body(event), transport="websocket")
                receipt = await callbacks.receiver.receive(envelope)
                await asyncio.sleep(0)
                if event.endswith(("0", "3", "6")) and event not in self.ack_lost:
                    self.ack_lost.add(event)  # so it is pushed again
                elif receipt.code == 200:
                    self.pending.remove(event)
            if isinstance(self.drop, ConnectionFailed):
                raise self.drop
            if self.drop is not None:
                return
            await self.changed.wait()

    async def close(self) -> None:
        await asyncio.sleep(0)


def body(event: str) -> bytes:
    return json.dumps({"header": {"event_id": event, "event_type": "x"}, "event": {}}).encode()


class Machine(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.loop = asyncio.new_event_loop()
        self.loop.run_until_complete(self._begin())

    async def _begin(self) -> None:
        self.world = World()
        self.servers = {bot_id: Server(bot_id) for bot_id in (CALM, *TARGETS)}
        self.taken: Counter[str] = Counter()
        self.pushed: list[tuple[str, str]] = []
        self.last = dict.fromkeys(self.servers, STATES.DISCONNECTED)
        self.illegal: list[tuple[str, STATES, STATES]] = []
        self.stuck: set[str] = set()
        self.jumps = 0
        bridge = Bridge()
        self.bridge = bridge
        bridge.plugins.open(self)
        store = MemoryStore()
        self.manager = ConnectionManager(
            OneLoop(),
            Receiver(store, bridge.network),
            store.state,
            timing=self.world.timing,
            on_change=self._note,
        )
        for bot_id, server in self.servers.items():
            self.manager.add(ManagedBot(bot_id=bot_id, make_transport=lambda server=server: server))
            await self.manager.start(bot_id)
        await turn()

    def lose(self, keys: Sequence[str]) -> None:
        assert not keys

    def take(self, delivery) -> None:
        self.bridge.plugins.started(delivery)
        self.taken[delivery.payload["header"]["event_id"]] += 1

    def _note(self, status) -> None:
        before, self.last[status.bot_id] = self.last[status.bot_id], status.state
        if status.state not in LEGAL[before]:
            self.illegal.append((status.bot_id, before, status.state))

    def _run(self, work, seconds: float = 0.0) -> None:
        steps["steps"] += 1

        async def run() -> None:
            if work is not None:
                task = asyncio.ensure_future(work)
                for _ in range(ROUNDS):
                    if task.done():
                        break
                    await asyncio.sleep(0)
                assert task.done(), "a command has not returned, although nothing needs time"
                task.result()
            await self.world.advance(seconds)

        self.loop.run_until_complete(run())

    def _wanted(self, bot_id: str) -> bool:
        return not self.manager.is_disconnected_by_operator(bot_id)

    def _attempted(self, bot_id: str) -> None:
        """An attempt has been made for certain: the model follows."""
        if self._wanted(bot_id) and self.servers[bot_id].mood == "fatal":
            self.stuck.add(bot_id)
        else:
            self.stuck.discard(bot_id)

    @rule(bot_id=st.sampled_from(TARGETS))
    def disconnect(self, bot_id):
        async def command() -> None:
            await self.manager.disconnect(bot_id)
            assert self.servers[bot_id].sockets == 0, "it returned before the socket was closed"

        self._run(command())
        self._attempted(bot_id)

    @rule(bot_id=st.sampled_from(TARGETS), again=st.booleans(), seconds=st.sampled_from([0.0, LONG]))
    def connect(self, bot_id, again, seconds):
        self._run((self.manager.reconnect if again else self.manager.connect)(bot_id), seconds)
        self._run(None)
        # A fatal answer is never older than the mood: see `set_mood`.
        self._attempted(bot_id)

    @rule(
        bot_id=st.sampled_from(TARGETS),
        commands=st.lists(st.sampled_from(["connect", "disconnect", "reconnect"]), min_size=2, max_size=5),
    )
    def many_commands_at_once(self, bot_id, commands):
        async def all_of_them() -> None:
            await asyncio.gather(*(getattr(self.manager, command)(bot_id) for command in commands))

        self._run(all_of_them())
        self._attempted(bot_id)

    @rule(bot_id=st.sampled_from(TARGETS), clean=st.booleans(), seconds=st.sampled_from([0.0, 0.3, 5.0]))
    def drop(self, bot_id, clean, seconds):
        self.servers[bot_id].tell("clean" if clean else ConnectionFailed("reset", phase="socket"))
        self._run(None, seconds)

    @rule(bot_id=st.sampled_from(TARGETS), mood=st.sampled_from(["up", "down", "fatal"]))
    def set_mood(self, bot_id, mood):
        was_stuck = bot_id in self.stuck
        self.servers[bot_id].mood = mood
        if mood != "up":
            self.servers[bot_id].tell(ConnectionFailed("the server goes", phase="socket"))
        self._run(None, LONG)
        if not was_stuck:
            self._attempted(bot_id)
        self._all_are_back()

    def _all_are_back(self) -> None:
        """After a long time whoever may be connected is."""
        for bot_id, server in self.servers.items():
            if self._wanted(bot_id) and bot_id not in self.stuck and server.mood == "up":
                assert self.manager.is_connected(bot_id)

    @rule(seconds=st.sampled_from([0.2, 3.0, 40.0, LONG]))
    def time_goes_by(self, seconds):
        self._run(None, seconds)
        if seconds == LONG:
            self._all_are_back()

    @rule()
    def clock_jumps(self):
        self.world.slept_away += 3600
        self.jumps += 1
        self._run(None, 7.0)

    @rule(bot_id=st.sampled_from((CALM, *TARGETS)), number=st.integers(1, 3), before_command=st.booleans())
    def push(self, bot_id, number, before_command):
        for _ in range(number):
            event = f"{bot_id}-{len(self.pushed)}"
            self.pushed.append((bot_id, event))
            self.servers[bot_id].pending.append(event)
        self.servers[bot_id].tell()
        if before_command and bot_id in TARGETS:
            self._run(self.manager.disconnect(bot_id))
            self._attempted(bot_id)
        self._run(None)

    @invariant()
    def states_follow_each_other(self):
        assert not self.illegal
        assert all(self.manager.get_status(bot_id).state is state for bot_id, state in self.last.items())

    @invariant()
    def at_most_one_socket(self):
        assert all(server.most_sockets <= 1 for server in self.servers.values())

    @invariant()
    def the_state_is_what_the_model_says(self):
        for bot_id, server in self.servers.items():
            state = self.manager.get_status(bot_id).state
            assert (server.sockets == 1) == (state is STATES.CONNECTED), (bot_id, state)
            if not self._wanted(bot_id):
                assert state is STATES.DISCONNECTED
            elif bot_id in self.stuck:
                assert state is STATES.ERROR
                assert self.manager.get_status(bot_id).next_attempt_at is None
            else:
                assert state is not STATES.DISCONNECTED

    @invariant()
    def no_event_is_lost_or_doubled(self):
        for bot_id, event in self.pushed:
            waits = event in self.servers[bot_id].pending
            assert self.taken[event] <= 1
            assert self.taken[event] or waits
            assert not (waits and self.servers[bot_id].sockets), "connected, and the event is not fetched"

    @invariant()
    def the_other_bot_is_untouched(self):
        assert self.manager.is_connected(CALM)
        assert self.servers[CALM].opened == 1 + self.jumps

    def teardown(self) -> None:
        async def end() -> None:
            for bot_id in TARGETS:
                self.servers[bot_id].mood = "up"
                await asyncio.wait_for(self.manager.connect(bot_id), 10)
            await self.world.advance(LONG)
            assert all(self.manager.is_connected(bot_id) for bot_id in self.servers)
            assert not any(server.pending for server in self.servers.values())
            await asyncio.wait_for(self.manager.close(), 10)
            assert not any(server.sockets for server in self.servers.values())

        try:
            self.loop.run_until_complete(end())
        finally:
            self.loop.close()


def test_any_order_of_commands_and_faults():
    steps.clear()
    # Without shrinking, which would outlast the test's time and hide what failed.
    quick = settings(
        max_examples=80,
        stateful_step_count=25,
        phases=[Phase.generate],
        deadline=None,
        derandomize=True,
        database=None,
        suppress_health_check=list(HealthCheck),
    )
    run_state_machine_as_test(Machine, settings=quick)
    print(f"\n{steps['steps']:,} steps of the connection manager's state machine")
    assert steps["steps"] > 500
