"""``im/v1/images``, ``im/v1/files``, and the resources of messages."""

from __future__ import annotations

import json
from typing import Any

from aiohttp import BodyPartReader, web

from ..state import StoredFile, World, new_id
from .routes import ApiError, Call, Handler

IMAGE_LIMIT = 10 * 1024 * 1024
FILE_LIMIT = 30 * 1024 * 1024
FILE_TYPES = frozenset({"opus", "mp4", "pdf", "doc", "xls", "ppt", "stream"})


class Files:
    """Uploads and downloads."""

    def __init__(self, world: World) -> None:
        self._world = world

    def endpoints(self) -> list[tuple[str, str, Handler]]:
        """Method, path and handler of each."""
        return [
            ("POST", "im/v1/images", self.upload_image),
            ("GET", "im/v1/images/{key}", self.download),
            ("POST", "im/v1/files", self.upload_file),
            ("GET", "im/v1/files/{key}", self.download),
            ("GET", "im/v1/messages/{message_id}/resources/{key}", self.resource),
        ]

    async def upload_image(self, call: Call) -> dict[str, Any]:
        """上传图片."""
        fields, content, _ = await _form(call.request, "image", IMAGE_LIMIT)
        if fields.get("image_type") not in ("message", "avatar"):
            raise ApiError(234001, "Invalid request param.")
        key = self._keep("img_v3", "image", "image", content, call)
        return {"image_key": key}

    async def upload_file(self, call: Call) -> dict[str, Any]:
        """上传文件."""
        fields, content, name = await _form(call.request, "file", FILE_LIMIT)
        if fields.get("file_type") not in FILE_TYPES or not fields.get("file_name"):
            raise ApiError(234001, "Invalid request param.")
        return {"file_key": self._keep("file_v3", "file", fields.get("file_name") or name, content, call)}

    async def download(self, call: Call) -> web.Response:
        """下载图片, 下载文件: only by the app that uploaded it."""
        stored = self._world.files.get(call.path("key"))
        if stored is None:
            raise ApiError(234005, "The file has been deleted.")
        if stored.app_id != call.app.app_id:
            raise ApiError(234008, "The app is not the resource sender.")
        return _binary(stored)

    async def resource(self, call: Call) -> web.Response:
        """获取消息中的资源文件."""
        message = self._world.messages.get(call.path("message_id"))
        stored = self._world.files.get(call.path("key"))
        if message is None or stored is None or stored.key not in message.content:
            raise ApiError(234003, "The file_key does not match the message_id.")
        if call.query.get("type") not in ("image", "file"):
            raise ApiError(234001, "Invalid request param.")
        return _binary(stored)

    def _keep(self, prefix: str, kind: str, name: str, content: bytes, call: Call) -> str:
        if not content:
            raise ApiError(234010, "File's size can't be 0.")
        key = new_id(prefix)
        self._world.files[key] = StoredFile(key, kind, name, content, call.app.app_id)
        return key


async def _form(request: web.Request, file_field: str, limit: int) -> tuple[dict[str, str], bytes, str]:
    fields: dict[str, str] = {}
    content, name = b"", file_field
    try:
        reader = await request.multipart()
    except (AssertionError, ValueError):
        raise ApiError(234001, "Invalid request param.") from None
    while (part := await reader.next()) is not None:
        if not isinstance(part, BodyPartReader):
            continue
        if part.name == file_field:
            content, name = await part.read(decode=False), part.filename or file_field
            if len(content) > limit:
                raise ApiError(234006, "The file size exceed the max value.")
        elif part.name:
            fields[part.name] = await part.text()
    return fields, bytes(content), name


def _binary(stored: StoredFile) -> web.Response:
    disposition = f"attachment; filename*=UTF-8''{json.dumps(stored.name)[1:-1]}"
    headers = {"Content-Disposition": disposition}
    return web.Response(body=stored.content, content_type="application/octet-stream", headers=headers)
