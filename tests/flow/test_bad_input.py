"""Input that is wrong, odd or huge, on real sockets: the bot stays connected, and what can be handled is handled."""

import json
import os
import time
from collections.abc import Callable
from typing import Any

import psutil
import pytest
from nonebot import on_message, on_notice

from nonebot_adapter_feishu_ws import Event, MessageEvent, NoticeEvent
from nonebot_adapter_feishu_ws.sandbox import Sandbox
from nonebot_adapter_feishu_ws.transport.frame import decode
from tests.conftest import APP, SECRET, wait_until
from tests.flow.fleet import CLIENT_CONFIG, fleet
from tests.flow.test_trouble import errors, person

Saw = Callable[[str], None]
MESSAGE = "im.message.receive_v1"
BIGGEST = 100 * 1024 * 1024
"""Bytes that a process may grow by while it handles the largest inputs: a few copies of them, not many."""


def kept(sandbox: Sandbox, connection: object) -> str:
    assert sandbox.gateway.connections[APP] == [connection]
    return "connection kept"


def memory() -> int:
    return psutil.Process(os.getpid()).memory_info().rss


@pytest.mark.fault(15)
async def test_garbage_is_said_once_and_the_connection_kept(sandbox, run_adapter, heard, logs, saw: Saw):
    user, chat = person(sandbox)
    async with run_adapter():
        [connection] = sandbox.gateway.connections[APP]
        for _ in range(3):
            await sandbox.send_bytes(APP, b"\xff\xff garbage")
            await sandbox.send_bytes(APP, b"")
            await sandbox.send_bytes(APP, "text")
        await sandbox.say(user, chat, "alive")
        await sandbox.wait_message(chat)
        state = kept(sandbox, connection)
    assert heard == ["alive"]
    lines = [line for line in errors(logs) if "pbbp2" in line or "TEXT" in line]
    assert ["pbbp2" in line for line in lines] == [True, False], "one per kind"
    saw(f"9 messages of 3 kinds: {len(lines)} log lines (bytes, text), {state}, the next message handled: {len(heard)}")


async def acks(sandbox: Sandbox, count: int) -> list[int]:
    """The codes of all acks of the one connection, once there are so many."""
    [connection] = sandbox.gateway.connections[APP]
    await wait_until(lambda: len(connection.acks) >= count)
    return [json.loads(decode(ack).payload)["code"] for ack in connection.acks]


EVENT = b'{"header": {"event_type": "brand.new_v9"}, "event": {"x": 1}}'
FRAMES: dict[str, tuple[dict[str, str | None], int]] = {
    "no type": ({"type": None}, 200),
    "no message_id": ({"message_id": None}, 200),
    "no headers at all": (dict.fromkeys(("type", "message_id", "trace_id", "sum", "seq")), 200),
    "sum no number": ({"sum": "many"}, 500),
    "seq no number": ({"sum": "2", "seq": "x"}, 500),
    "seq = sum": ({"sum": "2", "seq": "2"}, 500),
    "seq < 0": ({"sum": "2", "seq": "-1"}, 500),
    "sum 10^9": ({"sum": "1000000000"}, 500),
    "a fragment without message_id": ({"sum": "2", "message_id": None}, 500),
}


@pytest.mark.fault(16)
async def test_frames_with_wrong_headers_are_acked_and_hold_no_memory(sandbox, run_adapter, heard, logs, saw: Saw):
    user, chat = person(sandbox)
    async with run_adapter():
        [connection] = sandbox.gateway.connections[APP]
        codes = {}
        for number, (name, (headers, _)) in enumerate(FRAMES.items(), start=1):
            await sandbox.push_raw(APP, EVENT, headers=headers)
            codes[name] = (await acks(sandbox, number))[-1]
        before = memory()
        for _ in range(50):
            await sandbox.push_raw(APP, b"x" * 1_000_000, headers={"sum": "1000000000"})
        await sandbox.say(user, chat, "alive")
        await sandbox.wait_message(chat)
        grown = memory() - before
        state = kept(sandbox, connection)
    assert codes == {name: code for name, (_, code) in FRAMES.items()}
    assert heard == ["alive"]
    assert grown < BIGGEST
    lines = [line for line in errors(logs) if "DATA frame" in line]
    saw(f"acks: {', '.join(f'{name} {code}' for name, code in codes.items())}; {len(lines)} log lines, {state}")
    saw(f"50 frames of 1 MB with sum 10^9: memory +{grown / 1e6:.0f} MB")


