"""The journal as the inspector shows it. Pure functions; secrets never come out."""

import json
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from ...net.bounded_json import as_object, is_list, is_object
from ...transport.frame import CONTROL, FrameError, decode
from ..delivery import Delivery
from ..gateway import ACK_TIMEOUT
from ..journal import Entry, FrameSeen
from ..report import Report
from ..rest.cards import Click
from ..rest.routes import RecordedRequest
from ..state import App, World

HIDDEN = "***"
LONGEST = 64 * 1024
"""Characters of a payload that are shown."""
_SECRETS = frozenset(
    {
        *("app_secret", "AppSecret", "app_ticket", "app_access_token", "tenant_access_token", "authorization"),
        *("encrypt_key", "verification_token"),
    }
)


def show_entry(world: World, entry: Entry, seen: Mapping[tuple[str, str], int] | None = None) -> dict[str, Any]:
    """An entry with all that is known of it now.

    Args:
        world: whose secrets are taken out.
        entry: what to show.
        seen: how often each uuid of an app came, see :func:`count_uuids`.
    """
    subject = entry.subject
    match subject:
        case Delivery():
            body = _event(subject)
        case FrameSeen():
            body = _frame(subject)
        case RecordedRequest():
            body = _call(subject)
            times = (seen or {}).get((subject.app_id, subject.uuid), 1)
            body["uuid_seen"] = times if subject.uuid else 0
        case Click():
            body = _click(subject)
        case Report():
            body = subject.shown()
        case _:
            body = {}
    fields = {"number": entry.number, "kind": entry.kind, "at": entry.at, "app_id": entry.app_id}
    return {**fields, **as_object(without_secrets(body, _texts(world.apps.values())))}


def count_uuids(entries: Iterable[Entry]) -> Counter[tuple[str, str]]:
    """How often each uuid came, by app."""
    calls = (each.subject for each in entries if isinstance(each.subject, RecordedRequest))
    return Counter((each.app_id, each.uuid) for each in calls if each.uuid)


def _event(delivery: Delivery) -> dict[str, Any]:
    payload = _parsed(delivery.payload)
    header = as_object(as_object(payload).get("header"))
    return {
        "event_id": delivery.event_id,
        "event_type": header.get("event_type"),
        "event": payload,
        "transport": delivery.transport or None,
        "attempts": delivery.attempts,
        "ack_code": delivery.ack_code,
        "latency": delivery.latency,
        "answer": delivery.answer,
        "state": _state(delivery),
    }


def _state(delivery: Delivery) -> str:
    if delivery.done.is_set():
        return "acked"
    if delivery.attempts == 0:
        return "waits for the bot to connect"
    return "refused by the bot" if delivery.ack_code is not None else "not acked yet"


def _frame(frame: FrameSeen) -> dict[str, Any]:
    try:
        decoded = decode(frame.data)
    except FrameError as error:
        return {"direction": "out" if frame.out else "in", "bytes": len(frame.data), "error": str(error)}
    return {
        "direction": "out" if frame.out else "in",
        "bytes": len(frame.data),
        "method": "control" if decoded.method == CONTROL else "data",
        "service": decoded.service,
        "headers": {each.key: each.value for each in decoded.headers},
        "payload": _parsed(decoded.payload),
    }


def _call(call: RecordedRequest) -> dict[str, Any]:
    return {
        "method": call.method,
        "path": call.path,
        "query": call.query,
        "json": call.json,
        "status": call.status or None,
        "answer": _parsed(call.answer) if call.answer is not None else None,
        "seconds": call.seconds,
        "uuid": call.uuid or None,
    }


def _click(click: Click) -> dict[str, Any]:
    delivery = click.delivery
    trouble = click.error
    if delivery.late is not None:
        trouble = f"the answer came after {delivery.late:.1f} s, too late: people saw an error after {ACK_TIMEOUT:g} s"
    elif delivery.acked.is_set() and trouble is None and not (click.toast or click.card):
        trouble = "nobody answered: no handler gave the click a toast or a card"
    return {
        "message_id": click.message_id,
        "event_id": delivery.event_id,
        "event_entry": delivery.number,
        "toast": click.toast,
        "card": click.card,
        "latency": delivery.latency,
        "late": delivery.late,
        "trouble": trouble,
    }


def _parsed(raw: bytes) -> Any:
    if len(raw) > LONGEST:
        return f"{len(raw)} bytes"
    try:
        return json.loads(raw)
    except ValueError:
        return raw.decode("utf-8", "replace")


def _texts(apps: Iterable[App]) -> Callable[[str], str]:
    """Takes the apps' own secrets out of any text; short ones only where they are the whole text."""
    held = {
        text
        for app in apps
        for text in (app.app_secret, app.encrypt_key, app.verification_token, app.app_ticket, *app.tokens)
        if text
    }
    long = [text for text in held if len(text) >= 12]

    def hide(text: str) -> str:
        if text in held:
            return HIDDEN
        for secret in long:
            text = text.replace(secret, HIDDEN)
        return text

    return hide


def without_secrets(value: Any, hide: Callable[[str], str]) -> Any:
    """A JSON value without secrets, by their names and by their texts."""
    if is_object(value):
        return {key: HIDDEN if key in _SECRETS else without_secrets(each, hide) for key, each in value.items()}
    if is_list(value):
        return [without_secrets(each, hide) for each in value]
    return hide(value) if isinstance(value, str) else value
