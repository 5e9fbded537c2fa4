"""State, shared values and locks in Redis."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from typing_extensions import override

from ..base import KeyValue, Lease, Locks, SharedValues
from .connection import RedisConnection, to_milliseconds
from .keys import of_name, of_state, to_bytes, to_text
from .scripts import LOCK, RESERVE, UNLOCK


@dataclass(eq=False)
class RedisValues(KeyValue, SharedValues):
    """Values and sets that all processes see."""

    connection: RedisConnection

    @override
    async def get(self, key: str) -> str | None:
        value = await self.connection.execute("GET", of_state(key))
        return None if value is None else to_text(value)

    @override
    async def set(self, key: str, value: str | None) -> None:
        command = ("DEL", of_state(key)) if value is None else ("SET", of_state(key), to_bytes(value))
        await self.connection.execute(*command)

    @override
    async def note(self, name: str, members: Mapping[str, float], *, keep: int) -> None:
        key = of_name("set", name)
        scores = [part for member, at in members.items() for part in (repr(at), to_bytes(member))]
        await self.connection.execute("ZADD", key, *scores)
        await self.connection.execute("ZREMRANGEBYRANK", key, 0, -keep - 1)

    @override
    async def noted(self, name: str) -> list[str]:
        return [to_text(member) for member in await self.connection.execute("ZREVRANGE", of_name("set", name), 0, -1)]

    @override
    async def get_value(self, key: str) -> str | None:
        value = await self.connection.execute("GET", of_name("shared", key))
        return None if value is None else to_text(value)

    @override
    async def set_value(self, key: str, value: str | None, ttl: float | None) -> None:
        name = of_name("shared", key)
        if value is None:
            await self.connection.execute("DEL", name)
            return
        expiry = () if ttl is None else ("PX", to_milliseconds(ttl))
        await self.connection.execute("SET", name, to_bytes(value), *expiry)

    @override
    async def add_value(self, key: str, value: str, ttl: float) -> str:
        name = of_name("shared", key)
        added = await self.connection.execute("SET", name, to_bytes(value), "PX", to_milliseconds(ttl), "NX")
        return value if added else await self.get_value(key) or value

    @override
    async def reserve(self, key: str, count: int, period: float) -> float:
        wait = await self.connection.run(RESERVE, [of_name("rate", key)], count, to_milliseconds(period))
        return int(wait) / 1000


@dataclass(eq=False)
class RedisLocks(Locks):
    """Locks whose value is the name of the process that holds them."""

    connection: RedisConnection
    consumer: str
    renew: Callable[[Lease], None] = lambda lease: None

    @override
    async def try_lock(self, name: str, ttl: float) -> bool:
        return bool(await self.connection.run(LOCK, [of_name("lock", name)], self.consumer, to_milliseconds(ttl)))

    @override
    async def unlock(self, name: str) -> None:
        await self.connection.run(UNLOCK, [of_name("lock", name)], self.consumer)

    @override
    def on_lease(self, callback: Callable[[Lease], None]) -> None:
        self.renew = callback

    @override
    def extend_lease(self, until: float) -> None:
        self.renew(Lease(until))
