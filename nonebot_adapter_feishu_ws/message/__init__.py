"""Messages: segments, parsing, rendering. Pure."""

from .message import Message
from .parse import parse
from .post import (
    PostA,
    PostAt,
    PostEmotion,
    PostImg,
    PostMedia,
    PostMessageNode,
    PostMessageNodeStylable,
    PostText,
)
from .render import OutgoingMessage, UnsupportedSegment, render
from .segment import MessageSegment

__all__ = [
    "Message",
    "MessageSegment",
    "OutgoingMessage",
    "PostA",
    "PostAt",
    "PostEmotion",
    "PostImg",
    "PostMedia",
    "PostMessageNode",
    "PostMessageNodeStylable",
    "PostText",
    "UnsupportedSegment",
    "parse",
    "render",
]
