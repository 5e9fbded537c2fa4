"""A manager with its bots on a clock that runs 25 times faster, and everything that was seen of them."""

import asyncio
import threading
import time
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from pydantic import SecretStr

from nonebot_adapter_feishu_ws.event.envelope import Envelope, Receipt
from nonebot_adapter_feishu_ws.sandbox import Sandbox
from nonebot_adapter_feishu_ws.store import MemoryStore
from nonebot_adapter_feishu_ws.transport.connection import LongConnection
from nonebot_adapter_feishu_ws.transport.heartbeat import Heartbeats
from nonebot_adapter_feishu_ws.transport.manager import ConnectionManager, ManagedBot
from nonebot_adapter_feishu_ws.transport.network_thread import NetworkThread
from nonebot_adapter_feishu_ws.transport.status import ConnectionStatus, Timing
from nonebot_adapter_feishu_ws.transport.supervisor import ReconnectPolicy
from tests.conftest import APP, wait_until

OTHER = "cli_other"
SPEED = 25.0
LONGEST_STEP = 0.03
"""Seconds by which the clock moves on at most at one look: a machine that stalls must not look like a dead server."""
DELAYS = (1, 2, 4, 8, 16)
"""Seconds before the quick attempts, each spread to 0.5-1.5 times."""
WALL = 1_700_000_000
"""The wall clock's seconds when the fast clock begins."""
CLIENT_CONFIG = {"PingInterval": 30, "ReconnectInterval": 20, "ReconnectNonce": 5}


@dataclass
class Fleet:
    """A manager with its bots, and everything that was seen of them. Times are seconds on the fast clock."""

    sandbox: Sandbox
    speed: float = SPEED
    jumped: float = 0.0
    looked: float = field(default_factory=time.monotonic)
    passed: float = 0.0
    lock: Any = field(default_factory=threading.Lock)
    seen: list[tuple[float, ConnectionStatus]] = field(default_factory=list)
    events: list[str] = field(default_factory=list)
    transports: dict[str, LongConnection] = field(default_factory=dict)
    manager: Any = None

    @property
    def now(self) -> float:
        with self.lock:
            looked = time.monotonic()
            self.passed += min(looked - self.looked, LONGEST_STEP) * self.speed
            self.looked = looked
            return self.passed

    async def tick(self) -> None:
        while True:
            assert self.now >= 0
            await asyncio.sleep(LONGEST_STEP / 3)

    async def sleep(self, seconds: float) -> None:
        end = self.now + seconds
        await asyncio.sleep(0)
        while (left := end - self.now) > 0:
            await asyncio.sleep(left / self.speed)

    @property
    def timing(self) -> Timing:
        return Timing(
            monotonic=lambda: self.now,
            wall=lambda: WALL + self.now + self.jumped,
            sleep=self.sleep,
        )

    def last_event_at(self, bot_id: str) -> float | None:
        return None

    async def receive(self, envelope: Envelope) -> Receipt:
        self.events.append(f"{envelope.bot_id} {envelope.payload.split(b'event_id')[1][:40]!r}")
        return Receipt()

    def states(self, bot_id: str, since: float = 0.0) -> list[str]:
        return [status.state.value for at, status in self.seen if status.bot_id == bot_id and at >= since]

    def status(self, bot_id: str = APP) -> ConnectionStatus:
        return self.manager.get_status(bot_id)


@asynccontextmanager
async def fleet(sandbox: Sandbox, *bots: str, speed: float = SPEED):
    it = Fleet(sandbox, speed)
    ticking = asyncio.create_task(it.tick())
    network, heartbeats = NetworkThread(), Heartbeats(it.timing)
    it.manager = ConnectionManager(
        network,
        it,
        MemoryStore().state,
        policy=ReconnectPolicy(DELAYS, len(DELAYS)),
        timing=it.timing,
        on_change=lambda status: it.seen.append((it.now, status)),
    )
    network.start()
    for bot_id in bots or (APP, OTHER):
        app = sandbox.world.apps[bot_id]

        def make(app=app):
            secret = SecretStr(app.app_secret)
            it.transports[app.app_id] = LongConnection(app.app_id, secret, sandbox.url, heartbeats=heartbeats)
            return it.transports[app.app_id]

        it.manager.add(ManagedBot(bot_id=bot_id, make_transport=make))
        await it.manager.start(bot_id)
    try:
        await wait_until(lambda: all(it.manager.is_connected(bot_id) for bot_id in bots or (APP, OTHER)))
        yield it
    finally:
        await it.manager.close()
        await network.stop()
        ticking.cancel()
