"""The inbox's other side: events that wait in the store go to the plugins, and what became of them is written down.

Lives on the network loop.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from typing import Any, cast

from ..exception import StoreError
from ..log import log
from ..net import bounded_json as strict_json
from ..store import Entry, Inbox, Store
from .bridge import Delivery, Ended, HandOff

FETCH = 64
"""Entries that are fetched at a time."""
POLL_BACKLOG = 0.2
"""Seconds between two looks for room while events wait."""
POLL_SHARED = 1.0
"""Seconds between two looks into an inbox that other processes fill, too."""
ORPHAN_PATIENCE = 0.5
"""Seconds that an orphan's handlers run before the next one is begun: what kills a process does so soon."""
SETTLED_AFTER = 10.0
"""Seconds for which a process must have lived before it begins a suspect: a series of kills that come soon after each
start would hit the same event every time."""
START_PATIENCE = 10.0
"""Seconds until then in which they must have started; a bot that has left meanwhile holds up no other."""


class Settler:
    """Feeds the hand-off from the inbox, and writes down what was handled."""

    def __init__(self, store: Store, hand_off: HandOff, *, sleep: Callable[[float], Awaitable[None]]) -> None:
        """Args:
        store: the inbox.
        hand_off: the way to NoneBot's loop and back.
        sleep: as asyncio's.
        """
        self._store = store
        self._inbox = store.inbox
        self._shared = store.locks is not None
        self._hand_off = hand_off
        self._sleep = sleep
        self._woken = asyncio.Event()
        self._feeder: asyncio.Task[None] | None = None
        self._writers: set[asyncio.Task[None]] = set()
        self._bot_ids: Sequence[str] = ()
        self._orphan: str | None = None
        self._alone_until = 0.0
        self._settled_at = 0.0
        self._orphaned: set[str] = set()
        self.backlog: set[str] = set()
        """The bots whose events wait in the inbox; while they do, a new one waits behind them."""

    def start(self, bot_ids: Sequence[str]) -> None:
        """Begin to feed these bots; to be called when the store is open."""
        if self._inbox is None:
            return
        self._hand_off.listen(partial(self._settle, self._inbox), self._orphan_begun)
        self._bot_ids = tuple(bot_ids)
        # Also while it is down: what waits in it is looked for when it is back.
        self._orphaned.update(bot_ids)
        self.backlog.update(bot_ids)
        self._settled_at = asyncio.get_running_loop().time() + SETTLED_AFTER
        self._feeder = asyncio.create_task(self._feed(self._inbox), name="feishu-inbox")

    async def stop(self) -> None:
        """Take nothing more out of the inbox, and finish what is being written."""
        if self._feeder is not None:
            self._feeder.cancel()
            await asyncio.wait({self._feeder})
        await asyncio.sleep(0)  # what NoneBot's loop told last
        while self._writers:
            await asyncio.wait(self._writers)

    def wake(self, bot_id: str) -> None:
        """An event of a bot waits in the inbox."""
        self.backlog.add(bot_id)
        self._woken.set()

    def look(self, bot_id: str) -> None:
        """Something of a bot is in the inbox that nobody handles, whatever is known of it here."""
        self._orphaned.add(bot_id)
        self.wake(bot_id)

    async def _feed(self, inbox: Inbox) -> None:
        while True:
            self._woken.clear()
            try:
                await self._feed_orphan(inbox)
                for bot_id in self._bot_ids:
                    await self._feed_waiting(inbox, bot_id)
            except StoreError as error:
                log("ERROR", "Events wait in the store and cannot be read: {}", error)
            await self._pause()

    async def _pause(self) -> None:
        if self._orphaned or self.backlog:
            pause = POLL_BACKLOG
        elif self._shared:
            pause = POLL_SHARED
        else:
            await self._woken.wait()
            return
        waiting = [asyncio.ensure_future(self._woken.wait()), asyncio.ensure_future(self._sleep(pause))]
        try:
            await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in waiting:
                task.cancel()

    async def _feed_orphan(self, inbox: Inbox) -> None:
        """One at a time: what kills the process again must be the only one to be blamed. And only what is handled at
        once: while its bot is on its way, a process that dies of something else would have it blamed and parked."""
        now = asyncio.get_running_loop().time()
        alone = self._orphan is not None and now < self._alone_until
        if alone or not (self._hand_off.is_open and self._store.status.ok):
            return
        asked = self._bot_ids if self._shared else self._orphaned
        present = [bot_id for bot_id in asked if self._hand_off.is_present(bot_id)]
        if not present:
            return
        settled = now >= self._settled_at
        entry = await inbox.fetch_abandoned(present, suspects=settled)
        self._orphan = None if entry is None else entry.key
        if entry is None:
            if self._store.status.ok and settled:
                self._orphaned.difference_update(present)
            return
        self._alone_until = now + START_PATIENCE
        log(
            "WARNING",
            "Bot {}: the event {} is handled again: its process died while it was handled (run {})",
            entry.bot_id,
            entry.key,
            entry.runs,
        )
        self._hand_over(entry, orphan=True)

    def _orphan_begun(self, key: str) -> None:
        if key == self._orphan:
            self._alone_until = asyncio.get_running_loop().time() + ORPHAN_PATIENCE

    async def _feed_waiting(self, inbox: Inbox, bot_id: str) -> None:
        while (bot_id in self.backlog or self._shared) and (room := self._hand_off.wanted(bot_id)):
            entries = await inbox.fetch(bot_id, min(room, FETCH))
            for entry in entries:
                self._hand_over(entry)
            if not self._store.status.ok:
                return  # it is down, which does not say that nothing waits in it
            if len(entries) < min(room, FETCH):
                self.backlog.discard(bot_id)
                return

    def _hand_over(self, entry: Entry, *, orphan: bool = False) -> None:
        size = len(entry.payload)
        # Even into a full place: it was begun, so it cannot go back.
        self._hand_off.reserve(entry.bot_id, size, force=True)
        self._hand_off.put(read_entry(entry, orphan=orphan), size)

    def _settle(self, inbox: Inbox, batch: Sequence[Ended]) -> None:
        done = [ended.key for ended in batch if ended.handled]
        given_up = [ended.key for ended in batch if not ended.handled]
        for write, keys in ((inbox.done, done), (inbox.put_back, given_up)):
            if keys:
                task = asyncio.create_task(self._write(write, keys), name="feishu-settle")
                self._writers.add(task)
                task.add_done_callback(self._writers.discard)
        if self.backlog:
            self._woken.set()  # at once: what is fetched is written together with what is done

    async def _write(self, write: Callable[[Sequence[str]], Awaitable[None]], keys: list[str]) -> None:
        try:
            await write(keys)
        except StoreError as error:
            log("ERROR", "What became of {} events could not be written: {}", len(keys), error)
        if self._orphan in keys:
            self._orphan = None
            self._woken.set()


def read_entry(entry: Entry, *, orphan: bool = False) -> Delivery:
    """The delivery of an entry of the inbox. Only what can be read is taken; an earlier version may have read more."""
    payload = read_json(entry.payload)
    if payload is None:
        log("ERROR", "The event {} of an earlier version cannot be read any more: it comes empty", entry.key)
    return Delivery(entry.bot_id, payload or {}, len(entry.payload), key=entry.key, orphan=orphan)


def read_json(data: bytes) -> dict[str, Any] | None:
    """Parse a JSON object within the bounds of :mod:`.strict_json`, or None."""
    try:
        value: object = strict_json.read_json(data)
    except strict_json.JsonError:
        return None
    return cast("dict[str, Any]", value) if isinstance(value, dict) else None
