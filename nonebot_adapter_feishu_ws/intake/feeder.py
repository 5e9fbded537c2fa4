"""The store's inbox: waiting events are fetched for the plugins, and what was handled is written down.

Lives on the network loop.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence

from ..exception import StoreError
from ..logs import log
from ..net.waiting import Sleep, wait_for_event
from ..store import Entry, Inbox, Store
from .backlog import Backlog
from .bridge import NetworkEnd
from .delivery import read_entry

FETCH = 64
"""Entries that are fetched at a time."""
POLL_BACKLOG = 0.2
"""Seconds between two looks for room while events wait."""
POLL_SHARED = 1.0
"""Seconds between two looks into an inbox that other processes fill, too."""
ABANDONED_ALONE = 0.5
"""Seconds that the handlers of an abandoned event run before the next one begins: what kills a process does so soon."""
SETTLED_AFTER = 10.0
"""Seconds that a process must have lived before it begins a suspect: a series of kills that come soon after each
start would hit the same event every time."""
START_PATIENCE = 10.0
"""Seconds that an abandoned event's handlers have to start; if its bot has left meanwhile, the next one goes on."""


class InboxConsumer:
    """Feeds the bridge from the inbox, and settles the entries that were handled."""

    def __init__(self, store: Store, bridge: NetworkEnd, *, sleep: Sleep = asyncio.sleep) -> None:
        """Create the consumer; it does nothing without an inbox."""
        self._store = store
        self._inbox = store.inbox
        self._is_shared = store.locks is not None
        self._bridge = bridge
        self._sleep = sleep
        self._woken = asyncio.Event()
        self._feeder: asyncio.Task[None] | None = None
        self._writers: set[asyncio.Task[None]] = set()
        self._bot_ids: Sequence[str] = ()
        self._abandoned: str | None = None  # the key of the one that runs alone
        self._alone_until = 0.0
        self._settled_at = 0.0
        self._may_have_abandoned: set[str] = set()
        self.backlog: Backlog = Backlog(is_shared=self._is_shared)
        """What waits in the inbox; a new event waits behind it, unless it may pass."""

    def start(self, bot_ids: Sequence[str]) -> None:
        """Begin to feed these bots; to be called when the store is open."""
        if self._inbox is None:
            self._bridge.open(None)
            return
        self._bridge.open(self)
        self._bot_ids = tuple(bot_ids)
        # Also while the store is down: what waits in it is looked for when it is back.
        self._may_have_abandoned.update(bot_ids)
        for bot_id in bot_ids:
            self.backlog.begin(bot_id)
        self._settled_at = asyncio.get_running_loop().time() + SETTLED_AFTER
        self._feeder = asyncio.create_task(self._feed(self._inbox), name="feishu-inbox")

    async def stop(self) -> None:
        """Take nothing more out of the inbox, and finish what is being written."""
        if self._feeder is not None:
            self._feeder.cancel()
            await asyncio.wait({self._feeder})
        await asyncio.sleep(0)  # what NoneBot's loop told last
        await self.settle()

    async def settle(self) -> None:
        """Finish what is being written."""
        while self._writers:
            await asyncio.wait(self._writers)

    def wake(self) -> None:
        """An event waits in the inbox."""
        self._woken.set()

    def look(self, bot_id: str) -> None:
        """Events of a bot are in the inbox that nobody handles, whatever is known of them here."""
        self._may_have_abandoned.add(bot_id)
        if bot_id not in self.backlog:
            self.backlog.begin(bot_id)
        self.wake()

    def begun(self, key: str) -> None:
        """The handlers of an abandoned event have started."""
        if key == self._abandoned:
            self._alone_until = asyncio.get_running_loop().time() + ABANDONED_ALONE

    def ended(self, handled: Sequence[str], given_up: Sequence[str]) -> None:
        """Write down which entries are done, and which were given up."""
        assert self._inbox is not None
        for write, keys in ((self._inbox.done, handled), (self._inbox.put_back, given_up)):
            if keys:
                task = asyncio.create_task(self._write(write, keys), name="feishu-settle")
                self._writers.add(task)
                task.add_done_callback(self._writers.discard)
        if self.backlog:
            self._woken.set()  # at once: what is fetched is written together with what is done

    async def _write(self, write: Callable[[Sequence[str]], Awaitable[None]], keys: Sequence[str]) -> None:
        try:
            await write(keys)
        except StoreError as error:
            log("ERROR", "What became of {} events could not be written: {}", len(keys), error)
        if self._abandoned in keys:
            self._abandoned = None
            self._woken.set()

    async def _feed(self, inbox: Inbox) -> None:
        while True:
            self._woken.clear()
            try:
                await self._feed_abandoned(inbox)
                for bot_id in self._bot_ids:
                    await self._feed_waiting(inbox, bot_id)
                    if await self.backlog.look(inbox, bot_id):
                        self._woken.set()  # for more
            except StoreError as error:
                log("ERROR", "Events wait in the store and cannot be read: {}", error)
            await self._pause()

    async def _pause(self) -> None:
        if self._may_have_abandoned or self.backlog:
            await wait_for_event(self._woken, POLL_BACKLOG, self._sleep)
        elif self._is_shared:
            await wait_for_event(self._woken, POLL_SHARED, self._sleep)
        else:
            await self._woken.wait()

    async def _feed_abandoned(self, inbox: Inbox) -> None:
        """Begin one abandoned event again.

        One at a time: if it kills the process again, it must be the only one to be blamed. And only if its bot is
        there: otherwise a process that dies of something else would have it blamed.
        """
        now = asyncio.get_running_loop().time()
        alone = self._abandoned is not None and now < self._alone_until
        if alone or not (self._bridge.is_open and self._store.status.ok):
            return
        asked = self._bot_ids if self._is_shared else self._may_have_abandoned
        present = [bot_id for bot_id in asked if self._bridge.is_present(bot_id)]
        if not present:
            return
        settled = now >= self._settled_at
        entry = await inbox.fetch_abandoned(present, suspects=settled)
        self._abandoned = None if entry is None else entry.key
        if entry is None:
            if self._store.status.ok and settled:
                self._may_have_abandoned.difference_update(present)
            return
        self._alone_until = now + START_PATIENCE
        self._hand_over(entry, abandoned=True)

    async def _feed_waiting(self, inbox: Inbox, bot_id: str) -> None:
        while (bot_id in self.backlog or self._is_shared) and (room := self._bridge.wanted(bot_id)):
            changes = self.backlog.changes(bot_id)
            entries = await inbox.fetch(bot_id, min(room, FETCH))
            for entry in entries:
                self.backlog.fetched(bot_id, entry.payload, entry.key)
                self._hand_over(entry)
            if not self._store.status.ok:
                return  # it is down, which does not say that nothing waits in it
            if len(entries) < min(room, FETCH):
                self.backlog.end(bot_id, changes)
                return

    def _hand_over(self, entry: Entry, *, abandoned: bool = False) -> None:
        delivery = read_entry(entry, abandoned=abandoned)
        if abandoned:
            log(
                "WARNING",
                "Bot {bot}: the event {key} is handled again: its process died while handling it (run {run})",
                bot=entry.bot_id,
                key=entry.key,
                run=entry.runs,
                event_id=delivery.identity.event_id,
                message_id=delivery.identity.message_id,
            )
        # Even into a full place: it was begun, so it cannot go back.
        self._bridge.reserve(entry.bot_id, delivery.size, force=True)
        self._bridge.put(delivery, delivery.size)