@pytest.mark.fault(17)
async def test_fragments_in_any_order_and_doubled_are_joined(sandbox, run_adapter, matchers, saw: Saw):
    seen: list[Any] = []
    notice = on_notice(block=False)
    matchers(notice)

    @notice.handle()
    async def _(event: NoticeEvent):
        seen.append(event.event["number"])

    async with run_adapter():
        for number, order in enumerate(((2, 0, 1), (0, 0, 2, 2, 1), (2, 1, 0))):
            payload = b'{"header": {"event_type": "brand.new_v9"}, "event": {"number": %d}}' % number
            parts = [payload[:20], payload[20:40], payload[40:]]
            for seq in order:
                headers = {"sum": "3", "seq": str(seq), "message_id": f"m{number}"}
                await sandbox.push_raw(APP, parts[seq], headers=headers)
        codes = await acks(sandbox, 3)
        await wait_until(lambda: len(seen) == 3)
    assert (sorted(seen), codes) == ([0, 1, 2], [200] * 3)
    saw(f"3 events of 3 fragments, out of order and doubled: {len(seen)} handled, acks {codes}")


@pytest.mark.fault(17)
async def test_an_event_with_a_lost_fragment_is_given_up_unacked_and_pushed_again(logs, saw: Saw):
    """On a clock that runs 25 times faster: the bound for a fragment is 10 s, the sandbox pushes again after 15 s."""
    async with Sandbox(client_config=CLIENT_CONFIG, redelivery=(0.6,) * 50, ack_timeout=0.3) as sandbox:
        sandbox.add_app(APP, SECRET)
        sandbox.gateway.fragment_size, sandbox.gateway.lost_fragments = 100, {1}
        async with fleet(sandbox, APP) as it:
            delivery = await (await sandbox.push(APP, "x", {"text": "x" * 250})).wait()
            events = len(it.events)
    [line] = [line for line in errors(logs) if "fragment is missing" in line]
    assert (delivery.attempts, delivery.ack_code, events) == (2, 200, 1)
    saw(f'one lost: "{line.split(": ", 1)[1].strip()}", {delivery.attempts} pushes, {events} event handled')


@pytest.mark.fault(17)
async def test_a_megabyte_in_fragments_arrives_and_a_lost_fragment_is_pushed_again(
    sandbox, run_adapter, heard, saw: Saw
):
    user, chat = person(sandbox)
    sandbox.gateway.fragment_size = 100_000
    sandbox.gateway.lost_fragments = {3}
    text = "x" * 1_000_000
    async with run_adapter():
        await sandbox.say(user, chat, text)
        await sandbox.wait_message(chat)
    assert heard == [text]
    saw(f"1 MB in fragments, one of them lost at first: {len(heard)} message of {len(heard[0]):,} characters handled")


@pytest.mark.parametrize(
    ("payload", "options", "code"),
    [
        pytest.param(b"not json", {}, 500, marks=pytest.mark.fault(18)),
        pytest.param(b"[1]", {}, 500, marks=pytest.mark.fault(18)),
        pytest.param(b"{}", {}, 500, marks=pytest.mark.fault(18)),
        pytest.param(b'{"event": {}}', {}, 500, marks=pytest.mark.fault(18)),
        pytest.param(b"{}", {"type_": "mystery"}, 200, marks=pytest.mark.fault(16)),
        pytest.param(EVENT, {}, 200, marks=pytest.mark.fault(19)),
        pytest.param(EVENT, {"type_": "card"}, 200, marks=pytest.mark.fault(19)),
    ],
)
async def test_every_data_frame_is_acked_with_the_right_code(
    sandbox, run_adapter, logs, saw: Saw, payload, options, code
):
    async with run_adapter():
        await sandbox.push_raw(APP, payload, headers={"trace_id": "trace-of-this"}, **options)
        [seen] = await acks(sandbox, 1)
    assert seen == code
    traced = [line for line in errors(logs) if "trace-of-this" in line]
    assert len(traced) == (1 if code == 500 else 0)
    told = ", logged with its trace_id" if traced else ""
    what = "an event of an unknown type" if payload == EVENT else payload.decode()
    saw(f"{what}{' in a frame of type ' + options['type_'] if options else ''}: ack {seen}{told}")


@pytest.mark.fault(19)
async def test_unknown_events_are_dispatched(sandbox, run_adapter, matchers, logs, saw: Saw):
    seen: list[Event] = []
    notice = on_notice(block=False)
    matchers(notice)

    @notice.handle()
    async def _(event: NoticeEvent):
        seen.append(event)

    async with run_adapter():
        await (await sandbox.push(APP, "brand.new_v9", {"x": 1})).wait()
        await (await sandbox.push(APP, "odd.shape_v1", ["no", "object"])).wait()  # pyright: ignore
        await (await sandbox.push(APP, "odd.shape_v1", ["again"])).wait()  # pyright: ignore
        await wait_until(lambda: seen)
        await wait_until(lambda: any("odd.shape_v1" in line for line in errors(logs)))
    assert seen[0].event == {"x": 1}
    lines = [line for line in errors(logs) if "odd.shape_v1" in line]
    assert len(lines) == 1
    saw(f"unknown type: dispatched as {type(seen[0]).__name__}; body no object, twice: {len(lines)} log line")


