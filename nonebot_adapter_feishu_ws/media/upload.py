"""Uploads what the segments of a message carry, when it is sent, and once per content."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Callable, Coroutine
from pathlib import Path, PurePosixPath
from typing import Any, Protocol, cast
from urllib.parse import unquote, urlsplit

from ..api import FILE, IMAGE, Content, Kind, Meter, Progress, check_size, current_tenant
from ..exception import ApiNotAvailable
from ..log import log
from ..message import Message, MessageSegment, OpenFile, Source
from .fetch import fetch
from .kinds import check_format, file_type, read_duration

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
        progress = cast("Progress | None", data.pop("progress", None))
        cover = cast("Source | None", data.pop("cover", None))
        if cover is not None:
            data["image_key"] = await self._image(await read_source(cover, IMAGE.max_bytes, self._proxy), None)
        source = cast("Source | None", data.pop("source", None))
        if source is not None and segment.type == "image":
            data["image_key"] = await self._image(await read_source(source, IMAGE.max_bytes, self._proxy), progress)
        elif source is not None:
            content = await read_source(source, FILE.max_bytes, self._proxy)
            data["file_name"] = data.get("file_name") or name_of(source, segment.type)
            data["file_key"] = await self._file(content, segment.type, data, progress)
        return type(segment)(segment.type, data)

    async def _image(self, content: Content, progress: Progress | None) -> str:
        size = await _measure(content, IMAGE)

        async def upload() -> str:
            answer = await self._caller.call_api(
                "im/v1/images",
                method="POST",
                data={"image_type": "message"},
                files={"image": content.source},
                **_option(progress),
            )
            return str(answer["data"]["image_key"])

        return await self._once("image", content, upload, Meter(progress, size), size)

    async def _file(self, content: Content, segment_type: str, data: dict[str, Any], progress: Progress | None) -> str:
        size = await _measure(content, FILE)
        if segment_type in ("audio", "media"):
            check_format(await asyncio.to_thread(content.head), segment_type)
        name = str(data["file_name"])
        fields: dict[str, str | int] = {"file_type": file_type(name, segment_type), "file_name": name}
        if segment_type in ("audio", "media"):
            data["duration"] = duration = data.get("duration") or await _duration(content)
            if duration:
                fields["duration"] = duration

        async def upload() -> str:
            files = {"file": content.source}
            answer = await self._caller.call_api(
                "im/v1/files", method="POST", data=fields, files=files, **_option(progress)
            )
            return str(answer["data"]["file_key"])

        return await self._once("/".join(map(str, fields.values())), content, upload, Meter(progress, size), size)

    async def _once(
        self, kind: str, content: Content, upload: Callable[[], Coroutine[Any, Any, str]], meter: Meter, size: int
    ) -> str:
        """Upload a content, or wait for the upload of the same one; a failed upload is forgotten."""
        # A tenant of a store app may not use what another one has uploaded.
        known = (f"{current_tenant.get()}/{kind}", await asyncio.to_thread(content.digest))
        task, is_known = self._known.get(known), known in self._known
        if task is None:
            task = self._known[known] = asyncio.create_task(upload())
            task.add_done_callback(lambda task: self._forget_failed(known, task))
            while len(self._known) > MAX_KNOWN:
                self._known.popitem(last=False)
        self._known.move_to_end(known)
        key = await asyncio.shield(task)
        if is_known:
            meter.add(size)
        return key

    def _forget_failed(self, known: tuple[str, str], task: asyncio.Task[str]) -> None:
        if task.cancelled() or task.exception() is not None:
            self._known.pop(known, None)


def _carries(segment: MessageSegment) -> bool:
    return segment.type in _CARRIERS and ("source" in segment.data or "cover" in segment.data)


async def read_source(source: Source, max_bytes: int, proxy: str | None) -> Content:
    """What a segment was made with; what is given by URL is fetched, anything else is left where it is.

    Raises:
        ValueError: its URL leads to something too large, or to a private address.
        NetworkError: its URL cannot be fetched.
    """
    return Content(await fetch(source, max_bytes, proxy=proxy) if isinstance(source, str) else source)


def name_of(source: Source, segment_type: str) -> str:
    """A file name for what came without one."""
    if isinstance(source, Path):
        return source.name
    if isinstance(source, str):
        return unquote(PurePosixPath(urlsplit(source).path).name) or "file"
    own = source.name if isinstance(source, OpenFile) else ""
    return own or {"audio": "audio.opus", "media": "video.mp4"}.get(segment_type, "file")


async def _measure(content: Content, kind: Kind) -> int:
    size = await asyncio.to_thread(content.measure)
    if size is None:
        raise ValueError(f"this {kind.name} cannot be rewound (a pipe?): read it, and give the bytes")
    check_size(size, kind)
    return size


def _option(progress: Progress | None) -> dict[str, Any]:
    return {} if progress is None else {"_progress": progress}


async def _duration(content: Content) -> int | None:
    try:
        return await asyncio.to_thread(_read_duration, content)
    except ApiNotAvailable as error:
        log("WARNING", "A voice message or video is sent without its length: {}", error)
        return None


def _read_duration(content: Content) -> int | None:
    with content.opened() as file:
        return None if file is None else read_duration(file)
