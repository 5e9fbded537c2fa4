"""What every transport shares: states, status snapshots, envelopes, and the protocol of a connection."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any, Literal, Protocol

from ..event.envelope import Receive

TransportName = Literal["websocket", "webhook"]
Phase = Literal["discovery", "handshake", "socket"]


class ConnectionState(StrEnum):
    """Where a bot's connection stands. ``connected`` means that the server answered within the watchdog's window."""

    DISCONNECTED = "disconnected"
    CONNECTING = "connecting"
    CONNECTED = "connected"
    ERROR = "error"


@dataclass(frozen=True, slots=True, kw_only=True)
class ConnectionStatus:
    """An immutable snapshot of one bot's connection; safe to read in any thread.

    Attributes:
        bot_id: the app id.
        state: where the connection stands.
        transport: how events arrive at present.
        connected_at: since when the socket is open.
        last_heartbeat: the last proof that the server lives (any frame).
        last_event_at: when the last event arrived.
        attempts: failed attempts in a row.
        next_attempt_at: when the next attempt is due.
        error: what went wrong last, in words.
        error_code: Feishu's code for it.
        advice: what to do about it.
    """

    bot_id: str
    state: ConnectionState = ConnectionState.DISCONNECTED
    transport: TransportName = "websocket"
    connected_at: datetime | None = None
    last_heartbeat: datetime | None = None
    last_event_at: datetime | None = None
    attempts: int = 0
    next_attempt_at: datetime | None = None
    error: str | None = None
    error_code: int | None = None
    advice: str | None = None

    def to_dict(self) -> dict[str, Any]:
        """The snapshot as the control routes show it: camelCase keys, ISO 8601 times in UTC."""
        return {
            "botId": self.bot_id,
            "state": self.state.value,
            "transport": self.transport,
            "connectedAt": iso(self.connected_at),
            "lastHeartbeat": iso(self.last_heartbeat),
            "lastEventAt": iso(self.last_event_at),
            "attempts": self.attempts,
            "nextAttemptAt": iso(self.next_attempt_at),
            "error": self.error,
            "errorCode": self.error_code,
            "advice": self.advice,
        }


def iso(time_: datetime | None) -> str | None:
    """A time as the control routes show it: ISO 8601 in UTC."""
    return None if time_ is None else time_.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def utc(timestamp: float | None) -> datetime | None:
    """Seconds since the epoch as an aware datetime."""
    return None if timestamp is None else datetime.fromtimestamp(timestamp, UTC)


@dataclass(frozen=True, slots=True)
class Timing:
    """Clocks, sleep and randomness as arguments, so that tests run without waiting."""

    monotonic: Callable[[], float] = time.monotonic
    wall: Callable[[], float] = time.time
    sleep: Callable[[float], Awaitable[object]] = asyncio.sleep
    random: Callable[[], float] = random.random


@dataclass(frozen=True, slots=True)
class ClientConfig:
    """The server's wishes, in seconds; they come with discovery and with pongs.

    ``reconnect_count`` is read and not obeyed: the server sends -1 (without end), as we do anyway.
    """

    reconnect_interval: float = 120.0
    reconnect_nonce: float = 30.0
    ping_interval: float = 120.0

    def merged(self, data: object) -> ClientConfig:
        """This configuration with the usable numbers of a ``ClientConfig`` JSON object laid over it."""
        if not isinstance(data, dict):
            return self

        def seconds(key: str, default: float) -> float:
            value: object = data.get(key)  # pyright: ignore[reportUnknownVariableType, reportUnknownMemberType]
            usable = isinstance(value, (int, float)) and not isinstance(value, bool) and 0 < value < 86_400
            return float(value) if usable else default  # pyright: ignore[reportArgumentType]

        return ClientConfig(
            reconnect_interval=seconds("ReconnectInterval", self.reconnect_interval),
            reconnect_nonce=seconds("ReconnectNonce", self.reconnect_nonce),
            ping_interval=seconds("PingInterval", self.ping_interval),
        )


@dataclass(slots=True)
class Link:
    """What a transport tells its supervisor while it serves one connection (network loop only)."""

    receive: Receive
    opened: Callable[[], None]
    alive: Callable[[], None]
    client_config: ClientConfig = field(default_factory=ClientConfig)


class Transport(Protocol):
    """One way to hold a connection to Feishu."""

    async def serve(self, link: Link) -> None:
        """Open one connection and serve it until it ends.

        Returns when the server closed it cleanly.

        Raises:
            ConnectionFailed: it could not be opened, or was lost; the message says why.
        """
        ...

    async def close(self) -> None:
        """Free what is held between connections."""
        ...
