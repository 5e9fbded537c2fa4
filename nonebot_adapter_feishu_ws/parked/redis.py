"""Parked events in Redis."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any, Final, cast

from redis import Redis
from redis.exceptions import RedisError
from typing_extensions import override

from ..exception import StoreError
from ..store import CLAIM_TTL
from ..store.redis.connection import public_url
from .store import ParkedEvent, ParkedEvents

RETRY: Final = """
local entry = redis.call('XRANGE', KEYS[1], ARGV[1], ARGV[1])[1]
if not entry then return 0 end
local id = redis.call('XADD', KEYS[2], '*', 'k', entry[2][2], 'p', entry[2][4], 't', redis.call('TIME')[1])
redis.call('SET', KEYS[3], id, 'EX', ARGV[2])
redis.call('XDEL', KEYS[1], ARGV[1])
return 1
"""
"""KEYS: parked, inbox, claim. ARGV: id, seconds of a claim."""
TIMEOUT: Final = 5.0
_open = cast("Callable[..., Any]", Redis.from_url)  # pyright: ignore[reportUnknownMemberType]


class RedisParked(ParkedEvents):
    """The streams ``feishu:{app id}:parked``."""

    def __init__(self, url: str) -> None:
        """Args:
        url: with credentials.

        Raises:
            StoreError: it cannot be reached.
        """
        self._redis: Any = _open(url, protocol=2, socket_timeout=TIMEOUT, socket_connect_timeout=TIMEOUT)
        try:
            self._redis.ping()
        except (RedisError, OSError) as error:
            raise StoreError(f"the store {public_url(url)} cannot be reached ({error})") from error

    @override
    def list(self) -> Sequence[ParkedEvent]:
        return [event for _, _, event in self._all()]

    @override
    def retry(self, key: str) -> bool:
        for stream, number, event in self._all():
            if event.key == key:
                bot_id, _, rest = key.partition(":")
                names = (stream, f"feishu:{{{bot_id}}}:inbox", f"feishu:{{{bot_id}}}:claim:{rest}")
                return bool(self._redis.eval(RETRY, 3, *names, number, int(CLAIM_TTL)))
        return False

    @override
    def drop(self, key: str) -> bool:
        found = [(stream, number) for stream, number, event in self._all() if event.key == key]
        return sum(int(self._redis.xdel(stream, number)) for stream, number in found) > 0

    @override
    def close(self) -> None:
        self._redis.close()

    def _all(self) -> Iterator[tuple[bytes, bytes, ParkedEvent]]:
        for stream in sorted(self._redis.scan_iter(match="feishu:{*}:parked")):
            for number, fields in self._redis.xrange(stream):
                key = fields[b"k"].decode("utf-8", "surrogatepass")
                yield stream, number, ParkedEvent(key, float(fields[b"t"]), fields[b"p"])
