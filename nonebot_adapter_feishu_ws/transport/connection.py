"""The native long connection: discovery, handshake, heartbeat, fragments, acks."""

import asyncio
import logging
import socket
from asyncio import timeout
from collections.abc import Coroutine
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from picows import (
    WSCloseCode,
    WSError,
    WSFrame,
    WSHandshakeError,
    WSListener,
    WSMsgType,
    WSTransport,
    ws_connect,  # pyright: ignore[reportUnknownVariableType]
)
from picows.proxy import WSSocketFactory
from picows.url import WSParsedURL
from pydantic import SecretStr
from python_socks import ProxyError
from typing_extensions import override

from ..event.envelope import Envelope, Receipt
from ..exception import ConnectionFailed
from ..logs import LogOnce, log
from ..net.bounded_json import JsonError, read_json
from ..net.dialer import Peer
from ..net.session import HttpSession, shared_session
from ..net.tls import tls_context
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
from .heartbeat import Heartbeat, Heartbeats
from .status import ConnectionCallbacks, Timing, Transport
from .wire import ACK_FAILED, HEADER_TYPE, TYPE_CARD, TYPE_EVENT, TYPE_PONG

OPEN_TIMEOUT = 15.0
"""Seconds for discovery, and again for the handshake."""
CLOSE_TIMEOUT = 2.0
MAX_MESSAGE = 16 * 1024 * 1024
READ_BUFFER = 4096
"""Bytes of each connection's buffer while nothing larger comes; a thousand bots have a thousand of them."""
MAX_IN_FLIGHT = 1000
"""Events between arrival and ack; beyond it the socket is not read, so that TCP slows the server down."""
_QUIET = logging.getLogger(f"{__name__}.socket")
"""What ``picows`` would log is told by :class:`ConnectionFailed`; its own lines may have the connection's ticket."""
_QUIET.setLevel(logging.CRITICAL)


@dataclass(eq=False, repr=False)
class LongConnection(Transport):
    """The native transport: the SDK's wire protocol on ``picows`` (source: 使用长连接接收事件)."""

    app_id: str
    app_secret: SecretStr
    origin: str
    proxy: str | None = None
    heartbeats: Heartbeats = field(default_factory=Heartbeats)
    _session: HttpSession | None = None
    _reported: LogOnce = field(default_factory=LogOnce)

    @override
    async def serve(self, callbacks: ConnectionCallbacks) -> None:
        session = self._session = self._session or shared_session(self.proxy)
        secret = self.app_secret.get_secret_value()
        endpoint = await discover(session, self.origin, self.app_id, secret, timeout=OPEN_TIMEOUT)
        callbacks.client_config = endpoint.client_config
        timing = self.heartbeats.timing
        connection = OpenConnection(self.app_id, callbacks, endpoint.service_id, timing, self._reported)
        peer: Peer | None = None

        async def connect(url: WSParsedURL) -> socket.socket:  # to the proxy, if there is one
            nonlocal peer
            sock, peer = await session.dialer.connect(url.host, url.port)
            return sock

        try:
            await self._open(endpoint.url, connection, connect)
            callbacks.opened()
            self.heartbeats.add(connection)
            await connection.ended
        except ConnectionFailed:
            session.dialer.avoid(peer)
            raise
        finally:
            self.heartbeats.remove(connection)
            await connection.close()

    @override
    async def close(self) -> None:
        self._session = None

    async def _open(self, url: str, connection: "OpenConnection", connect: WSSocketFactory) -> None:
        # To python-socks, socks5:// means that the proxy resolves the names.
        proxy = self.proxy and self.proxy.replace("socks5h://", "socks5://", 1)
        try:
            async with timeout(OPEN_TIMEOUT):
                await ws_connect(
                    lambda: connection,
                    url,
                    ssl_context=tls_context() if url.startswith("wss:") else None,
                    proxy=proxy,
                    max_frame_size=MAX_MESSAGE,
                    max_redirects=0,
                    read_buffer_init_size=READ_BUFFER,
                    websocket_handshake_timeout=None,
                    logger_name=_QUIET,
                    socket_factory=connect,
                )
        except WSHandshakeError as error:
            if error.response is None:
                raise ConnectionFailed(f"handshake: {error}", phase="handshake") from error
            raise parse_handshake_refusal(error.response.status, error.response.headers) from error
        except (WSError, ProxyError, OSError) as error:
            raise network_failure(error, "handshake", url, self.proxy) from error


