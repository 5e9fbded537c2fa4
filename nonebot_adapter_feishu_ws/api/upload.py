"""Uploads: bytes, a path or an open file, measured first and then sent piece by piece in a multipart form."""

import asyncio
import hashlib
from collections.abc import AsyncIterator, Generator, Iterable, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from io import BytesIO
from pathlib import Path
from typing import Any, BinaryIO, Final, cast
from uuid import uuid4

from ..logs import log
from ..message.source import OpenFile, Progress

PIECE: Final = 256 * 1024
"""Bytes read, sent, hashed or written at once."""
MB: Final = 1024 * 1024

Uploadable = str | bytes | bytearray | BytesIO | BinaryIO | OpenFile | Path
"""A path (also as text), bytes, or a file opened in binary mode."""


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of upload (上传图片, 上传文件): its name in messages, and Feishu's limit."""

    name: str
    max_bytes: int


IMAGE: Final = Kind("image", 10 * MB)
FILE: Final = Kind("file", 30 * MB)
_KINDS: Final = {"POST im/v1/images": IMAGE, "POST im/v1/files": FILE}


def check_size(size: int, kind: Kind) -> None:
    """Check a size against Feishu's limits, before the upload.

    Raises:
        ValueError: the content is empty or too large.
    """
    if not size:
        raise ValueError(f"the {kind.name} is empty: Feishu takes no empty {kind.name}")
    if size > kind.max_bytes:
        raise ValueError(
            f"the {kind.name} has {size / MB:.1f} MB; Feishu takes at most {kind.max_bytes // MB} MB. "
            "Send a link instead"
        )


class Content:
    """A content that can be read from its start any number of times. Its methods block."""

    def __init__(self, source: bytes | bytearray | BytesIO | BinaryIO | OpenFile | Path) -> None:
        """Wrap a source; nothing is read yet. An open file is read from its current position.

        Raises:
            ValueError: the file was opened in text mode.
        """
        if isinstance(source, BytesIO):
            source = source.getvalue()
        if isinstance(source, bytearray):
            source = bytes(source)  # once: each reading of a bytearray would copy it
        known = isinstance(source, (bytes, Path, OpenFile))
        self.source: bytes | OpenFile | Path = source if known else OpenFile(source)

    @property
    def repeatable(self) -> bool:
        """Whether it can be read again: a pipe cannot."""
        return not isinstance(self.source, OpenFile) or self.source.start is not None

    @contextmanager
    def opened(self) -> Generator[OpenFile]:
        """The content as an open file.

        Raises:
            ValueError: there is no such file, or it cannot be read.
        """
        if isinstance(self.source, OpenFile):
            yield self.source
        elif isinstance(self.source, Path):
            try:
                file = self.source.open("rb")
            except OSError as error:
                raise ValueError(f"the file {self.source} cannot be read: {error.strerror}") from error
            with file:
                yield OpenFile(file)
        else:
            yield OpenFile(BytesIO(self.source))

    def measure(self) -> int | None:
        """Its size in bytes, without reading it; None when unknown (a pipe). It opens the file, which finds out whether
        it can be read.

        Raises:
            ValueError: there is no such file, or it cannot be read.
        """
        if not self.repeatable:
            return None
        with self.opened() as source, source.lock:
            start = source.start or 0
            end = source.file.seek(0, 2)
            source.file.seek(start)
        return max(0, end - start)

    def pieces(self) -> Generator[bytes]:
        """The content in pieces of at most :data:`PIECE` bytes."""
        with self.opened() as source:
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

    def head(self) -> bytes:
        """Its first piece."""
        with closing(self.pieces()) as pieces:
            return next(pieces, b"")

    def digest(self) -> str:
        """The SHA-256 of the whole content."""
        digest = hashlib.sha256()
        for piece in self.pieces():
            digest.update(piece)
        return digest.hexdigest()


class Meter:
    """Reports the progress of a transfer. A callback that raises is logged once and not called again."""

    def __init__(self, progress: Progress | None, total: int | None) -> None:
        self._progress = progress
        self._total = total
        self._done = 0

    def add(self, count: int) -> None:
        """Report further bytes."""
        self._done += count
        if self._progress is None:
            return
        try:
            self._progress(self._done, self._total)
        except Exception as error:  # noqa: BLE001 - a plugin's progress bar must not break its transfer
            self._progress = None
            log("WARNING", "A progress callback raised; the transfer goes on without it", exception=error)


async def send_pieces(content: Content, size: int | None, meter: Meter) -> AsyncIterator[bytes]:
    """The pieces of one try, read in a thread; ``size`` is from :meth:`Content.measure`.

    Raises:
        OSError: the content changed since it was measured.
    """
    left = size
    with closing(content.pieces()) as pieces:
        while piece := await asyncio.to_thread(next, pieces, b""):
            if left is not None and (left := left - len(piece)) < 0:
                break
            yield piece
            meter.add(len(piece))
    if left:
        raise OSError("the file changed while it was sent")


