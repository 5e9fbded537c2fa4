"""Reads the messages of chats and topics from a span of time, oldest first.

Source: 获取会话历史消息 (an ordinary chat lists only the first message of each topic; a topic cannot be filtered by
time).
"""

from collections.abc import AsyncIterator, Iterable

from ..api.models.im import Message
from ..bot import Bot
from ..exception import ActionFailed
from ..logs import log
from .known_chats import KnownChat

PAGE = 50


async def missed_messages(
    bot: Bot, chat: KnownChat, since: float, until: float
) -> AsyncIterator[tuple[KnownChat, Message]]:
    """Yield the messages of one chat between two times (seconds since the epoch), oldest first.

    A topic's messages follow its first one.

    Raises:
        ActionFailed: the chat cannot be read.
        NetworkError: no usable answer arrived.
    """
    if chat.thread_id:
        for message in await _of_topic(bot, chat.thread_id, since, until):
            yield chat, message
        return
    messages = bot.im.list_messages(
        "chat",
        chat.chat_id,
        start_time=str(int(since)),
        end_time=str(int(until) + 1),
        sort_type="ByCreateTimeAsc",
        page_size=PAGE,
    )
    async for message in messages:
        if _seconds(message) >= int(since):
            yield chat, message
        if message.thread_id and chat.chat_type == "group":
            topic = chat._replace(thread_id=message.thread_id)
            for inner in await _of_topic(bot, message.thread_id, since, until):
                if inner.message_id != message.message_id:
                    yield topic, inner


async def unknown_groups(bot: Bot, known: Iterable[KnownChat]) -> list[KnownChat]:
    """Return the groups in which nobody has talked to the bot yet; none when the app may not list its groups.

    An ISV app has groups in every tenant, and nothing lists its tenants.
    """
    known_ids = {chat.chat_id for chat in known}
    found: list[KnownChat] = []
    if bot.bot_config.app_type == "store":
        return found
    try:
        async for chat in bot.chat.list(page_size=100):
            if chat.chat_id and chat.chat_id not in known_ids:
                info = await bot.get_chat_info(chat.chat_id)
                of_topics = info.get("chat_mode") == "topic" or info.get("group_message_type") == "thread"
                chat_type = "topic_group" if of_topics else "group"
                found.append(KnownChat(chat.tenant_key or "", chat_type, chat.chat_id))
    except ActionFailed as error:
        log(
            "INFO",
            "Bot {bot}: backfill leaves out unknown groups: {error}",
            bot=bot.self_id,
            error=error,
        )
    return found


async def _of_topic(bot: Bot, thread_id: str, since: float, until: float) -> list[Message]:
    messages: list[Message] = []
    latest_first = bot.im.list_messages("thread", thread_id, sort_type="ByCreateTimeDesc", page_size=PAGE)
    async for message in latest_first:
        at = _seconds(message)
        if at < since:
            break
        if at <= until + 1:
            messages.append(message)
    return messages[::-1]


def _seconds(message: Message) -> float:
    text = message.create_time or ""
    return int(text) / 1000 if text.isdecimal() else 0.0