class OpenConnection(WSListener):
    """One socket, from its handshake to its close frame."""

    def __init__(
        self, app_id: str, callbacks: ConnectionCallbacks, service_id: int, timing: Timing, reported: LogOnce
    ) -> None:
        """Create the listener of a socket that is about to open.

        Args:
            app_id: the bot.
            callbacks: its supervisor.
            service_id: the service that pings name, from the connection's URL.
            timing: for the heartbeat.
            reported: the kinds of trouble that were logged on earlier connections.
        """
        self.app_id: str = app_id
        self.ended: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        """Done when the server has closed the socket cleanly; an exception says why it was lost."""
        self._callbacks = callbacks
        self._service_id = service_id
        self._timing = timing
        self._reported = reported
        self._socket: WSTransport | None = None
        self._heartbeat = Heartbeat(timing.monotonic())
        self._fragments = FragmentBuffer(clock=timing.monotonic)
        self._message: list[bytes] = []
        self._message_size = 0
        self._in_flight: set[asyncio.Task[None]] = set()
        self._paused = False
        self._has_close_frame = False

    # The socket's callbacks

    @override
    def on_ws_connected(self, transport: WSTransport) -> None:
        self._socket = transport
        # Nobody reads them again, and they live as long as the socket: 5 KB of each bot.
        transport.request.headers.clear()
        transport.response.headers.clear()

    @override
    def on_ws_frame(self, transport: WSTransport, frame: WSFrame) -> None:
        self._heartbeat.last_frame = self._timing.monotonic()
        self._callbacks.alive()
        kind = frame.msg_type
        if kind == WSMsgType.BINARY and frame.fin and not self._message:
            self.handle_message(frame.get_payload_as_bytes())
        elif kind == WSMsgType.BINARY or kind == WSMsgType.CONTINUATION:
            self._join(frame.get_payload_as_bytes(), frame.fin)
        elif kind == WSMsgType.CLOSE:
            self._has_close_frame = True
            if not transport.is_close_frame_sent:
                transport.send_close(WSCloseCode.OK)
            transport.disconnect()
        elif kind == WSMsgType.TEXT:
            self._report("text", "ignored a TEXT message: only binary frames are expected")

    @override
    def on_ws_disconnected(self, transport: WSTransport) -> None:
        if not self._has_close_frame:
            self._fail(ConnectionFailed("the connection was cut without a close frame", phase="socket"))
        elif not self.ended.done():
            self.ended.set_result(None)

    @override
    def pause_writing(self) -> None:
        return  # acks are small, and MAX_IN_FLIGHT bounds them

    @override
    def resume_writing(self) -> None:
        return

    def tick(self, now: float) -> None:
        """Send the ping that is due, or end a dead connection."""
        try:
            ping = self._heartbeat.beat(now, self._callbacks.client_config)
        except ConnectionFailed as error:
            self._fail(error)
            return
        if self._socket is None or ping is None:
            return
        if ping == "ping":
            self._send(encode_ping(self._service_id))
        else:
            self._socket.send_ping()

    async def close(self) -> None:
        """Send the pending acks, then the close frame; bounded in time."""
        if not self.ended.cancel() and not self.ended.cancelled():
            self.ended.exception()  # read, or asyncio would report it when the reader was cancelled at that moment
        if self._in_flight:
            await asyncio.wait(self._in_flight, timeout=CLOSE_TIMEOUT)
        for task in self._in_flight:
            task.cancel()
        socket = self._socket
        if socket is None or socket.is_disconnected:
            return
        if not socket.is_close_frame_sent:
            socket.send_close(WSCloseCode.OK)
        with suppress(asyncio.TimeoutError, WSError):
            async with timeout(CLOSE_TIMEOUT):
                await socket.wait_disconnected()
        socket.disconnect(graceful=False)

    def _fail(self, error: ConnectionFailed) -> None:
        if not self.ended.done():
            self.ended.set_exception(error)

    # Messages

    def _join(self, part: bytes, final: bool) -> None:
        """Collect the frames of one WebSocket message."""
        self._message.append(part)
        self._message_size += len(part)
        if self._message_size > MAX_MESSAGE:
            self._fail(ConnectionFailed(f"the server sent a message over {MAX_MESSAGE} bytes", phase="socket"))
        elif final:
            whole, self._message, self._message_size = b"".join(self._message), [], 0
            self.handle_message(whole)

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
            self._heartbeat.pong()
            if frame.payload:
                self._configure(frame.payload)

    def _configure(self, payload: bytes) -> None:
        try:
            config: object = read_json(payload)
        except JsonError as error:
            self._report("pong", f"ignored the configuration in a pong: it {error}")
            return
        self._callbacks.client_config = self._callbacks.client_config.merged(config)

    def _handle_data(self, frame: Frame) -> None:
        try:
            headers = read_data_headers(frame)
        except FrameError as error:
            self._report("headers", f"refused a DATA frame: {error}")
            self._ack(frame, Receipt(ACK_FAILED))
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
        if len(self._in_flight) > MAX_IN_FLIGHT and not self._paused and self._socket is not None:
            self._paused = True
            self._socket.underlying_transport.pause_reading()

    def _finish(self, task: asyncio.Task[None]) -> None:
        self._in_flight.discard(task)
        if self._paused and len(self._in_flight) <= MAX_IN_FLIGHT // 2 and self._socket is not None:
            self._paused = False
            if not self._socket.is_disconnected:
                self._socket.underlying_transport.resume_reading()
        if not task.cancelled() and isinstance(error := task.exception(), Exception):
            text = "Bot {bot}: an event stays unacked and will be pushed again"
            log("ERROR", text, bot=self.app_id, exception=error)

    async def _receive(self, frame: Frame, headers: DataHeaders, payload: bytes) -> None:
        started = self._timing.monotonic()
        if headers.type in (TYPE_EVENT, TYPE_CARD):
            receipt = await self._callbacks.receiver.receive(
                Envelope(bot_id=self.app_id, payload=payload, transport="websocket", trace_id=headers.trace_id)
            )
        else:
            self._report(f"type {headers.type}", f"acked a DATA frame of unknown type {headers.type!r}")
            receipt = Receipt()
        self._ack(frame, receipt, biz_rt=round((self._timing.monotonic() - started) * 1000))

    def _ack(self, frame: Frame, receipt: Receipt, *, biz_rt: int = 0) -> None:
        self._send(encode_ack(frame, code=receipt.code, data=receipt.data, biz_rt=biz_rt))

    def _send(self, data: bytes) -> None:
        # A lost ack loses nothing: the platform pushes the event again, and the intake recognises it.
        if self._socket is not None:
            self._socket.send(WSMsgType.BINARY, data)

    def _report(self, kind: str, text: str) -> None:
        if self._reported.first(kind):
            log("WARNING", "Bot {bot}: {} (logged once per kind)", text, bot=self.app_id)
