"""Form bodies for uploads, in the shapes that NoneBot's drivers take, and files read without blocking the loop."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping
from io import BytesIO
from pathlib import Path
from typing import IO, Any, cast

import aiohttp


def make_form(fields: Mapping[str, Any] | None, files: Any) -> aiohttp.FormData:
    """A form of plain fields and files.

    Args:
        fields: name -> value; values are sent as text.
        files: name -> bytes, stream, or ``(file name, content[, content type])``; a mapping or pairs.
    """
    form = aiohttp.FormData()
    names = dict(fields or {})
    for name, value in names.items():
        form.add_field(name, str(value))
    for name, file in _pairs(files):
        file_name, content, content_type = _unpack(file)
        form.add_field(
            name,
            content,
            filename=file_name or str(names.get("file_name") or name),
            content_type=content_type or "application/octet-stream",
        )
    return form


def can_replay(data: Mapping[str, Any]) -> bool:
    """Whether the body of a call can be sent a second time: a stream is spent after the first."""
    contents: list[object] = [_unpack(file)[1] for _, file in _pairs(data.get("files"))]
    contents.append(data.get("content"))
    return not any(hasattr(content, "read") for content in contents)


def _pairs(files: Any) -> Iterable[tuple[str, Any]]:
    items: Any = cast("Mapping[str, Any]", files).items() if isinstance(files, Mapping) else files or ()
    return cast("Iterable[tuple[str, Any]]", items)


def _unpack(file: Any) -> tuple[str | None, bytes | IO[bytes], str | None]:
    if not isinstance(file, tuple):
        return None, _bytes(file), None
    parts = cast("tuple[Any, ...]", file)
    return parts[0], _bytes(parts[1]), parts[2] if len(parts) > 2 else None


def _bytes(content: Any) -> bytes | IO[bytes]:
    if isinstance(content, str):
        return content.encode()
    return content.getvalue() if isinstance(content, BytesIO) else content


async def read_file(file: str | bytes | BytesIO | Path) -> bytes:
    """The bytes of a file that is given by path, or as bytes already."""
    if isinstance(file, bytes):
        return file
    if isinstance(file, BytesIO):
        return file.getvalue()
    return await asyncio.to_thread(Path(file).read_bytes)
