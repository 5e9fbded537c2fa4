"""Sends what one message of alconna becomes: ours, with merged forwards in their places."""
# The plugin is not installed everywhere.
# pyright: basic, reportMissingImports=false

from typing import Any, Final

from ...bot import Bot
from ...message import Message, MessageSegment
from ...net.bounded_json import as_object, as_text, is_object
from ...sending.route import Route
from ...sending.send import send_along

REPLY: Final = "$feishu:reply"
"""A segment that names the message to be quoted; the existing bridge has the same one."""
FORWARD: Final = "$feishu:forward"
"""A segment that names messages to be forwarded."""


def forward_segment(message_ids: list[str]) -> MessageSegment:
    """A segment that becomes a forward."""
    return MessageSegment(FORWARD, {"message_ids": message_ids})


async def send_parts(bot: Bot, message: Message, route: Route, thread_id: str | None) -> list[dict[str, Any]]:
    """Send a message along a route, its forwards in their places.

    Args:
        bot: the bot that sends.
        message: without replies.
        route: where to.
        thread_id: the topic that forwards go to; the route's chat or person when None.

    Returns:
        For each message that was sent Feishu's answer, or its ``message_id`` alone.
    """
    sent: list[dict[str, Any]] = []
    part = Message()
    for segment in message:
        if segment.type != FORWARD:
            part.append(segment)
            continue
        if part:
            sent += receipts(await send_along(bot, part, route))
            part = Message()
        sent.append(await _forward(bot, segment.data["message_ids"], route, thread_id))
    if part or not sent:
        sent += receipts(await send_along(bot, part, route))
    return sent


def receipts(answer: Any) -> list[Any]:
    """What is kept of each message of an answer: Feishu's answer to the first one, the ids of the others."""
    if not is_object(answer) or "message_ids" not in answer:
        return [answer]  # a test's bot, or Adapter.custom_send, may return anything
    ids: list[str] = answer["message_ids"]
    return [{**answer, "message_id": ids[0]}, *({"message_id": each} for each in ids[1:])] if ids else []


async def _forward(bot: Bot, message_ids: list[str], route: Route, thread_id: str | None) -> dict[str, Any]:
    kind, place = ("thread_id", thread_id) if thread_id else (route.receive_id_type, route.receive_id)
    if len(message_ids) == 1:
        answer = as_object(await bot.forward_msg(message_ids[0], place, kind))
    else:
        answer = as_object(await bot.merge_forward_msg(kind, place, message_ids))
    data = as_object(answer.get("data"))
    message_id = data.get("message_id") or as_object(data.get("message")).get("message_id")
    return {**answer, "message_id": as_text(message_id)}
