"""Uploads what the segments of a message carry, when it is sent, and once per content."""

from __future__ import annotations

import asyncio
import hashlib
from collections import OrderedDict
from io import BytesIO
from pathlib import Path, PurePosixPath
from typing import Any, Protocol, cast
from urllib.parse import unquote, urlsplit

from ..exception import ApiNotAvailable
from ..log import escape, log
from ..message import Message, MessageSegment, Source
from .fetch import fetch
from .kinds import FILE, IMAGE, check_format, check_size, file_type, read_duration

MAX_KNOWN = 1000
"""Keys of contents that are remembered per bot."""
_CARRIERS = frozenset({"image", "file", "audio", "media"})
"""Types of segments that may carry a content; in others, such as a card's JSON, the names mean something else."""


class Caller(Protocol):
    """Calls Feishu's API; the bot."""

    async def call_api(self, api: str, **data: Any) -> Any:
        """Call one method."""
        ...


class Uploads:
    """The uploads of one bot. Lives on NoneBot's loop."""

    def __init__(self, caller: Caller, *, proxy: str | None = None) -> None:
        """Args:
        caller: makes the uploads.
        proxy: for what is given by URL.
        """
        self._caller = caller
        self._proxy = proxy
        self._known: OrderedDict[tuple[str, str], asyncio.Task[str]] = OrderedDict()

    async def prepare(self, message: Message) -> Message:
        """The message with keys instead of contents; the one that is given stays as it is.

        Raises:
            ValueError: a content is empty, too large, or of a format that Feishu does not take.
            ActionFailed: Feishu refused an upload.
            NetworkError: a content could not be fetched or uploaded.
        """
        if not any(map(_carries, message)):
            return message
        return Message([await self._prepare(segment) if _carries(segment) else segment for segment in message])

    async def _prepare(self, segment: MessageSegment) -> MessageSegment:
        data = dict(segment.data)
        cover = cast("Source | None", data.pop("cover", None))
        if cover is not None:
            data["image_key"] = await self._image(await read_source(cover, IMAGE.max_bytes, self._proxy))
        source = cast("Source | None", data.pop("source", None))
        if source is not None and segment.type == "image":
            data["image_key"] = await self._image(await read_source(source, IMAGE.max_bytes, self._proxy))
        elif source is not None:
            content = await read_source(source, FILE.max_bytes, self._proxy)
            data["file_name"] = data.get("file_name") or name_of(source, segment.type)
            data["file_key"] = await self._file(content, segment.type, data)
        return type(segment)(segment.type, data)

    async def _image(self, content: bytes) -> str:
        check_size(content, IMAGE)

        async def upload() -> str:
            answer = await self._caller.call_api(
                "im/v1/images", method="POST", data={"image_type": "message"}, files={"image": content}
            )
            return str(answer["data"]["image_key"])

        return await self._once("image", content, upload)

    async def _file(self, content: bytes, segment_type: str, data: dict[str, Any]) -> str:
        check_size(content, FILE)
        check_format(content, segment_type)
        name = str(data["file_name"])
        fields: dict[str, str | int] = {"file_type": file_type(name, segment_type), "file_name": name}
        if segment_type in ("audio", "media"):
            data["duration"] = duration = data.get("duration") or await _duration(content)
            if duration:
                fields["duration"] = duration

        async def upload() -> str:
            answer = await self._caller.call_api("im/v1/files", method="POST", data=fields, files={"file": content})
            return str(answer["data"]["file_key"])

        return await self._once("/".join(map(str, fields.values())), content, upload)

    async def _once(self, kind: str, content: bytes, upload: Any) -> str:
        """Upload a content, or wait for the upload of the same one; a failed upload is forgotten."""
        known = (kind, hashlib.sha256(content).hexdigest())
        task = self._known.get(known)
        if task is None:
            task = self._known[known] = asyncio.create_task(upload())
            task.add_done_callback(lambda task: self._forget_failed(known, task))
            while len(self._known) > MAX_KNOWN:
                self._known.popitem(last=False)
        self._known.move_to_end(known)
        return await asyncio.shield(task)

    def _forget_failed(self, known: tuple[str, str], task: asyncio.Task[str]) -> None:
        if task.cancelled() or task.exception() is not None:
            self._known.pop(known, None)


def _carries(segment: MessageSegment) -> bool:
    return segment.type in _CARRIERS and ("source" in segment.data or "cover" in segment.data)


async def read_source(source: Source, max_bytes: int, proxy: str | None) -> bytes:
    """The bytes of what a segment was made with.

    Raises:
        ValueError: there is no such file, or it is too large.
        NetworkError: its URL cannot be fetched.
    """
    if isinstance(source, (bytes, bytearray)):
        return bytes(source)
    if isinstance(source, BytesIO):
        return source.getvalue()
    if isinstance(source, Path):
        return await asyncio.to_thread(_read_path, source, max_bytes)
    return await fetch(source, max_bytes, proxy=proxy)


def name_of(source: Source, segment_type: str) -> str:
    """A file name for what came without one."""
    if isinstance(source, Path):
        return source.name
    if isinstance(source, str):
        return unquote(PurePosixPath(urlsplit(source).path).name) or "file"
    return {"audio": "audio.opus", "media": "video.mp4"}.get(segment_type, "file")


def _read_path(path: Path, max_bytes: int) -> bytes:
    try:
        size = path.stat().st_size
        if size > max_bytes:
            raise ValueError(f"{path.name} is larger than {max_bytes // 1024**2} MB, which Feishu does not take")
        return path.read_bytes()
    except OSError as error:
        raise ValueError(f"the file {path} cannot be read: {error.strerror}") from error


async def _duration(content: bytes) -> int | None:
    try:
        return await asyncio.to_thread(read_duration, content)
    except ApiNotAvailable as error:
        log("WARNING", f"A voice message or video is sent without its length: {escape(str(error))}")
        return None
