"""The topics in which a bot takes part: those that it opened or answered in, and those under its messages."""

import time
from collections.abc import Callable
from typing import Any

from ..api import Cache
from ..event import MessageEvent
from ..exception import ActionFailed, NetworkError
from ..logs import log
from ..net.bounded_json import as_list, as_object, as_text
from ..sending.legacy_methods import LegacyMethods
from ..store import Kept

TTL = 30 * 86_400.0
"""Seconds for which a topic is remembered after the bot's last message in it."""
RENEW_AFTER = 86_400.0
"""Seconds after which a further message of the bot in a topic is written down."""
MOST = 10_000
"""Topics that are known without asking the store."""
ASK_AGAIN_AFTER = 600.0
"""Seconds after which it is asked again whose message a topic began with."""


class Topics:
    """The topics of all bots of one adapter. Lives on NoneBot's loop."""

    def __init__(self, kept: Kept, *, clock: Callable[[], float] = time.monotonic) -> None:
        """Use what the store keeps; ``clock`` has monotonic seconds."""
        self._kept = kept
        self._clock = clock
        self._noted: dict[str, float] = {}
        self._begun_by_bot: Cache[str, bool] = Cache(ttl=ASK_AGAIN_AFTER, size=MOST, clock=clock)

    async def note(self, bot_id: str, answer: object) -> None:
        """Note the topic of a message that a bot has just sent, if it is in one.

        Args:
            bot_id: the app id.
            answer: Feishu's answer to any call.
        """
        message = as_object(as_object(answer).get("data"))
        thread_id = as_text(message.get("thread_id"))
        if not thread_id or as_object(message.get("sender")).get("id") != bot_id:
            return
        key, now = _key(bot_id, thread_id), self._clock()
        if key in self._noted and now - self._noted[key] < RENEW_AFTER:
            return
        self._noted.pop(key, None)
        self._noted[key] = now
        if len(self._noted) > MOST:
            del self._noted[next(iter(self._noted))]
        await self._kept.set(key, "1", TTL)

    async def has_part(self, bot: LegacyMethods, event: MessageEvent) -> bool:
        """Whether a message is in a topic in which the bot takes part.

        The first message of a topic that is not known is fetched: people open topics under the bot's messages, too.
        """
        message = event.event.message
        if not message.thread_id:
            return False
        key = _key(bot.self_id, message.thread_id)
        if key in self._noted or await self._kept.get(key) is not None:
            return True
        root_id = message.root_id
        if not root_id or root_id == message.message_id:
            return False
        try:
            return await self._begun_by_bot.get(key, lambda: _is_own(bot, root_id))
        except (ActionFailed, NetworkError) as error:
            log("DEBUG", "Bot {bot}: whose topic {} is, is not known: {}", message.thread_id, error, bot=bot.self_id)
            return False


async def _is_own(bot: LegacyMethods, message_id: str) -> bool:
    answer: Any = await bot.get_msg(message_id)
    items = as_list(as_object(as_object(answer).get("data")).get("items"))
    return any(as_object(as_object(item).get("sender")).get("id") == bot.self_id for item in items[:1])


def _key(bot_id: str, thread_id: str) -> str:
    return f"{bot_id}:topic:{thread_id}"
