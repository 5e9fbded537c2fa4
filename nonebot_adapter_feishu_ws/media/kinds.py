"""File types, formats and durations."""

from pathlib import PurePath
from typing import Final, Literal

from ..api import Content
from ..api.types import FileType
from ..exception import ApiNotAvailable
from ..message import MessageSegment

_BY_SUFFIX: Final[dict[str, FileType]] = {
    **dict.fromkeys((".opus", ".ogg"), "opus"),
    ".mp4": "mp4",
    ".pdf": "pdf",
    **dict.fromkeys((".doc", ".docx"), "doc"),
    **dict.fromkeys((".xls", ".xlsx", ".csv"), "xls"),
    **dict.fromkeys((".ppt", ".pptx"), "ppt"),
}
_RESOURCES: Final[dict[str, Literal["image", "file"]]] = {
    **dict.fromkeys(("image", "img"), "image"),
    **dict.fromkeys(("file", "audio", "media", "video"), "file"),
}


def resource_of(segment: MessageSegment) -> tuple[str, Literal["image", "file"]]:
    """The key of what a received segment carries, and the ``type`` under which Feishu keeps it.

    Raises:
        ValueError: the segment carries nothing that can be downloaded.
    """
    kind = _RESOURCES.get(segment.type)
    key = segment.data.get(f"{kind}_key")
    if kind is None or not isinstance(key, str) or not key:
        raise ValueError(f"a segment of the type {segment.type!r} carries nothing that can be downloaded")
    return key, kind


def file_type(file_name: str, segment_type: str) -> FileType:
    """Feishu's ``file_type`` of a file."""
    if segment_type == "audio":
        return "opus"
    if segment_type == "media":
        return "mp4"
    found = _BY_SUFFIX.get(PurePath(file_name).suffix.lower(), "stream")
    # Sent as a file, it is neither a voice message nor a video.
    return "stream" if found in ("opus", "mp4") else found


def check_format(head: bytes, segment_type: str) -> None:
    """Check by its first bytes that a voice message is opus, or a video mp4.

    Raises:
        ValueError: it is not; the text says how to convert it.
    """
    if segment_type == "audio" and not (head.startswith(b"OggS") and b"OpusHead" in head[:512]):
        raise ValueError(
            "a voice message must be opus in an ogg file: ffmpeg -i in.mp3 -acodec libopus -ac 1 -ar 16000 out.opus; "
            "or send it with MessageSegment.file"
        )
    if segment_type == "media" and head[4:8] != b"ftyp":
        raise ValueError(
            "a video must be mp4: ffmpeg -i in.mov -c:v libx264 out.mp4; or send it with MessageSegment.file"
        )


def read_duration(content: Content) -> int | None:
    """The duration of an opus or mp4 file in milliseconds; None when it is unknown, or the file is not at its start.

    Raises:
        ApiNotAvailable: the library for it is not installed.
    """
    try:
        from tinytag import TinyTag, TinyTagException
    except ImportError:
        raise ApiNotAvailable(
            "give duration= in milliseconds, or pip install 'nonebot-adapter-feishu-ws[media]'"
        ) from None
    with content.opened() as source, source.lock:
        if source.start != 0:
            return None
        source.file.seek(0)
        try:
            seconds = TinyTag.get(file_obj=source.file, tags=False).duration
        except TinyTagException:
            return None
    return None if seconds is None else round(seconds * 1000)