def stream_of(content: Any) -> Any:
    """A raw body that is no bytes: an open file becomes a stream, anything else must be one."""
    return send_pieces(Content(content), None, Meter(None, None)) if hasattr(content, "read") else content


@dataclass(frozen=True, slots=True)
class Part:
    """One file of a form; ``kind`` is None for an API whose limits are unknown."""

    name: str
    file_name: str | None
    content: Content
    content_type: str
    kind: Kind | None

    def measure(self) -> int | None:
        """Its size in bytes, checked against Feishu's limit; None when unknown (a pipe). Blocks.

        Raises:
            ValueError: the file cannot be read, is empty or too large.
        """
        size = self.content.measure()
        if size is not None and self.kind is not None:
            check_size(size, self.kind)
        return size


async def measure_all(parts: Iterable[Part]) -> list[int | None]:
    """The sizes of all parts; see :meth:`Part.measure`."""
    return [await asyncio.to_thread(part.measure) for part in parts]


def parts_of(files: Any, api: str = "") -> list[Part]:
    """The files of a call.

    Args:
        files: name -> content, or ``(file name, content[, content type])``; a mapping or pairs. A content is bytes,
            text, a ``Path``, or a file opened in binary mode.
        api: from :func:`~.call_traits.api_of`.

    Raises:
        ValueError: a file was opened as text.
    """
    items: Any = cast("Mapping[str, Any]", files).items() if isinstance(files, Mapping) else files
    parts: list[Part] = []
    for name, file in cast("Iterable[tuple[str, Any]]", items):
        file_name, given, *rest = cast("tuple[Any, ...]", file) if isinstance(file, tuple) else (None, file)
        content = Content(given.encode() if isinstance(given, str) else given)
        content_type = rest[0] if rest and rest[0] else "application/octet-stream"
        parts.append(Part(name, file_name, content, content_type, _KINDS.get(api)))
    return parts


@dataclass(frozen=True, slots=True)
class Form:
    """A multipart form of one try (RFC 7578).

    Attributes:
        size: bytes of its files; one of unknown size counts as the largest that Feishu takes.
    """

    fields: Mapping[str, str]
    parts: Sequence[tuple[Part, int | None]]
    meter: Meter
    size: int
    boundary: str = field(default_factory=lambda: uuid4().hex)

    @property
    def content_type(self) -> str:
        """The header."""
        return f"multipart/form-data; boundary={self.boundary}"

    @property
    def length(self) -> int | None:
        """Its bytes altogether; None when the size of a file is unknown."""
        sizes = [size for _, size in self.parts if size is not None]
        if len(sizes) < len(self.parts):
            return None
        heads = [self._fields(), *(self._head(part) for part, _ in self.parts), self._end()]
        return sum(map(len, heads)) + sum(sizes) + 2 * len(sizes)

    async def pieces(self) -> AsyncIterator[bytes]:
        """Its bytes; files are read in a thread.

        Raises:
            OSError: a file changed since it was measured.
        """
        yield self._fields()
        for part, size in self.parts:
            yield self._head(part)
            async for piece in send_pieces(part.content, size, self.meter):
                yield piece
            yield b"\r\n"
        yield self._end()

    def _fields(self) -> bytes:
        names = [f"{self._name(name)}\r\n\r\n{value}\r\n" for name, value in self.fields.items()]
        return "".join(names).encode()

    def _head(self, part: Part) -> bytes:
        file_name = part.file_name or self.fields.get("file_name") or part.name
        name = f'{self._name(part.name)}; filename="{_quoted(file_name)}"'
        return f"{name}\r\nContent-Type: {part.content_type}\r\n\r\n".encode()

    def _end(self) -> bytes:
        return f"--{self.boundary}--\r\n".encode()

    def _name(self, name: str) -> str:
        return f'--{self.boundary}\r\nContent-Disposition: form-data; name="{_quoted(name)}"'


def _quoted(name: str) -> str:
    """A name as browsers write it."""
    return name.replace('"', "%22").replace("\r", "%0D").replace("\n", "%0A")


async def make_form(fields: Mapping[str, Any] | None, parts: Sequence[Part], progress: Progress | None = None) -> Form:
    """The form of one try.

    Raises:
        ValueError: a file cannot be read, is empty or too large.
    """
    sizes = await measure_all(parts)
    known = [size for size in sizes if size is not None]
    meter = Meter(progress, sum(known) if len(known) == len(sizes) else None)
    names = {name: str(value) for name, value in (fields or {}).items()}
    total = sum(known) + FILE.max_bytes * (len(sizes) - len(known))
    return Form(names, list(zip(parts, sizes, strict=True)), meter, total)


def as_path(file: Any) -> Any:
    """A path for a string, anything else unchanged: a single file may be given by its path."""
    return Path(file) if isinstance(file, str) else file
