"""``send`` and ``send_to``: find the destination, encode the message, send its parts in order."""

from collections.abc import Awaitable, Callable, Iterable
from typing import Any

from nonebot.adapters import Event as BaseEvent
from nonebot.adapters import Message as BaseMessage
from nonebot.adapters import MessageSegment as BaseMessageSegment

from ..api.types import ReceiveIdType
from ..event import GroupMessageEvent
from ..message import Message, MessageSegment, OutgoingMessage, render
from ..message.describe import BuiltCard
from ..net.bounded_json import is_object
from .legacy_methods import LegacyMethods
from .option_names import ignore_names
from .route import IfRecalled, Route

Sendable = str | BaseMessage[Any] | BaseMessageSegment[Any] | BuiltCard
SendHandler = Callable[..., Awaitable[Any]]
OPTIONS = ("at_sender", "reply_message", "reply_in_thread", "if_recalled")
_PREFIXES: dict[str, ReceiveIdType] = {"oc_": "chat_id", "ou_": "open_id", "on_": "union_id"}


async def send(
    bot: LegacyMethods,
    event: BaseEvent,
    message: Sendable,
    at_sender: bool = False,
    reply_message: bool = False,
    reply_in_thread: bool = False,
    if_recalled: IfRecalled = "send",
    **others: Any,
) -> Any:
    """Answer an event where it happened; the default of :meth:`Bot.send`, replaced by ``Adapter.custom_send``.

    In a topic the answer stays in the topic. Segments that Feishu can't combine are sent as separate messages, in
    order. Files are uploaded first.

    Args:
        bot: the bot that sends.
        event: the event to answer.
        message: text, segment, message or card.
        at_sender: begin with a mention of the sender (groups only).
        reply_message: quote the message that is answered, with the first of several messages.
        reply_in_thread: open a topic under the message that is answered.
        if_recalled: what becomes of an answer that quotes, or belongs to a topic, when the message that is answered was
            recalled: ``"send"`` sends it to the topic's first message or else to the chat, ``"drop"`` does not.
        others: options of other adapters, which plugins for many platforms pass; ignored.

    Returns:
        Feishu's answer to the first message sent, with ``message_ids`` of all; only those when nothing was sent.

    Raises:
        ValueError: the event has nothing to answer to, or the message cannot be sent.
    """
    ignore_names("send", others, OPTIONS)
    full_message = _as_message(message)
    if at_sender and isinstance(event, GroupMessageEvent) and event.get_user_id():
        full_message = MessageSegment.at(event.get_user_id()) + " " + full_message
    if isinstance(event, GroupMessageEvent) and full_message.has("system"):
        raise ValueError("Feishu shows a divider in private chats only: leave it out in groups")
    route = Route.of(event, quote=reply_message, open_topic=reply_in_thread, if_recalled=if_recalled)
    return await send_along(bot, full_message, route)


async def send_to(
    bot: LegacyMethods,
    receive_id: str,
    message: Sendable,
    receive_id_type: ReceiveIdType | None = None,
    *,
    reply_in_thread: bool = False,
) -> Any:
    """Send a message to a chat or person, or as a reply; see :meth:`Bot.send_to`."""
    route = route_to(receive_id, receive_id_type, reply_in_thread=reply_in_thread)
    return await send_along(bot, _as_message(message), route)


def route_to(receive_id: str, receive_id_type: ReceiveIdType | None, *, reply_in_thread: bool = False) -> Route:
    """The route to a chat or person, or below a message.

    Args:
        receive_id: the id of any of these.
        receive_id_type: what it is; told by its prefix when None.
        reply_in_thread: open a topic under the message.

    Raises:
        ValueError: it is the id of something else, or there is no message to open a topic under.
    """
    if receive_id.startswith("om_"):
        return Route("chat_id", "", [receive_id], in_topic=reply_in_thread)
    if reply_in_thread:
        raise ValueError(
            f"reply_in_thread opens a topic under a message, and {receive_id!r} is none: give a message_id (om_...)"
        )
    return Route(receive_id_type or guess_id_type(receive_id), receive_id)


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


def _as_message(message: Sendable | Iterable[BaseMessageSegment[Any]]) -> Message:
    if isinstance(message, BaseMessage | BaseMessageSegment | str) or not isinstance(message, BuiltCard):
        return Message(message)  # pyright: ignore[reportArgumentType] - another adapter's text is taken too
    return Message(MessageSegment.card(message))


async def send_along(bot: LegacyMethods, message: Message, route: Route) -> Any:
    """Send a message, split where Feishu demands it, along a route; see :func:`send` for what is returned."""
    answers: list[Any] = []
    for outgoing in render(await bot.uploads.prepare(message)):
        answer = await route.send(bot, outgoing.content, outgoing.msg_type)
        if route.dropped:
            break
        answers.append(answer)
    first: Any = answers[0] if answers else {}
    if is_object(first):  # hooks and mocks may return anything
        first["message_ids"] = [answer.get("message_id") for answer in answers]
    return first
