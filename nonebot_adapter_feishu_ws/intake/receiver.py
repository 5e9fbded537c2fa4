"""Where every delivery enters, by socket, webhook or backfill: read, drop duplicates, store, hand over, ack.

Runs on the network loop and never waits for a plugin. What it takes is written to the store and handed to NoneBot's
loop over the bridge; what it cannot take is answered with 500, so that the platform pushes it again.
"""

import asyncio
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from typing import Any, Literal

from pydantic_core import to_json

from ..event.callback import OLD_CARD, OLD_CARD_ADVICE, Callback, is_old_card
from ..event.envelope import Envelope, Receipt
from ..exception import InboxFull, StoreError
from ..logs import log, log_context
from ..net.bounded_json import read_object
from ..net.waiting import Sleep
from ..store import Entry, Inbox, Store, StoreWatch
from .bridge import NetworkEnd
from .delivery import MESSAGE_EVENT, Delivery, EventIdentity, claim_keys, identify, occurred_at, read_entry
from .feeder import InboxConsumer

ACCEPTED = Receipt(200)
REFUSED = Receipt(500)
CALLBACKS = frozenset({"card.action.trigger", "url.preview.get"})
"""Events that Feishu wants an answer to."""
Outcome = Literal["accepted", "duplicate", "refused", "too_old"]
TELL_EVERY = 60.0
"""Seconds between two warnings of one kind for a bot: that its inbox is full, that an event was too old."""


