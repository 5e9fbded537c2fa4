"""Tells the other processes that this one lives, and knows how long they certainly believe it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import Any

from ..boottime import boottime
from ..process_name import is_dead
from .connection import Call
from .scripts import HEARTBEAT


class Presence:
    """One process in the sorted sets that name the living."""

    def __init__(
        self,
        submit: Callable[[Call], Awaitable[Any]],
        consumer: str,
        lasts: float,
        *,
        clock: Callable[[], float] = boottime,
    ) -> None:
        """Args:
        submit: runs a call in Redis.
        consumer: the name of this process.
        lasts: seconds after which others take a silent process for dead.
        clock: seconds that count while the machine sleeps.
        """
        self._submit = submit
        self._consumer = consumer
        self._lasts = lasts
        self._clock = clock
        self._asked_at = 0.0
        self._answered_at = 0
        self._said_at: float | None = None
        self._heard_at = 0

    @property
    def until(self) -> float:
        """When others may take this process for dead, by its clock; as of the last heartbeat that was confirmed."""
        return 0.0 if self._said_at is None else self._said_at + self._lasts

    def is_due(self) -> bool:
        """Whether it is time for the next heartbeat."""
        return self._clock() >= self.until - self._lasts * 2 / 3

    async def say(self, alive: Sequence[bytes]) -> float:
        """Say that this process lives; returns for how many seconds it had not been heard of.

        Args:
            alive: the key of each bot's sorted set.

        Raises:
            StoreError: it was not heard.
        """
        self._asked_at = self._clock()  # before Redis reads its own clock: the promise ends too early, not too late
        for number, key in enumerate(alive):
            heard_at, names = await self._submit(Call(HEARTBEAT, (key,), (self._consumer,)))
            if number == 0:
                self._answered_at = heard_at
            if dead := [name for name in names if is_dead(name.decode())]:
                await self._submit(Call(None, (), ("ZREM", key, *dead)))
        if self._said_at is None:
            return 0.0
        # Redis's clock tells of a virtual machine that was stopped together with its clocks.
        return max(self._asked_at - self._said_at, (self._answered_at - self._heard_at) / 1000)

    def confirm(self) -> None:
        """What was held is known again: the promise counts from the last heartbeat."""
        self._said_at, self._heard_at = self._asked_at, self._answered_at
