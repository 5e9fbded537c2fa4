"""Event types -> event classes, and payloads -> events."""

from collections.abc import Callable, Mapping
from typing import Any

from pydantic import ValidationError

from ..message.times import to_seconds
from ..net.bounded_json import as_object, as_text
from .base import Event, EventHeader, NoticeEvent
from .catalog import find_class
from .message import GroupMessageEvent, MessageEvent, PrivateMessageEvent, TopicMessageEvent

Fallback = Callable[[str, Exception | None], None]
MAX_NAMES = 1000
"""Names of events whose classes are remembered."""


class EventRegistry:
    """Event type -> class, by the longest prefix: ``im.message.receive_v1.group`` before ``im.message.receive_v1``.

    What was added wins over what the package has; its classes are imported when the first event of their type comes.
    """

    def __init__(self) -> None:
        self._models: dict[str, type[Event]] = {}
        self._found: dict[str, list[type[Event]]] = {}
        for model in (MessageEvent, GroupMessageEvent, TopicMessageEvent, PrivateMessageEvent):
            self.add(model)

    def add(self, model: type[Event]) -> None:
        """Add a class, or replace the one of the same ``__event__``.

        Raises:
            ValueError: it has no ``__event__``.
        """
        if not model.__event__:
            raise ValueError(f"{model.__name__} needs an __event__, such as 'im.chat.updated_v1'")
        self._models[model.__event__] = model
        self._found.clear()

    def get(self, event_name: str) -> list[type[Event]]:
        """The classes that may fit a name, the most specific first; without the base ``Event``."""
        parts = event_name.split(".")
        names = (".".join(parts[:end]) for end in range(len(parts), 0, -1))
        found = (self._models.get(name) or find_class(name) for name in names)
        return [model for model in found if model is not None]

    def _candidates(self, event_name: str) -> list[type[Event]]:
        """The classes to try for a name, kept for the next event of the kind; names come from outside."""
        if (found := self._found.get(event_name)) is None:
            found = [*self.get(event_name), NoticeEvent]
            if len(self._found) < MAX_NAMES:
                self._found[event_name] = found
        return found

    def parse(self, payload: Mapping[str, Any], on_fallback: Fallback | None = None) -> Event:
        """Make an event of a payload of either version. Never raises: what fits nothing else is a base ``Event``.

        Args:
            payload: the JSON object as delivered.
            on_fallback: called with the event type, and the reason if there is one, when no class fits.
        """
        payload = upgrade(payload)
        event_type = as_text(as_object(payload.get("header")).get("event_type"))
        name = event_type
        if chat_type := as_text(as_object(as_object(payload.get("event")).get("message")).get("chat_type")):
            name = f"{event_type}.{chat_type}"
        error: Exception | None = None
        for model in self._candidates(name):
            try:
                return model.model_validate(payload)
            except (ValidationError, RecursionError) as failure:
                error = failure
        if on_fallback is not None:
            on_fallback(event_type, error)
        header = as_object(payload.get("header"))
        try:
            return Event.model_validate({**payload, "header": header})
        except (ValidationError, RecursionError):
            return Event.model_construct(
                header=EventHeader(event_type=event_type, event_id=as_text(header.get("event_id"))),
                event=payload.get("event"),
            )


def upgrade(payload: Mapping[str, Any]) -> Mapping[str, Any]:
    """An event of the first version (``uuid``, ``ts``, ``event.type``) in the shape of the second.

    Its body stays as it is; ``uuid``, ``ts`` and ``type`` stay too.
    """
    body = as_object(payload.get("event"))
    if isinstance(payload.get("header"), dict) or not as_text(body.get("type")):
        return payload
    header = {
        "event_id": payload.get("uuid"),
        "event_type": body["type"],
        "create_time": _milliseconds(payload.get("ts")),
        "token": payload.get("token"),
        "app_id": body.get("app_id"),
        "tenant_key": body.get("tenant_key"),
    }
    rest = {key: value for key, value in payload.items() if key not in ("token", "header", "schema")}
    return {**rest, "schema": "1.0", "header": header}


def _milliseconds(timestamp: object) -> str:
    """``"1502199207.7171419"`` (seconds) as milliseconds; empty when it is no time."""
    return str(int(seconds * 1000)) if (seconds := to_seconds(timestamp)) else ""
