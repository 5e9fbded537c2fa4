"""When a connection pings, and when it counts as dead: a pure policy, and the one timer of all connections."""

import asyncio
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Literal, Protocol

from ..exception import ConnectionFailed
from .status import ClientConfig, Timing

PONG_WINDOW = 10.0
"""Seconds after a ping within which something must arrive."""
SOCKET_PING = 20.0
"""Seconds of silence before a WebSocket ping, which detects a dead TCP path sooner than the server's own interval
would."""
MAX_UNANSWERED = 2
"""Consecutive pings without a pong after which the sending direction counts as dead, even if frames still arrive."""
TICK = 1.0
"""Seconds between two looks at all connections."""
Ping = Literal["ping", "socket ping"]


class Heartbeat:
    """The pings of one connection. Pure: no I/O, and the time is an argument.

    A ping of the protocol is due at once and then at the server's interval; a WebSocket ping after a silence.
    """

    def __init__(self, now: float) -> None:
        self.last_frame: float = now
        self._last_ping = float("-inf")
        self._awaits_pong = False
        self._probed_at: float | None = None
        self._unanswered = 0

    def pong(self) -> None:
        """The server answered a ping of the protocol."""
        self._unanswered = 0

    def beat(self, now: float, config: ClientConfig) -> Ping | None:
        """What to send now, if anything.

        Raises:
            ConnectionFailed: the connection is dead.
        """
        window = min(PONG_WINDOW, config.ping_interval)
        if self._probed_at is not None:
            self._check_sign_of_life(now, self._probed_at, window)
            if self.last_frame >= self._probed_at:
                self._probed_at = None
        if self._awaits_pong and now - self._last_ping >= window:
            self._awaits_pong = False
            self._check_sign_of_life(now, self._last_ping, window)
            self._check_answers()
        # Looked up each time, since a pong may change it.
        if now - self._last_ping >= config.ping_interval:
            self._last_ping, self._awaits_pong = now, True
            self._unanswered += 1
            return "ping"
        if self._probed_at is None and now - max(self.last_frame, self._last_ping) >= SOCKET_PING:
            self._probed_at = now
            return "socket ping"
        return None

    def _check_sign_of_life(self, now: float, sent_at: float, window: float) -> None:
        if now - sent_at >= window and self.last_frame < sent_at:
            raise ConnectionFailed(f"the server gave no sign of life within {window:g} s of a ping", phase="socket")

    def _check_answers(self) -> None:
        if self._unanswered >= MAX_UNANSWERED:
            # Acks and card responses get lost, too.
            raise ConnectionFailed(
                f"the server sends, but answered none of the last {self._unanswered} pings: what the bot sends "
                "does not arrive",
                phase="socket",
            )


class Beating(Protocol):
    """A connection with a heartbeat."""

    def tick(self, now: float) -> None:
        """Send the ping that is due; must not block."""
        ...


@dataclass(eq=False, repr=False)
class Heartbeats:
    """One timer for the pings of all connections. Lives on the network loop."""

    timing: Timing = field(default_factory=Timing)
    _connections: set[Beating] = field(default_factory=set[Beating])
    _task: asyncio.Task[None] | None = None

    def add(self, connection: Beating) -> None:
        """Begin to tick for a connection, at once and then every second."""
        self._connections.add(connection)
        connection.tick(self.timing.monotonic())
        if self._task is None:
            self._task = asyncio.create_task(self._run(), name="feishu-heartbeats")

    def remove(self, connection: Beating) -> None:
        """Tick no more for a connection."""
        self._connections.discard(connection)
        if not self._connections and self._task is not None:
            self._task.cancel()
            self._task = None

    async def _run(self) -> None:
        with suppress(asyncio.CancelledError):
            while True:
                await self.timing.sleep(TICK)
                now = self.timing.monotonic()
                for connection in tuple(self._connections):
                    connection.tick(now)
