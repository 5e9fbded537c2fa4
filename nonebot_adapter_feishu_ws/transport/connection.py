"""The native long connection: discovery, handshake, ping/pong watchdog, fragments, acks."""

import asyncio
from asyncio import timeout
from collections.abc import Coroutine
from contextlib import suppress
from dataclasses import KW_ONLY, dataclass, field
from typing import Any

import aiohttp
from pydantic import SecretStr
from typing_extensions import override

from ..event.envelope import Envelope, Receipt
from ..exception import ConnectionFailed, NetworkError
from ..log import LogOnce, log
from ..net.bounded_json import JsonError, read_json
from ..net.session import make_session
from .endpoint import discover, network_failure, parse_handshake_refusal
from .frame import (
    DATA,
    DataHeaders,
    FragmentBuffer,
    Frame,
    FrameError,
    decode,
    encode_ack,
    encode_ping,
    get_header,
    read_data_headers,
)
from .status import ConnectionCallbacks, Timing, Transport
from .wire import ACK_FAILED, HEADER_TYPE, TYPE_CARD, TYPE_EVENT, TYPE_PONG

OPEN_TIMEOUT = 15.0
"""Seconds for discovery, and again for the handshake."""
PONG_WINDOW = 10.0
"""Seconds after a ping within which some frame must arrive."""
SOCKET_PING = 20.0
"""Seconds between WebSocket pings, which detect a dead TCP path sooner than the server's own interval would."""
MAX_UNANSWERED = 2
"""Consecutive pings without a pong after which the sending direction counts as dead, even if frames still arrive."""
CLOSE_TIMEOUT = 2.0
MAX_MESSAGE = 16 * 1024 * 1024
MAX_IN_FLIGHT = 1000
"""Events between arrival and ack; beyond it the socket is not read, so that TCP slows the server down."""


@dataclass(eq=False, repr=False)
class LongConnection(Transport):
    """The native transport: the SDK's wire protocol on ``aiohttp`` (source: 使用长连接接收事件)."""

    app_id: str
    app_secret: SecretStr
    origin: str
    proxy: str | None = None
    timing: Timing = field(default_factory=Timing)
    _session: aiohttp.ClientSession | None = None
    _reported: LogOnce = field(default_factory=LogOnce)

    @override
    async def serve(self, callbacks: ConnectionCallbacks) -> None:
        if self._session is None:
            try:
                self._session = make_session(self.proxy)
            except NetworkError as error:
                raise ConnectionFailed(str(error), phase="setup") from error
        secret = self.app_secret.get_secret_value()
        endpoint = await discover(self._session, self.origin, self.app_id, secret, timeout=OPEN_TIMEOUT)
        callbacks.client_config = endpoint.client_config
        socket = await self._open(self._session, endpoint.url)
        callbacks.opened()
        connection = OpenConnection(
            self.app_id, socket, callbacks, endpoint.service_id, timing=self.timing, reported=self._reported
        )
        try:
            await connection.run()
        finally:
            await connection.close()

    @override
    async def close(self) -> None:
        if self._session is not None:
            await self._session.close()
            self._session = None

    async def _open(self, session: aiohttp.ClientSession, url: str) -> aiohttp.ClientWebSocketResponse[bool]:
        try:
            async with timeout(OPEN_TIMEOUT):
                return await session.ws_connect(
                    url,
                    heartbeat=SOCKET_PING,
                    max_msg_size=MAX_MESSAGE,
                    timeout=aiohttp.ClientWSTimeout(ws_close=CLOSE_TIMEOUT),  # pyright: ignore[reportCallIssue]
                )
        except aiohttp.WSServerHandshakeError as error:
            raise parse_handshake_refusal(error.status, error.headers) from error
        except (TimeoutError, aiohttp.ClientError, OSError) as error:
            raise network_failure(error, "handshake", url) from error


