"""Which class belongs to which event type, and where it is. Nothing is imported before it is needed."""

from __future__ import annotations

from functools import cache
from importlib import import_module
from typing import Any, Final

from .generated import EVENTS

BY_HAND: Final[dict[str, tuple[str, str]]] = {
    "application.bot.menu_v6": ("menu", "BotMenuEvent"),
    "attendance.user_flow.created_v1": ("attendance", "AttendanceUserFlowCreatedEvent"),
    "attendance.user_task.updated_v1": ("attendance", "AttendanceUserTaskUpdatedEvent"),
    "card.action.trigger": ("card", "CardActionEvent"),
    "im.chat.access_event.bot_p2p_chat_entered_v1": ("chat", "BotP2PChatEnteredEvent"),
    "im.chat.disbanded_v1": ("chat", "GroupDisbandedEvent"),
    "im.chat.member.bot.added_v1": ("chat", "GroupMemberBotAddedEvent"),
    "im.chat.member.bot.deleted_v1": ("chat", "GroupMemberBotDeletedEvent"),
    "im.chat.member.user.added_v1": ("chat", "GroupMemberUserAddedEvent"),
    "im.chat.member.user.deleted_v1": ("chat", "GroupMemberUserDeletedEvent"),
    "im.chat.member.user.withdrawn_v1": ("chat", "GroupMemberUserWithdrawnEvent"),
    "im.chat.updated_v1": ("chat", "GroupConfigUpdatedEvent"),
    "im.message.message_read_v1": ("notice", "MessageReadEvent"),
    "im.message.reaction.created_v1": ("notice", "MessageReactionCreatedEvent"),
    "im.message.reaction.deleted_v1": ("notice", "MessageReactionDeletedEvent"),
    "im.message.recalled_v1": ("notice", "MessageRecalledEvent"),
    "im.message.updated_v1": ("notice", "MessageEditedEvent"),
    "p2p_chat_create": ("chat", "P2PChatCreatedEvent"),
    "url.preview.get": ("card", "UrlPreviewEvent"),
}
"""Event type -> module and class of what is written by hand; the rest is generated from the official SDK."""

_SHARED: Final = {
    "GroupMemberUserEvent": "chat",
    "GroupNoticeEvent": "chat",
    "MessageReactionEvent": "notice",
    "PrivateNoticeEvent": "chat",
}
"""Base classes of several event types."""


def find_class(event_type: str) -> type[Any] | None:
    """The class of an event type, imported now; None for an unknown type."""
    place = find_place(event_type)
    return _load(*place) if place else None


def find_name(name: str) -> type[Any]:
    """An event class, or the class of its body (``...EventDetail``), by name.

    Raises:
        AttributeError: there is none.
    """
    module = _modules().get(name.removesuffix("Detail"))
    if module is None:
        raise AttributeError(f"module {__package__!r} has no attribute {name!r}")
    return _load(module, name)


def known_types() -> list[str]:
    """Every event type with a class of its own, messages aside."""
    return sorted({*EVENTS, *BY_HAND})


def find_place(event_type: str) -> tuple[str, str] | None:
    """The module (below this package) and the name of an event type's class."""
    if event_type in BY_HAND:
        return BY_HAND[event_type]
    name = EVENTS.get(event_type)
    return (f"generated.{event_type.partition('.')[0]}", name) if name else None


@cache
def _modules() -> dict[str, str]:
    places = filter(None, map(find_place, known_types()))
    return {name: module for module, name in places} | _SHARED


def _load(module: str, name: str) -> type[Any]:
    return getattr(import_module(f".{module}", __package__), name)
