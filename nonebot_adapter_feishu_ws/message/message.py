"""``Message``: a list of segments."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from nonebot.adapters import Message as BaseMessage
from typing_extensions import override

from .segment import MessageSegment

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

    def serialize(self) -> tuple[str, str]:
        """``(msg_type, content)`` for ``bot.send_msg``, when the message fits into one.

        Raises:
            ValueError: it is empty, or needs several messages.
        """
        from .render import serialize

        return serialize(self)

    @classmethod
    def deserialize(cls, content: str, mentions: Iterable[MentionLike] | None, message_type: str) -> Message:
        """Make a message of Feishu's content; see :func:`parse`."""
        from .parse import parse

        return parse(message_type, content, mentions)
