"""What stays different from the existing adapter, as ``docs/en/moving-over.md`` says; both adapters run here."""

import json
from datetime import UTC
from pathlib import Path

import nonebot.adapters.feishu as existing
import pytest

import nonebot_adapter_feishu_ws as ours

PAGE = (Path(__file__).parent.parent.parent / "docs" / "en" / "moving-over.md").read_text("utf-8")
IDS = {"open_id": "ou_2", "user_id": "u2", "union_id": "on_2"}
MENTIONS = [{"key": "@_user_1", "id": IDS, "name": "Amy", "tenant_key": "t"}]
GONE = "an exception"


def delivered(event_type: str, event: dict) -> dict:
    header = {"event_id": "e", "event_type": event_type, "create_time": "1708251664941"}
    return {"schema": "2.0", "header": {**header, "token": "t", "app_id": "a", "tenant_key": "k"}, "event": event}


def message(message_type: str, content: dict, **fields) -> dict:
    body = {"message_id": "om_1", "create_time": "1", "chat_id": "oc_1", "chat_type": "group"}
    body |= {"message_type": message_type, "content": json.dumps(content), **fields}
    sender = {"sender_id": {**IDS, "open_id": "ou_1"}, "sender_type": "user", "tenant_key": "k"}
    return delivered("im.message.receive_v1", {"sender": sender, "message": body})


TEXT = message("text", {"text": "hi"})
IMAGE = message("image", {"image_key": "img_1"})
MENTION = message("text", {"text": "hi @_user_1"}, mentions=MENTIONS)
POST = message("post", {"title": "", "content": [[{"tag": "text", "text": "/help"}]]})
TOPIC = message("text", {"text": "hi"}, thread_id="omt_1")
TOPIC_GROUP = message("text", {"text": "hi"}, chat_type="topic_group")
UNKNOWN = delivered("no.such.event_v1", {"a": 1})
ADDED = delivered(
    "im.chat.member.bot.added_v1",
    {"chat_id": "oc_1", "operator_id": IDS, "external": False, "operator_tenant_key": "k"},
)
FIRST_GENERATION = {"uuid": "u", "token": "t", "type": "event_callback", "event": {"type": "app_open"}}


@pytest.mark.parametrize(
    ("row", "payload", "read", "there", "here"),
    [
        ("event.get_plaintext()", TEXT, lambda event: event.get_plaintext(), "hi", "hi"),
        ("event.get_plaintext()", IMAGE, lambda event: event.get_plaintext(), "[image:'img_1']", ""),
        ("event.get_plaintext()", MENTION, lambda event: event.get_plaintext(), "hi @ou_2", "hi "),
        ("received rich text", POST, lambda event: event.get_message()[0].type, "post", "text"),
        ("str(segment)", IMAGE, lambda event: str(event.get_message()), "[image:'img_1']", "[image:img_1]"),
        ("str(segment)", MENTION, lambda event: str(event.get_message()), "hi @ou_2", "hi @Amy"),
        ("event.get_session_id()", TEXT, lambda event: event.get_session_id(), "group_oc_1_ou_1", "group_oc_1_ou_1"),
        (
            "event.get_session_id()` inside a topic",
            TOPIC,
            lambda event: event.get_session_id(),
            "group_oc_1_ou_1",
            "group_oc_1_ou_1_omt_1",
        ),
        ("types without a class", UNKNOWN, lambda event: event.get_type(), "no.such.event_v1", "notice"),
        ("get_user_id()", ADDED, lambda event: event.get_user_id(), GONE, "ou_2"),
        ("topic groups", TOPIC_GROUP, lambda event: event.get_event_name(), GONE, "message.topic_group"),
        ("without `header`", FIRST_GENERATION, lambda event: event and event.get_event_name(), None, "app_open"),
        ("event.time", TEXT, lambda event: event.time.tzinfo, None, UTC),
    ],
)
def test_D30_what_stays_different_is_as_the_page_says(row, payload, read, there, here):
    assert row in PAGE
    for adapter, expected in ((existing, there), (ours, here)):
        event = adapter.Adapter.json_to_event(json.loads(json.dumps(payload)))
        try:
            found = read(event)
        except (ValueError, AttributeError):
            found = GONE
        assert found == expected, adapter.__name__


def test_D30_a_text_with_a_mention_stays_a_text():
    assert "text with an @ is a `post`" in PAGE
    kinds = [
        (each.MessageSegment.text("hi") + each.MessageSegment.at("ou_1")).serialize()[0] for each in (existing, ours)
    ]
    assert kinds == ["post", "text"]


def test_D30_both_languages_list_the_same():
    chinese = (Path(__file__).parent.parent.parent / "docs" / "zh" / "moving-over.md").read_text("utf-8")
    assert chinese.count("\n|") == PAGE.count("\n|") > 20
