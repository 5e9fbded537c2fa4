"""Which messages of bots reach the plugins: never one's own, others' by a setting, and no endless talk of two bots."""

import time
from collections.abc import Callable
from typing import NamedTuple

from .message import AboutMessage

IN_A_ROW = 20
"""Messages of bots in one chat that reach the plugins without a person saying something."""
PAUSE = 60.0
"""Seconds without one after which the counting begins anew."""
MAX_CHATS = 1000


class Refusal(NamedTuple):
    """Why a message of a bot reaches no plugin, and the level at which that is logged."""

    level: str
    reason: str


OWN = Refusal("DEBUG", "its own messages reach no plugin")
SWITCHED_OFF = Refusal("INFO", "messages of other bots reach no plugin; FEISHU_BOT_MESSAGES=true lets them in")
UNKNOWN = Refusal("WARNING", "while it does not know its own open_id, a message of a bot may be its own: dropped")


class BotTalk:
    """What one bot has heard from others: how many messages in a row, in each chat, since a person spoke."""

    def __init__(self, *, clock: Callable[[], float] = time.monotonic) -> None:
        """Nothing is counted yet; ``clock`` has monotonic seconds."""
        self._clock = clock
        self._rows: dict[str, tuple[int, float]] = {}

    def person_spoke(self, chat_id: str) -> None:
        """Begin to count anew."""
        if self._rows:
            self._rows.pop(chat_id, None)

    def refuse(self, event: AboutMessage, app_id: str, open_id: str, *, wanted: bool) -> Refusal | None:
        """Why a message of a bot reaches no plugin; None when it does, which counts.

        Args:
            event: sent by a bot.
            app_id: the own one, and ``open_id`` too; empty while it is unknown.
            open_id: see ``app_id``.
            wanted: whether messages of other bots are wanted at all.
        """
        sender = event.sender.sender_id
        if {app_id, open_id} & {sender.open_id, sender.user_id, sender.union_id, sender.get("app_id")} - {""}:
            return OWN
        if not wanted:
            return SWITCHED_OFF
        if not open_id:
            return UNKNOWN
        return self._count(event.chat_id)

    def _count(self, chat_id: str) -> Refusal | None:
        now = self._clock()
        before, last = self._rows.pop(chat_id, (0, now))
        place = 1 if now - last >= PAUSE else before + 1
        # What is dropped does not prolong the silence.
        self._rows[chat_id] = (place, now) if place <= IN_A_ROW else (place, last)
        if len(self._rows) > MAX_CHATS:
            del self._rows[next(iter(self._rows))]
        if place <= IN_A_ROW:
            return None
        return Refusal(
            "WARNING",
            f"{IN_A_ROW} messages of bots came in a row in {chat_id}, so bots answer each other there: dropped until a "
            f"person speaks or {PAUSE:g} s pass. Let the handler ignore bots (permission=PERSON), or stop its mention "
            "of them",
        )
