"""``send`` and ``send_to``: find the destination, encode the message, send its parts in order."""

from collections.abc import Awaitable, Callable
from typing import Any

from nonebot.adapters import Event as BaseEvent
from nonebot.adapters import Message as BaseMessage
from nonebot.adapters import MessageSegment as BaseMessageSegment

from ..api.types import ReceiveIdType
from ..event import GroupMessageEvent, MessageEvent, NoticeEvent, TopicMessageEvent
from ..message import Message, MessageSegment, OutgoingMessage, render
from ..net.bounded_json import is_object
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

    In a topic the answer stays in the topic. Segments that Feishu can't combine are sent as separate messages, in
    order. Files are uploaded first.

    Args:
        bot: the bot that sends.
        event: the event to answer.
        message: text, segment or message.
        at_sender: begin with a mention of the sender (groups only).
        reply_message: quote the message that is answered.
        reply_in_thread: open a topic under the message that is answered.

    Returns:
        Feishu's answer to the first message sent, with ``message_ids`` of all.

    Raises:
        ValueError: the event has nothing to answer to, or the message cannot be sent.
    """
    full_message = _as_message(message)
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

    return await _send_all(bot, _as_message(message), send_one)


async def render_one(bot: LegacyMethods, message: Sendable) -> OutgoingMessage:
    """Encode a message that must not be split.

    Raises:
        ValueError: it cannot be sent, or becomes several messages.
    """
    outgoing = render(await bot.uploads.prepare(_as_message(message)))
    if len(outgoing) != 1:
        raise ValueError(f"this becomes {len(outgoing)} messages, where only one is possible; send less at once")
    return outgoing[0]


def guess_id_type(receive_id: str) -> ReceiveIdType:
    """Tell the type of an id by its prefix; one without a known prefix is a ``user_id``.

    Raises:
        ValueError: it is empty, or the id of a message, app or topic.
    """
    if not receive_id or receive_id.startswith(("om_", "cli_", "omt_")):
        raise ValueError(
            f"{receive_id!r} is neither a chat nor a person: give a chat_id, open_id, union_id, user_id or e-mail"
        )
    if "@" in receive_id:
        return "email"
    for prefix, kind in _PREFIXES.items():
        if receive_id.startswith(prefix):
            return kind
    return "user_id"


def find_target(event: BaseEvent) -> tuple[ReceiveIdType, str]:
    """The destination of an answer to an event: its chat, or else its operator.

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


def _as_message(message: Sendable) -> Message:
    return Message(message)  # pyright: ignore[reportArgumentType] - another adapter's text is taken too


async def _send_all(bot: LegacyMethods, message: Message, send_one: Callable[[OutgoingMessage], Awaitable[Any]]) -> Any:
    answers = [await send_one(outgoing) for outgoing in render(await bot.uploads.prepare(message))]
    first = answers[0]
    if is_object(first):  # hooks and mocks may return anything
        first["message_ids"] = [answer.get("message_id") for answer in answers]
    return first
