"""Whether a message is meant for the bot, as NoneBot's adapters decide it. Changes the event, and does no I/O."""

import re
from collections.abc import Callable, Collection

from ..message import Message, MessageSegment
from .message import MessageEvent

_Test = Callable[[MessageSegment], bool]
_INVISIBLE = "\u00ad\u200b\u200c\u200d\u200e\u200f\u2060\u2066\u2067\u2068\u2069\ufeff"
"""What comes along with a pasted command or a name, and no command would match behind."""
_BLANKS = (
    "\t\n\v\f\r\x1c\x1d\x1e\x1f \x85\xa0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a"
    "\u2028\u2029\u202f\u205f\u3000" + _INVISIBLE
)
"""The same, and what Python counts as white space."""
_SEPARATOR = rf"[\s{_INVISIBLE}]*(?:[:：,，]+(?![()DPp|]|-[()]))?[\s{_INVISIBLE}]*"
"""Between an address and what is said: ``@bot: /help``. A smiley stays."""
_EMPHASIS = ("*", "**", "***", "_", "__", "~~")


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
        first = 1 if message and _is_blank(message[0]) else 0
        if len(message) <= first or not is_me(message[first]):
            return _drop_emphasised(message, is_me) or dropped
        del message[: first + 1]
        dropped = True
        _drop_separator(message)


def _drop_emphasised(message: Message, is_me: _Test) -> bool:
    """Drop one in bold or the like, which the Markdown of rich text has as ``**@bot** /help`` or ``**@bot /help**``."""
    if len(message) < 3 or not is_me(message[1]) or message[2].type != "text":
        return False
    mark, text = str(message[0]).strip(_BLANKS), str(message[2])
    line = text.partition("\n")[0]
    if mark not in _EMPHASIS or not (line.startswith(mark) or line.rstrip(_BLANKS).endswith(mark)):
        return False
    at = 0 if line.startswith(mark) else line.rindex(mark)
    message[2].data["text"] = text[:at] + text[at + len(mark) :]
    del message[:2]
    _drop_separator(message)
    return True


def _drop_separator(message: Message) -> None:
    if message and message[0].type == "text":
        message[0].data["text"] = re.sub(f"^{_SEPARATOR}", "", str(message[0]))
        if not message[0].data["text"]:
            del message[0]


def _drop_at_end(message: Message, is_me: _Test) -> None:
    if len(message) > 2 and is_me(message[-2]) and message[-1].type == message[-3].type == "text":
        mark, before = str(message[-1]).strip(_BLANKS), str(message[-3])
        if mark in _EMPHASIS and before.endswith(mark):
            message[-3].data["text"] = before[: -len(mark)]
            del message[-1]
    last = len(message) - 1
    if last > 0 and _is_blank(message[last]):
        last -= 1
    if last >= 0 and is_me(message[last]):
        del message[last:]
        if message and message[-1].type == "text":
            message[-1].data["text"] = str(message[-1]).rstrip(_BLANKS)


def _is_blank(segment: MessageSegment) -> bool:
    return segment.type == "text" and not str(segment).strip(_BLANKS)


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
    if match := re.match(rf"(?:{names})(?=[\s:：,，{_INVISIBLE}]|$){_SEPARATOR}", text, re.IGNORECASE):
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
