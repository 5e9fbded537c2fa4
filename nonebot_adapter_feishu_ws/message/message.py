"""``Message``: a list of segments."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from nonebot.adapters import Message as BaseMessage
from typing_extensions import override

from .card_text import card_text
from .segment import Interactive, InteractiveTemplate, MessageSegment

if TYPE_CHECKING:
    from .parse import MentionLike


class Message(BaseMessage[MessageSegment]):
    """A Feishu message. Text is never read as markup, neither a plugin's nor a user's."""

    @classmethod
    @override
    def get_segment_class(cls) -> type[MessageSegment]:
        return MessageSegment

    @staticmethod
    @override
    def _construct(msg: str) -> Iterable[MessageSegment]:
        yield MessageSegment.text(msg)

    @override
    def extract_plain_text(self) -> str:
        # Also what stands on a card: whoever forwards an alert to the bot wants it read. A card is no text segment all
        # the same, so that nobody's card can run a command in the name of the one who forwards it.
        return "".join(
            card_text(segment.data) if isinstance(segment, (Interactive, InteractiveTemplate)) else str(segment)
            for segment in self
            if segment.is_text() or isinstance(segment, (Interactive, InteractiveTemplate))
        )

    def serialize(self) -> tuple[str, str]:
        """``(msg_type, content)`` for ``bot.send_msg``, when the message fits into one.

        Raises:
            ValueError: it is empty, or needs several messages.
        """
        from .render import serialize

        return serialize(self)

    @classmethod
    def deserialize(
        cls,
        content: str,
        mentions: Iterable[MentionLike] | None,
        message_type: str,
        message_id: str | None = None,
    ) -> Message:
        """Make a message of Feishu's content; see :func:`parse`."""
        from .parse import parse

        return parse(message_type, content, mentions, message_id)
