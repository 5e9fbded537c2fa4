"""Contents that a segment may carry until it is sent. Pure."""

from __future__ import annotations

from io import BytesIO
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

Source = str | bytes | bytearray | BytesIO | Path
"""A key of Feishu, a ``http(s)://`` or ``file://`` URL, bytes, or a path."""


def key_or_source(value: Source, key: str, source: str = "source") -> dict[str, Any]:
    """The part of a segment's data that says what it carries.

    Args:
        value: a key as text goes under ``key``; anything else waits under ``source`` for its upload.
        key: such as ``image_key``.
        source: the name under which a content waits.
    """
    if isinstance(value, str):
        scheme = value.partition("://")[0].lower()
        if scheme == "file":
            return {source: Path(unquote(urlsplit(value).path))}
        return {source: value} if scheme in ("http", "https") else {key: value}
    return {source: value}
