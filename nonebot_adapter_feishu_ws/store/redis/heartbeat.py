"""Heartbeats of this process, and until when its lease holds."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from ..boottime import boottime
from ..process_name import is_dead
from .connection import RedisConnection
from .keys import of_bot
from .scripts import HEARTBEAT


@dataclass(slots=True)
class Heartbeat:
    """This process in the sorted sets ``alive`` of its bots, and the time of the last heartbeat of any.

    Attributes:
        consumer: the name of this process.
        takeover_after: seconds after which others take a silent process for dead.
        clock: monotonic seconds that count while the machine sleeps.
        seen_before: app id -> when some process had been seen before this one's first heartbeat, in milliseconds of
            Redis's clock; 0 when that is not known.
        emptied: app ids whose keys are gone, though an earlier heartbeat of this process had written or seen them.
    """

    connection: RedisConnection
    consumer: str
    takeover_after: float
    clock: Callable[[], float] = boottime
    seen_before: dict[str, int] = field(default_factory=dict[str, int])
    emptied: list[str] = field(default_factory=list[str])
    _had_inbox: dict[str, int] = field(default_factory=dict[str, int])
    _sent_at: float = 0.0
    _sent_at_in_redis: int = 0
    _confirmed_at: float | None = None
    _confirmed_at_in_redis: int = 0

    @property
    def valid_until(self) -> float:
        """The end of the lease by this process's clock, counted from the last confirmed heartbeat."""
        return 0.0 if self._confirmed_at is None else self._confirmed_at + self.takeover_after

    def is_due(self) -> bool:
        """Whether it is time for the next heartbeat."""
        return self.clock() >= self.valid_until - self.takeover_after * 2 / 3

    async def send(self, bot_ids: Sequence[str]) -> float:
        """Send a heartbeat to each bot's keys; returns the seconds since the last confirmed one, 0 for the first.

        Raises:
            StoreError: it may not have arrived.
        """
        self._sent_at = self.clock()  # before Redis reads its clock: the lease ends too early, never too late
        for number, bot_id in enumerate(bot_ids):
            keys = [of_bot(bot_id, kind) for kind in ("alive", "seen", "inbox")]
            now, names, before, has_inbox = await self.connection.run(HEARTBEAT, keys, self.consumer)
            if bot_id in self.seen_before and (not before or has_inbox < self._had_inbox[bot_id]):
                self.emptied.append(bot_id)
            self.seen_before.setdefault(bot_id, before)
            self._had_inbox[bot_id] = has_inbox
            if number == 0:
                self._sent_at_in_redis = now
            if dead := [name for name in names if is_dead(name.decode())]:
                await self.connection.execute("ZREM", keys[0], *dead)
        if self._confirmed_at is None:
            return 0.0
        # Redis's clock reveals that a virtual machine was stopped together with its clocks.
        in_redis = (self._sent_at_in_redis - self._confirmed_at_in_redis) / 1000
        return max(self._sent_at - self._confirmed_at, in_redis)

    def confirm(self) -> None:
        """Renew the lease from the last heartbeat: it is known again which entries this process holds."""
        self._confirmed_at, self._confirmed_at_in_redis = self._sent_at, self._sent_at_in_redis
