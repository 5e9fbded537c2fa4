"""From envelope to hand-off: reading, duplicates, bounds."""

import asyncio
import json
from collections.abc import Sequence
from contextvars import ContextVar

import pytest

from nonebot_adapter_feishu_ws import Adapter
from nonebot_adapter_feishu_ws.event.envelope import Envelope
from nonebot_adapter_feishu_ws.intake.bridge import TELL_AFTER, Bridge
from nonebot_adapter_feishu_ws.intake.delivery import Delivery, claim_keys, identify
from nonebot_adapter_feishu_ws.intake.receiver import Receiver
from nonebot_adapter_feishu_ws.net.bounded_json import read_object
from nonebot_adapter_feishu_ws.store import MemoryStore
from tests.conftest import wait_until
from tests.intake.collector import Collector
from tests.intake.loop_check import WrongLoop


def envelope(payload: object, bot_id: str = "a", transport: str = "websocket") -> Envelope:
    data = payload if isinstance(payload, bytes) else json.dumps(payload).encode()
    return Envelope(bot_id=bot_id, payload=data, transport=transport)  # pyright: ignore[reportArgumentType]


def message(event_id: str = "e1", message_id: str = "om1") -> dict:
    return {
        "schema": "2.0",
        "header": {"event_id": event_id, "event_type": "im.message.receive_v1"},
        "event": {"message": {"message_id": message_id}},
    }


NOBODY = identify({})


class Door:
    def __init__(self, **bounds: int) -> None:
        self.taken: list[Delivery] = []
        self.bridge = Bridge(**bounds)
        self.bridge.plugins.open(Collector(self.taken))
        self.intake = Receiver(MemoryStore(), self.bridge.network)

    async def give(self, *args, **kwargs) -> int:
        receipt = await self.intake.receive(envelope(*args, **kwargs))
        for _ in range(3):
            await asyncio.sleep(0)
        return receipt.code


async def test_an_event_is_taken_once_by_event_id_and_by_message_id():
    door = Door()
    assert await door.give(message()) == 200
    assert await door.give(message()) == 200
    assert await door.give(message(event_id="e2")) == 200, "the same message under another event id"
    assert await door.give(message(), transport="webhook") == 200, "the other way in is the same door"
    assert len(door.taken) == 1
    assert await door.give(message(), bot_id="b") == 200, "another bot in the chat has an event of its own"
    assert len(door.taken) == 2


async def test_another_event_about_the_same_message_is_not_a_duplicate():
    door = Door()
    await door.give(message())
    reaction = message(event_id="e2")
    reaction["header"]["event_type"] = "im.message.reaction.created_v1"
    await door.give(reaction)
    assert len(door.taken) == 2


async def test_events_of_the_first_version_have_a_uuid():
    door = Door()
    old = {"uuid": "u1", "token": "t", "ts": "1", "type": "event_callback", "event": {"type": "message"}}
    await door.give(old)
    await door.give(old)
    assert len(door.taken) == 1


async def test_without_any_id_the_bytes_themselves_tell_duplicates():
    door = Door()
    await door.give({"header": {"event_type": "x"}, "event": 1})
    await door.give({"header": {"event_type": "x"}, "event": 1})
    await door.give({"header": {"event_type": "x"}, "event": 2})
    assert len(door.taken) == 2


@pytest.mark.parametrize(
    "payload",
    [b"not json", b"[]", b"null", b"", b"\xff", {}, {"header": None}, {"header": {"event_type": 5}}],
)
async def test_what_is_no_event_is_refused_so_that_the_platform_shows_it(payload):
    door = Door()
    assert await door.give(payload) == 500
    assert door.taken == []


async def test_a_full_bridge_refuses_and_takes_the_redelivery():
    door = Door(max_waiting=1)
    assert await door.give(message("e1", "m1")) == 200
    assert await door.give(message("e2", "m2")) == 500
    door.bridge.plugins.started(door.taken[0])
    assert await door.give(message("e2", "m2")) == 200
    assert len(door.taken) == 2


async def test_the_bridge_is_bounded_in_bytes():
    door = Door(max_bytes=1000)
    assert await door.give({**message(), "padding": "x" * 2000}) == 500


async def test_a_closed_bridge_refuses():
    door = Door()
    door.bridge.plugins.close()
    assert await door.give(message()) == 500


async def test_the_bridge_crosses_threads_in_batches_and_loses_nothing():
    taken: list[Delivery] = []
    wake_ups: list[int] = []
    bridge = Bridge(max_waiting=10**6)
    bridge.plugins.open(Collector(taken))
    drain = bridge.plugins.drain
    bridge.plugins.drain = lambda: (wake_ups.append(len(taken)), drain())  # pyright: ignore

    async def produce() -> None:
        for number in range(20_000):
            assert bridge.network.reserve("a", 1)
            bridge.network.put(Delivery("a", {"n": number}, 1, NOBODY), 1)
            if number % 100 == 99:
                await asyncio.sleep(0)

    producer = asyncio.create_task(asyncio.to_thread(asyncio.run, produce()))
    await producer
    await asyncio.sleep(0)
    assert [delivery.payload["n"] for delivery in taken] == list(range(20_000))
    assert len(wake_ups) <= 210


