"""``bot.file``: uploads and downloads."""

from __future__ import annotations

from typing import Literal

from ..method import Group, method
from ..models.im import FileKey, ImageKey
from ..upload import Progress, Uploadable

FileType = Literal["opus", "mp4", "pdf", "doc", "xls", "ppt", "stream"]


class File(Group):
    """Images and files (图片信息, 文件信息). A key serves the app that uploaded it."""

    group = "file"

    @method("POST", "im/v1/images", returns=ImageKey, files=["image"])
    async def create_image(
        self,
        image: Uploadable,
        image_type: Literal["message", "avatar"] = "message",
        *,
        progress: Progress | None = None,
    ) -> ImageKey:
        """Upload an image of at most 10 MB (上传图片).

        Args:
            image: bytes, a path, or a file opened in binary mode.
            image_type: what it is for.
            progress: called with the bytes sent and the bytes altogether (None: not known), after each piece.

        Scopes (one of): ``im:resource``, ``im:resource:upload``.

        Raises:
            ValueError: it cannot be read, is empty or too large.
            ActionFailed: 234011 the format is not known.
        """
        ...

    @method("GET", "im/v1/images/{image_key}", returns=bytes)
    async def get_image(self, image_key: str, *, progress: Progress | None = None) -> bytes:
        """Download an image that the bot itself uploaded (下载图片).

        Args:
            image_key: its key. What others sent comes by :meth:`Im.get_resource`.
            progress: called with the bytes received and the bytes altogether (None: not known), after each piece.

        Scopes (one of): ``im:resource``.

        Raises:
            ActionFailed: 234008 another app uploaded it, 234005 it was deleted.
        """
        ...

    @method("POST", "im/v1/files", returns=FileKey, files=["file"])
    async def create_file(
        self,
        file: Uploadable,
        file_name: str,
        file_type: FileType = "stream",
        *,
        duration: int | None = None,
        progress: Progress | None = None,
    ) -> FileKey:
        """Upload a file of at most 30 MB (上传文件).

        Args:
            file: bytes, a path, or a file opened in binary mode.
            file_name: with extension.
            file_type: what it is; ``stream`` for anything else.
            duration: milliseconds, for ``opus`` and ``mp4``; without it no length is shown.
            progress: called with the bytes sent and the bytes altogether (None: not known), after each piece.

        Scopes (one of): ``im:resource``, ``im:resource:upload``.

        Raises:
            ValueError: it cannot be read, is empty or too large.
        """
        ...

    @method("GET", "im/v1/files/{file_key}", returns=bytes)
    async def get_file(self, file_key: str, *, progress: Progress | None = None) -> bytes:
        """Download a file that the bot itself uploaded (下载文件).

        Args:
            file_key: its key. What others sent comes by :meth:`Im.get_resource`.
            progress: called with the bytes received and the bytes altogether (None: not known), after each piece.

        Scopes (one of): ``im:resource``.

        Raises:
            ActionFailed: 234008 another app uploaded it, 234005 it was deleted.
        """
        ...
