"""Whether a message is meant for the bot, as NoneBot's adapters decide it. Changes the event, and does no I/O."""

import re
from collections.abc import Callable, Collection

from ..message import Message, MessageSegment
from .message import MessageEvent

_Test = Callable[[MessageSegment], bool]
_SEPARATOR = r"\s*(?:[:：,，]+(?![()DPp|]|-[()]))?\s*"
"""Between an address and what is said: ``@bot: /help``. A smiley stays."""


def check_at_me(
    event: MessageEvent, bot_open_id: str | None, *, at_all: bool = False, bot_name: str | None = None
) -> None:
    """Set ``to_me`` in private chats and when the bot is mentioned; drop the mention at either end.

    Args:
        event: changed in place.
        bot_open_id: the bot's own open_id; None while it is unknown.
        at_all: whether an @ of everybody is meant for the bot, too.
        bot_name: its name, by which the mention of a bot counts when none has its open_id: users of several bots in
            one group report that events have the ids that another app sees.
    """
    if event.event.message.chat_type == "p2p":
        event.to_me = True
    if at_all and any(segment.type == "at" and segment.data.get("user_id") == "all" for segment in event.get_message()):
        event.to_me = True
    if not bot_open_id:
        return
    message = event.get_message()
    if len(message) == 1 and message[0].type == "text" and not event.event.message.mentions:
        return  # nobody is mentioned

    own = {bot_open_id}
    if bot_name and all(who.open_id != bot_open_id for who in event.mentions):
        own |= {who.open_id for who in event.mentions if who.name == bot_name and who.mentioned_type == "bot"}

    def is_me(segment: MessageSegment) -> bool:
        return segment.type == "at" and segment.data.get("user_id") in own

    if any(is_me(segment) for segment in message) or any(who.open_id in own for who in event.mentions):
        event.to_me = True
    if not _drop_at_start(message, is_me):
        _drop_at_end(message, is_me)
    if not message:
        # NoneBot's command rule reads message[0].
        message.append(MessageSegment.text(""))


def _drop_at_start(message: Message, is_me: _Test) -> bool:
    """Drop each of them: who replies to a message of the bot may have one from the client and one of their own."""
    dropped = False
    while True:
        first = 1 if message and message[0].type == "text" and not str(message[0]).strip() else 0
        if len(message) <= first or not is_me(message[first]):
            return dropped
        del message[: first + 1]
        dropped = True
        if message and message[0].type == "text":
            message[0].data["text"] = re.sub(f"^{_SEPARATOR}", "", str(message[0]))
            if not message[0].data["text"]:
                del message[0]


def _drop_at_end(message: Message, is_me: _Test) -> None:
    last = len(message) - 1
    if last > 0 and message[last].type == "text" and not str(message[last]).strip():
        last -= 1
    if last >= 0 and is_me(message[last]):
        del message[last:]
        if message and message[-1].type == "text":
            message[-1].data["text"] = str(message[-1]).rstrip()


def check_nickname(event: MessageEvent, nicknames: Collection[str]) -> None:
    """Set ``to_me`` and drop the nickname when the message begins with one.

    Args:
        event: changed in place.
        nicknames: NoneBot's ``NICKNAME``.
    """
    if not nicknames:
        return
    names = "|".join(re.escape(name) for name in sorted(nicknames, key=len, reverse=True) if name)
    first = event.get_message()[0]
    if not names or first.type != "text":
        return
    text = str(first)
    if match := re.match(rf"(?:{names})(?=[\s:：,，]|$){_SEPARATOR}", text, re.IGNORECASE):
        event.to_me = True
        first.data["text"] = text[match.end() :]


def check_reply(event: MessageEvent, app_id: str) -> None:
    """Set ``to_me`` when the message quotes one of the bot's own.

    Args:
        event: changed in place; its ``reply`` is there already.
        app_id: the bot's app id.
    """
    if event.reply is not None and event.reply.sender.id_type == "app_id" and event.reply.sender.id == app_id:
        event.to_me = True
