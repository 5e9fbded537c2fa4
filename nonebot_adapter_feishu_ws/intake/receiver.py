"""Where every delivery enters, by socket or webhook: read, drop duplicates, journal, hand over, ack.

Runs on the network loop and never waits for a plugin. What it takes is written to the store and goes over to NoneBot's
loop through the :class:`HandOff`; what it cannot take is answered with 500, so that the platform pushes it again.
"""

from __future__ import annotations

import asyncio
import hashlib
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, Literal, cast

from pydantic_core import to_json

from ..event.callback import Callback
from ..event.envelope import Envelope, Receipt
from ..exception import InboxFull, StoreError
from ..log import log
from ..store import Entry, Inbox, Store, StoreWatch
from .bridge import Delivery, HandOff
from .feeder import Settler, read_entry, read_json

ACCEPTED = Receipt(200)
REFUSED = Receipt(500)
MESSAGE_EVENT = "im.message.receive_v1"
CALLBACKS = frozenset({"card.action.trigger", "url.preview.get"})
"""Events that Feishu wants an answer to."""
Outcome = Literal["accepted", "duplicate", "refused"]
TELL_FULL_EVERY = 60.0
"""Seconds between two warnings that a bot's inbox is full."""


class Intake:
    """The door of both transports. Lives on the network loop."""

    def __init__(
        self,
        store: Store,
        hand_off: HandOff,
        *,
        on_message: Callable[[str, Mapping[str, Any]], None] | None = None,
        clock: Callable[[], float] = time.time,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        """Args:
        store: knows what was taken, and keeps it until it is handled.
        hand_off: the way to NoneBot's loop.
        on_message: told of every message that is taken, with its bot.
        clock: seconds since the epoch.
        sleep: as asyncio's.
        """
        self._store = store
        self._hand_off = hand_off
        self._on_message = on_message
        self._clock = clock
        self._settler = Settler(store, hand_off, sleep=sleep)
        self.watch: StoreWatch = StoreWatch(store, self._settler.look)
        """What operators see of the store."""
        self._told_full: dict[str, float] = {}
        self.counts: Counter[tuple[str, str, Outcome]] = Counter()
        """How many deliveries of a bot came by a transport to which end; for the metrics."""

    async def open(self, bot_ids: Sequence[str]) -> None:
        """Open the store, and begin to hand over what waits in its inbox.

        Raises:
            StoreError: the store cannot be used.
        """
        if self._store.locks is not None:
            self._store.locks.on_lease(self._hand_off.renew)
        await self._store.open(bot_ids)
        self._settler.start(bot_ids)
        self.watch.start(bot_ids)

    async def close(self) -> None:
        """Write what became of the deliveries, and close the store."""
        await self.watch.stop()
        await self._settler.stop()
        await self._store.close()

    async def receive(self, envelope: Envelope) -> Receipt:
        """Take one envelope; returns what to answer, as soon as it may be acked."""
        payload = read_json(envelope.payload)
        event_type = "" if payload is None else _event_type(payload)
        if payload is None or not event_type:
            what = "is not a JSON object" if payload is None else "names no event type"
            self._warn(envelope, f"a payload of {len(envelope.payload)} bytes {what}; it is refused with 500")
            return self._end(envelope, "refused")
        keys = claim_keys(envelope, payload, event_type)
        try:
            if event_type in CALLBACKS:
                return await self._receive_callback(envelope, payload, keys)
            inbox = self._store.inbox
            if inbox is None:
                outcome = await self._claim(envelope, keys, size := len(envelope.payload))
                if outcome == "accepted":
                    self._hand_off.put(Delivery(envelope.bot_id, payload, size), size)
            else:
                outcome = await self._take(inbox, envelope, payload, keys)
        except InboxFull as error:
            self._warn_full(envelope, error)
            return self._end(envelope, "refused")
        except StoreError as error:
            self._warn(envelope, f"{event_type} is refused with 500, Feishu will push it again: {error}")
            return self._end(envelope, "refused")
        if outcome == "duplicate":
            name = f"{event_type} ({keys[0]})"
            log("DEBUG", "Bot {}: dropped a duplicate {}", envelope.bot_id, name)
        elif outcome == "refused":
            self._warn(envelope, f"no room for {event_type}: refused with 500, Feishu will push it again")
        elif event_type == MESSAGE_EVENT and self._on_message is not None:
            self._on_message(envelope.bot_id, payload)
        return self._end(envelope, outcome)

    async def _take(self, inbox: Inbox, envelope: Envelope, payload: dict[str, Any], keys: Sequence[str]) -> Outcome:
        size, bot_id = len(envelope.payload), envelope.bot_id
        # While the store is down nothing can wait in it, and nothing that waits there can be fetched.
        durable = self._store.status.ok
        behind = bot_id in self._settler.backlog and durable
        begin = not behind and self._hand_off.reserve(bot_id, size, stored=durable)
        if not begin and not (self._store.status.ok and self._hand_off.is_open):
            return "refused"
        entry = Entry(keys[0], bot_id, envelope.payload, self._clock())
        try:
            with self._hand_off.hold():
                taken = await inbox.take(entry, keys, begin=begin)
        except BaseException:
            if begin:
                self._hand_off.cancel(bot_id, size)
            else:
                self._settler.wake(bot_id)  # it may have been written all the same
            raise
        if begin and taken.entry is None:
            self._hand_off.cancel(bot_id, size)
        if not taken.new:
            return "duplicate"
        if taken.entry is entry:
            self._hand_off.put(Delivery(bot_id, payload, size, key=entry.key), size)
        else:
            if taken.entry is not None:
                self._hand_off.put(read_entry(taken.entry), size)
            self._settler.wake(bot_id)
        return "accepted"

    async def _receive_callback(self, envelope: Envelope, payload: dict[str, Any], keys: Sequence[str]) -> Receipt:
        """A callback is not kept in the inbox: after a crash nobody waits for its answer, and the user clicks again."""
        size = len(envelope.payload)
        outcome = await self._claim(envelope, keys, size)
        if outcome == "refused":
            self._warn(envelope, "no room for a callback: refused with 500")
        if outcome != "accepted":
            return self._end(envelope, outcome)
        callback = Callback()
        self._hand_off.put(Delivery(envelope.bot_id, payload, size, callback), size)
        receipt = self._end(envelope, "accepted")
        response = await callback.wait()
        return receipt if response is None else Receipt(receipt.code, to_json(response))

    async def _claim(self, envelope: Envelope, keys: Sequence[str], size: int) -> Outcome:
        """Claim an event that is not written to the inbox, and reserve a place for it."""
        if not self._hand_off.reserve(envelope.bot_id, size):
            return "refused"
        claimed = False
        try:
            claimed = await self._store.claim(keys)
        finally:
            if not claimed:
                self._hand_off.cancel(envelope.bot_id, size)
        return "accepted" if claimed else "duplicate"

    def _end(self, envelope: Envelope, outcome: Outcome) -> Receipt:
        self.counts[envelope.bot_id, envelope.transport, outcome] += 1
        return REFUSED if outcome == "refused" else ACCEPTED

    def _warn_full(self, envelope: Envelope, error: InboxFull) -> None:
        now = asyncio.get_running_loop().time()
        if now - self._told_full.get(envelope.bot_id, -TELL_FULL_EVERY) < TELL_FULL_EVERY:
            return
        self._told_full[envelope.bot_id] = now
        self._warn(
            envelope,
            f"{error}. New events are refused with 500; Feishu keeps each of them and pushes it again after 15 s, "
            "5 min, 1 h and 6 h, then it is lost. The handlers do not keep up: look for one that hangs, raise "
            "FEISHU_MAX_RUNNING_HANDLERS or start more replicas (said once a minute)",
        )

    def _warn(self, envelope: Envelope, text: str) -> None:
        trace = f" (trace_id {envelope.trace_id})" if envelope.trace_id else ""
        log("WARNING", "Bot {}, {}: {}{}", envelope.bot_id, envelope.transport, text, trace)


def claim_keys(envelope: Envelope, payload: dict[str, Any], event_type: str) -> list[str]:
    """The names under which a delivery is known again.

    Redeliveries carry the same ``event_id``; for messages the document recommends ``message_id``, since one
    message can come under two event ids (接收消息).
    """
    event_id = _dict(payload.get("header")).get("event_id") or payload.get("uuid")
    if not isinstance(event_id, str) or not event_id:
        event_id = "sha256:" + hashlib.sha256(envelope.payload).hexdigest()
    keys = [f"{envelope.bot_id}:event:{event_id}"]
    if event_type == MESSAGE_EVENT:
        message_id = _dict(_dict(payload.get("event")).get("message")).get("message_id")
        if isinstance(message_id, str) and message_id:
            keys.append(f"{envelope.bot_id}:message:{message_id}")
    return keys


def _event_type(payload: dict[str, Any]) -> str:
    event_type = _dict(payload.get("header")).get("event_type") or _dict(payload.get("event")).get("type")
    return event_type if isinstance(event_type, str) else ""


def _dict(value: object) -> dict[str, Any]:
    return cast("dict[str, Any]", value) if isinstance(value, dict) else {}
