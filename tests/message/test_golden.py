"""Every message type, three payloads and more each: content -> segments -> what would be sent."""

import json
from collections import Counter

import pytest

from nonebot_adapter_feishu_ws.message import parse, render
from nonebot_adapter_feishu_ws.message.parse import DELIVERED

from .goldens import MESSAGE_ID, content_of, load, people_of

CASES = load()


@pytest.mark.parametrize(
    ("message_type", "case"), CASES, ids=[f"golden/{kind}.json: {case['name']}" for kind, case in CASES]
)
def test_golden(message_type, case):
    where = f"golden/{message_type}.json, {case['name']!r}"
    message = parse(message_type, content_of(case), people_of(case), MESSAGE_ID)
    assert [{"type": segment.type, "data": segment.data} for segment in message] == case["segments"], where
    assert str(message) == case["str"], where
    assert message.extract_plain_text() == case["plain_text"], where
    assert sent(message) == {key: case[key] for key in ("rendered", "error") if key in case}, where


def sent(message):
    try:
        outgoing = render(message)
    except ValueError as error:
        return {"error": str(error)}
    return {"rendered": [{"msg_type": part.msg_type, "content": json.loads(part.content)} for part in outgoing]}


def test_every_type_has_three_payloads_or_more():
    counted = Counter(kind for kind, _ in CASES)
    assert set(counted) == {*DELIVERED, "text", "post", "unknown_type"}
    assert min(counted.values()) >= 3
