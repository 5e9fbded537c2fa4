"""What Feishu takes of each kind of file, and what a file is. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from io import BytesIO
from pathlib import PurePath
from typing import Final, Literal

from ..exception import ApiNotAvailable

FileType = Literal["opus", "mp4", "pdf", "doc", "xls", "ppt", "stream"]
MB: Final = 1024 * 1024
_BY_SUFFIX: Final[dict[str, FileType]] = {
    **dict.fromkeys((".opus", ".ogg"), "opus"),
    ".mp4": "mp4",
    ".pdf": "pdf",
    **dict.fromkeys((".doc", ".docx"), "doc"),
    **dict.fromkeys((".xls", ".xlsx", ".csv"), "xls"),
    **dict.fromkeys((".ppt", ".pptx"), "ppt"),
}


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of upload (上传图片, 上传文件).

    Attributes:
        max_bytes: more is refused.
        name: what a text calls it.
    """

    name: str
    max_bytes: int


IMAGE: Final = Kind("image", 10 * MB)
FILE: Final = Kind("file", 30 * MB)


def check_size(content: bytes, kind: Kind) -> None:
    """Refuse what Feishu refuses, before the upload.

    Raises:
        ValueError: it is empty or too large.
    """
    if not content:
        raise ValueError(f"the {kind.name} is empty: Feishu takes no empty {kind.name}")
    if len(content) > kind.max_bytes:
        size = f"{len(content) / MB:.1f} MB"
        raise ValueError(
            f"the {kind.name} has {size}; Feishu takes at most {kind.max_bytes // MB} MB. Send a link instead"
        )


def file_type(file_name: str, segment_type: str) -> FileType:
    """Feishu's ``file_type`` of a file."""
    if segment_type == "audio":
        return "opus"
    if segment_type == "media":
        return "mp4"
    found = _BY_SUFFIX.get(PurePath(file_name).suffix.lower(), "stream")
    # As a file to be kept it is neither a voice message nor a video.
    return "stream" if found in ("opus", "mp4") else found


def check_format(content: bytes, segment_type: str) -> None:
    """Refuse a voice message that is no opus and a video that is no mp4.

    Raises:
        ValueError: it is something else; the text says how to convert it.
    """
    if segment_type == "audio" and not (content.startswith(b"OggS") and b"OpusHead" in content[:512]):
        raise ValueError(
            "a voice message must be opus in an ogg file: ffmpeg -i in.mp3 -acodec libopus -ac 1 -ar 16000 out.opus; "
            "or send it with MessageSegment.file"
        )
    if segment_type == "media" and content[4:8] != b"ftyp":
        raise ValueError(
            "a video must be mp4: ffmpeg -i in.mov -c:v libx264 out.mp4; or send it with MessageSegment.file"
        )


def read_duration(content: bytes) -> int | None:
    """Milliseconds that an opus or mp4 file plays; None when it does not say.

    Raises:
        ApiNotAvailable: the library that reads it is not installed.
    """
    try:
        from tinytag import TinyTag, TinyTagException
    except ImportError:
        raise ApiNotAvailable(
            "give duration= in milliseconds, or pip install 'nonebot-adapter-feishu-ws[media]'"
        ) from None
    try:
        seconds = TinyTag.get(file_obj=BytesIO(content), tags=False).duration
    except TinyTagException:
        return None
    return None if seconds is None else round(seconds * 1000)
