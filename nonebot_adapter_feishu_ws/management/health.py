"""The health of the bots, and the state of their store, as JSON."""

from collections.abc import Callable, Mapping
from typing import Any

from ..store.view import StoreView
from ..transport.manager import ConnectionManager
from ..transport.status import ConnectionStatus, iso
from .access import ALL, Access


def check_health(
    connections: ConnectionManager, names: Mapping[str, str | None], allows: Callable[[str], bool]
) -> tuple[bool, list[dict[str, Any]]]:
    """Whether every bot that should receive can, and one line per bot that ``allows`` lets through.

    Bots that the configuration disables, or that their operator has disconnected, are not expected to receive.
    Before the adapter has started there is no bot, and the answer is no.
    """
    statuses = connections.get_all_statuses()
    lines = [_line(connections, status, names.get(status.bot_id)) for status in statuses]
    healthy = bool(lines) and all(line["canReceive"] or not line["expected"] for line in lines)
    return healthy, [line for line in lines if allows(line["botId"])]


def _line(connections: ConnectionManager, status: ConnectionStatus, name: str | None) -> dict[str, Any]:
    bot_id = status.bot_id
    enabled = connections.is_enabled(bot_id)
    by_operator = connections.is_disconnected_by_operator(bot_id)
    can_receive = connections.can_receive(bot_id)
    if not enabled:
        reason = "disabled in the configuration"
    elif by_operator:
        reason = "disconnected by its operator"
    else:
        reason = None if can_receive else status.error or status.state.value
    return {
        "botId": bot_id,
        "name": name,
        "enabled": enabled,
        "expected": enabled and not by_operator,
        "canReceive": can_receive,
        "reason": reason,
    }


def store_to_dict(view: StoreView, access: Access) -> dict[str, Any]:
    """The store as JSON, with the inboxes of the bots that the token may see.

    Its place and its trouble concern all bots, and name hosts and paths: only who may see all bots learns them.
    """
    whole = ALL in access.bots
    status = view.status
    return {
        "name": status.name if whole else None,
        "ok": status.ok,
        "error": status.error if whole else None,
        "since": iso(status.since),
        "inbox": {
            bot_id: {"waiting": count.waiting, "parked": count.dead_letters}
            for bot_id, count in view.inbox.items()
            if access.allows(bot_id)
        },
    }