class Receiver:
    """The entry point of all transports. Lives on the network loop."""

    def __init__(
        self,
        store: Store,
        bridge: NetworkEnd,
        *,
        note: Callable[[str, Mapping[str, Any]], None] | None = None,
        max_age: float | None = None,
        clock: Callable[[], float] = time.time,
        sleep: Sleep = asyncio.sleep,
    ) -> None:
        """Create the receiver; :meth:`open` opens the store. ``note`` is given the bot and the JSON of every message.

        ``clock`` counts seconds since the epoch; events that are older than ``max_age`` seconds are dropped.
        """
        self._store = store
        self._bridge = bridge
        self._note = note
        self._clock = clock
        self._max_age = max_age
        self._consumer = InboxConsumer(store, bridge, sleep=sleep)
        self.watch: StoreWatch = StoreWatch(store, self._consumer.look)
        """What operators see of the store."""
        self._told_at: dict[tuple[str, str], float] = {}
        self._last_event_at: dict[str, float] = {}
        self.counts: Counter[tuple[str, str, Outcome]] = Counter()
        """Deliveries by bot, transport and outcome; for the metrics."""

    async def open(self, bot_ids: Sequence[str]) -> None:
        """Open the store, and begin to hand over what waits in its inbox.

        Raises:
            StoreError: the store cannot be used.
        """
        if self._store.locks is not None:
            self._store.locks.on_lease(self._bridge.send)
        await self._store.open(bot_ids)
        self._consumer.start(bot_ids)
        self.watch.start(bot_ids)

    async def settle(self) -> None:
        """Write what has become of the deliveries so far."""
        await self._consumer.settle()

    async def close(self) -> None:
        """Write what became of the deliveries, and close the store."""
        await self.watch.stop()
        await self._consumer.stop()
        await self._store.close()

    def last_event_at(self, bot_id: str) -> float | None:
        """When Feishu last delivered something to a bot, in seconds since the epoch; may be read on any thread."""
        return self._last_event_at.get(bot_id)

    async def receive(self, envelope: Envelope) -> Receipt:
        """Take one envelope; returns what to answer, as soon as it may be acked."""
        self._bridge.collect()
        if envelope.transport != "backfill":
            self._last_event_at[envelope.bot_id] = self._clock()
        payload = read_object(envelope.payload)
        identity = None if payload is None else identify(payload)
        if payload is None or identity is None or identity.event_type in ("", OLD_CARD):
            what = "is not a JSON object" if payload is None else "names no event type"
            if payload is not None and is_old_card(payload):
                what = f"cannot be used: {OLD_CARD_ADVICE}"
            self._warn(envelope, f"a payload of {len(envelope.payload)} bytes {what}; it is refused with 500")
            return self._end(envelope, "refused")
        with log_context(bot=envelope.bot_id, event_id=identity.event_id, message_id=identity.message_id):
            try:
                return await self._receive(envelope, payload, identity)
            except InboxFull as error:
                self._warn_full(envelope, error)
            except StoreError as error:
                self._warn(envelope, f"{identity.event_type} is refused with 500, Feishu will push it again: {error}")
            except Exception as error:  # noqa: BLE001 - whatever it is, the event must be pushed again
                text = "Bot {bot}: an event is refused with 500 for an unexpected error, Feishu will push it again"
                log("ERROR", text, bot=envelope.bot_id, exception=error)
            return self._end(envelope, "refused")

    async def mark_handled(self, key: str) -> bool:
        """Write down that an event is done, before its handlers have ended; returns whether that is safe."""
        if self._store.inbox is not None:
            await self._store.inbox.done([key])
        return self._store.status.ok

    async def _receive(self, envelope: Envelope, payload: dict[str, Any], identity: EventIdentity) -> Receipt:
        if self._max_age is not None and self._is_too_old(envelope, payload, identity, self._max_age):
            return self._end(envelope, "too_old")
        keys = claim_keys(envelope, identity)
        # A callback is not kept in the inbox: after a crash nobody waits for its answer, and the user clicks again.
        callback = Callback() if identity.event_type in CALLBACKS else None
        inbox = self._store.inbox if callback is None else None
        key = None if inbox is None else keys[0]
        kept = envelope.payload if self._bridge.is_crowded(envelope.bot_id) else payload
        delivery = Delivery(envelope.bot_id, kept, len(envelope.payload), identity, callback, key)
        if inbox is None:
            outcome = await self._claim(delivery, keys)
        else:
            outcome = await self._take(inbox, envelope, delivery, keys)
        if outcome == "duplicate":
            log("DEBUG", "Bot {bot}: dropped a duplicate {} ({})", identity.event_type, keys[0], bot=envelope.bot_id)
        elif outcome == "refused":
            self._warn_refused(envelope)
        elif identity.event_type == MESSAGE_EVENT and self._note is not None:
            self._note(envelope.bot_id, payload)
        receipt = self._end(envelope, outcome)
        if callback is None or outcome != "accepted" or (response := await callback.wait()) is None:
            return receipt
        return Receipt(receipt.code, to_json(response))

    async def _take(self, inbox: Inbox, envelope: Envelope, delivery: Delivery, keys: Sequence[str]) -> Outcome:
        size, bot_id = delivery.size, delivery.bot_id
        # While the store is down nothing can wait in it, and nothing that waits there can be fetched.
        durable = self._store.status.ok
        backlog, payload = self._consumer.backlog, envelope.payload
        behind = durable and backlog.holds(bot_id)
        ahead = behind and backlog.may_pass(bot_id, payload)
        begin = (ahead or not behind) and self._bridge.reserve(bot_id, size, stored=durable, ahead=ahead)
        ahead = ahead and begin
        if not begin and not (self._store.status.ok and self._bridge.is_open):
            return "refused"
        entry = Entry(keys[0], bot_id, payload, self._clock())
        if ahead:
            backlog.passed(bot_id)
        elif not begin:
            backlog.add(bot_id, payload, entry.key)
        try:
            with self._bridge.hold():
                taken = await inbox.take(entry, keys, begin=begin, ahead=ahead)
        except BaseException:
            if begin:
                self._bridge.cancel(bot_id, size)
            else:
                backlog.written(bot_id, payload, entry.key, waits=True)  # it may have been, all the same
                self._consumer.wake()
            raise
        if begin and taken.entry is None:
            self._bridge.cancel(bot_id, size)
        if not begin:
            backlog.written(bot_id, payload, entry.key, waits=taken.new)
        if not taken.new:
            return "duplicate"
        if taken.entry is entry:
            self._bridge.put(delivery, size)
            return "accepted"
        if taken.entry is not None:
            self._bridge.put(read_entry(taken.entry), size)
            backlog.add(bot_id, payload, entry.key)
            backlog.written(bot_id, payload, entry.key, waits=True)
        self._consumer.wake()
        return "accepted"

    async def _claim(self, delivery: Delivery, keys: Sequence[str]) -> Outcome:
        """Claim and hand over an event that is not written to an inbox."""
        if not self._bridge.reserve(delivery.bot_id, delivery.size):
            return "refused"
        claimed = False
        try:
            claimed = await self._store.claim(keys)
        finally:
            if not claimed:
                self._bridge.cancel(delivery.bot_id, delivery.size)
        if claimed:
            self._bridge.put(delivery, delivery.size)
        return "accepted" if claimed else "duplicate"

    def _end(self, envelope: Envelope, outcome: Outcome) -> Receipt:
        self.counts[envelope.bot_id, envelope.transport, outcome] += 1
        return REFUSED if outcome == "refused" else ACCEPTED

    def _is_too_old(self, envelope: Envelope, payload: dict[str, Any], identity: EventIdentity, max_age: float) -> bool:
        at = occurred_at(payload)
        age = self._clock() - at
        if not at or age <= max_age:
            return False
        self._warn_sometimes(
            "too_old",
            envelope,
            f"{identity.event_type} is {timedelta(seconds=int(age))} old: dropped, since FEISHU_MAX_EVENT_AGE is "
            f"{max_age:g} s; the metric feishu_deliveries_total counts it as too_old. If it has just happened, the "
            "clock of this machine is ahead",
        )
        return True

    def _warn_refused(self, envelope: Envelope) -> None:
        if not self._bridge.is_open:
            text = "no handlers run now, as the bot starts or ends: refused with 500, Feishu pushes it again"
            self._warn_sometimes("closed", envelope, text)
            return
        memory = f"the memory for waiting events is full: {self._bridge.waiting(envelope.bot_id)} wait"
        more = "" if self._store.inbox is not None else "; a store on disk (FEISHU_STORE=sqlite:///...) takes more"
        self._warn_full(envelope, f"{memory}{more}")

    def _warn_full(self, envelope: Envelope, error: InboxFull | str) -> None:
        self._warn_sometimes(
            "full",
            envelope,
            f"{error}. New events are refused with 500; Feishu keeps each of them and pushes it again after 15 s, "
            "5 min, 1 h and 6 h, then it is lost. If the handlers do not keep up: look for one that hangs, raise "
            "FEISHU_MAX_RUNNING_HANDLERS or start more replicas",
        )

    def _warn_sometimes(self, kind: str, envelope: Envelope, text: str) -> None:
        now, key = asyncio.get_running_loop().time(), (envelope.bot_id, kind)
        if now - self._told_at.get(key, -TELL_EVERY) >= TELL_EVERY:
            self._told_at[key] = now
            self._warn(envelope, f"{text} (logged at most once a minute)")

    def _warn(self, envelope: Envelope, text: str) -> None:
        trace = f" (trace_id {envelope.trace_id})" if envelope.trace_id else ""
        log("WARNING", "Bot {bot}, {}: {}{}", envelope.transport, text, trace, bot=envelope.bot_id)
