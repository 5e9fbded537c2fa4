"""What operators see of the store, kept up to date on the network loop so that whoever looks need not ask it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from ..exception import StoreError
from ..log import log
from .base import Inbox, InboxCount, Store, StoreStatus

COUNT_EVERY = 5.0
"""Seconds between two counts of the inbox."""


@dataclass(frozen=True, slots=True)
class StoreView:
    """The store at a moment.

    Attributes:
        status: whether it works.
        inbox: app id -> what is in its inbox; without the bots of which nobody knows, as while the store is down.
    """

    status: StoreStatus
    inbox: Mapping[str, InboxCount] = field(default_factory=dict[str, InboxCount])


class StoreWatch:
    """Counts the inbox now and then. Lives on the network loop; the view may be read from anywhere."""

    def __init__(
        self, store: Store, waits: Callable[[str], None] = lambda bot_id: None, *, count_every: float = COUNT_EVERY
    ) -> None:
        """Args:
        store: what is looked at.
        waits: told of each bot whose events wait, with every count.
        count_every: seconds between two counts.
        """
        self._store = store
        self._waits = waits
        self._count_every = count_every
        self._inbox: Mapping[str, InboxCount] = {}
        self._counter: asyncio.Task[None] | None = None

    def view(self) -> StoreView:
        """The store now; its inbox as of the last count."""
        status = self._store.status
        return StoreView(status, self._inbox if status.ok else {})

    def start(self, bot_ids: Sequence[str]) -> None:
        """Begin to count; to be called when the store is open."""
        if (inbox := self._store.inbox) is not None:
            self._counter = asyncio.create_task(self._count(inbox, tuple(bot_ids)), name="feishu-inbox-count")

    async def stop(self) -> None:
        """Count no more."""
        if self._counter is not None:
            self._counter.cancel()
            await asyncio.wait({self._counter})

    async def _count(self, inbox: Inbox, bot_ids: Sequence[str]) -> None:
        while True:
            try:
                self._inbox = await inbox.count(bot_ids)
            except StoreError as error:
                self._inbox = {}
                log("DEBUG", "The inbox cannot be counted: {}", error)
            for bot_id, count in self._inbox.items():
                if count.waiting:
                    self._waits(bot_id)
            await asyncio.sleep(self._count_every)
