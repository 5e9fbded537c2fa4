"""Messages: segments, parsing, rendering. Pure."""

from .card_text import card_text
from .expand import EXPAND_COUNT, EXPAND_DEPTH, ForwardedMessage, expand
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
from .render import OutgoingMessage, render
from .rich import UnsupportedSegment
from .segment import MessageSegment
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
