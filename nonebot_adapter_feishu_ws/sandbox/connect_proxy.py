"""A proxy that passes as Feishu: ``CONNECT open.feishu.cn:443`` ends in the sandbox itself.

For clients whose host is hard-coded. It opens no connection: what comes through the tunnel is served in place, and
any other name is refused.
"""

import asyncio
import ssl
from collections.abc import Callable
from typing import Final
from urllib.parse import urlsplit

NAMES: Final = frozenset({"open.feishu.cn", "open.larksuite.com"})
HEAD_SIZE = 16 * 1024
HEAD_TIMEOUT = 10.0
"""Seconds in which a request's head, and a handshake, must come."""
_Serve = Callable[[], asyncio.Protocol]


class ConnectProxy:
    """The proxy; ``serve`` makes the HTTP protocol that serves one connection."""

    def __init__(self, serve: _Serve, tls: ssl.SSLContext) -> None:
        self.serve = serve
        self.tls = tls
        self.tasks: set[asyncio.Task[None]] = set()
        self._server: asyncio.Server | None = None
        self.port: int = 0

    @property
    def url(self) -> str:
        """What clients take as their proxy."""
        return f"http://127.0.0.1:{self.port}"

    async def start(self, port: int) -> None:
        """Listen on loopback; 0 takes a free port. Raises ``OSError`` if it is taken."""
        self._server = await asyncio.get_running_loop().create_server(lambda: _Head(self), "127.0.0.1", port)
        self.port = self._server.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        """Stop listening; what is served already ends with the sandbox."""
        if self._server is not None:
            self._server.close()
        for task in self.tasks:
            task.cancel()
        await asyncio.gather(*self.tasks, return_exceptions=True)


class _Head(asyncio.Protocol):
    """Reads the head of a proxy request, and gives the connection to whoever serves it."""

    def __init__(self, proxy: ConnectProxy) -> None:
        self._proxy = proxy
        self._data = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self._timer = asyncio.get_running_loop().call_later(HEAD_TIMEOUT, transport.abort)

    def connection_lost(self, exc: Exception | None) -> None:
        self._timer.cancel()

    def data_received(self, data: bytes) -> None:
        self._data += data
        if b"\r\n\r\n" not in self._data:
            if len(self._data) > HEAD_SIZE:
                self._refuse("431 Request Header Fields Too Large", "The head of the request is too large")
            return
        self._timer.cancel()
        method, _, rest = self._data.partition(b"\r\n")[0].decode("latin-1").partition(" ")
        target = rest.rpartition(" ")[0]
        tunnel = method == "CONNECT"
        try:
            url = urlsplit(f"https://{target}" if tunnel else target)
            name, port = url.hostname or "", url.port
        except ValueError:
            name, port = "", None
        if name not in NAMES or port not in (None, 443):
            names = " and ".join(sorted(NAMES))
            told = f"This is the Feishu sandbox's proxy. It answers for {names} itself, and forwards nothing: {target}"
            self._refuse("403 Forbidden", f"{told} is not reached from here. Set the proxy for Feishu's clients alone")
        elif tunnel:
            self._transport.pause_reading()
            self._transport.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
            task = asyncio.create_task(self._open_tunnel())
            self._proxy.tasks.add(task)
            task.add_done_callback(self._proxy.tasks.discard)
        else:
            # Some HTTP libraries (axios) send an https request to their proxy in the clear.
            _hand_over(self._transport, self._proxy.serve(), self._data)

    def _refuse(self, status: str, words: str) -> None:
        body = f"{words}\n".encode()
        head = f"HTTP/1.1 {status}\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Length: {len(body)}\r\n"
        self._transport.write(f"{head}Connection: close\r\n\r\n".encode() + body)
        self._transport.close()

    async def _open_tunnel(self) -> None:
        # With TLS 1.3 a client's first request comes together with the end of its handshake.
        early = _Early()
        loop = asyncio.get_running_loop()
        try:
            tunnel = await loop.start_tls(
                self._transport, early, self._proxy.tls, server_side=True, ssl_handshake_timeout=HEAD_TIMEOUT
            )
        except (OSError, ssl.SSLError):  # above all a client that does not trust the authority
            self._transport.abort()
            return
        if tunnel is not None and not early.lost:
            _hand_over(tunnel, self._proxy.serve(), early.data)


class _Early(asyncio.Protocol):
    """Keeps what comes before the connection is handed over."""

    def __init__(self) -> None:
        self.data = b""
        self.lost = False

    def data_received(self, data: bytes) -> None:
        self.data += data

    def connection_lost(self, exc: Exception | None) -> None:
        self.lost = True


def _hand_over(transport: asyncio.Transport, protocol: asyncio.Protocol, data: bytes) -> None:
    transport.set_protocol(protocol)
    protocol.connection_made(transport)
    if data:
        protocol.data_received(data)
