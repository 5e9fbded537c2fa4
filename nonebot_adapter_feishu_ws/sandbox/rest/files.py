"""``im/v1/images``, ``im/v1/files``, and the resources of messages."""

import json
from mimetypes import guess_type
from typing import Any

from aiohttp import web

from ..state import StoredFile, new_id
from .call import ApiError, Call, ensure
from .messages import with_forwarded

LIMITS = {"image": 10 * 1024 * 1024, "file": 30 * 1024 * 1024}


async def upload_image(call: Call) -> dict[str, Any]:
    """上传图片."""
    return {"image_key": _keep(call, "image", "image")}


async def upload_file(call: Call) -> dict[str, Any]:
    """上传文件."""
    return {"file_key": _keep(call, "file", call.json["file_name"], call.json["file_type"])}


def _keep(call: Call, field: str, name: str, kind: str = "image") -> str:
    content = call.files[field].content
    ensure(len(content) <= LIMITS[field], 234006)
    ensure(bool(content), 234010)
    key = new_id("img_v3" if kind == "image" else "file_v3")
    call.world.files[key] = StoredFile(key, kind, name, content, call.app.app_id)
    return key


async def download(call: Call) -> web.Response:
    """下载图片, 下载文件: only by the app that uploaded it."""
    (key,) = call.params.values()
    stored = call.world.files.get(key)
    if stored is None:
        raise ApiError(234005, "The file has been deleted.")
    ensure(stored.app_id == call.app.app_id, 234008)
    return _binary(stored)


async def resource(call: Call) -> web.Response:
    """获取消息中的资源文件."""
    message = call.world.messages.get(call.path("message_id"))
    stored = call.world.files.get(call.path("file_key"))
    if message is not None:
        ensure(not message.deleted, 230110)
        ensure(call.app.app_id in call.world.chats[message.chat_id].apps, 234004)
        ensure(message.msg_type != "interactive", 234043)
    # What is inside a merged forward is found by the forward's id alone.
    if message is None or stored is None or not any(stored.key in each.content for each in with_forwarded(message)):
        raise ApiError(234003, "File not in msg.")
    return _binary(stored)


def _binary(stored: StoredFile) -> web.Response:
    headers = {"Content-Disposition": f"attachment; filename*=UTF-8''{json.dumps(stored.name)[1:-1]}"}
    content_type = guess_type(stored.name)[0] or "application/octet-stream"
    return web.Response(body=stored.content, content_type=content_type, headers=headers)
