"""A delivery from Feishu on its way in, and what goes back for it; shared by both transports and the intake."""

from dataclasses import dataclass, field
from typing import Literal, NamedTuple, Protocol

Source = Literal["websocket", "webhook", "backfill"]
"""How an event arrived; ``backfill``: fetched from a chat's history after an outage."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Envelope:
    """One delivery from Feishu, whichever way it came.

    Attributes:
        bot_id: the app id it was delivered to.
        payload: the event's JSON, decrypted.
        transport: the way it came.
        trace_id: Feishu's trace id, for log lines.
    """

    bot_id: str
    payload: bytes = field(repr=False)
    transport: Source
    trace_id: str = ""


class Receipt(NamedTuple):
    """What goes back to Feishu for an envelope.

    Attributes:
        code: 200, or 500 to have the event pushed again.
        data: JSON that answers a callback.
    """

    code: int = 200
    data: bytes | None = None


class EventReceiver(Protocol):
    """The entry point of the intake, and what it knows of the traffic."""

    async def receive(self, envelope: Envelope) -> Receipt:
        """Take an envelope on the network loop; returns once it may be acked."""
        ...

    def last_event_at(self, bot_id: str) -> float | None:
        """When Feishu last delivered something to a bot, in seconds since the epoch; on any thread."""
        ...
