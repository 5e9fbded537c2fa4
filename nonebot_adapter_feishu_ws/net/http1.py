"""One HTTP/1.1 connection of a client: writes a request, and reads its response through ``httptools``.

One exchange at a time. It knows nothing of URLs, proxies or pools.
"""

import asyncio
from collections import deque
from collections.abc import AsyncIterable, AsyncIterator
from typing import cast

from httptools import HttpParserError, HttpResponseParser
from typing_extensions import override

from .errors import BrokenAnswer, Cut

MAX_HEAD = 128 * 1024
"""Bytes of a response's headers."""
READ_AHEAD = 512 * 1024
"""Bytes of a body that wait to be read; beyond them the socket is not read."""

Body = bytes | AsyncIterable[bytes]


class HttpResponse:
    """A response whose headers have arrived.

    Attributes:
        status: the HTTP status.
        headers: by their names in lower case; of a repeated one the last.
    """

    def __init__(self, connection: "HttpConnection") -> None:
        self.status: int = 0
        self.headers: dict[str, str] = {}
        self._connection = connection
        self._pieces: deque[bytes] = deque()
        self._size = 0

    @property
    def is_endless(self) -> bool:
        """Whether nothing but the end of the connection ends the body."""
        return "content-length" not in self.headers and "transfer-encoding" not in self.headers

    async def pieces(self) -> AsyncIterator[bytes]:
        """The body as it arrives."""
        while True:
            while self._pieces:
                piece = self._pieces.popleft()
                self._size -= len(piece)
                self._connection.read_on(self._size)
                yield piece
            if self._connection.is_complete:
                return
            await self._connection.wait()

    async def read(self) -> bytes:
        """The whole body."""
        await self._connection.wait_complete()
        return self._pieces[0] if len(self._pieces) == 1 else b"".join(self._pieces)

    def take(self, piece: bytes) -> int:
        """Keep a piece of the body; returns how many bytes wait to be read."""
        self._pieces.append(piece)
        self._size += len(piece)
        return self._size


class HttpConnection(asyncio.Protocol):
    """The connection; the parser calls the methods that begin with ``on_``."""

    def __init__(self) -> None:
        self.is_complete: bool = True
        """Whether no response is expected, or it has arrived as a whole."""
        self.is_reusable: bool = True
        self.idle_since: float = 0.0
        self.peer: tuple[str, int] | None = None
        """Address and port of the other end; None behind a proxy."""
        self._loop = asyncio.get_running_loop()
        self._transport: asyncio.Transport | None = None
        self._parser = HttpResponseParser(self)
        self._response: HttpResponse | None = None
        self._has_head = False
        self._head_size = 0
        self._streams = False
        self._method = ""
        self._error: Exception | None = None
        self._waiter: asyncio.Future[None] | None = None
        self._drained: asyncio.Future[None] | None = None
        self._reading_paused = False

    # An exchange

    @property
    def is_silent(self) -> bool:
        """Whether the other end, still connected, has not begun to answer."""
        return self.is_reusable and not self.is_complete and not self._has_head

    async def send(self, method: str, head: bytes, body: Body, *, streams: bool = False) -> HttpResponse:
        """Write a request; returns its response, with its body still on the way if it is to be streamed.

        Raises:
            OSError: the connection broke, or what came is no HTTP.
        """
        self._method, self._streams = method, streams
        response = self._response = HttpResponse(self)
        self.is_complete = self._has_head = False
        if self._transport is None or self._error is not None:
            raise self._error or Cut("the connection is closed")
        if isinstance(body, bytes):
            self._transport.write(head + body)
        else:
            await self._write_pieces(head, body)
        while not (self._has_head if streams else self.is_complete):
            await self.wait()
        return response

    async def _write_pieces(self, head: bytes, body: AsyncIterable[bytes]) -> None:
        assert self._transport is not None
        self._transport.write(head)
        async for piece in body:
            if self._has_head or self._error is not None:
                self.is_reusable = False  # answered before it was all there
                return
            self._transport.write(piece)
            if self._drained is not None:
                await self._drained

    async def wait(self) -> None:
        """Wait until something arrives."""
        if self._error is not None:
            raise self._error
        if self.is_complete:
            return
        self._waiter = self._loop.create_future()
        try:
            await self._waiter
        finally:
            self._waiter = None

    async def wait_complete(self) -> None:
        """Wait until the whole response is there."""
        while not self.is_complete:
            await self.wait()

    def read_on(self, waiting: int) -> None:
        """Read the socket again when little of the body waits."""
        if self._reading_paused and waiting < READ_AHEAD // 2 and self._transport is not None:
            self._reading_paused = False
            self._transport.resume_reading()

    def close(self) -> None:
        """Close the socket at once."""
        self.is_reusable = False
        if self._transport is not None:
            self._transport.abort()

    # The transport's callbacks

    @override
    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)

    @override
    def connection_lost(self, exc: Exception | None) -> None:
        self._transport = None
        self.is_reusable = False
        response = self._response
        if response is not None and self._has_head and not self.is_complete and exc is None and response.is_endless:
            self.on_message_complete()
        self._fail(exc or Cut("the connection was closed"))
        if self._drained is not None and not self._drained.done():
            self._drained.set_result(None)

    @override
    def data_received(self, data: bytes) -> None:
        try:
            self._parser.feed_data(data)
        except HttpParserError as error:
            self._fail(BrokenAnswer(str(error) or "no HTTP"))
            self.close()

    @override
    def pause_writing(self) -> None:
        self._drained = self._loop.create_future()

    @override
    def resume_writing(self) -> None:
        drained, self._drained = self._drained, None
        if drained is not None and not drained.done():
            drained.set_result(None)

    def _fail(self, error: Exception) -> None:
        if self._error is None:
            self._error = error
        if not self.is_complete and self._waiter is not None and not self._waiter.done():
            self._waiter.set_exception(error)

    def _wake(self) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)

    # The parser's callbacks

    def on_message_begin(self) -> None:
        """A response begins."""
        self._head_size = 0
        if self._response is None or self.is_complete:
            self.is_reusable, self._response = False, None  # nobody has asked; it must not change the one before
            return
        self._response.headers = {}

    def on_header(self, name: bytes, value: bytes) -> None:
        """A header has arrived."""
        self._head_size += len(name) + len(value)
        if self._head_size > MAX_HEAD:
            raise HttpParserError("the headers do not end")
        if self._response is not None:
            # Not always ASCII: names of files stand there as they are.
            self._response.headers[name.decode("latin-1").lower()] = value.decode("utf-8", "surrogateescape")

    def on_headers_complete(self) -> None:
        """All headers have arrived."""
        if self._response is None:
            return
        status = self._response.status = self._parser.get_status_code()
        if status < 200:
            return  # an answer before the answer
        self._has_head = True
        self.is_reusable = self.is_reusable and self._parser.should_keep_alive()
        if self._method == "HEAD":
            self.is_reusable = False  # the parser waits for a body
            self.on_message_complete()
        elif self._streams:
            self._wake()

    def on_body(self, body: bytes) -> None:
        """A piece of the body has arrived."""
        if self._response is None or self.is_complete:
            return
        waiting = self._response.take(body)
        if self._streams:
            if waiting > READ_AHEAD and not self._reading_paused and self._transport is not None:
                self._reading_paused = True
                self._transport.pause_reading()
            self._wake()

    def on_message_complete(self) -> None:
        """The response has arrived as a whole."""
        if self._has_head:
            self.is_complete = True
            self._wake()