async def test_a_wake_up_does_not_run_in_the_context_of_one_event():
    seen: list[str] = []
    current: ContextVar[str] = ContextVar("current", default="none")

    class Deliveries(Collector):
        def take(self, delivery: Delivery) -> None:
            seen.append(f"{delivery.key} in {current.get()}")

    class Results:
        def begun(self, key: str) -> None: ...

        def ended(self, handled: Sequence[str], given_up: Sequence[str]) -> None:
            seen.extend(f"{key} ended in {current.get()}" for key in handled)

    bridge = Bridge()
    bridge.plugins.open(Deliveries([]))
    bridge.network.open(Results())
    deliveries = [Delivery("a", {}, 1, NOBODY, key=key) for key in ("first", "second")]
    for act in (lambda it: bridge.network.put(it, 1), lambda it: bridge.plugins.ended(it, True)):
        for delivery in deliveries:
            current.set(f"the event {delivery.key}")
            act(delivery)
        await asyncio.sleep(5 * TELL_AFTER)
    assert seen == ["first in none", "second in none", "first ended in none", "second ended in none"]


async def test_a_call_on_the_wrong_loop_is_seen():
    bridge = Bridge()
    bridge.plugins.open(Collector([]))

    async def on_the_network_loop() -> None:
        bridge.network.open(None)
        bridge.network.room("a")
        with pytest.raises(WrongLoop, match=r"PluginEnd\.arrive was called on the other loop"):
            bridge.plugins.arrive("a")

    await asyncio.to_thread(asyncio.run, on_the_network_loop())
    bridge.plugins.arrive("a")
    with pytest.raises(WrongLoop, match=r"NetworkEnd\.reserve was called on the other loop"):
        bridge.network.reserve("a", 1)


def test_lone_surrogates_are_read():
    assert read_object(b'{"a": "\\ud83d"}') == {"a": "\ud83d"}


def test_a_json_bomb_is_refused():
    assert read_object(b"[" * 100_000) is None
    assert read_object(b'{"a":' * 100_000) is None


BOMBS = {
    "a thousand levels": b'{"header": {"event_type": "x"}, "event": ' + b"[" * 1000 + b"]" * 1000 + b"}",
    "half a character, then levels": b'{"a": "\\ud83d", "header": {"event_type": "x"}, "event": '
    + b"[" * 500
    + b"]" * 500
    + b"}",
    "a million keys": b'{"header": {"event_type": "x"}, "event": {'
    + b",".join(b'"%d":0' % number for number in range(1_000_000))
    + b"}}",
    "a huge number": b'{"header": {"event_type": "x"}, "event": ' + b"9" * 100_000 + b"}",
    "NaN": b'{"header": {"event_type": "x"}, "event": NaN}',
}


@pytest.mark.parametrize("bomb", BOMBS.values(), ids=BOMBS)
async def test_a_bomb_on_the_socket_is_refused_and_the_next_event_is_taken(bomb):
    door = Door()
    assert await door.give(bomb) == 500
    assert door.taken == []
    assert await door.give(message()) == 200


async def test_what_is_deep_but_within_the_bound_is_taken_and_becomes_an_event():
    door = Door()
    deep = b"[" * 190 + b"]" * 190
    for number, event_type in enumerate(("im.message.receive_v1", "im.chat.updated_v1", "unknown.type")):
        header = b'{"event_type": "%s", "event_id": "%d"}' % (event_type.encode(), number)
        for body in (deep, b'{"message": %s, "chat_id": %s}' % (deep, deep)):
            assert await door.give(b'{"header": %s, "event": %s, "uuid": "%d"}' % (header, body, number)) == 200
    for delivery in door.taken:
        event = Adapter.event_models.parse(delivery.payload)
        assert event.get_type()
        assert event.get_event_description()
        assert repr(event)


def test_keys_name_the_bot():
    payload = message()
    assert claim_keys(envelope(payload), identify(payload)) == ["a:event:e1", "a:message:om1"]


async def test_a_burst_is_taken_before_its_first_handler_starts():
    """A plugin that computes takes Python's lock at every step: 200 acks came after up to two seconds."""
    taken: list[Delivery] = []
    bridge = Bridge()
    bridge.plugins.open(Collector(taken))
    with bridge.network.hold():
        with bridge.network.hold():
            bridge.network.reserve("a", 1)
            bridge.network.put(Delivery("a", {}, 1, NOBODY), 1)
        await asyncio.sleep(0.005)
        assert taken == []
    await wait_until(lambda: len(taken) == 1, timeout=5)
    with bridge.network.hold():
        bridge.network.reserve("a", 1)
        bridge.network.put(Delivery("a", {}, 1, NOBODY), 1)
        await wait_until(lambda: len(taken) == 2, timeout=5)  # what is written hangs: it is not waited for long
