"""Frames and fragments, pure."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nonebot_adapter_feishu_ws.transport.frame import (
    CONTROL,
    DATA,
    FragmentBuffer,
    Frame,
    FrameError,
    decode,
    encode_ack,
    encode_ping,
    get_header,
    read_data_headers,
)


def data_frame(payload: bytes = b"{}", **headers: str) -> Frame:
    frame = Frame(SeqID=7, LogID=8, service=9, method=DATA, payload=payload, LogIDNew="log")
    for key, value in headers.items():
        frame.headers.add(key=key, value=value)
    return frame


def test_a_ping_names_its_service():
    frame = decode(encode_ping(42))
    assert (frame.method, frame.service, frame.SeqID, frame.LogID) == (CONTROL, 42, 0, 0)
    assert get_header(frame, "type") == "ping"


def test_an_ack_is_the_same_frame_with_another_payload():
    frame = data_frame(b"event", type="event", message_id="m", trace_id="t")
    ack = decode(encode_ack(frame, code=200, biz_rt=12))
    assert (ack.SeqID, ack.LogID, ack.service, ack.method, ack.LogIDNew) == (7, 8, 9, DATA, "log")
    assert [(h.key, h.value) for h in ack.headers] == [
        ("type", "event"),
        ("message_id", "m"),
        ("trace_id", "t"),
        ("biz_rt", "12"),
    ]
    assert ack.payload == b'{"code":200}'


def test_an_answer_travels_as_base64():
    assert decode(encode_ack(data_frame(), data=b'{"toast":{}}')).payload == b'{"code":200,"data":"eyJ0b2FzdCI6e319"}'


@pytest.mark.parametrize("garbage", [b"\xff\xff\xff", b"not a frame", b"\x08\x01"])
def test_garbage_is_a_frame_error(garbage: bytes):
    with pytest.raises(FrameError):
        decode(garbage)


@given(st.binary(max_size=300))
def test_no_bytes_raise_anything_but_a_frame_error(data: bytes):
    try:
        read_data_headers(decode(data))
    except FrameError:
        return


@pytest.mark.parametrize(
    "headers",
    [
        {"sum": "x", "seq": "0"},
        {"sum": "2", "seq": "-1", "message_id": "m"},
        {"sum": "2", "seq": "2", "message_id": "m"},
        {"sum": "1000000000", "seq": "0", "message_id": "m"},
        {"sum": "2", "seq": "0"},
        {"sum": "9" * 5000, "seq": "0", "message_id": "m"},
    ],
)
def test_headers_that_do_not_fit_are_refused(headers: dict[str, str]):
    with pytest.raises(FrameError):
        read_data_headers(data_frame(**headers))


def test_missing_headers_mean_one_whole_message():
    headers = read_data_headers(data_frame())
    assert (headers.type, headers.sum, headers.seq, headers.message_id) == ("", 1, 0, "")


@given(st.binary(min_size=1, max_size=2000), st.integers(1, 40), st.randoms(use_true_random=False))
def test_fragments_join_in_any_order_and_duplicated(payload: bytes, size: int, random):
    parts = [payload[start : start + size] for start in range(0, len(payload), size)]
    order = list(range(len(parts)))
    random.shuffle(order)
    buffer = FragmentBuffer()
    results = []
    for index in order:
        results.append(buffer.add("m", len(parts), index, parts[index]))
        if index != order[-1]:
            results.append(buffer.add("m", len(parts), index, parts[index]))
    assert results[-1] == payload
    assert all(result is None for result in results[:-1])


def test_an_incomplete_payload_expires():
    now = 0.0
    buffer = FragmentBuffer(ttl=10, clock=lambda: now)
    assert buffer.add("lost", 2, 0, b"a") is None
    now = 11.0
    assert buffer.add("other", 2, 0, b"x") is None
    assert buffer.dropped == 1
    assert buffer.add("lost", 2, 1, b"b") is None, "the old half is gone, so the new half alone completes nothing"
    assert buffer.add("other", 2, 1, b"y") == b"xy"


def test_fragments_are_bounded_in_number_and_bytes():
    buffer = FragmentBuffer(max_messages=3)
    for number in range(10):
        buffer.add(f"m{number}", 2, 0, b"x")
    assert buffer.dropped == 7
    buffer = FragmentBuffer(max_bytes=100)
    buffer.add("a", 2, 0, b"x" * 80)
    buffer.add("b", 2, 0, b"x" * 80)
    assert buffer.dropped == 1
    assert buffer.add("b", 2, 1, b"y") == b"x" * 80 + b"y"


def test_a_message_id_reused_with_another_sum_starts_anew():
    buffer = FragmentBuffer()
    buffer.add("m", 3, 2, b"old")
    assert buffer.add("m", 2, 0, b"a") is None
    assert buffer.add("m", 2, 1, b"b") == b"ab"
    assert buffer.dropped == 1
