"""The keys in Redis, and how an entry is written. Releases share a Redis during an update, so none of this changes.

The app id stands in braces, which keeps all keys of a bot in one slot of a cluster.
"""

from collections.abc import Iterable, Sequence
from itertools import groupby
from typing import Final

from ..base import Entry

DEAD_LETTERS: Final = "parked"
_AT_ONCE: Final = 500
"""Keys that one script is given."""


def of_bot(bot_id: str, kind: str) -> bytes:
    """The key of which a bot has one, such as its inbox."""
    return to_bytes(f"feishu:{{{bot_id}}}:{kind}")


def of_name(kind: str, name: str) -> bytes:
    """The key of something whose name starts with an app id and a colon."""
    bot_id, _, rest = name.partition(":")
    return of_bot(bot_id, kind) + b":" + to_bytes(rest)


def of_claims(keys: Iterable[str]) -> list[bytes]:
    """The keys of claims."""
    return [of_name("claim", key) for key in keys]


def of_state(key: str) -> bytes:
    """The key of a value that is not bound to a bot."""
    return b"feishu:state:" + to_bytes(key)


def by_bot(keys: Iterable[str]) -> Iterable[tuple[str, list[str]]]:
    """The keys of entries in batches of one bot each."""
    for bot_id, group in groupby(sorted(keys, key=_bot_of), key=_bot_of):
        of_one = list(group)
        for start in range(0, len(of_one), _AT_ONCE):
            yield bot_id, of_one[start : start + _AT_ONCE]


def to_entry(bot_id: str, fields: Sequence[bytes], *, runs: int = 1) -> Entry:
    """An entry of the stream, whose fields are ``k``, ``p`` and ``t``; or ``b``, ``b2``, ... for how often it was begun
    and put back."""
    _, key, _, payload, mark, taken_at = fields
    before = int(mark[1:] or b"1") if mark.startswith(b"b") else 0
    return Entry(to_text(key), bot_id, payload, float(taken_at), runs, runs + before)


def to_bytes(text: str) -> bytes:
    """A text as Redis keeps it; lone surrogates, which Feishu delivers, survive."""
    return text.encode("utf-8", "surrogatepass")


def to_text(data: bytes) -> str:
    """A text of Redis."""
    return data.decode("utf-8", "surrogatepass")


def _bot_of(key: str) -> str:
    return key.partition(":")[0]
