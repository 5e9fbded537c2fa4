"""Rules for matchers: topics, clicks on cards, reactions, and the bot's menu."""

from typing import Any

from nonebot.adapters import Bot
from nonebot.rule import Rule

from .bot import Bot as FeishuBot
from .event import Event, MessageEvent
from .net.bounded_json import is_object

CARD_ACTION = "card.action.trigger"
REACTION = "im.message.reaction."
MENU = "application.bot.menu_v6"


def in_my_topic(*, or_to_me: bool = False) -> Rule:
    """A message in a topic of the bot: one that it opened or answered in, or that began with one of its messages.

    So people need no @ to go on. A message that mentions others, and not the bot, is meant for them and does not match.
    In groups Feishu delivers messages without an @ to apps with the scope ``im:message.group_msg`` alone.

    Args:
        or_to_me: match what is meant for the bot (``to_me()``) as well, wherever it is said.
    """

    async def matches(bot: FeishuBot, event: MessageEvent) -> bool:
        if event.to_me and or_to_me:
            return True
        return (event.to_me or not event.mentions) and await bot.is_in_my_topic(event)

    return Rule(matches)


def card_action(*names: str) -> Rule:
    """A click on a card (``card.action.trigger``).

    Args:
        names: names of the element, any of which matches: its ``value["action"]``, its ``value`` if that is a text, or
            its ``name`` in a form. None matches every click.
    """

    async def matches(event: Event) -> bool:
        return event.header.event_type == CARD_ACTION and (not names or not action_names(event).isdisjoint(names))

    return Rule(matches)


def reaction(*emoji_types: str, added: bool = True, removed: bool = False) -> Rule:
    """A reaction to a message, but never the bot's own: a handler that reacts must not set itself off.

    Args:
        emoji_types: any of these, such as ``THUMBSUP``; none matches every reaction.
        added: match added reactions.
        removed: match removed reactions.
    """
    wanted = {f"{REACTION}{word}_v1" for word, yes in (("created", added), ("deleted", removed)) if yes}
    return _field_in(emoji_types, "emoji_type", wanted)


def menu(*event_keys: str) -> Rule:
    """A click on the bot's menu.

    Args:
        event_keys: any of these keys, as set in the developer console; none matches every entry.
    """
    return _field_in(event_keys, "event_key", {MENU})


def _field_in(values: tuple[str, ...], field: str, event_types: set[str]) -> Rule:
    """An event of one of the types whose field has one of the values; without values, any matches."""

    async def matches(bot: Bot, event: Event) -> bool:
        fits = event.header.event_type in event_types and (not values or getattr(event, field, "") in values)
        return fits and getattr(event.event, "app_id", "") != bot.self_id

    return Rule(matches)


def action_names(event: Event) -> set[str]:
    """The names of the clicked element."""
    action: Any = getattr(event, "action", None)
    value: object = getattr(action, "value", None)
    if is_object(value):
        value = value.get("action")
    return {name for name in (value, getattr(action, "name", None)) if isinstance(name, str) and name}


__all__ = ["card_action", "in_my_topic", "menu", "reaction"]
