"""What Redis runs as one step each, in Lua. Every script touches the keys of one bot only.

The inbox is a stream with one consumer group; each process is a consumer. The sorted set ``alive`` holds the time of
each consumer's last heartbeat, by Redis's clock: a consumer that is missing, or whose heartbeat is too old, is dead.

A script whose first write needs no memory may write the rest as well when ``maxmemory`` is reached (``first.lua``, for
keys without a time to live): what was taken is handled and deleted even then, and only new events are refused.

An entry that begins ahead of older ones is claimed before the group has come to it. Its id stands in the set ``ahead``
until then, since the group would give it to whoever reads on.

The text goes with every call: that costs what EVALSHA costs, and nothing has to be loaded again when Redis restarts.
"""

from importlib.resources import files
from typing import Final

_FOLDER = files(__name__.rpartition(".")[0]) / "lua"


def _read(*names: str) -> str:
    return "".join((_FOLDER / f"{name}.lua").read_text("utf-8") for name in names)


CLAIM: Final = _read("claim")
"""KEYS: claims. ARGV: seconds. Returns 1 when they are ours."""

TAKE: Final = _read("now", "begin", "take")
"""KEYS: inbox, alive, ahead, claims. ARGV: consumer, seconds of a claim, bound of the inbox, key, payload, time, and
whether it waits (0), the oldest one begins (1), or it begins ahead of those that wait (2).
Returns 0 for a duplicate, -1 when full, 1 when it waits, 2 and its id when it starts, 3 and the id and the fields of
the older one that starts instead."""

FETCH: Final = _read("now", "first", "begin", "fetch")
"""KEYS: inbox, alive, ahead. ARGV: consumer, limit. Returns the ids and fields of the entries."""

DONE: Final = _read("done")
"""KEYS: inbox, claims. ARGV: the entries' ids, empty where the claim has to tell. Deletes the entries, whichever
consumer holds them, also one that was put back under another id meanwhile."""

PUT_BACK: Final = _read("first", "put_back")
"""KEYS: inbox, claims. ARGV: consumer, ids as for DONE. Entries that another consumer has taken over stay with it.
Those that are put back have their time in a field ``b`` instead of ``t``, with a number when they were begun more than
once; fields are read by their order, also by earlier releases."""

ABANDONED: Final = _read("now", "first", "abandoned")
"""KEYS: inbox, alive, dead letters. ARGV: consumer, milliseconds of silence, maximum of attempts, bound of the dead
letters, attempts from which an entry is not started now.
Returns the keys of new dead letters, and id, fields and attempts of the abandoned entry with the fewest attempts."""

COUNT: Final = _read("count")
"""KEYS: inbox, dead letters. Returns how many events wait, and how many dead letters there are."""

PARK_LATE: Final = _read("now", "first", "park_late")
"""KEYS: inbox, alive, dead letters. ARGV: consumer, milliseconds of silence, milliseconds of the replay window, when a
process was last seen (0 when that is not known), bound of the dead letters.
Makes dead letters of at most 1,000 events that were never begun, if nobody has served the bot for longer than the
window. Returns how many."""

HELD: Final = _read("held")
"""KEYS: inbox. ARGV: consumer. Returns the ids and keys of the entries that it holds."""

LOST: Final = _read("lost")
"""KEYS: inbox, claims. ARGV: consumer, ids as for DONE. Returns the indexes of those that are done or another's.
An entry that Redis does not know is not lost."""

RETRY: Final = _read("first", "retry")
"""KEYS: dead letters, inbox, claim. ARGV: id, seconds of a claim. Returns 1 when the dead letter waits in the inbox."""

HEARTBEAT: Final = _read("now", "heartbeat")
"""KEYS: alive, seen, inbox. ARGV: consumer. Returns the time in milliseconds, the names of all consumers, when one of
them was seen before (0 when that is not known), and whether there is an inbox (0/1)."""

LOCK: Final = _read("lock")
"""KEYS: lock. ARGV: consumer, milliseconds. Returns 1 when this consumer holds it."""

UNLOCK: Final = _read("unlock")
"""KEYS: lock. ARGV: consumer."""

RESERVE: Final = _read("now", "first", "reserve")
"""KEYS: times. ARGV: calls, milliseconds in which no more are made. Returns the milliseconds until the call's turn."""

INHERIT: Final = _read("now", "inherit")
"""KEYS: notes of open work, alive. ARGV: consumer, milliseconds of silence. Gives the consumer the notes of dead ones;
returns their names and values."""
