"""Traits of a call by its method and path: its API, its rate-limit lane, whether it may be repeated."""

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Any, cast

_ID = re.compile(r"(?!v\d+$)(?=.*\d).+|.{33,}")
_SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS", "PUT", "DELETE"})
_REPEATABLE = frozenset(
    {
        "PATCH im/v1/messages/:id",  # replaces a card as a whole
        "POST im/v1/images",  # twice leaves an unused key behind, no more
        "POST im/v1/files",
    }
)
_SENDS = frozenset(
    {
        "POST im/v1/messages",
        "POST im/v1/messages/merge_forward",
        "POST im/v1/messages/:id/forward",
        "POST im/v1/threads/:id/forward",
    }
)
_REPLY = "POST im/v1/messages/:id/reply"
_EDITS = frozenset({"PUT im/v1/messages/:id", "PATCH im/v1/messages/:id"})
_PREFIX = "/open-apis/"


@lru_cache(1024)
def api_of(method: str, path: str) -> str:
    """The API that a call belongs to: method and path with ids replaced, as Feishu counts its limits (频控策略).

    A path segment counts as an id when it has a digit (and is no version) or is very long. A wrong guess only makes
    the group of calls that wait for each other smaller.
    """
    parts = path.removeprefix(_PREFIX).strip("/").split("/")
    return f"{method.upper()} {'/'.join(':id' if _ID.fullmatch(part) else part for part in parts)}"


def lane_of(api: str, path: str, body: Any) -> str | None:
    """The chat, user or message whose limit a call counts against; None for calls without such a limit.

    Sends, replies and forwards share the limit of their chat, 5 per second (发送消息, 回复消息, 合并转发消息).
    Edits count per message (更新应用发送的消息卡片, 5 per second).
    """
    if api in _SENDS:
        receiver = _value(body, "receive_id")
        return receiver if isinstance(receiver, str) and receiver else None
    parts = path.strip("/").split("/")
    if api == _REPLY:
        return parts[-2]
    return f"edit {parts[-1]}" if api in _EDITS else None


def may_repeat(api: str, params: Any, body: Any) -> bool:
    """Whether doing a call twice has the effect of doing it once: by its method, or by the uuid that it carries."""
    method = api.partition(" ")[0]
    return method in _SAFE_METHODS or api in _REPEATABLE or bool(_value(body, "uuid") or _value(params, "uuid"))


def _value(given: Any, key: str) -> Any:
    return cast("Mapping[str, Any]", given).get(key) if isinstance(given, Mapping) else None
