"""What a segment carries: contents until they are sent, and files that a bot fetches."""

from __future__ import annotations

from collections.abc import Callable
from io import BytesIO
from pathlib import Path, PurePath
from threading import Lock
from typing import Any, BinaryIO, Protocol, cast
from urllib.parse import unquote, urlsplit

from nonebot.matcher import current_event


class OpenFile:
    """A file that the caller has opened, read from where it stands now. Closing it stays with the caller.

    Several uploads may read it at the same time: each keeps a position of its own, and ``lock`` is held for one seek
    and one read. A copy of a message shares it, since a file cannot be copied.
    """

    __slots__ = ("file", "lock", "start")

    def __init__(self, file: BinaryIO) -> None:
        """Wrap an open file.

        Args:
            file: opened for reading, in binary mode.

        Raises:
            ValueError: it was opened in text mode.
        """
        if isinstance(cast("object", file.read(0)), str):
            raise ValueError('this file was opened as text; open it in binary mode: open(path, "rb")')
        self.file: BinaryIO = file
        self.lock: Lock = Lock()
        self.start: int | None = file.tell() if file.seekable() else None
        """Where it stood; None when it cannot be rewound."""

    @property
    def name(self) -> str:
        """The file's name, without folders; empty when it has none."""
        name: object = getattr(self.file, "name", None)
        return PurePath(name).name if isinstance(name, str) else ""

    def __copy__(self) -> OpenFile:
        return self

    def __deepcopy__(self, memo: object) -> OpenFile:
        return self

    def __repr__(self) -> str:
        return f"<OpenFile {self.name}>"


Progress = Callable[[int, int | None], None]
"""``(bytes so far, bytes altogether or None)``: a plain function, called on NoneBot's loop after each piece."""
Source = str | bytes | bytearray | BytesIO | BinaryIO | OpenFile | Path
"""A key of Feishu, a ``http(s)://`` or ``file://`` URL, bytes, a path, or a file opened in binary mode."""


def key_or_source(
    value: Source, key: str, source: str = "source", *, progress: Progress | None = None
) -> dict[str, Any]:
    """What a segment carries, as data: a key of Feishu under ``key``, anything else under ``source`` for its upload.

    Raises:
        ValueError: it is a file of text.
    """
    content: Source = value
    if isinstance(value, str):
        scheme = value.partition("://")[0].lower()
        if scheme not in ("file", "http", "https"):
            return {key: value}
        content = Path(unquote(urlsplit(value).path)) if scheme == "file" else value
    elif not isinstance(value, (bytes, bytearray, BytesIO, Path, OpenFile)):
        content = OpenFile(value)
    return {source: content} if progress is None else {source: content, "progress": progress}


class Downloader(Protocol):
    """A bot, as far as downloads need it."""

    async def download(
        self, segment: Any, source: Any, to: str | Path | None = None, progress: Progress | None = None
    ) -> bytes | Path:
        """Fetch what a received segment carries."""
        ...


class Downloadable:
    """What carries a file that can be fetched."""

    async def download(
        self, bot: Downloader, source: Any = None, to: str | Path | None = None, progress: Progress | None = None
    ) -> bytes | Path:
        """Fetch what a received image, file, voice message or video carries (at most 100 MB).

        Args:
            bot: the bot that received it.
            source: the event or quoted message it stands in, or that message's id; the current event when None, with
                the message that it quotes.
            to: a file to write it to, piece by piece.
            progress: a plain function, called with the bytes received and altogether (None: not known) at each piece.

        Returns:
            The bytes, or the path that was written.

        Raises:
            ValueError: there is no current event.
        """
        origin: Any = current_event.get(None) if source is None else source
        if origin is None:
            raise ValueError("no event is being handled here: name what carries it, segment.download(bot, message_id)")
        return await bot.download(self, origin, to, progress)
