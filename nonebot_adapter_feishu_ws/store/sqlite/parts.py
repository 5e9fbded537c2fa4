"""Statements for many rows at a time.

Python releases its lock at every step of SQLite, and a plugin that computes keeps it for a while each time. A statement
for 64 rows has one step, ``executemany`` has 64.
"""

from collections.abc import Iterator, Sequence
from functools import cache
from typing import Final, TypeVar

T = TypeVar("T")
LARGEST: Final = 64
"""Rows in a statement."""


def in_parts(sql: str, mark: str, rows: Sequence[T]) -> Iterator[tuple[str, Sequence[T]]]:
    """Yield the rows in parts of 64, 32, 16 … 1, few lengths, so that SQLite keeps the statements it has prepared.

    Each part comes with its statement: ``{}`` in the text is replaced by ``mark`` for each of its rows.
    """
    start = 0
    while left := len(rows) - start:
        size = 1 << min(left, LARGEST).bit_length() - 1
        yield _fill(sql, mark, size), rows[start : start + size]
        start += size


def marks(bot_ids: Sequence[str]) -> str:
    """A placeholder for each bot."""
    return ", ".join("?" * len(bot_ids))


@cache
def _fill(sql: str, mark: str, count: int) -> str:
    return sql.replace("{}", ", ".join([mark] * count))
