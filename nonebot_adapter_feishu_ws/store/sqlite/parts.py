"""Statements for many rows at a time.

Python releases its lock at every step of SQLite, and a plugin that computes keeps it for a while each time. A statement
for 64 rows has one step, ``executemany`` has 64.
"""

from collections.abc import Iterator, Sequence
from typing import Final, TypeVar

T = TypeVar("T")
LARGEST: Final = 64
"""Rows in a statement."""


def in_parts(rows: Sequence[T]) -> Iterator[Sequence[T]]:
    """Yield the rows in parts of 64, 32, 16 … 1: few lengths, so that SQLite keeps the statements it has prepared."""
    start, size = 0, LARGEST
    while start < len(rows):
        while size > len(rows) - start:
            size //= 2
        yield rows[start : start + size]
        start += size


def marks(one: str, part: Sequence[object]) -> str:
    """Placeholders for a part, ``one`` for each of its rows."""
    return ", ".join([one] * len(part))
