"""HTTP sessions: pooled connections that all bots with the same proxy share, on the loop of their callers.

Our own few lines on top of ``httptools``: every library was measured to cost several times as much for the small JSON
calls that a bot makes (see docs/decisions.md).
"""

import asyncio
import socket
import zlib
from asyncio import timeout
from collections import defaultdict
from collections.abc import AsyncGenerator, AsyncIterable, AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import NamedTuple
from urllib.parse import urlsplit
from weakref import WeakKeyDictionary, WeakValueDictionary

from python_socks import ProxyError
from python_socks.async_.asyncio import Proxy

from .dialer import Dialer, Peer
from .errors import BrokenAnswer, NotConnected
from .http1 import Body, HttpConnection, HttpResponse
from .tls import tls_context

CONNECT_TIMEOUT = 10.0
"""Seconds to connect: a call without a connection never reached Feishu, so it can always be tried again."""
IDLE_TIMEOUT = 25.0
"""Seconds for which an unused connection is kept, less than what lies between us and Feishu may keep it for."""
USER_AGENT = "nonebot-adapter-feishu-ws"


class Target(NamedTuple):
    """Where a request goes.

    Attributes:
        tls: whether it is ``https``.
        host: the name, or the address without brackets.
        port: the port.
        address: an address to connect to instead of asking DNS; None asks it.
    """

    tls: bool
    host: str
    port: int
    address: str | None = None

    @property
    def authority(self) -> str:
        """The ``Host`` header."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == (443 if self.tls else 80) else f"{host}:{self.port}"


def target_of(url: str) -> Target:
    """Where the requests to a URL's origin go."""
    parts = urlsplit(url)
    tls = parts.scheme == "https"
    return Target(tls, parts.hostname or "", parts.port or (443 if tls else 80))


class HttpSession:
    """Pooled connections; it keeps no cookies, follows no redirects, and ignores the environment's proxy variables.

    Lives on the loop that creates it. Its connections close when nobody holds it any more.

    Attributes:
        proxy: the proxy's URL, which may contain a password; None for a direct connection.
    """

    def __init__(self, proxy: str | None = None) -> None:
        """Create a session; ``proxy`` is as for :func:`shared_session`."""
        self.proxy: str | None = proxy
        self._loop = asyncio.get_running_loop()
        self._idle: defaultdict[Target, list[HttpConnection]] = defaultdict(list)
        self.dialer: Dialer = Dialer()
        """Opens the connections, to the hosts or to the proxy."""

    async def request(
        self,
        method: str,
        target: Target,
        path: str,
        headers: Mapping[str, str],
        body: Body = b"",
        *,
        patience: float | None,
        size: int | None = None,
    ) -> tuple[HttpResponse, bytes]:
        """Send a request and read the whole response.

        Args:
            method: the HTTP method.
            target: where to.
            path: the path, with the query.
            headers: beside those that every request has.
            body: bytes, or pieces of them.
            patience: seconds for all of it; None for any time.
            size: bytes of a body in pieces; None sends it chunked.

        Raises:
            NotConnected: nothing was sent.
            OSError: it failed after that.
        """
        head = _head(method, target, path, headers, body, size)
        async with timeout(patience):
            connection = self._take(target) or await self._connect(target)
            try:
                response = await connection.send(method, head, _in_chunks(body) if size is None else body)
                return response, _inflate(response, await response.read())
            finally:
                self._give_back(target, connection)

    @asynccontextmanager
    async def stream(
        self,
        method: str,
        target: Target,
        path: str,
        headers: Mapping[str, str],
        body: Body = b"",
        *,
        patience: float | None = None,
    ) -> AsyncGenerator[HttpResponse]:
        """Send a request; the response's body is read inside. See :meth:`request`.

        ``patience``: seconds until the headers are there.
        """
        head = _head(method, target, path, headers, body, None)
        async with timeout(patience):
            connection = self._take(target) or await self._connect(target)
        try:
            async with timeout(patience):
                response = await connection.send(method, head, _in_chunks(body), streams=True)
            yield response
        finally:
            self._give_back(target, connection)

    def _take(self, target: Target) -> HttpConnection | None:
        idle, now = self._idle[target], self._loop.time()
        while idle:
            connection = idle.pop()
            if connection.is_reusable and now - connection.idle_since < IDLE_TIMEOUT:
                return connection
            connection.close()
        return None

    def _give_back(self, target: Target, connection: HttpConnection) -> None:
        # A connection that waited in the pool may have been closed meanwhile, which says nothing of the host.
        if connection.is_silent if connection.idle_since else not connection.is_complete:
            self.dialer.avoid(connection.peer)
        if not (connection.is_complete and connection.is_reusable):
            connection.close()
            return
        connection.idle_since = self._loop.time()
        self._idle[target].append(connection)

    async def _connect(self, target: Target) -> HttpConnection:
        context, name = (tls_context(), target.host) if target.tls else (None, None)
        way = _Way(self.dialer)
        try:
            async with timeout(CONNECT_TIMEOUT):
                if self.proxy is None:
                    sock = await way.connect(target.address or target.host, target.port)
                else:
                    # To python-socks, socks5:// means that the proxy resolves the names.
                    url = self.proxy.replace("socks5h://", "socks5://", 1)
                    sock = await Proxy.from_url(url, forward=way).connect(target.host, target.port)
                _, connection = await self._loop.create_connection(
                    HttpConnection, sock=sock, ssl=context, server_hostname=name
                )
        except BaseException as error:  # the caller's own time may be up, too
            self.dialer.avoid(way.peer)
            if isinstance(error, (OSError, ProxyError, EOFError)):
                raise NotConnected(str(error)) from error
            raise
        connection.peer = way.peer
        return connection

    def __del__(self) -> None:
        if not self._loop.is_closed():
            for connections in self._idle.values():
                for connection in connections:
                    self._loop.call_soon_threadsafe(connection.close)


