"""NoneBot permissions: who may trigger a matcher."""

from typing import Any

from nonebot.permission import Permission

from .bot import Bot
from .event import MessageEvent, NoticeEvent
from .event.message import AboutMessage
from .exception import ActionFailed, NetworkError
from .logs import log


async def _private(event: MessageEvent) -> bool:
    return event.event.message.chat_type == "p2p"


async def _group(event: MessageEvent) -> bool:
    return event.event.message.chat_type in ("group", "topic_group")


async def _topic(event: MessageEvent) -> bool:
    return event.event.message.chat_type == "topic_group" or bool(event.thread_id)


async def _group_owner(bot: Bot, event: MessageEvent | NoticeEvent) -> bool:
    chat = await _chat(bot, event)
    return bool(chat) and chat.get("owner_id") == event.get_user_id()


async def _group_admin(bot: Bot, event: MessageEvent | NoticeEvent) -> bool:
    chat = await _chat(bot, event)
    return bool(chat) and event.get_user_id() in (chat.get("user_manager_id_list") or ())


async def _internal_user(event: MessageEvent) -> bool:
    return bool(event.header.tenant_key) and event.sender.tenant_key == event.header.tenant_key


async def _bot(event: AboutMessage) -> bool:
    return event.is_from_bot


async def _person(event: AboutMessage) -> bool:
    return not event.is_from_bot


async def _chat(bot: Bot, event: MessageEvent | NoticeEvent) -> dict[str, Any]:
    """The chat with its owner and managers (获取群信息); empty in private chats, and when the call fails."""
    if not event.chat_id or (isinstance(event, MessageEvent) and event.event.message.chat_type == "p2p"):
        return {}
    try:
        return await bot.get_chat_info(event.chat_id)
    except (ActionFailed, NetworkError) as error:
        template = "Bot {bot}: nobody counts as owner or manager of {}, since the chat could not be fetched: {}"
        log("WARNING", template, event.chat_id, error, bot=bot.self_id)
        return {}


PRIVATE = Permission(_private)
"""A message in a private chat."""
GROUP = Permission(_group)
"""A message in a group or topic group."""
TOPIC = Permission(_topic)
"""A message in a topic."""
GROUP_OWNER = Permission(_group_owner)
"""The owner of the group, in messages and notices that name their chat; calls Feishu (scope ``im:chat:readonly``)."""
GROUP_ADMIN = Permission(_group_admin)
"""A manager of the group. The owner is not a manager: ``GROUP_OWNER | GROUP_ADMIN`` permits both."""
INTERNAL_USER = Permission(_internal_user)
"""A member of the bot's own tenant, in groups with external members."""
BOT = Permission(_bot)
"""A message of another bot; they come with ``FEISHU_BOT_MESSAGES=true`` alone, and with a scope (接收消息)."""
PERSON = Permission(_person)
"""A message of a person, none of a bot."""

__all__ = ["BOT", "GROUP", "GROUP_ADMIN", "GROUP_OWNER", "INTERNAL_USER", "PERSON", "PRIVATE", "TOPIC"]
