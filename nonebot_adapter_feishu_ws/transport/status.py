"""Connection states, status snapshots, and the protocol between a transport and its supervisor."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Awaitable, Callable
from dataclasses import asdict, dataclass, fields, replace
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any, Literal, Protocol

from pydantic.alias_generators import to_camel, to_pascal

from ..event.envelope import EventReceiver
from ..net.bounded_json import as_object

TransportName = Literal["websocket", "webhook"]
Phase = Literal["setup", "discovery", "handshake", "socket"]


class ConnectionState(StrEnum):
    """State of a bot's connection; ``connected`` means that the server answered within the watchdog's window."""

    DISCONNECTED = "disconnected"
    CONNECTING = "connecting"
    CONNECTED = "connected"
    ERROR = "error"


@dataclass(frozen=True, slots=True, kw_only=True)
class ConnectionStatus:
    """An immutable snapshot of one bot's connection; safe to read in any thread.

    Attributes:
        bot_id: the app id.
        state: the connection's state.
        transport: how events arrive at present.
        connected_at: when the socket was opened.
        last_heartbeat: when the last frame of any kind arrived.
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
        """Convert to the JSON of the control routes: camelCase keys, ISO 8601 times in UTC."""
        values = {to_camel(name): value for name, value in {**asdict(self), "state": self.state.value}.items()}
        return {key: iso(value) if isinstance(value, datetime) else value for key, value in values.items()}


def iso(time_: datetime | None) -> str | None:
    """Format a time as the control routes do: ISO 8601 in UTC."""
    return None if time_ is None else time_.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def utc(timestamp: float | None) -> datetime | None:
    """Convert seconds since the epoch to an aware datetime."""
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
    """Intervals that the server asks for, in seconds; they come with discovery and with pongs.

    ``reconnect_count`` is ignored: the server sends -1 (no limit), which is what we do anyway.
    """

    reconnect_interval: float = 120.0
    reconnect_nonce: float = 30.0
    ping_interval: float = 120.0

    def merged(self, data: object) -> ClientConfig:
        """This configuration, updated with the usable numbers of a ``ClientConfig`` JSON object."""
        values = {field.name: as_object(data).get(to_pascal(field.name)) for field in fields(self)}
        return replace(self, **{name: value for name, value in values.items() if _is_interval(value)})


def _is_interval(value: object) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool) and 0 < value < 86_400


class ConnectionCallbacks(Protocol):
    """What a transport reports to its supervisor while it serves one connection, on the network loop."""

    receiver: EventReceiver
    client_config: ClientConfig

    def opened(self) -> None:
        """The connection is open."""
        ...

    def alive(self) -> None:
        """Something arrived from the server."""
        ...


class Transport(Protocol):
    """One way to hold a connection to Feishu."""

    async def serve(self, callbacks: ConnectionCallbacks) -> None:
        """Open one connection and serve it until it ends; returns when the server closed it cleanly.

        Raises:
            ConnectionFailed: it could not be opened, or was lost; the message says why.
        """
        ...

    async def close(self) -> None:
        """Release what is kept between connections."""
        ...
