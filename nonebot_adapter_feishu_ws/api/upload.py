"""What goes up: bytes, a path or an open file, measured first and then read a piece at a time."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Any, BinaryIO, Final

import aiohttp
from aiohttp.abc import AbstractStreamWriter
from typing_extensions import override

from ..log import log
from ..message.source import OpenFile, Progress

PIECE: Final = 256 * 1024
"""Bytes that are read, sent, hashed or written at once."""
MB: Final = 1024 * 1024

Uploadable = str | bytes | bytearray | BytesIO | BinaryIO | OpenFile | Path
"""A path (also as text), bytes, or a file opened in binary mode."""


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of upload (上传图片, 上传文件).

    Attributes:
        name: what a text calls it.
        max_bytes: more is refused.
    """

    name: str
    max_bytes: int


IMAGE: Final = Kind("image", 10 * MB)
FILE: Final = Kind("file", 30 * MB)


def check_size(size: int, kind: Kind) -> None:
    """Refuse what Feishu refuses, before the upload.

    Raises:
        ValueError: it is empty or too large.
    """
    if not size:
        raise ValueError(f"the {kind.name} is empty: Feishu takes no empty {kind.name}")
    if size > kind.max_bytes:
        raise ValueError(
            f"the {kind.name} has {size / MB:.1f} MB; Feishu takes at most {kind.max_bytes // MB} MB. "
            "Send a link instead"
        )


class Content:
    """A content that can be read from its beginning any number of times. Its methods block, unless they are async."""

    def __init__(self, source: bytes | bytearray | BytesIO | BinaryIO | OpenFile | Path) -> None:
        """Args:
        source: bytes, a path, or a file opened in binary mode, which is read from where it stands.

        Raises:
            ValueError: it is a file of text.
        """
        if isinstance(source, BytesIO):
            source = source.getvalue()
        known = isinstance(source, (bytes, bytearray, Path, OpenFile))
        self.source: bytes | bytearray | OpenFile | Path = source if known else OpenFile(source)

    @property
    def repeatable(self) -> bool:
        """Whether it can be read a second time: a pipe cannot."""
        return not isinstance(self.source, OpenFile) or self.source.start is not None

    def measure(self) -> int | None:
        """Its size in bytes, without reading it; None when it does not say.

        Raises:
            ValueError: there is no such file, or it cannot be read.
        """
        if isinstance(self.source, (bytes, bytearray)):
            return len(self.source)
        if isinstance(self.source, Path):
            with _explained(self.source), self.source.open("rb") as file:  # a file that may not be read is told now
                return file.seek(0, 2)
        if self.source.start is None:
            return None
        with self.source.lock:
            end = self.source.file.seek(0, 2)
            self.source.file.seek(self.source.start)
        return max(0, end - self.source.start)

    def pieces(self) -> Generator[bytes | memoryview, None, None]:
        """The content in pieces of at most :data:`PIECE` bytes."""
        if isinstance(self.source, (bytes, bytearray)):
            view = memoryview(self.source)
            for start in range(0, len(view), PIECE):
                yield view[start : start + PIECE]
        elif isinstance(self.source, Path):
            with self.source.open("rb") as file:
                while piece := file.read(PIECE):
                    yield piece
        else:
            yield from _pieces_of(self.source)

    @contextmanager
    def opened(self) -> Generator[BinaryIO | None, None, None]:
        """It as a file at its beginning; None for one that the caller has opened somewhere behind that."""
        if isinstance(self.source, (bytes, bytearray)):
            yield BytesIO(self.source)
        elif isinstance(self.source, Path):
            with _explained(self.source), self.source.open("rb") as file:
                yield file
        elif self.source.start == 0:
            with self.source.lock:
                self.source.file.seek(0)
                yield self.source.file
        else:
            yield None

    def head(self) -> bytes:
        """Its first piece."""
        pieces = self.pieces()
        try:
            return bytes(next(pieces, b""))
        finally:
            pieces.close()

    def digest(self) -> str:
        """The SHA-256 of it all."""
        digest = hashlib.sha256()
        for piece in self.pieces():
            digest.update(piece)
        return digest.hexdigest()


def _pieces_of(source: OpenFile) -> Iterator[bytes]:
    position = source.start
    while True:
        with source.lock:
            if position is not None:
                source.file.seek(position)
            piece = source.file.read(PIECE)
        if not piece:
            return
        if position is not None:
            position += len(piece)
        yield piece


@contextmanager
def _explained(path: Path) -> Generator[None, None, None]:
    try:
        yield
    except OSError as error:
        raise ValueError(f"the file {path} cannot be read: {error.strerror}") from error


class Meter:
    """Counts what has gone over and tells it. A callback that raises is told of once, and called no more."""

    def __init__(self, progress: Progress | None, total: int | None) -> None:
        """Args:
        progress: what is told.
        total: bytes altogether, where that is known.
        """
        self._progress = progress
        self._total = total
        self._done = 0

    def add(self, count: int) -> None:
        """So many bytes more."""
        self._done += count
        if self._progress is None:
            return
        try:
            self._progress(self._done, self._total)
        except Exception as error:  # noqa: BLE001 - a plugin's progress bar must not break its transfer
            self._progress = None
            log("WARNING", "A progress callback raised; the transfer goes on without it", exception=error)


class Body(aiohttp.Payload):
    """A content on its way, as aiohttp takes it: read in a thread, a piece at a time."""

    def __init__(self, content: Content, size: int | None, meter: Meter, content_type: str) -> None:
        """Args:
        content: what to send.
        size: its bytes, from :meth:`Content.measure`.
        meter: what is told.
        content_type: its MIME type.
        """
        super().__init__(content, content_type=content_type)
        self._size = size
        self._meter = meter

    @override
    def decode(self, encoding: str = "utf-8", errors: str = "strict") -> str:
        raise TypeError("an upload is not text")

    @override
    async def write(self, writer: AbstractStreamWriter) -> None:
        await self.write_with_length(writer, None)

    @override
    async def write_with_length(self, writer: AbstractStreamWriter, content_length: int | None) -> None:
        content: Content = self._value
        pieces = content.pieces()
        left = self._size
        try:
            while piece := await asyncio.to_thread(next, pieces, b""):
                if left is not None and (left := left - len(piece)) < 0:
                    break
                await writer.write(piece)
                self._meter.add(len(piece))
        finally:
            pieces.close()
        if left:
            raise OSError("the file changed while it was sent")


def as_path(file: Any) -> Any:
    """A path for text, as methods take it that upload one file; anything else as it is."""
    return Path(file) if isinstance(file, str) else file
