"""The table ``claims`` of a SQLite file. Runs in the store's thread, inside its transactions.

It has no index by age, which would cost every event a page more to write. As the names are digests, a part of them by
their first byte is as good a sample as any: the old ones are forgotten part by part.
"""

import sqlite3
from collections.abc import Sequence
from hashlib import blake2b
from itertools import chain
from typing import Final

from .parts import in_parts

PARTS: Final = 256
"""Parts in which old claims are forgotten."""


def claim(database: sqlite3.Connection, events: Sequence[Sequence[str]], now: int, ttl: int) -> list[bool]:
    """Remember events by all of their keys.

    Returns:
        For each event, whether it is new: none of its keys is younger than ``ttl`` seconds.
    """
    named = [[_digest(key) for key in keys] for keys in events]
    if _add_unknown(database, [(name, now) for names in named for name in names]):
        return [True] * len(named)
    known = _find(database, list(chain.from_iterable(named)), now - ttl)
    new: list[bool] = []
    for names in named:
        new.append(known.isdisjoint(names))
        if new[-1]:
            known.update(names)  # for the same event in this batch
    rows = [(name, now) for names, is_new in zip(named, new, strict=True) if is_new for name in names]
    for sql, part in in_parts("INSERT OR REPLACE INTO claims VALUES {}", "(?, ?)", rows):
        database.execute(sql, tuple(chain.from_iterable(part)))
    return new


def forget_claims(database: sqlite3.Connection, part: int, until: int, max_claims: int) -> int | None:
    """Forget those claims of one part of :data:`PARTS` that are from before ``until``, and the oldest of too many.

    Returns:
        The time of the youngest that was one too many, in seconds since the epoch; None if there were none.
    """
    bounds = (bytes([part]), bytes([part] + [255] * 16))
    database.execute("DELETE FROM claims WHERE name BETWEEN ? AND ? AND at <= ?", (*bounds, until))
    [[count]] = database.execute("SELECT count(*) FROM claims WHERE name BETWEEN ? AND ?", bounds)
    if (excess := count - max_claims // PARTS) > 0:
        oldest = "FROM claims WHERE name BETWEEN ? AND ? ORDER BY at LIMIT ?"
        [[youngest]] = database.execute(f"SELECT max(at) FROM (SELECT at {oldest})", (*bounds, excess))
        database.execute(f"DELETE FROM claims WHERE name IN (SELECT name {oldest})", (*bounds, excess))
        return int(youngest)
    return None


def _add_unknown(database: sqlite3.Connection, rows: Sequence[tuple[bytes, int]]) -> bool:
    """Add claims if none is in the table, as is nearly always so: to look for them first costs as much again."""
    [(sql, part), *more] = in_parts("INSERT INTO claims VALUES {}", "(?, ?)", rows)
    if more:
        return False
    try:
        database.execute(sql, tuple(chain.from_iterable(part)))
    except sqlite3.IntegrityError:
        return False  # and none was added
    return True


def _find(database: sqlite3.Connection, names: Sequence[bytes], after: int) -> set[bytes]:
    found: set[bytes] = set()
    for sql, part in in_parts("SELECT name FROM claims WHERE name IN ({}) AND at > ?", "?", names):
        for (name,) in database.execute(sql, (*part, after)):
            found.add(name)
    return found


def _digest(key: str) -> bytes:
    return blake2b(key.encode(), digest_size=16).digest()
