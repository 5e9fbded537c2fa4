"""The store as the routes show it. Pure: no I/O."""

from typing import Any

from ..store.view import StoreView
from ..transport.status import iso
from .access import ALL, Access


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
