"""Dead letters in Redis: the streams ``feishu:{app id}:parked``."""

from collections.abc import Callable, Iterator, Sequence
from typing import Any, Final, cast

from redis import Redis
from redis.exceptions import RedisError
from typing_extensions import override

from ...exception import StoreError
from ..base import CLAIM_TTL, DeadLetters, Entry
from .connection import public_url
from .keys import DEAD_LETTERS, of_bot, of_claims, to_entry
from .scripts import RETRY

TIMEOUT: Final = 5.0
"""Seconds for connecting, and for an answer."""
_open = cast("Callable[..., Any]", Redis.from_url)  # pyright: ignore[reportUnknownMemberType]


class RedisDeadLetters(DeadLetters):
    """The dead letters of all bots."""

    def __init__(self, url: str) -> None:
        """Connect to Redis; raises :class:`StoreError` if it cannot be reached."""
        self._redis: Any = _open(url, protocol=2, socket_timeout=TIMEOUT, socket_connect_timeout=TIMEOUT)
        try:
            self._redis.ping()
        except (RedisError, OSError) as error:
            raise StoreError(f"the store {public_url(url)} cannot be reached ({error})") from error

    @override
    def list(self) -> Sequence[Entry]:
        return [entry for _, _, entry in self._all()]

    @override
    def retry(self, key: str) -> bool:
        for stream, number, entry in self._all():
            if entry.key == key:
                keys = (stream, of_bot(entry.bot_id, "inbox"), *of_claims([key]))
                return bool(self._redis.eval(RETRY, len(keys), *keys, number, int(CLAIM_TTL)))
        return False

    @override
    def drop(self, key: str) -> bool:
        return any(self._redis.xdel(stream, number) for stream, number, entry in self._all() if entry.key == key)

    @override
    def close(self) -> None:
        self._redis.close()

    def _all(self) -> Iterator[tuple[bytes, bytes, Entry]]:
        for stream in sorted(self._redis.scan_iter(match=of_bot("*", DEAD_LETTERS))):
            bot_id = stream.decode().partition("{")[2].rpartition("}")[0]
            for number, fields in self._redis.xrange(stream):
                yield stream, number, to_entry(bot_id, [part for field in fields.items() for part in field])