class _Way:
    """How a connection is opened, to the host or its proxy: python-socks itself knows one address of a proxy."""

    def __init__(self, dialer: Dialer) -> None:
        self._dialer = dialer
        self.peer: Peer | None = None

    async def connect(self, dest_host: str, dest_port: int, timeout: float | None = None) -> socket.socket:
        sock, self.peer = await self._dialer.connect(dest_host, dest_port)
        return sock


def _inflate(response: HttpResponse, body: bytes) -> bytes:
    """The body as it was meant: some gateways compress it without being asked."""
    if response.headers.get("content-encoding") not in ("gzip", "x-gzip", "deflate"):
        return body
    try:
        return zlib.decompress(body, zlib.MAX_WBITS | 32)
    except zlib.error as error:
        raise BrokenAnswer(f"a compressed body that cannot be read: {error}") from error


def _head(method: str, target: Target, path: str, headers: Mapping[str, str], body: Body, size: int | None) -> bytes:
    lines = [f"{method} {path} HTTP/1.1", f"Host: {target.authority}", "Accept: */*", f"User-Agent: {USER_AGENT}"]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    if isinstance(body, bytes):
        if body or method in ("POST", "PUT", "PATCH"):
            lines.append(f"Content-Length: {len(body)}")
    else:
        lines.append("Transfer-Encoding: chunked" if size is None else f"Content-Length: {size}")
    head = "\r\n".join(lines)
    if head.count("\n") != len(lines) - 1 or head.count("\r") != len(lines) - 1 or " " in path:
        raise ValueError("a header or path has a line break or a space in it")
    return head.encode() + b"\r\n\r\n"


def _in_chunks(body: Body) -> Body:
    return body if isinstance(body, bytes) else _chunks(body)


async def _chunks(pieces: AsyncIterable[bytes]) -> AsyncIterator[bytes]:
    async for piece in pieces:
        if piece:
            yield b"%x\r\n%b\r\n" % (len(piece), piece)
    yield b"0\r\n\r\n"


def shared_session(proxy: str | None = None) -> HttpSession:
    """The session of all bots that use a proxy, or none, on the running loop.

    Args:
        proxy: ``http://`` or ``socks5://`` with ``[user:password@]host:port``; a SOCKS proxy resolves the names, so a
            machine without DNS works.
    """
    sessions = _shared.setdefault(asyncio.get_running_loop(), WeakValueDictionary())
    if (session := sessions.get(proxy)) is None:
        session = sessions[proxy] = HttpSession(proxy)
    return session


_shared: WeakKeyDictionary[asyncio.AbstractEventLoop, WeakValueDictionary[str | None, HttpSession]]
_shared = WeakKeyDictionary()
