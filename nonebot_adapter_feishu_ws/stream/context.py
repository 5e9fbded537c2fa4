"""What all modes of one stream share: the bot, the route, the options, and the messages sent so far."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

from ..media.pictures import Pictures
from ..net.bounded_json import as_object, as_text
from ..net.waiting import Sleep
from ..sending.legacy_methods import LegacyMethods
from ..sending.route import Route
from .board import Board
from .journal import Journal


class AnswerDropped(Exception):
    """The question is gone, and nothing more is to be shown."""


@dataclass(slots=True)
class StreamContext:
    """What all modes of one stream share.

    Attributes:
        bot: the bot that sends.
        route: where to.
        clock: monotonic seconds.
        sleep: as :func:`asyncio.sleep`.
        board: what stands around the text.
        journal: what the store knows of the cards.
        title: of the first card or message, or empty.
        pace: updates of a card per second.
        edit_every: seconds before the first edit of a message; the intervals grow.
        mentions: let the text mention people.
        streaming: ``streaming_config`` of the cards.
        pictures: uploads the pictures that the text names by URL; None where links stand for them.
        message_ids: the messages sent so far, in order.
    """

    bot: LegacyMethods
    route: Route
    clock: Callable[[], float]
    sleep: Sleep
    board: Board
    journal: Journal
    title: str = ""
    pace: float = 5.0
    edit_every: float = 1.0
    mentions: bool = False
    streaming: Mapping[str, Any] | None = None
    pictures: Pictures | None = None
    message_ids: list[str] = field(default_factory=list[str])

    async def send(self, content: str, msg_type: str, uuid: str = "") -> str:
        """Send the next message; returns its ``message_id``, or raises :class:`AnswerDropped`.

        Args:
            content: its JSON.
            msg_type: Feishu's type.
            uuid: its idempotency key; random when empty. Not the event's own: a replay may have another text.
        """
        answer = await self.route.send(self.bot, content, msg_type, uuid or uuid4().hex)
        if self.route.dropped:
            raise AnswerDropped
        self.message_ids.append(as_text(as_object(answer).get("message_id")))
        return self.message_ids[-1]
