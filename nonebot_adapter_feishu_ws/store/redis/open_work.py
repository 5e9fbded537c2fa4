"""Work that is begun and not ended, in Redis: a hash per bot, whose values begin with their holder."""

from collections.abc import Mapping
from dataclasses import dataclass

from typing_extensions import override

from ..base import OpenWork
from .connection import RedisConnection
from .keys import of_bot, to_bytes, to_text
from .scripts import INHERIT


@dataclass(eq=False)
class RedisOpenWork(OpenWork):
    """The notes as one process sees them.

    Attributes:
        consumer: the name of this process.
        takeover_after: milliseconds without a heartbeat after which another process counts as dead.
    """

    connection: RedisConnection
    consumer: str
    takeover_after: int

    @override
    async def hold(self, key: str, value: str) -> None:
        await self.connection.execute("HSET", *_place(key), to_bytes(f"{self.consumer}\n{value}"))

    @override
    async def find(self, key: str) -> str | None:
        note = await self.connection.execute("HGET", *_place(key))
        return None if note is None else to_text(note).partition("\n")[2]

    @override
    async def drop(self, key: str) -> None:
        await self.connection.execute("HDEL", *_place(key))

    @override
    async def inherit(self, bot_id: str) -> Mapping[str, str]:
        keys = [of_bot(bot_id, "open"), of_bot(bot_id, "alive")]
        found = list(map(to_text, await self.connection.run(INHERIT, keys, self.consumer, self.takeover_after)))
        return {f"{bot_id}:{name}": value for name, value in zip(found[::2], found[1::2], strict=True)}


def _place(key: str) -> tuple[bytes, bytes]:
    """The hash and the field of a note."""
    bot_id, _, name = key.partition(":")
    return of_bot(bot_id, "open"), to_bytes(name)
