"""Who else is connected as the same app (获取长连接在线数量, ``GET event/v1/connection``)."""

from __future__ import annotations

from typing import Any, Final, cast

from ..api import ApiClient

ADVICE: Final = (
    "If that is not your own second process, find and stop it (old container, other machine, colleague, --reload): "
    "Feishu gives each event to only one of them."
)


async def count_clients(client: ApiClient) -> int | None:
    """How many long connections of the app are online, our own included; None when Feishu does not say.

    Raises:
        ActionFailed: Feishu refused.
        NetworkError: no usable answer came.
    """
    answer = await client.call("event/v1/connection")
    count = cast("dict[str, Any]", answer.get("data") or {}).get("online_instance_cnt")
    return count if isinstance(count, int) else None