@pytest.mark.fault(19)
async def test_missing_fields_and_wrong_types_keep_the_class(sandbox, run_adapter, matchers, saw: Saw):
    seen: list[MessageEvent] = []
    matcher = on_message(block=False)
    matchers(matcher)

    @matcher.handle()
    async def _(event: MessageEvent):
        seen.append(event)

    message = {"message_id": "om", "chat_id": "oc", "chat_type": "p2p", "message_type": "text", "content": "{}"}
    bodies: list[dict[str, Any]] = [
        {"message": message},
        {"sender": {"sender_id": {"open_id": 5}}, "message": {**message, "mentions": "none"}},
        {"sender": None, "message": {**message, "content": 7, "create_time": [1]}, "new_field": {"x": 1}},
        {"sender": [], "message": {**message, "chat_type": "holographic", "mentions": [1, None, {}]}},
    ]
    async with run_adapter():
        for number, body in enumerate(bodies):
            body["message"] = {**body["message"], "message_id": f"om_{number}"}
            await (await sandbox.push(APP, MESSAGE, body)).wait()
        await wait_until(lambda: len(seen) == len(bodies))
    kinds = sorted({type(event).__name__ for event in seen})
    saw(f"{len(bodies)} messages with missing and unknown fields and wrong types: {len(seen)} handled as {kinds}")


DEEP = "[" * 1000 + "]" * 1000
MANY = [{"key": f"@_user_{number}", "id": {"open_id": "ou"}, "name": "n"} for number in range(10_000)]


@pytest.mark.fault(20)
@pytest.mark.parametrize(
    ("name", "fields"),
    [
        ("1 MB", {"content": json.dumps({"text": "x" * 1_000_000})}),
        ("10,000 mentions", {"content": json.dumps({"text": " ".join(it["key"] for it in MANY)}), "mentions": MANY}),
        ("depth 1,000 in the content", {"message_type": "post", "content": f'{{"content": {DEEP}}}'}),
    ],
)
async def test_huge_messages_cost_bounded_time_and_memory(sandbox, run_adapter, heard, saw: Saw, name, fields):
    user, chat = person(sandbox)
    message = {"message_id": "om", "chat_id": chat.chat_id, "chat_type": "p2p", "message_type": "text", **fields}
    body = {"sender": {"sender_id": {"open_id": user.open_id}}, "message": message}
    async with run_adapter():
        before, began = memory(), time.perf_counter()
        await (await sandbox.push(APP, MESSAGE, body)).wait()
        await wait_until(lambda: heard)
        took, grown = time.perf_counter() - began, memory() - before
    assert len(heard) == 1
    assert grown < BIGGEST
    saw(f"{name}: {took * 1000:.0f} ms from push to handler, memory +{grown / 1e6:.0f} MB")


@pytest.mark.fault(20)
async def test_an_event_of_depth_1000_is_taken_or_refused_and_the_next_is_handled(
    sandbox, run_adapter, heard, logs, saw: Saw
):
    """How deep the parser goes depends on Python's version."""
    user, chat = person(sandbox)
    payload = b'{"header": {"event_id": "deep", "event_type": "x"}, "event": {"more": %s}}' % DEEP.encode()
    async with run_adapter():
        [connection] = sandbox.gateway.connections[APP]
        began = time.perf_counter()
        await sandbox.push_raw(APP, payload)
        [code] = await acks(sandbox, 1)
        took = time.perf_counter() - began
        await sandbox.say(user, chat, "alive")
        await sandbox.wait_message(chat)
        state = kept(sandbox, connection)
    assert code in (200, 500)
    told = [line for line in errors(logs) if "is not a JSON object" in line or "No event model fits" in line]
    assert told or code == 200
    saw(f"depth 1,000 in the event: ack {code} after {took * 1000:.0f} ms, {len(told)} log line, {state}")


@pytest.mark.parametrize("text", ["</b>", "\\<y>", '<at user_id="x">', "<r>", "\\", "", "{}", "%s", "\x00", "a\u202eb"])
async def test_odd_texts_reach_the_plugin(sandbox, run_adapter, heard, text):
    user, chat = person(sandbox)
    async with run_adapter():
        await sandbox.say(user, chat, text)
        await sandbox.wait_message(chat)
    assert heard == [text]


async def test_B1_a_message_without_user_id_is_a_message(sandbox, run_adapter, heard):
    sandbox.world.apps[APP].user_id_scope = False
    user, chat = person(sandbox)
    async with run_adapter():
        await sandbox.say(user, chat, "no scope")
        await sandbox.wait_message(chat)
    assert heard == ["no scope"]
