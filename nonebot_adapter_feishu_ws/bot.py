"""The NoneBot ``Bot``: what a plugin calls to answer, send, fetch and upload."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Literal, cast
from uuid import uuid4

from nonebot.adapters import Bot as BaseBot
from nonebot.adapters import Event as BaseEvent
from nonebot.adapters import Message as BaseMessage
from nonebot.adapters import MessageSegment as BaseMessageSegment
from nonebot.message import handle_event
from typing_extensions import override

from .api import BotInfo, read_file
from .config import BotConfig
from .event import Event, GroupMessageEvent, MessageEvent, Reply, check_at_me, check_nickname, check_reply
from .exception import ActionFailed, NetworkError
from .log import escape, log
from .message import Message, MessageSegment, render

if TYPE_CHECKING:
    from lark_oapi import Client

    from .adapter import Adapter

ReceiveIdType = Literal["chat_id", "open_id", "user_id", "union_id", "email"]
FileType = Literal["opus", "mp4", "pdf", "doc", "xls", "ppt", "stream"]
Sendable = str | BaseMessage[Any] | BaseMessageSegment[Any]
SendHandler = Callable[..., Awaitable[Any]]


async def send(
    bot: Bot,
    event: BaseEvent,
    message: Sendable,
    at_sender: bool = False,
    reply_message: bool = False,
    reply_in_thread: bool = False,
    **_: Any,
) -> Any:
    """Answer an event where it happened; the default of :meth:`Bot.send`, replaced by ``Adapter.custom_send``.

    In a topic the answer stays in the topic. What Feishu cannot mix is sent as several messages, in order.

    Args:
        bot: the bot that sends.
        event: the event to answer.
        message: text, segment or message.
        at_sender: begin with an @ of the sender (groups only).
        reply_message: quote the message that is answered.
        reply_in_thread: open a topic under the message that is answered.

    Returns:
        Feishu's answer to the first message sent, with ``message_ids`` of all.

    Raises:
        ValueError: the event has nothing to answer to, or the message cannot be sent.
    """
    full_message = Message(message)  # pyright: ignore[reportArgumentType]
    if at_sender and isinstance(event, GroupMessageEvent) and event.get_user_id():
        full_message = MessageSegment.at(event.get_user_id()) + " " + full_message
    in_topic = isinstance(event, MessageEvent) and bool(event.thread_id)
    replied = (
        event.message_id if isinstance(event, MessageEvent) and (reply_message or reply_in_thread or in_topic) else ""
    )
    receive_id_type, receive_id = find_target(event)
    answers: list[dict[str, Any]] = []
    for outgoing in render(full_message):
        if replied:
            answer = await bot.reply_msg(
                replied, outgoing.content, outgoing.msg_type, reply_in_thread=in_topic or reply_in_thread
            )
        else:
            answer = await bot.send_msg(receive_id_type, receive_id, outgoing.content, outgoing.msg_type)
        answers.append(answer)
    first = answers[0]
    if isinstance(first, dict):  # pyright: ignore[reportUnnecessaryIsInstance] - hooks and mocks may answer anything
        first["message_ids"] = [answer.get("message_id") for answer in answers]
    return first


def find_target(event: BaseEvent) -> tuple[ReceiveIdType, str]:
    """Where an answer to an event goes: its chat, else its operator.

    Raises:
        ValueError: the event names neither.
    """
    if isinstance(event, MessageEvent):
        if event.chat_id:
            return "chat_id", event.chat_id
        return "open_id", event.get_user_id()
    body = _mapping(event.event if isinstance(event, Event) else None)
    chat_id = body.get("chat_id")
    if isinstance(chat_id, str) and chat_id:
        return "chat_id", chat_id
    for key in ("operator_id", "user_id", "operator"):
        open_id = _mapping(body.get(key)).get("open_id")
        if isinstance(open_id, str) and open_id:
            return "open_id", open_id
    raise ValueError(
        f"{event.get_event_name()} names no chat and no user to answer to: "
        "use bot.send_msg(receive_id_type, receive_id, ...) with a target of your own"
    )


def _mapping(value: object) -> Mapping[str, Any]:
    return cast("Mapping[str, Any]", value) if isinstance(value, Mapping) else {}


class Bot(BaseBot):
    """A Feishu bot. ``self_id`` is its app id.

    Methods that the existing NoneBot Feishu adapter has keep its names, arguments and results, and go through
    :meth:`call_api` with the REST path, because API hooks key on it.
    """

    platform: ClassVar[str] = "feishu"
    send_handler: ClassVar[SendHandler] = send

    adapter: Adapter  # pyright: ignore[reportIncompatibleVariableOverride]

    @override
    def __init__(self, adapter: Adapter, self_id: str, *, bot_config: BotConfig, bot_info: BotInfo) -> None:
        """Args:
        adapter: the adapter that owns the connection.
        self_id: the app id.
        bot_config: the bot's entry of the configuration.
        bot_info: its own profile, from ``bot/v3/info``.
        """
        super().__init__(adapter, self_id)
        self.bot_config = bot_config
        self.bot_info = bot_info

    async def handle_event(self, event: Event) -> None:
        """Prepare an event as plugins expect it (``to_me``, nickname, ``reply``) and run it through NoneBot."""
        if isinstance(event, MessageEvent):
            check_at_me(event, self.bot_info.open_id or None)
            check_nickname(event, self.config.nickname)
            await self._fetch_reply(event)
        await handle_event(self, event)

    async def _fetch_reply(self, event: MessageEvent) -> None:
        parent_id = event.event.message.parent_id
        if not parent_id or parent_id == event.message_id:
            return
        try:
            items = (await self.get_msg(parent_id))["data"]["items"]
            event.reply = Reply.model_validate(items[0])
        except (ActionFailed, NetworkError, LookupError, TypeError, ValueError) as error:
            log(
                "WARNING",
                f"Bot {escape(self.self_id)}: the quoted message could not be fetched: {escape(str(error))}",
            )
            return
        check_reply(event, self.self_id)

    @override
    async def send(self, event: BaseEvent, message: Sendable, **kwargs: Any) -> Any:
        """Answer an event where it happened. See :func:`send` for the arguments and the result."""
        return await self.__class__.send_handler(self, event, message, **kwargs)

    @override
    async def call_api(self, api: str, **data: Any) -> Any:
        """Call any REST method of Feishu.

        Args:
            api: the path below ``/open-apis/``, such as ``im/v1/messages``.
            data: ``method`` (default GET), ``params`` or ``query``, ``json`` or ``body``, ``data``, ``files``,
                ``headers``.

        Returns:
            Feishu's whole body as a dict, or bytes when the answer is a file.

        Raises:
            ActionFailed: Feishu refused; carries code, message and ``log_id``.
            NetworkError: no usable answer came.
        """
        return await super().call_api(api, **data)

    async def get_lark(self) -> Client:
        """The official SDK's full typed client with this bot's token and domain; imported on first use (seconds).

        Raises:
            ApiNotAvailable: the SDK cannot be imported; the text says what to do.
        """
        return await self.adapter.get_lark(self)

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
            uuid: at most 50 characters; Feishu delivers one message per uuid and hour. Random when not given.
        """
        return await self.call_api(
            "im/v1/messages",
            method="POST",
            params={"receive_id_type": receive_id_type},
            json={
                "receive_id": receive_id,
                "content": content,
                "msg_type": msg_type,
                "uuid": uuid or uuid4().hex,
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
            uuid: at most 50 characters; Feishu delivers one message per uuid and hour. Random when not given.
            reply_in_thread: answer in the message's topic; opens one where there is none.
        """
        body: dict[str, Any] = {"content": content, "msg_type": msg_type, "uuid": uuid or uuid4().hex}
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
        """Fetch a message (获取指定消息的内容); ``data.items`` has it."""
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

    async def get_msg_resource(self, message_id: str, file_key: str, type_: Literal["image", "file"]) -> Any:
        """Download what a message carries, at most 100 MB (获取消息中的资源文件); returns bytes."""
        return await self.call_api(
            f"im/v1/messages/{message_id}/resources/{file_key}", method="GET", params={"type": type_}
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
        params = {"receive_id_type": receive_id_type, **({"uuid": uuid} if uuid else {})}
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
        params = {"receive_id_type": receive_id_type, **({"uuid": uuid} if uuid else {})}
        return await self.call_api(
            "im/v1/messages/merge_forward",
            method="POST",
            params=params,
            json={"receive_id": receive_id, "message_id_list": message_id_list},
        )

    async def get_file(self, file_key: str) -> Any:
        """Download a file that the bot itself uploaded (下载文件); returns bytes."""
        return await self.call_api(f"im/v1/files/{file_key}", method="GET")

    async def post_file(
        self,
        file_type: FileType,
        file_name: str,
        file: str | bytes | BytesIO | Path,
        duration: int | None = None,
    ) -> Any:
        """Upload a file of at most 30 MB (上传文件); ``data.file_key`` has its key.

        Args:
            file_type: what the file is; ``stream`` for anything else.
            file_name: with extension.
            file: bytes, or a path.
            duration: milliseconds, for ``opus`` and ``mp4``.
        """
        data: dict[str, str | int] = {"file_type": file_type, "file_name": file_name}
        if duration:
            data["duration"] = duration
        content = await read_file(file)
        return await self.call_api("im/v1/files", method="POST", data=data, files={"file": content})
