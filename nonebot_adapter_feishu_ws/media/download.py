"""Fetches what a received message carries."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ..api import Progress
from ..message import MessageSegment
from .upload import Caller

_TYPES = {"image": "image", "file": "file", "audio": "file", "media": "file", "video": "file"}


async def download(
    caller: Caller,
    segment: MessageSegment,
    message_id: str,
    to: str | Path | None = None,
    progress: Progress | None = None,
) -> bytes | Path:
    """The content of an image, file, voice message or video (获取消息中的资源文件, at most 100 MB).

    Args:
        caller: the bot that received it.
        segment: what to fetch.
        message_id: the message it stands in.
        to: a file to write it to, piece by piece.
        progress: called with the bytes received and the bytes altogether (None: not known), after each piece.

    Returns:
        The bytes, or the path that was written.

    Raises:
        ValueError: the segment carries no content that can be fetched.
        ActionFailed: Feishu refused.
        NetworkError: no usable answer came.
    """
    kind = _TYPES.get(segment.type)
    key = segment.data.get("image_key" if kind == "image" else "file_key")
    if kind is None or not isinstance(key, str) or not key:
        raise ValueError(f"a segment of the type {segment.type!r} carries nothing that can be downloaded")
    path = f"im/v1/messages/{message_id}/resources/{key}"
    return await caller.call_api(path, method="GET", params={"type": kind}, **transfer_options(to, progress))


def transfer_options(to: str | Path | None, progress: Progress | None) -> dict[str, Any]:
    """What ``call_api`` takes for a download, without what is not wanted: API hooks see just that."""
    options: dict[str, Any] = {}
    if to is not None:
        options["_save_to"] = Path(to)
    if progress is not None:
        options["_progress"] = progress
    return options
