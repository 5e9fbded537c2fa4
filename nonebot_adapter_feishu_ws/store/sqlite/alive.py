"""When a bot was last served by a process of this file. Runs in the store's thread, inside its transactions.

The time stands beside the machine's boot and its monotonic clock: within one boot the length of an outage does not
depend on the clock on the wall, which may be minutes ahead when a machine has just started.
"""

import json
import sqlite3
from collections.abc import Sequence
from typing import NamedTuple

from ...net.bounded_json import as_list
from ..process_name import boot_id
from . import values

_BOOT = boot_id()


class Moment(NamedTuple):
    """A point in time.

    Attributes:
        at: seconds since the epoch.
        awake: monotonic seconds of this boot.
    """

    at: float
    awake: float


def mark_alive(database: sqlite3.Connection, bot_ids: Sequence[str], now: Moment) -> None:
    """Write down that these bots are served now."""
    mark = json.dumps([now.at, _BOOT, now.awake])
    for bot_id in bot_ids:
        values.put(database, _key(bot_id), mark)


def outage_of(database: sqlite3.Connection, bot_id: str, now: Moment) -> float:
    """For how many seconds nobody has served a bot; 0.0 when that is not known."""
    mark = as_list(json.loads(values.get(database, _key(bot_id)) or "[]"))
    if len(mark) == 3:
        at, boot, awake = mark
        if _BOOT and boot == _BOOT and isinstance(awake, float) and awake <= now.awake:
            return now.awake - awake
    else:  # a file of an earlier version
        [[at]] = database.execute("SELECT max(taken_at) FROM inbox WHERE bot_id = ?", (bot_id,))
    return max(0.0, now.at - at) if isinstance(at, float) else 0.0


def _key(bot_id: str) -> str:
    return f"{bot_id}:alive"
