"""An event on its way to an app, the socket that it goes through, and the frame that it goes in."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

from ..transport import wire
from ..transport.frame import DATA, Frame
from .state import random_hex

MAX_UNREAD = 1 << 20
"""Bytes that a client has not read yet, beyond which a push waits for it."""


@dataclass(slots=True)
class Delivery:
    """One event on its way to an app, over all its attempts."""

    app_id: str
    event_id: str
    payload: bytes
    message_id: str
    attempts: int = 0
    ack_code: int | None = None
    answer: Any = None
    latency: float | None = None
    """Seconds from the last push to its ack."""
    pushed_at: float = 0.0
    transport: str = ""
    late: float | None = None
    """Seconds after which an answer came that nobody waited for any more."""
    number: int = 0
    """Of its entry in the journal."""
    via: Connection | None = None
    once: bool = False
    watched: bool = False
    """Whether it waits for the ack of its first push, without a task of its own."""
    done: asyncio.Event = field(default_factory=asyncio.Event)
    acked: asyncio.Event = field(default_factory=asyncio.Event)

    async def wait(self, timeout: float = 30.0) -> Delivery:
        """Wait until it is acked with 200; raises ``TimeoutError`` if it is not."""
        await asyncio.wait_for(self.done.wait(), timeout)
        return self


@dataclass(slots=True, eq=False)
class Connection:
    """One socket of an app."""

    app_id: str
    service_id: int
    socket: web.WebSocketResponse
    transport: asyncio.Transport | None
    silent: bool = False
    pings: int = 0
    acks: list[bytes] = field(default_factory=list[bytes])

    def is_writable(self) -> bool:
        """Whether :meth:`write` may be called: the socket is open, and its client reads."""
        transport = self.transport
        if transport is None or transport.is_closing() or self.socket.closed:
            return False
        return transport.get_write_buffer_size() < MAX_UNREAD

    def write(self, message: bytes) -> None:
        """Send a binary message without waiting (RFC 6455)."""
        assert self.transport is not None
        size = len(message)
        if size < 126:
            length = bytes([size])
        elif size <= 0xFFFF:
            length = b"\x7e" + size.to_bytes(2, "big")
        else:
            length = b"\x7f" + size.to_bytes(8, "big")
        self.transport.write(b"\x82" + length + message)


def event_frame(
    connection: Connection, part: bytes, message_id: str, type_: str = wire.TYPE_EVENT, of: str = "1", seq: str = "0"
) -> bytes:
    """A DATA frame with a part of a payload."""
    headers = {
        wire.HEADER_TYPE: type_,
        wire.HEADER_MESSAGE_ID: message_id,
        wire.HEADER_TRACE_ID: random_hex()[:16],
        wire.HEADER_SUM: of,
        wire.HEADER_SEQ: seq,
    }
    return data_frame(part, headers, connection.service_id)


def data_frame(payload: bytes, headers: dict[str, str], service_id: int) -> bytes:
    """A DATA frame as bytes."""
    frame = Frame(SeqID=0, LogID=0, service=service_id, method=DATA, payload=payload)
    for key, value in headers.items():
        frame.headers.add(key=key, value=value)
    return frame.SerializeToString()
