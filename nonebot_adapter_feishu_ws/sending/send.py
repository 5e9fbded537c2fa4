"""Where an answer goes, and the messages it becomes."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any, cast

from nonebot.adapters import Event as BaseEvent
from nonebot.adapters import Message as BaseMessage
from nonebot.adapters import MessageSegment as BaseMessageSegment

from ..api.methods.im import ReceiveIdType
from ..event import GroupMessageEvent, MessageEvent, NoticeEvent, TopicMessageEvent
from ..message import Message, MessageSegment, OutgoingMessage, render
from .legacy_methods import LegacyMethods

Sendable = str | BaseMessage[Any] | BaseMessageSegment[Any]
SendHandler = Callable[..., Awaitable[Any]]
_PREFIXES: dict[str, ReceiveIdType] = {"oc_": "chat_id", "ou_": "open_id", "on_": "union_id"}


async def send(
    bot: LegacyMethods,
    event: BaseEvent,
    message: Sendable,
    at_sender: bool = False,
    reply_message: bool = False,
    reply_in_thread: bool = False,
    **_: Any,
) -> Any:
    """Answer an event where it happened; the default of :meth:`Bot.send`, replaced by ``Adapter.custom_send``.

    In a topic the answer stays in the topic. What Feishu cannot mix is sent as several messages, in order. Contents
    that segments carry are uploaded first.

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
    in_topic = isinstance(event, TopicMessageEvent) or (isinstance(event, MessageEvent) and bool(event.thread_id))
    target = event.message_id if isinstance(event, (MessageEvent, NoticeEvent)) else ""
    receive_id_type, receive_id = find_target(event)

    async def send_one(outgoing: OutgoingMessage) -> Any:
        if target and (reply_message or reply_in_thread or in_topic):
            in_thread = in_topic or reply_in_thread
            return await bot.reply_msg(target, outgoing.content, outgoing.msg_type, reply_in_thread=in_thread)
        return await bot.send_msg(receive_id_type, receive_id, outgoing.content, outgoing.msg_type)

    return await _send_all(bot, full_message, send_one)


async def send_to(
    bot: LegacyMethods, receive_id: str, message: Sendable, receive_id_type: ReceiveIdType | None = None
) -> Any:
    """Send a message to a chat or person; see :meth:`Bot.send_to`."""
    kind = receive_id_type or guess_id_type(receive_id)

    async def send_one(outgoing: OutgoingMessage) -> Any:
        return await bot.send_msg(kind, receive_id, outgoing.content, outgoing.msg_type)

    return await _send_all(bot, Message(message), send_one)  # pyright: ignore[reportArgumentType]


async def render_one(bot: LegacyMethods, message: Sendable) -> OutgoingMessage:
    """What a message becomes when it must be a single one.

    Raises:
        ValueError: it cannot be sent, or becomes several.
    """
    outgoing = render(await bot.uploads.prepare(Message(message)))  # pyright: ignore[reportArgumentType]
    if len(outgoing) != 1:
        raise ValueError(f"this becomes {len(outgoing)} messages, where only one can stand; send less at once")
    return outgoing[0]


def guess_id_type(receive_id: str) -> ReceiveIdType:
    """What kind of id this is, by its prefix; what has none is a ``user_id``.

    Raises:
        ValueError: it is empty or the id of a message.
    """
    if not receive_id or receive_id.startswith(("om_", "cli_", "omt_")):
        raise ValueError(
            f"{receive_id!r} is no chat and no person: give a chat_id, open_id, union_id, user_id or e-mail"
        )
    if "@" in receive_id:
        return "email"
    for prefix, kind in _PREFIXES.items():
        if receive_id.startswith(prefix):
            return kind
    return "user_id"


def find_target(event: BaseEvent) -> tuple[ReceiveIdType, str]:
    """Where an answer to an event goes: its chat, else its operator.

    Raises:
        ValueError: the event names neither.
    """
    if isinstance(event, MessageEvent):
        if event.chat_id:
            return "chat_id", event.chat_id
        return "open_id", event.get_user_id()
    if isinstance(event, NoticeEvent):
        if event.chat_id:
            return "chat_id", event.chat_id
        if operator := event.operator:
            for kind in ("open_id", "user_id", "union_id"):
                if user_id := getattr(operator, kind):
                    return kind, user_id
    raise ValueError(
        f"{event.get_event_name()} names no chat and no user to answer to: "
        "use bot.send_to(chat_id or open_id, ...) with a target of your own"
    )


async def _send_all(bot: LegacyMethods, message: Message, send_one: Callable[[OutgoingMessage], Awaitable[Any]]) -> Any:
    answers = [await send_one(outgoing) for outgoing in render(await bot.uploads.prepare(message))]
    first = answers[0]
    if isinstance(first, dict):  # hooks and mocks may answer anything
        first = cast("dict[str, Any]", first)
        first["message_ids"] = [answer.get("message_id") for answer in answers]
    return first
