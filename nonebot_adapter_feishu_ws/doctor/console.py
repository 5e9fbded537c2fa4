"""The developer console: links to its pages, and the scopes that a bot needs to be granted there."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final
from urllib.parse import quote

MESSAGE_EVENT: Final = "im.message.receive_v1"


class Console:
    """Links into the console of one app."""

    def __init__(self, origin: str, app_id: str) -> None:
        """Create the links; the platform's origin also serves the console."""
        self._base = f"{origin}/app/{quote(app_id)}"
        self.credentials: str = f"{self._base}/baseinfo"
        """凭证与基础信息 (Credentials & Basic Info)."""
        self.features: str = f"{self._base}/capability"
        """添加应用能力 (Add Features)."""
        self.events: str = f"{self._base}/event?tab=event"
        """事件与回调 > 事件配置 (Events & Callbacks > Event Configuration)."""
        self.callbacks: str = f"{self._base}/event?tab=callback"
        """事件与回调 > 回调配置 (Events & Callbacks > Callback Configuration)."""
        self.versions: str = f"{self._base}/version"
        """版本管理与发布 (Version Management & Release)."""

    def grant(self, scopes: Sequence[str]) -> str:
        """权限管理 (Permissions & Scopes), with the scopes to grant filled in."""
        return f"{self._base}/auth?q={quote(','.join(scopes))}&op_from=openapi&token_type=tenant"


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
"""What every bot needs (接收消息, 发送消息, 获取消息中的资源文件)."""
BACKFILL_NEEDS: Final = (
    Need("to fetch missed private messages", ("im:message:readonly", "im:message", "im:message.history:readonly")),
    Need("to fetch missed messages of groups", ("im:message.group_msg",)),
)
"""What ``FEISHU_BACKFILL_AFTER`` needs in addition (获取会话历史消息)."""
