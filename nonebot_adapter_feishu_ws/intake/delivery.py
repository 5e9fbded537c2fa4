"""An event on its way to the plugins, and the names under which it is known again."""

import hashlib
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from ..event.callback import Callback
from ..event.envelope import Envelope
from ..logs import log
from ..message.times import to_seconds
from ..net.bounded_json import as_object, as_text, read_object
from ..store import Entry, storable

MESSAGE_EVENT = "im.message.receive_v1"


class EventIdentity(NamedTuple):
    """What an event's JSON says of itself; what is missing is empty.

    Attributes:
        event_type: such as ``im.message.receive_v1``.
        event_id: the same in every redelivery.
        message_id: of a message event.
    """

    event_type: str
    event_id: str
    message_id: str


@dataclass(frozen=True, slots=True)
class Delivery:
    """A claimed event on its way to the plugins.

    Attributes:
        bot_id: the app id.
        payload: the event's JSON as Feishu sent it; still as text while many wait, since it takes a fifth of the
            memory.
        size: bytes of that JSON.
        identity: what the JSON says of itself.
        callback: what waits for an answer; None for an event that needs none.
        key: its entry in the store's inbox; None when it has none.
        abandoned: whether its process died while it was handled: it goes before what waits, and its start is reported.
        attempt: 1, or more when an earlier process had taken it up and ended.
    """

    bot_id: str
    payload: dict[str, Any] | bytes = field(repr=False)
    size: int
    identity: EventIdentity
    callback: Callback | None = None
    key: str | None = None
    abandoned: bool = False
    attempt: int = 1

    def read(self) -> dict[str, Any]:
        """The event's JSON object."""
        return self.payload if isinstance(self.payload, dict) else as_object(read_object(self.payload))


def identify(payload: dict[str, Any]) -> EventIdentity:
    """Read the type and the ids of an event, of either version of the schema."""
    header, event = as_object(payload.get("header")), as_object(payload.get("event"))
    event_type = as_text(header.get("event_type") or event.get("type"))
    message_id = as_text(as_object(event.get("message")).get("message_id")) if event_type == MESSAGE_EVENT else ""
    return EventIdentity(event_type, as_text(header.get("event_id") or payload.get("uuid")), message_id)


def occurred_at(payload: dict[str, Any]) -> float:
    """When an event happened, in seconds since the epoch; 0.0 when its JSON does not say."""
    header = as_object(payload.get("header"))
    message = as_object(as_object(payload.get("event")).get("message"))
    told = (
        header.get("create_time"),
        header.get("event_create_time"),  # 出差审批
        payload.get("ts"),
        message.get("create_time"),
    )
    return next((seconds for each in told if (seconds := to_seconds(each))), 0.0)


def claim_keys(envelope: Envelope, identity: EventIdentity) -> list[str]:
    """The keys under which a delivery is claimed.

    Redeliveries carry the same ``event_id``; for messages the document recommends ``message_id``, since one
    message can come under two event ids (接收消息).
    """
    event_id = identity.event_id or "sha256:" + hashlib.sha256(envelope.payload).hexdigest()
    keys = [f"{envelope.bot_id}:event:{storable(event_id)}"]
    if identity.message_id:
        keys.append(f"{envelope.bot_id}:message:{storable(identity.message_id)}")
    return keys


def read_entry(entry: Entry, *, abandoned: bool = False) -> Delivery:
    """The delivery of an entry of the inbox. An earlier version may have taken JSON that this one does not read."""
    payload = read_object(entry.payload)
    if payload is None:
        log("ERROR", "The event {} of an earlier version cannot be read any more: it comes empty", entry.key)
        payload = {}
    return Delivery(
        entry.bot_id,
        payload,
        len(entry.payload),
        identify(payload),
        key=entry.key,
        abandoned=abandoned,
        attempt=entry.attempt,
    )
