"""Uploads the files that segments carry when their message is sent; identical content is uploaded only once."""

import asyncio
import math
from collections.abc import Awaitable, Callable
from pathlib import Path, PurePosixPath
from typing import Any, cast
from urllib.parse import unquote, urlsplit

from ..api import FILE, IMAGE, ApiCaller, Cache, Content, Kind, Meter, Progress, check_size, current_tenant
from ..exception import ApiNotAvailable
from ..logs import log
from ..message import Message, MessageSegment, OpenFile, Source
from .fetch import fetch
from .kinds import check_format, file_type, read_duration

MAX_KNOWN = 1000
"""Number of uploaded contents whose keys are kept, per bot."""
_CARRIERS = frozenset({"image", "img", "file", "audio", "media"})
"""Types of segments that may carry a file; in others, such as cards, the same keys mean something else."""


class Uploads:
    """The uploads of one bot. Lives on NoneBot's loop."""

    def __init__(self, caller: ApiCaller, *, proxy: str | None = None) -> None:
        """Create the uploads of one bot; files that are given by URL are fetched through its proxy."""
        self._caller = caller
        self._proxy = proxy
        self._known: Cache[tuple[str, str, str], str] = Cache(ttl=math.inf, size=MAX_KNOWN)

    async def prepare(self, message: Message) -> Message:
        """Upload the files of a message.

        Returns:
            The message with keys instead of files; the given message is left unchanged.

        Raises:
            ValueError: a file is empty, too large, or of a format that Feishu does not accept.
            ActionFailed: Feishu refused an upload.
            NetworkError: a file could not be fetched or uploaded.
        """
        if not any(map(_carries, message)):
            return message
        return Message([await self._prepare(segment) if _carries(segment) else segment for segment in message])

    async def _prepare(self, segment: MessageSegment) -> MessageSegment:
        data = dict(segment.data)
        progress = cast("Progress | None", data.pop("progress", None))
        cover = cast("Source | None", data.pop("cover", None))
        if cover is not None:
            data["image_key"] = await self.image(cover)
        source = cast("Source | None", data.pop("source", None))
        if source is not None and segment.type in ("image", "img"):
            data["image_key"] = await self.image(source, progress)
        elif source is not None:
            data["file_name"] = data.get("file_name") or name_of(source, segment.type)
            data["file_key"] = await self._file(source, segment.type, data, progress)
        return type(segment)(segment.type, data)

    async def image(self, source: Source, progress: Progress | None = None) -> str:
        """Upload an image, or fetch it and upload it; returns its key."""
        content, size = await self._open(source, IMAGE)

        async def upload() -> str:
            from ..api.methods.file import File  # it comes with every typed result

            return (await File(self._caller).create_image(content.source, progress=progress)).image_key or ""

        return await self._once("image", content, upload, Meter(progress, size), size)

    async def _file(self, source: Source, segment_type: str, data: dict[str, Any], progress: Progress | None) -> str:
        content, size = await self._open(source, FILE)
        if segment_type in ("audio", "media"):
            check_format(await asyncio.to_thread(content.head), segment_type)
            data["duration"] = data.get("duration") or await _duration(content)
        name, duration = str(data["file_name"]), cast("int | None", data.get("duration") or None)
        kind = file_type(name, segment_type)

        async def upload() -> str:
            from ..api.methods.file import File

            create = File(self._caller).create_file
            return (await create(content.source, name, kind, duration=duration, progress=progress)).file_key or ""

        return await self._once(f"{kind}/{name}/{duration}", content, upload, Meter(progress, size), size)

    async def _open(self, source: Source, kind: Kind) -> tuple[Content, int]:
        """The source of a segment, and its size. URLs are fetched; anything else is read during the upload."""
        content = Content(await fetch(source, kind.max_bytes, proxy=self._proxy) if isinstance(source, str) else source)
        size = await asyncio.to_thread(content.measure)
        if size is None:
            raise ValueError(f"this {kind.name} cannot be rewound (a pipe?): read it, and give the bytes")
        check_size(size, kind)
        return content, size

    async def _once(
        self, kind: str, content: Content, upload: Callable[[], Awaitable[str]], meter: Meter, size: int
    ) -> str:
        """Upload a content, unless it was uploaded before or is being uploaded."""
        is_known = True

        async def fetch() -> str:
            nonlocal is_known
            is_known = False
            return await upload()

        # Keys of one tenant of a store app are invalid in another.
        key = await self._known.get((current_tenant.get(), kind, await asyncio.to_thread(content.digest)), fetch)
        if is_known:
            meter.add(size)
        return key


def _carries(segment: MessageSegment) -> bool:
    return segment.type in _CARRIERS and ("source" in segment.data or "cover" in segment.data)


def name_of(source: Source, segment_type: str) -> str:
    """The name of a file that was given without one."""
    if isinstance(source, Path):
        return source.name
    if isinstance(source, str):
        return unquote(PurePosixPath(urlsplit(source).path).name) or "file"
    own = source.name if isinstance(source, OpenFile) else ""
    return own or {"audio": "audio.opus", "media": "video.mp4"}.get(segment_type, "file")


async def _duration(content: Content) -> int | None:
    try:
        return await asyncio.to_thread(read_duration, content)
    except ApiNotAvailable as error:
        log("WARNING", "A voice message or video is sent without its duration: {}", error)
        return None
