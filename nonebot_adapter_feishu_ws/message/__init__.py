"""Messages: segments, parsing, rendering. Pure."""

from .card_text import card_text
from .encode import OutgoingMessage, render
from .expand import EXPAND_COUNT, EXPAND_DEPTH, ForwardedMessage, expand
from .fields import UnsupportedSegment
from .message import Message, MessageSegment, parse
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
from .source import OpenFile, Source

__all__ = [
    "EXPAND_COUNT",
    "EXPAND_DEPTH",
    "ForwardedMessage",
    "Message",
    "MessageSegment",
    "OpenFile",
    "OutgoingMessage",
    "PostA",
    "PostAt",
    "PostEmotion",
    "PostImg",
    "PostMedia",
    "PostMessageNode",
    "PostMessageNodeStylable",
    "PostText",
    "Source",
    "UnsupportedSegment",
    "card_text",
    "expand",
    "parse",
    "render",
]
