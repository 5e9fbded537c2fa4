"""The bot methods of the existing NoneBot Feishu adapter, with the same names, arguments and results."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal

from nonebot.adapters import Bot as BaseBot
from typing_extensions import override

from ..api import Progress, Uploadable, as_path
from ..api.methods.file import FileType
from ..api.methods.im import ReceiveIdType
from ..media.upload import Uploads
from .idempotency import IdempotencyKeys


class LegacyMethods(BaseBot):
    """A bot as ``sending/`` and ``stream/`` see it: a method per REST call, by path because API hooks key on paths.

    :class:`Bot` is built on top of this class, and of what sends through it.
    """

    idempotency_keys: IdempotencyKeys
    """Makes the ``uuid`` of each send."""
    uploads: Uploads
    """Uploads what segments carry; identical content is uploaded only once."""

    @override
    async def call_api(self, api: str, **data: Any) -> Any:
        """Call any REST method of Feishu.

        Args:
            api: the path below ``/open-apis/``, such as ``im/v1/messages``; or the name of a typed method, such as
                ``im.create_message``, whose arguments are then ``data``.
            data: ``method`` (default GET), ``params`` or ``query``, ``json`` or ``body``, ``data``, ``files``,
                ``headers``.

        Returns:
            Feishu's whole body as a dict, or bytes when the answer is a file.

        Raises:
            ActionFailed: Feishu refused; carries code, message and ``log_id``.
            NetworkError: no usable answer came.
        """
        return await super().call_api(api, **data)

    async def send_msg(
        self,
        receive_id_type: ReceiveIdType,
        receive_id: str,
        content: str,
        msg_type: str,
        *,
        uuid: str | None = None,
    ) -> Any:
        """Send a message (发送消息, ``POST im/v1/messages``).

        Args:
            receive_id_type: what ``receive_id`` is.
            receive_id: the chat or user.
            content: the message's JSON as a string.
            msg_type: ``text``, ``post``, ``image``, ...
            uuid: at most 50 characters; Feishu delivers one message per uuid and hour. When not given it is made from
                the event that is being handled, so that a replay does not send twice; random outside of a handler.
        """
        return await self.call_api(
            "im/v1/messages",
            method="POST",
            params={"receive_id_type": receive_id_type},
            json={
                "receive_id": receive_id,
                "content": content,
                "msg_type": msg_type,
                "uuid": self.idempotency_keys.next(receive_id, uuid),
            },
        )

    async def reply_msg(
        self,
        message_id: str,
        content: str,
        msg_type: str,
        uuid: str | None = None,
        *,
        reply_in_thread: bool = False,
    ) -> Any:
        """Answer a message (回复消息, ``POST im/v1/messages/{message_id}/reply``).

        Args:
            message_id: the message that is answered.
            content: the answer's JSON as a string.
            msg_type: ``text``, ``post``, ``image``, ...
            uuid: at most 50 characters; Feishu delivers one message per uuid and hour. When not given it is made from
                the event that is being handled, so that a replay does not send twice; random outside of a handler.
            reply_in_thread: answer in the message's topic; opens one where there is none.
        """
        uuid = self.idempotency_keys.next(message_id, uuid)
        body: dict[str, Any] = {"content": content, "msg_type": msg_type, "uuid": uuid}
        if reply_in_thread:
            body["reply_in_thread"] = True
        return await self.call_api(f"im/v1/messages/{message_id}/reply", method="POST", json=body)

    async def edit_msg(self, message_id: str, content: str, msg_type: str) -> Any:
        """Edit a text or post that the bot sent, at most 20 times (编辑消息)."""
        return await self.call_api(
            f"im/v1/messages/{message_id}", method="PUT", json={"msg_type": msg_type, "content": content}
        )

    async def delete_msg(self, message_id: str) -> Any:
        """Recall a message (撤回消息)."""
        return await self.call_api(f"im/v1/messages/{message_id}", method="DELETE")

    async def get_msg(self, message_id: str) -> Any:
        """Fetch a message (获取指定消息的内容); it is in ``data.items``."""
        return await self.call_api(f"im/v1/messages/{message_id}", method="GET")

    async def get_msgs(self, container_id_type: Literal["chat", "thread"], container_id: str, **params: Any) -> Any:
        """List the messages of a chat or topic (获取会话历史消息).

        Args:
            container_id_type: what ``container_id`` is.
            container_id: the chat or topic.
            params: ``start_time``, ``end_time`` (seconds), ``sort_type``, ``page_size``, ``page_token``.
        """
        return await self.call_api(
            "im/v1/messages",
            method="GET",
            params={"container_id_type": container_id_type, "container_id": container_id, **params},
        )

    async def get_msg_resource(
        self,
        message_id: str,
        file_key: str,
        type_: Literal["image", "file"],
        *,
        to: str | Path | None = None,
        progress: Progress | None = None,
    ) -> Any:
        """Download a file from a message, at most 100 MB (获取消息中的资源文件).

        Args:
            message_id: the message.
            file_key: the key of the image, file, voice message or video.
            type_: ``image`` for images, ``file`` for everything else.
            to: a file that it is written to in pieces; returned as bytes when None.
            progress: called with the bytes received and the bytes altogether (None: not known), after each piece. A
                plain function, not a coroutine.

        Returns:
            The bytes, or the path that was written.
        """
        return await self.call_api(
            f"im/v1/messages/{message_id}/resources/{file_key}",
            method="GET",
            params={"type": type_},
            **_transfer_options(to, progress),
        )

    async def get_msg_read_users(
        self, message_id: str, user_id_type: str, page_size: int | None = None, page_token: str | None = None
    ) -> Any:
        """Who has read a message that the bot sent within seven days (查询消息已读信息)."""
        params: dict[str, Any] = {"user_id_type": user_id_type}
        if page_size:
            params["page_size"] = page_size
        if page_token:
            params["page_token"] = page_token
        return await self.call_api(f"im/v1/messages/{message_id}/read_users", method="GET", params=params)

    async def forward_msg(self, message_id: str, receive_id: str, receive_id_type: str, uuid: str | None = None) -> Any:
        """Forward a message (转发消息)."""
        params = {"receive_id_type": receive_id_type, "uuid": self.idempotency_keys.next(receive_id, uuid)}
        return await self.call_api(
            f"im/v1/messages/{message_id}/forward",
            method="POST",
            params=params,
            json={"receive_id": receive_id},
        )

    async def merge_forward_msg(
        self, receive_id_type: str, receive_id: str, message_id_list: list[str], uuid: str | None = None
    ) -> Any:
        """Forward several messages of one chat as one (合并转发消息)."""
        params = {"receive_id_type": receive_id_type, "uuid": self.idempotency_keys.next(receive_id, uuid)}
        return await self.call_api(
            "im/v1/messages/merge_forward",
            method="POST",
            params=params,
            json={"receive_id": receive_id, "message_id_list": message_id_list},
        )

    async def get_file(self, file_key: str, *, to: str | Path | None = None, progress: Progress | None = None) -> Any:
        """Download a file that the bot itself uploaded (下载文件).

        Args:
            file_key: its key.
            to: as for :meth:`get_msg_resource`, as is the result.
            progress: as for :meth:`get_msg_resource`.
        """
        return await self.call_api(f"im/v1/files/{file_key}", method="GET", **_transfer_options(to, progress))

    async def post_file(
        self,
        file_type: FileType,
        file_name: str,
        file: Uploadable,
        duration: int | None = None,
        *,
        progress: Progress | None = None,
    ) -> Any:
        """Upload a file of at most 30 MB in pieces (上传文件); ``data.file_key`` is its key.

        Args:
            file_type: what the file is; ``stream`` for anything else.
            file_name: with extension.
            file: bytes, a path, or a file opened in binary mode, which is read from its current position.
            duration: milliseconds, for ``opus`` and ``mp4``.
            progress: called with the bytes sent and the bytes altogether (None: not known), after each piece; from 0
                again when the upload is retried. A plain function, not a coroutine.

        Raises:
            ValueError: the file cannot be read, is empty or too large.
        """
        data: dict[str, str | int] = {"file_type": file_type, "file_name": file_name}
        if duration:
            data["duration"] = duration
        return await self.call_api(
            "im/v1/files",
            method="POST",
            data=data,
            files={"file": as_path(file)},
            **_transfer_options(None, progress),
        )


def _transfer_options(to: str | Path | None, progress: Progress | None) -> dict[str, Any]:
    # Only what is wanted: API hooks see the options.
    options = {"_save_to": None if to is None else Path(to), "_progress": progress}
    return {key: value for key, value in options.items() if value is not None}
