"""Topics as places to send to: what bridges keep of a topic, and the way back into it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from nonebot.adapters import Event as BaseEvent

from ..event import MessageEvent
from ..exception import ActionFailed
from ..net.bounded_json import as_list, as_object, as_text
from ..sending.route import GONE, Route
from ..sending.send import guess_id_type

if TYPE_CHECKING:
    from ..bot import Bot

RECENT = 5
"""Messages of a topic that are looked at for one to answer."""


def topic_of(event: BaseEvent) -> str | None:
    """The topic that an event happened in; None outside of topics."""
    return event.thread_id if isinstance(event, MessageEvent) else None


async def route_to(bot: Bot, receive_id: str, thread_id: str | None = None) -> Route:
    """The route to a chat or person, or into a topic.

    Feishu takes no topic as a receiver, so the message becomes an answer to one of the topic's latest messages; a topic
    that is gone is left for its chat.

    Args:
        bot: the bot that sends.
        receive_id: the chat or person; of a topic its chat, if that is known.
        thread_id: the topic.

    Raises:
        ValueError: the topic is gone, and its chat is not known.
    """
    if not thread_id:
        return Route(guess_id_type(receive_id), receive_id)
    messages = await _latest(bot, thread_id)
    chat_id = receive_id or next(filter(None, (as_text(each.get("chat_id")) for each in messages)), "")
    if not chat_id:
        raise ValueError(f"the topic {thread_id} has no messages any more, and no chat is known to send to instead")
    replies_to = [as_text(each.get("message_id")) for each in messages if not each.get("deleted")]
    return Route(guess_id_type(chat_id), chat_id, replies_to=replies_to, in_topic=bool(replies_to))


async def chat_of_topic(bot: Bot, thread_id: str) -> str:
    """The chat that a topic is in; empty when the topic is gone."""
    return next(filter(None, (as_text(each.get("chat_id")) for each in await _latest(bot, thread_id))), "")


async def _latest(bot: Bot, thread_id: str) -> list[dict[str, Any]]:
    try:
        answer = await bot.get_msgs("thread", thread_id, sort_type="ByCreateTimeDesc", page_size=RECENT)
    except ActionFailed as error:
        if error.code not in GONE and error.code != 230001:
            raise
        return []
    return [as_object(each) for each in as_list(as_object(as_object(answer).get("data")).get("items"))]
