"""What all modes of one stream share: the bot, the destination, the options, and the messages sent so far."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

from nonebot.adapters import Event as BaseEvent

from ..api.types import ReceiveIdType
from ..event import MessageEvent
from ..net.bounded_json import as_object, as_text
from ..net.waiting import Sleep
from ..sending.legacy_methods import LegacyMethods


@dataclass(frozen=True, slots=True)
class Destination:
    """Where the messages of a stream go: a chat or user, a topic, or a reply.

    Attributes:
        receive_id_type: what ``receive_id`` is.
        receive_id: the chat or user.
        reply_to: the message that is answered, or empty.
        in_topic: every message is a reply, so that all of them stay in the topic; otherwise only the first one is.
    """

    receive_id_type: ReceiveIdType
    receive_id: str
    reply_to: str = ""
    in_topic: bool = False

    @classmethod
    def of(cls, event: BaseEvent, target: tuple[ReceiveIdType, str], *, reply: bool = False) -> Destination:
        """The destination of the answer to an event.

        Args:
            event: the event.
            target: its chat or user.
            reply: quote the message that is answered.
        """
        if not isinstance(event, MessageEvent):
            return cls(*target)
        in_topic = bool(event.thread_id)
        return cls(*target, reply_to=event.message_id if reply or in_topic else "", in_topic=in_topic)


@dataclass(slots=True)
class StreamContext:
    """What all modes of one stream share.

    Attributes:
        bot: the bot that sends.
        destination: where to.
        clock: monotonic seconds.
        sleep: as :func:`asyncio.sleep`.
        title: of the first card or message, or empty.
        pace: updates of a card per second.
        edit_every: seconds before the first edit of a message; the intervals grow.
        mentions: let the text mention people.
        streaming: ``streaming_config`` of the cards.
        message_ids: the messages sent so far, in order.
    """

    bot: LegacyMethods
    destination: Destination
    clock: Callable[[], float]
    sleep: Sleep
    title: str = ""
    pace: float = 5.0
    edit_every: float = 1.0
    mentions: bool = False
    streaming: Mapping[str, Any] | None = None
    message_ids: list[str] = field(default_factory=list[str])

    @property
    def next_title(self) -> str:
        """The title of the next message: only the first one has it."""
        return "" if self.message_ids else self.title

    async def send(self, content: str, msg_type: str) -> str:
        """Send the next message; returns its ``message_id``."""
        to = self.destination
        # Not the event's own key: a replayed handler streams into a new card, which must become visible.
        uuid = uuid4().hex
        if to.reply_to and (to.in_topic or not self.message_ids):
            answer = await self.bot.reply_msg(to.reply_to, content, msg_type, uuid, reply_in_thread=to.in_topic)
        else:
            answer = await self.bot.send_msg(to.receive_id_type, to.receive_id, content, msg_type, uuid=uuid)
        self.message_ids.append(as_text(as_object(answer).get("message_id")))
        return self.message_ids[-1]
