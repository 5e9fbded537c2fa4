"""Where a stream's messages go."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, cast
from uuid import uuid4

from nonebot.adapters import Event as BaseEvent

from ..api.methods.im import ReceiveIdType
from ..event import MessageEvent
from ..sending.legacy_methods import LegacyMethods


@dataclass(frozen=True, slots=True)
class Place:
    """A chat or user, a topic, or a message to answer.

    Attributes:
        receive_id_type: what ``receive_id`` is.
        receive_id: the chat or user.
        reply_to: the message that is answered, or empty.
        in_topic: every message answers it, so that all of them stay in the topic; else only the first one does.
    """

    receive_id_type: ReceiveIdType
    receive_id: str
    reply_to: str = ""
    in_topic: bool = False

    @classmethod
    def of(cls, event: BaseEvent, target: tuple[ReceiveIdType, str], *, reply: bool = False) -> Place:
        """Where an event happened."""
        if not isinstance(event, MessageEvent):
            return cls(*target)
        in_topic = bool(event.thread_id)
        return cls(*target, reply_to=event.message_id if reply or in_topic else "", in_topic=in_topic)

    async def send(self, bot: LegacyMethods, content: str, msg_type: str, *, first: bool) -> str:
        """Send one message of a stream; returns its ``message_id``.

        Args:
            first: whether it is the stream's first.
        """
        # Not the event's own uuid: a replayed handler streams into a card of its own, which must be seen.
        uuid = uuid4().hex
        answer: Any
        if self.reply_to and (first or self.in_topic):
            answer = await bot.reply_msg(self.reply_to, content, msg_type, uuid, reply_in_thread=self.in_topic)
        else:
            answer = await bot.send_msg(self.receive_id_type, self.receive_id, content, msg_type, uuid=uuid)
        found = cast("dict[str, Any]", answer).get("message_id") if isinstance(answer, dict) else None
        return found if isinstance(found, str) else ""
