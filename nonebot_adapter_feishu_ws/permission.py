"""Who may use a matcher, as NoneBot permissions."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from nonebot.adapters import Bot as BaseBot
from nonebot.permission import Permission

from .event import MessageEvent, NoticeEvent
from .exception import ActionFailed, NetworkError
from .log import log

if TYPE_CHECKING:
    from .bot import Bot


async def _private(event: MessageEvent) -> bool:
    return event.event.message.chat_type == "p2p"


async def _group(event: MessageEvent) -> bool:
    return event.event.message.chat_type in ("group", "topic_group")


async def _topic(event: MessageEvent) -> bool:
    return event.event.message.chat_type == "topic_group" or bool(event.thread_id)


async def _group_owner(bot: BaseBot, event: MessageEvent | NoticeEvent) -> bool:
    chat = await _chat(bot, event)
    return bool(chat) and chat.get("owner_id") == event.get_user_id()


async def _group_admin(bot: BaseBot, event: MessageEvent | NoticeEvent) -> bool:
    chat = await _chat(bot, event)
    return bool(chat) and event.get_user_id() in (chat.get("user_manager_id_list") or ())


async def _internal_user(event: MessageEvent) -> bool:
    return bool(event.header.tenant_key) and event.sender.tenant_key == event.header.tenant_key


async def _chat(bot: BaseBot, event: MessageEvent | NoticeEvent) -> dict[str, Any]:
    """The chat's owner and managers (获取群信息); nothing in private chats, and when Feishu does not tell."""
    if not event.chat_id or (isinstance(event, MessageEvent) and event.event.message.chat_type == "p2p"):
        return {}
    feishu: Bot = bot  # pyright: ignore[reportAssignmentType] - only our adapter makes these events
    try:
        return await feishu.get_chat_info(event.chat_id)
    except (ActionFailed, NetworkError) as error:
        what = f"nobody counts as owner or manager of {event.chat_id}, since Feishu does not tell"
        log("WARNING", "Bot {}: {}: {}", bot.self_id, what, error)
        return {}


PRIVATE = Permission(_private)
"""A message in a private chat."""
GROUP = Permission(_group)
"""A message in a group or topic group."""
TOPIC = Permission(_topic)
"""A message in a topic."""
GROUP_OWNER = Permission(_group_owner)
"""The owner of the group, in messages and notices that name their chat; asks Feishu (scope ``im:chat:readonly``)."""
GROUP_ADMIN = Permission(_group_admin)
"""A manager of the group; the owner is not one: ``GROUP_OWNER | GROUP_ADMIN`` for both."""
INTERNAL_USER = Permission(_internal_user)
"""Somebody of the bot's own tenant, in groups with people from outside."""

__all__ = ["GROUP", "GROUP_ADMIN", "GROUP_OWNER", "INTERNAL_USER", "PRIVATE", "TOPIC"]
