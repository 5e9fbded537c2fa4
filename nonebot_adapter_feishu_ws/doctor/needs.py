"""The scopes a bot needs (接收消息, 发送消息, 获取消息中的资源文件)."""

from dataclasses import dataclass
from typing import Final

MESSAGE_EVENT: Final = "im.message.receive_v1"


@dataclass(frozen=True, slots=True)
class Need:
    """A purpose and its scopes, any one of which suffices; the narrowest comes first.

    Attributes:
        purpose: what does not work without them.
        scopes: their names.
        vital: whether a bot is useless without them.
        optional: whether a note suffices, since many bots never need them.
    """

    purpose: str
    scopes: tuple[str, ...]
    vital: bool = False
    optional: bool = False


NEEDS: Final = (
    Need("to send messages", ("im:message:send_as_bot", "im:message:send", "im:message"), vital=True),
    Need(
        "to receive private messages",
        ("im:message.p2p_msg:readonly", "im:message.p2p_msg", "im:message", "im:message:readonly"),
        vital=True,
    ),
    Need(
        "to receive an @ of the bot in groups",
        (
            "im:message.group_at_msg:readonly",
            "im:message.group_at_msg",
            "im:message.group_msg",
            "im:message.group_msg:readonly",
        ),
    ),
    Need("to up- and download images and files", ("im:resource", "im:resource:upload", "im:message")),
    Need(
        "to stream an answer into a card (without it streaming edits messages)", ("cardkit:card:write",), optional=True
    ),
)
BACKFILL_NEEDS: Final = (
    Need("to fetch missed private messages", ("im:message:readonly", "im:message", "im:message.history:readonly")),
    Need("to fetch missed messages of groups", ("im:message.group_msg",)),
)
"""What ``FEISHU_BACKFILL_AFTER`` needs in addition (获取会话历史消息)."""
