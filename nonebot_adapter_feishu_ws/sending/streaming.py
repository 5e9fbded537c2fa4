"""The bot's methods that answer with a growing text."""

from __future__ import annotations

from collections.abc import AsyncIterable
from typing import TYPE_CHECKING, Unpack

from nonebot.adapters import Event as BaseEvent

from ..api.types import ReceiveIdType
from ..event import MessageEvent, NoticeEvent
from .legacy_methods import LegacyMethods
from .route import Route
from .send import route_to

if TYPE_CHECKING:
    from ..stream import Stream, StreamOptions, StreamResult


class StreamMethods(LegacyMethods):
    """Base of :class:`Bot`."""

    def stream(self, event: BaseEvent, **options: Unpack[StreamOptions]) -> Stream:
        """Answer with a growing text: ``async with bot.stream(event) as stream: await stream.write(chunk)``.

        Args:
            event: the event to answer; in a topic the answer stays in the topic.
            options: see :class:`~.stream.StreamOptions`.

        Raises:
            TypeError: there is no such option; the text has the one that may be meant.
            ValueError: the event has no chat to answer in, or an option is out of its range.
        """
        from ..stream import Stream  # only a plugin that streams loads it

        route = Route.of(
            event,
            quote=options.get("reply_message", False),
            open_topic=options.get("reply_in_thread", False),
            if_recalled=options.get("if_recalled", "send"),
        )
        return Stream(self, route, options, _asked_by(event))

    def stream_to(
        self, receive_id: str, *, receive_id_type: ReceiveIdType | None = None, **options: Unpack[StreamOptions]
    ) -> Stream:
        """Send a growing text to a chat or person, or as a reply to a message, without an event.

        Args:
            receive_id: a chat_id, open_id, union_id, user_id or e-mail address; or a message_id, which is replied to.
            receive_id_type: what ``receive_id`` is; derived from its prefix when not given.
            options: see :class:`~.stream.StreamOptions`; ``reply_in_thread`` opens a topic under the message.

        Raises:
            TypeError: there is no such option; the text has the one that may be meant.
            ValueError: ``receive_id`` is the id of something else, or an option is out of its range.
        """
        from ..stream import Stream  # only a plugin that streams loads it

        in_thread = options.get("reply_in_thread", False)
        return Stream(self, route_to(receive_id, receive_id_type, reply_in_thread=in_thread), options)

    async def send_stream(
        self, event: BaseEvent, chunks: AsyncIterable[str], **options: Unpack[StreamOptions]
    ) -> StreamResult:
        """Answer with the chunks of an asynchronous iterator as they arrive; see :meth:`stream`."""
        from ..stream import pour  # only a plugin that streams loads it

        return await pour(self.stream(event, **options), chunks)


def _asked_by(event: BaseEvent) -> frozenset[str]:
    """The ids of the person whose event is answered."""
    who = None
    if isinstance(event, MessageEvent):
        who = event.get_all_user_id()
    elif isinstance(event, NoticeEvent):
        who = event.operator
    return frozenset() if who is None else frozenset({who.open_id, who.user_id, who.union_id} - {""})
