"""Where every delivery enters, by socket or webhook: read, drop duplicates, hand over, ack.

Runs on the network loop and never waits for a plugin. What it takes goes over to NoneBot's loop through the
:class:`HandOff`; what it cannot take is answered with 500, so that the platform keeps it and pushes it again.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
from collections import Counter, deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal, cast

from pydantic_core import from_json, to_json

from .callback import Callback
from .log import escape, log
from .store import Store
from .transport.connection import Envelope, Receipt

ACCEPTED = Receipt(200)
REFUSED = Receipt(500)
MESSAGE_EVENT = "im.message.receive_v1"
CALLBACKS = frozenset({"card.action.trigger", "url.preview.get"})
"""Events that Feishu wants an answer to."""
Outcome = Literal["accepted", "duplicate", "refused"]


@dataclass(frozen=True, slots=True)
class Delivery:
    """A claimed event on its way to the plugins.

    Attributes:
        bot_id: the app id.
        payload: the event's JSON as Feishu sent it.
        size: bytes of that JSON.
        callback: what waits for an answer; None for an event that is only told.
    """

    bot_id: str
    payload: dict[str, Any]
    size: int
    callback: Callback | None = None


class HandOff:
    """The one bridge from the network loop to NoneBot's loop: bounded, and batched into one wake-up.

    ``put`` is called on the network loop, everything else on NoneBot's. The two sides count what they did in
    counters of their own, so that no lock is needed.
    """

    def __init__(
        self,
        take: Callable[[Delivery], None],
        *,
        max_waiting: int = 10_000,
        max_bytes: int = 128 * 1024 * 1024,
    ) -> None:
        """Args:
        take: receives each delivery on NoneBot's loop; must not block.
        max_waiting: deliveries between arrival and the start of their handlers.
        max_bytes: their JSON together.
        """
        self._take = take
        self._max_waiting = max_waiting
        self._max_bytes = max_bytes
        self._queue: deque[Delivery] = deque()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._waking = False
        self._put_count = self._put_bytes = 0
        self._started_count = self._started_bytes = 0

    @property
    def waiting(self) -> int:
        """Deliveries taken whose handlers have not started."""
        return self._put_count - self._started_count

    def open(self, loop: asyncio.AbstractEventLoop) -> None:
        """Begin to hand over to NoneBot's loop."""
        self._loop = loop

    def close(self) -> None:
        """Take nothing more; what is under way still arrives."""
        self._loop = None

    def put(self, delivery: Delivery) -> bool:
        """Queue a delivery; False when it is closed or full."""
        loop = self._loop
        waiting_bytes = self._put_bytes - self._started_bytes
        if loop is None or self.waiting >= self._max_waiting or waiting_bytes + delivery.size > self._max_bytes:
            return False
        self._put_count += 1
        self._put_bytes += delivery.size
        self._queue.append(delivery)
        if not self._waking:
            self._waking = True
            # In the network loop's next round: by then the ack is out, and one wake-up serves a whole batch.
            asyncio.get_running_loop().call_soon(self._wake, loop)
        return True

    def started(self, delivery: Delivery) -> None:
        """A delivery's handlers have started: its place is free."""
        self._started_count += 1
        self._started_bytes += delivery.size

    def _wake(self, loop: asyncio.AbstractEventLoop) -> None:
        self._waking = False
        loop.call_soon_threadsafe(self._drain)

    def _drain(self) -> None:
        while self._queue:
            self._take(self._queue.popleft())


class Intake:
    """The door of both transports. Lives on the network loop."""

    def __init__(self, store: Store, hand_off: HandOff) -> None:
        self._store = store
        self._hand_off = hand_off
        self.counts: Counter[tuple[str, str, Outcome]] = Counter()
        """How many deliveries of a bot came by a transport to which end; for the metrics."""

    async def receive(self, envelope: Envelope) -> Receipt:
        """Take one envelope; returns what to answer, as soon as it may be acked."""
        payload = read_json(envelope.payload)
        event_type = "" if payload is None else _event_type(payload)
        if payload is None or not event_type:
            what = "is not a JSON object" if payload is None else "names no event type"
            self._warn(envelope, f"a payload of {len(envelope.payload)} bytes {what}; it is refused with 500")
            return self._end(envelope, "refused")
        keys = claim_keys(envelope, payload, event_type)
        if not await self._store.claim(keys):
            log(
                "DEBUG",
                f"Bot {escape(envelope.bot_id)}: dropped a duplicate {escape(event_type)} ({escape(keys[0])})",
            )
            return self._end(envelope, "duplicate")
        callback = Callback() if event_type in CALLBACKS else None
        if not self._hand_off.put(Delivery(envelope.bot_id, payload, len(envelope.payload), callback)):
            await self._store.release(keys)
            self._warn(envelope, f"no room for {event_type}: refused with 500, Feishu will push it again")
            return self._end(envelope, "refused")
        receipt = self._end(envelope, "accepted")
        response = None if callback is None else await callback.wait()
        return receipt if response is None else Receipt(receipt.code, to_json(response))

    def _end(self, envelope: Envelope, outcome: Outcome) -> Receipt:
        self.counts[envelope.bot_id, envelope.transport, outcome] += 1
        return REFUSED if outcome == "refused" else ACCEPTED

    def _warn(self, envelope: Envelope, text: str) -> None:
        trace = f" (trace_id {envelope.trace_id})" if envelope.trace_id else ""
        log("WARNING", escape(f"Bot {envelope.bot_id}, {envelope.transport}: {text}{trace}"))


def read_json(data: bytes) -> dict[str, Any] | None:
    """Parse a JSON object, or None. The fast parser comes first; the tolerant one takes lone surrogates."""
    try:
        value: object = from_json(data)
    except ValueError:
        try:
            value = json.loads(data)
        except (ValueError, RecursionError):
            return None
    return cast("dict[str, Any]", value) if isinstance(value, dict) else None


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
