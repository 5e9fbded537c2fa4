"""Every event type of the SDK's dispatcher arrives at a plugin as its own class, filled and empty."""

import time
import tomllib
from pathlib import Path

from nonebot import on_message, on_notice

from nonebot_adapter_feishu_ws import Event, MessageEvent, NoticeEvent
from nonebot_adapter_feishu_ws.event import EventRegistry
from nonebot_adapter_feishu_ws.event.catalog import known_types
from nonebot_adapter_feishu_ws.event.generated import EVENTS
from nonebot_adapter_feishu_ws.testing import make_payload
from tests.conftest import APP, wait_until

BODIES = Path(__file__).parent.parent.parent / "scripts" / "event_bodies.toml"
UNKNOWN_TO_THE_SDK = {entry["type"] for entry in tomllib.loads(BODIES.read_text("utf-8")).values()} | {
    "attendance.user_flow.created_v1",
    "attendance.user_task.updated_v1",
    "im.message.updated_v1",
    "p2p_chat_create",
}
SDK_TYPES = sorted({*known_types(), "im.message.receive_v1"} - UNKNOWN_TO_THE_SDK)
"""test_generated holds this against the installed SDK."""


async def test_every_type_arrives_as_its_own_class(sandbox, run_adapter, matchers):
    arrived: dict[str, Event] = {}
    notices, messages = on_notice(), on_message()
    matchers(notices)
    matchers(messages)

    @notices.handle()
    @messages.handle()
    async def _(event: Event):
        arrived[event.header.event_id] = event

    registry = EventRegistry()
    sent: dict[str, tuple[str, bool]] = {}
    began = time.monotonic()
    async with run_adapter():
        for event_type in SDK_TYPES:
            for filled in (True, False):
                event_id = f"{event_type}-{filled}"
                sent[event_id] = (event_type, filled)
                body = make_payload(event_type)["event"] if filled else {}
                await sandbox.push(APP, event_type, body, event_id=event_id)
        await wait_until(lambda: len(arrived) >= len(sent))
    own = set()
    for event_id, (event_type, filled) in sent.items():
        event, expected = arrived[event_id], registry.get(event_type)[0]
        assert type(event) not in (Event, NoticeEvent)
        assert isinstance(event, expected), event_type
        if filled:
            assert event.event.model_fields_set or not type(event.event).model_fields, event_type
        else:
            assert not event.event.model_fields_set
        own.add(type(event) if event_type in (*EVENTS, *known_types()) else MessageEvent)
    print(f"\n{len(SDK_TYPES)} types in the SDK, {len(own)} arrived as their own class", end=" ")
    print(f"({len(sent)} events, {time.monotonic() - began:.1f} s)")
    assert len(own) == len(SDK_TYPES)


def leaves(value, path=()):
    """Every place in a payload, with its value."""
    if isinstance(value, dict):
        for key, item in value.items():
            yield (*path, key), item
            yield from leaves(item, (*path, key))
    elif isinstance(value, list):
        for number, item in enumerate(value):
            yield (*path, number), item
            yield from leaves(item, (*path, number))


def read(part, path):
    for key in path:
        part = part[key] if isinstance(part, (dict, list)) else getattr(part, key)
    return part


def test_every_field_that_comes_is_there():
    registry = EventRegistry()
    for event_type in SDK_TYPES:
        payload = make_payload(event_type)
        event = registry.parse(payload)
        for path, value in leaves(payload["event"]):
            if not isinstance(value, (dict, list)):
                assert str(read(event.event, path)) == str(value), (event_type, path)


def replaced(value, path, new):
    if not path:
        return new
    copy = dict(value) if isinstance(value, dict) else list(value)
    copy[path[0]] = replaced(value[path[0]], path[1:], new)
    return copy


def test_no_wrong_value_anywhere_costs_an_event_its_class():
    """Each field of each type in turn: null, a number, a text, a list and an object where something else belongs."""
    registry = EventRegistry()
    for event_type in known_types():
        payload = make_payload(event_type)
        expected = type(registry.parse(payload))
        for path, _ in leaves(payload["event"]):
            for wrong in (None, 17, "wrong", [None, 5, "x"], {"odd": {"er": []}}):
                event = registry.parse({**payload, "event": replaced(payload["event"], path, wrong)})
                assert type(event) is expected, (event_type, path, wrong)
