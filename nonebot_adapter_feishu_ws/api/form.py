"""Multipart forms for uploads; files in the shapes that NoneBot's drivers accept."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast

import aiohttp

from .upload import FILE, IMAGE, Body, Content, Meter, Progress, check_size

_KINDS = {"POST im/v1/images": IMAGE, "POST im/v1/files": FILE}


@dataclass(frozen=True, slots=True)
class Part:
    """One file of a form.

    Attributes:
        name: the field.
        file_name: its name, if the caller gave one.
        content: its content.
        content_type: its MIME type.
    """

    name: str
    file_name: str | None
    content: Content
    content_type: str


def parts_of(files: Any) -> list[Part]:
    """The files of a call.

    Args:
        files: name -> content, or ``(file name, content[, content type])``; a mapping or pairs. A content is bytes,
            text, a ``Path``, or a file opened in binary mode.

    Raises:
        ValueError: a file was opened as text.
    """
    items: Any = cast("Mapping[str, Any]", files).items() if isinstance(files, Mapping) else files or ()
    return [_part(name, file) for name, file in cast("Iterable[tuple[str, Any]]", items)]


async def check_parts(parts: Sequence[Part], api: str) -> int:
    """Check files against Feishu's limits, before anything is sent.

    Args:
        parts: the files of the call.
        api: from :func:`~.call_traits.api_of`.

    Returns:
        Their size in bytes; a file of unknown size counts as the largest that Feishu accepts.

    Raises:
        ValueError: a file cannot be read, is empty or too large.
    """
    total = 0
    for part in parts:
        size = await asyncio.to_thread(part.content.measure)
        total += FILE.max_bytes if size is None else size
        if size is not None and (kind := _KINDS.get(api)) is not None:
            check_size(size, kind)
    return total


async def make_form(
    fields: Mapping[str, Any] | None, parts: Sequence[Part], progress: Progress | None = None
) -> aiohttp.FormData:
    """The form of one try.

    Args:
        fields: name -> value; values are sent as text.
        parts: the files.
        progress: called with the bytes sent.

    Raises:
        ValueError: a file cannot be read.
    """
    form = aiohttp.FormData()
    names = dict(fields or {})
    for name, value in names.items():
        form.add_field(name, str(value))
    sizes = [await asyncio.to_thread(part.content.measure) for part in parts]
    known = [size for size in sizes if size is not None]
    meter = Meter(progress, sum(known) if len(known) == len(sizes) else None)
    for part, size in zip(parts, sizes, strict=True):
        form.add_field(
            part.name,
            Body(part.content, size, meter, part.content_type),
            filename=part.file_name or str(names.get("file_name") or part.name),
        )
    return form


def can_replay(parts: Sequence[Part], content: object = None) -> bool:
    """Whether the body of a call can be sent again: what cannot be rewound is used up after the first try.

    Args:
        parts: its files.
        content: its raw body.
    """
    return all(part.content.repeatable for part in parts) and not hasattr(content, "read")


def _part(name: str, file: Any) -> Part:
    file_name, given, *rest = cast("tuple[Any, ...]", file) if isinstance(file, tuple) else (None, file)
    content: Any = given.encode() if isinstance(given, str) else given
    content_type = rest[0] if rest and rest[0] else "application/octet-stream"
    return Part(name, file_name, content if isinstance(content, Content) else Content(content), content_type)
