"""What operators see of the store: counted now and then, so that no request has to ask the store."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import NamedTuple

from ..exception import StoreError
from ..logs import log
from .base import Inbox, InboxCount, Store, StoreStatus

COUNT_EVERY = 5.0
"""Seconds between two counts of the inbox."""


class StoreView(NamedTuple):
    """A snapshot of the store.

    Attributes:
        status: whether it works.
        inbox: app id -> count of its inbox; bots are missing while that is unknown, e.g. while the store is down.
    """

    status: StoreStatus
    inbox: Mapping[str, InboxCount] = MappingProxyType({})


class StoreWatch:
    """Counts the inbox periodically. Runs on the network loop; the view may be read from any thread."""

    def __init__(
        self, store: Store, waits: Callable[[str], None] = lambda bot_id: None, *, count_every: float = COUNT_EVERY
    ) -> None:
        """Create the watch; ``waits`` is called at every count for each bot whose events wait."""
        self._store = store
        self._waits = waits
        self._count_every = count_every
        self._inbox: Mapping[str, InboxCount] = {}
        self._counter: asyncio.Task[None] | None = None

    def view(self) -> StoreView:
        """Return the store's status now, and its inbox as of the last count."""
        status = self._store.status
        return StoreView(status, self._inbox if status.ok else {})

    def start(self, bot_ids: Sequence[str]) -> None:
        """Start counting; to be called when the store is open."""
        if (inbox := self._store.inbox) is not None:
            self._counter = asyncio.create_task(self._count(inbox, tuple(bot_ids)), name="feishu-inbox-count")

    async def stop(self) -> None:
        """Stop counting."""
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