@dataclass(eq=False, repr=False)
class OpenConnection:
    """One open socket, from its first ping to its close frame.

    Attributes:
        service_id: the service that pings name, from the connection's URL.
        reported: the kinds of trouble that were logged on earlier connections.
    """

    app_id: str
    socket: aiohttp.ClientWebSocketResponse[bool]
    callbacks: ConnectionCallbacks
    service_id: int
    _: KW_ONLY
    timing: Timing
    reported: LogOnce
    _in_flight: set[asyncio.Task[None]] = field(default_factory=set[asyncio.Task[None]])
    _unanswered: int = 0

    def __post_init__(self) -> None:
        self._fragments = FragmentBuffer(clock=self.timing.monotonic)
        self._last_frame = self.timing.monotonic()

    async def run(self) -> None:
        """Read frames and send pings until the socket ends.

        Raises:
            ConnectionFailed: the socket was lost or the server stopped answering.
        """
        reader = asyncio.create_task(self._read(), name=f"feishu-read-{self.app_id}")
        watchdog = asyncio.create_task(self._watch(), name=f"feishu-watchdog-{self.app_id}")
        try:
            done, _ = await asyncio.wait({reader, watchdog}, return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                task.result()
        finally:
            for task in (reader, watchdog):
                task.cancel()
            await asyncio.gather(reader, watchdog, return_exceptions=True)

    async def close(self) -> None:
        """Send the pending acks, then the close frame; bounded in time."""
        if self._in_flight:
            await asyncio.wait(self._in_flight, timeout=CLOSE_TIMEOUT)
        for task in self._in_flight:
            task.cancel()
        with suppress(asyncio.TimeoutError):
            async with timeout(CLOSE_TIMEOUT + 1):
                await self.socket.close()

    async def _watch(self) -> None:
        while True:
            window = min(PONG_WINDOW, self.callbacks.client_config.ping_interval)
            pinged_at = self.timing.monotonic()
            self._unanswered += 1
            await self._send(encode_ping(self.service_id))
            await self.timing.sleep(window)
            if self._last_frame < pinged_at:
                raise ConnectionFailed(f"the server gave no sign of life within {window:g} s of a ping", phase="socket")
            if self._unanswered >= MAX_UNANSWERED:
                # Acks and card responses get lost, too.
                raise ConnectionFailed(
                    f"the server sends, but answered none of the last {self._unanswered} pings: what the bot sends "
                    "does not arrive",
                    phase="socket",
                )
            # The pong may have changed the interval.
            await self.timing.sleep(max(0.0, self.callbacks.client_config.ping_interval - window))

    async def _read(self) -> None:
        async for message in self.socket:
            self._last_frame = self.timing.monotonic()
            self.callbacks.alive()
            if message.type is aiohttp.WSMsgType.BINARY:
                self.handle_message(message.data)
                if len(self._in_flight) > MAX_IN_FLIGHT:
                    await asyncio.wait(self._in_flight, return_when=asyncio.FIRST_COMPLETED)
            elif message.type is aiohttp.WSMsgType.ERROR:
                raise ConnectionFailed(f"the socket broke: {_reason(self.socket.exception())}", phase="socket")
            else:
                self._report("text", f"ignored a {message.type.name} message: only binary frames are expected")
        code = self.socket.close_code
        if code is None or code == aiohttp.WSCloseCode.ABNORMAL_CLOSURE:
            reason = _reason(self.socket.exception())
            raise ConnectionFailed(f"the connection was cut without a close frame ({reason})", phase="socket")

    def handle_message(self, data: bytes) -> None:
        """Handle one binary message; what arrives with an event is received and acked in a task of its own."""
        try:
            frame = decode(data)
        except FrameError as error:
            self._report("garbage", f"ignored a message: {error}")
            return
        if frame.method == DATA:
            self._handle_data(frame)
        elif get_header(frame, HEADER_TYPE) == TYPE_PONG:
            self._unanswered = 0
            if frame.payload:
                self._configure(frame.payload)

    def _configure(self, payload: bytes) -> None:
        try:
            config: object = read_json(payload)
        except JsonError as error:
            self._report("pong", f"ignored the configuration in a pong: it {error}")
            return
        self.callbacks.client_config = self.callbacks.client_config.merged(config)

    def _handle_data(self, frame: Frame) -> None:
        try:
            headers = read_data_headers(frame)
        except FrameError as error:
            self._report("headers", f"refused a DATA frame: {error}")
            self._spawn(self._ack(frame, Receipt(ACK_FAILED)))
            return
        payload: bytes | None = frame.payload
        if headers.sum > 1:
            dropped = self._fragments.dropped
            payload = self._fragments.add(headers.message_id, headers.sum, headers.seq, frame.payload)
            if self._fragments.dropped > dropped:
                self._report("fragment", "dropped an event: a fragment is missing; it will be pushed again")
            if payload is None:
                return
        self._spawn(self._receive(frame, headers, payload))

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._in_flight.add(task)
        task.add_done_callback(self._finish)

    def _finish(self, task: asyncio.Task[None]) -> None:
        self._in_flight.discard(task)
        if not task.cancelled() and isinstance(error := task.exception(), Exception):
            text = "Bot {bot}: an event stays unacked and will be pushed again"
            log("ERROR", text, bot=self.app_id, exception=error)

    async def _receive(self, frame: Frame, headers: DataHeaders, payload: bytes) -> None:
        started = self.timing.monotonic()
        if headers.type in (TYPE_EVENT, TYPE_CARD):
            receipt = await self.callbacks.receiver.receive(
                Envelope(bot_id=self.app_id, payload=payload, transport="websocket", trace_id=headers.trace_id)
            )
        else:
            self._report(f"type {headers.type}", f"acked a DATA frame of unknown type {headers.type!r}")
            receipt = Receipt()
        await self._ack(frame, receipt, biz_rt=round((self.timing.monotonic() - started) * 1000))

    async def _ack(self, frame: Frame, receipt: Receipt, *, biz_rt: int = 0) -> None:
        # A lost ack loses nothing: the platform pushes the event again, and the intake recognises it.
        with suppress(ConnectionFailed):
            await self._send(encode_ack(frame, code=receipt.code, data=receipt.data, biz_rt=biz_rt))

    async def _send(self, data: bytes) -> None:
        try:
            await self.socket.send_bytes(data)
        except (aiohttp.ClientError, OSError) as error:
            raise ConnectionFailed(f"the socket is closed ({_reason(error)})", phase="socket") from error

    def _report(self, kind: str, text: str) -> None:
        if self.reported.first(kind):
            log("WARNING", "Bot {bot}: {} (logged once per kind)", text, bot=self.app_id)


def _reason(error: BaseException | None) -> str:
    if error is None:
        return "no reason given"
    if isinstance(error, aiohttp.ClientConnectionResetError):
        return "reset by the other side"
    return f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
