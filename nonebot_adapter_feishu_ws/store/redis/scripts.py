"""What Redis runs as one step each, in Lua. Every script touches the keys of one bot only.

The inbox is a stream with one consumer group; each process is a consumer. The sorted set ``alive`` holds the time of
each consumer's last heartbeat, by Redis's clock: a consumer that is missing, or whose heartbeat is too old, is dead.

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
"""KEYS: inbox, alive, claims. ARGV: consumer, seconds of a claim, bound of the inbox, key, payload, time, begin (0/1).
Returns 0 for a duplicate, -1 when full, 1 when it waits, 2 when it starts, 3 and the older one that starts instead."""

FETCH: Final = _read("now", "begin", "fetch")
"""KEYS: inbox, alive. ARGV: consumer, limit. Returns the entries' fields."""

DONE: Final = _read("done")
"""KEYS: inbox, claims. Deletes the entries, whichever consumer holds them."""

PUT_BACK: Final = _read("put_back")
"""KEYS: inbox, claims. ARGV: consumer. Entries that another consumer has taken over stay with it. Those that are put
back have their time in a field ``b`` instead of ``t``; fields are read by their order, also by earlier releases."""

ABANDONED: Final = _read("now", "abandoned")
"""KEYS: inbox, alive, dead letters. ARGV: consumer, milliseconds of silence, maximum of attempts, bound of the dead
letters, attempts from which an entry is not started now.
Returns the keys of new dead letters, and the fields and attempts of the abandoned entry with the fewest attempts."""

COUNT: Final = _read("count")
"""KEYS: inbox, dead letters. Returns how many events wait, and how many dead letters there are."""

PARK_LATE: Final = _read("now", "park_late")
"""KEYS: inbox, alive, dead letters. ARGV: consumer, milliseconds of silence, milliseconds of the replay window, when a
process was last seen (0 when that is not known), bound of the dead letters.
Makes dead letters of at most 1,000 events that were never begun, if nobody has served the bot for longer than the
window. Returns how many."""

HELD: Final = _read("held")
"""KEYS: inbox. ARGV: consumer. Returns the keys of the entries that it holds."""

LOST: Final = _read("lost")
"""KEYS: inbox, claims. ARGV: consumer. Returns the indexes of the claims whose entries are done or another consumer's.
An entry that Redis does not know is not lost."""

RETRY: Final = _read("retry")
"""KEYS: dead letters, inbox, claim. ARGV: id, seconds of a claim. Returns 1 when the dead letter waits in the inbox."""

HEARTBEAT: Final = _read("now", "heartbeat")
"""KEYS: alive, seen. ARGV: consumer. Returns the time in milliseconds, the names of all consumers, and when one of them
was seen before, 0 when that is not known."""

LOCK: Final = _read("lock")
"""KEYS: lock. ARGV: consumer, milliseconds. Returns 1 when this consumer holds it."""

UNLOCK: Final = _read("unlock")
"""KEYS: lock. ARGV: consumer."""

RESERVE: Final = _read("now", "reserve")
"""KEYS: times. ARGV: calls, milliseconds in which no more are made. Returns the milliseconds until the call's turn."""
