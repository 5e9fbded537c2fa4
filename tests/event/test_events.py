"""Payloads -> events: every payload becomes one."""

import json
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from loguru import logger

from nonebot_adapter_feishu_ws import (
    Adapter,
    Event,
    GroupMessageEvent,
    Message,
    MessageEvent,
    NoticeEvent,
    P2PChatCreatedEvent,
    PrivateMessageEvent,
    TopicMessageEvent,
)
from nonebot_adapter_feishu_ws.event import EventRegistry, Reply, UserId
from nonebot_adapter_feishu_ws.sending.route import find_target


def payload(chat_type: str = "group", text: str = "hi", **message) -> dict:
    return {
        "schema": "2.0",
        "header": {
            "event_id": "e1",
            "event_type": "im.message.receive_v1",
            "create_time": "1700000000123",
            "token": "very-secret-token",
            "app_id": "cli_a",
            "tenant_key": "t",
        },
        "event": {
            "sender": {"sender_id": {"open_id": "ou_1", "user_id": "u1", "union_id": "on_1"}, "sender_type": "user"},
            "message": {
                "message_id": "om_1",
                "chat_id": "oc_1",
                "chat_type": chat_type,
                "message_type": "text",
                "content": json.dumps({"text": text}),
                "create_time": "1700000000123",
                **message,
            },
        },
    }


@pytest.mark.parametrize(
    ("chat_type", "cls"),
    [
        ("group", GroupMessageEvent),
        ("p2p", PrivateMessageEvent),
        ("topic_group", TopicMessageEvent),
        ("new_kind", MessageEvent),
    ],
)
def test_the_chat_type_chooses_the_class(chat_type, cls):
    event = Adapter.json_to_event(payload(chat_type))
    assert type(event) is cls
    assert event.get_type() == "message"
    assert event.get_event_name() == f"message.{chat_type}"
    assert event.get_session_id() == f"{chat_type}_oc_1_ou_1"
    assert event.time == datetime(2023, 11, 14, 22, 13, 20, 123000, UTC)


def test_a_topic_message_is_a_group_message_and_has_a_session_of_its_own():
    event = Adapter.json_to_event(payload("topic_group", thread_id="omt_1"))
    assert isinstance(event, GroupMessageEvent)
    assert event.get_session_id() == "topic_group_oc_1_ou_1_omt_1"


@pytest.mark.parametrize(
    ("ids", "user_id", "target"),
    [
        ({"user_id": "u1"}, "u1", ("user_id", "u1")),
        ({"user_id": "u1", "open_id": ""}, "u1", ("user_id", "u1")),
        ({"union_id": "on_1", "open_id": None}, "on_1", ("union_id", "on_1")),
        ("ou_1", "ou_1", ("open_id", "ou_1")),
    ],
)
def test_a_sender_with_one_id_alone_has_a_session_of_its_own(ids, user_id, target):
    """It was ``group_oc_1_``, the same for everybody."""
    body = {**payload()["event"], "sender": {"sender_id": ids, "sender_type": "user"}}
    event = Adapter.json_to_event({**payload(), "event": body})
    assert isinstance(event, MessageEvent)
    assert (event.get_user_id(), event.get_session_id()) == (user_id, f"group_oc_1_{user_id}")
    assert user_id in event.get_event_description()
    body["message"] = {**body["message"], "chat_id": ""}
    without_chat = Adapter.json_to_event({**payload(), "event": body})
    assert without_chat is not None
    assert find_target(without_chat) == target


@pytest.mark.parametrize("sender", [{}, None, {"sender_id": {}}, {"sender_id": {"open_id": ""}}])
def test_messages_without_any_sender_share_no_session(sender):
    sessions = set()
    for message_id in ("om_1", "om_2"):
        body = {**payload(message_id=message_id)["event"], "sender": sender}
        event = Adapter.json_to_event({**payload(), "event": body})
        assert event is not None
        sessions.add(event.get_session_id())
    assert sessions == {"group_oc_1_om_1", "group_oc_1_om_2"}


def test_the_payload_paths_of_the_existing_adapter():
    event = Adapter.json_to_event(payload(root_id="om_r", parent_id="om_p"))
    assert isinstance(event, MessageEvent)
    message = event.event.message
    assert (message.message_id, message.chat_id, message.message_type) == ("om_1", "oc_1", "text")
    assert (message.root_id, message.parent_id, message.thread_id) == ("om_r", "om_p", None)
    assert event.event.sender.sender_id.open_id == event.get_user_id() == "ou_1"
    assert event.get_all_user_id() == UserId(open_id="ou_1", user_id="u1", union_id="on_1")
    assert event.message_id == "om_1"
    assert event.get_message() == event.original_message == Message("hi")
    assert event.get_message() is event.get_message()
    assert event.get_message() is not event.original_message


@pytest.mark.parametrize(
    "damage",
    [
        {"sender": {"sender_id": {"open_id": "ou_1"}}},
        {"sender": {"sender_id": {"open_id": "ou_1", "user_id": None, "union_id": 5}}},
        {"sender": None},
        {"sender": []},
        {},
    ],
)
def test_B1_missing_and_wrong_ids_lose_no_event(damage):
    """The existing adapter requires ``user_id``, which Feishu sends only with its scope."""
    event = Adapter.json_to_event({**payload(), "event": {"message": payload()["event"]["message"], **damage}})
    assert isinstance(event, GroupMessageEvent)


@pytest.mark.parametrize(
    "message",
    [
        {"content": None},
        {"content": 5},
        {"message_id": None},
        {"mentions": {}},
        {"mentions": [None, 5, {"key": 1, "id": None}]},
        {"create_time": 17},
        {"chat_id": None, "brand_new": [1]},
        {"root_id": 5, "parent_id": {}, "thread_id": []},
    ],
)
def test_wrong_types_lose_no_event(message):
    event = Adapter.json_to_event(payload(**message))
    assert isinstance(event, GroupMessageEvent)
    assert event.get_event_description()
    assert len(event.get_message()) >= 1


def test_a_header_with_wrong_types_loses_no_event():
    data = payload()
    data["header"] |= {"resource_id": 5, "user_list": {"a": None}}
    event = Adapter.json_to_event(data)
    assert isinstance(event, GroupMessageEvent)
    data["header"] |= {"resource_id": {}, "user_list": [None, {"open_id": "ou_1"}]}
    event = Adapter.json_to_event(data)
    assert isinstance(event, GroupMessageEvent)
    assert event.header.user_list == [{"open_id": "ou_1"}]


@pytest.mark.parametrize("odd", [None, "yes", 5, {}])
def test_a_quoted_message_with_wrong_types_is_not_lost(odd):
    reply = Reply.model_validate({"message_id": "om_1", "deleted": odd, "updated": odd, "upper_message_id": odd})
    assert (reply.message_id, reply.deleted, reply.updated) == ("om_1", False, False)


@pytest.mark.parametrize("text", ["</b>", '<at user_id="x">', "<r>red", "\\<y>", "\\\\<y>", "{x}", "<le>"])
def test_texts_are_safe_in_the_log(text):
    for chat_type in ("group", "p2p"):
        event = Adapter.json_to_event(payload(chat_type, text))
        assert event is not None
        logger.opt(colors=True).info(f"<m>x</m> {event.get_event_description()}")
    notice = Adapter.json_to_event({"header": {"event_type": f"x{text}"}, "event": {"text": text}})
    assert notice is not None
    logger.opt(colors=True).info(notice.get_log_string())


def test_the_verification_token_is_not_shown():
    for event_type in ("im.message.receive_v1", "x"):
        data = payload()
        data["header"]["event_type"] = event_type
        event = Adapter.json_to_event(data)
        assert "very-secret-token" not in repr(event)
        assert "very-secret-token" not in event.get_event_description()


def test_a_type_without_a_class_is_a_notice():
    event = Adapter.json_to_event({"header": {"event_type": "im.chat.new_v1"}, "event": {"chat_id": "oc"}})
    assert type(event) is NoticeEvent
    assert (event.get_type(), event.get_event_name()) == ("notice", "im.chat.new_v1")
    assert event.event == {"chat_id": "oc"}
    assert event.chat_id == "oc"
    for method in (event.get_message, event.get_plaintext, event.get_user_id, event.get_session_id):
        with pytest.raises(ValueError, match="Event has no"):
            method()


def test_what_fits_nothing_is_a_base_event_and_is_told():
    told = []
    event = EventRegistry().parse({"header": {"event_type": "odd"}, "event": [1]}, lambda *args: told.append(args))
    assert type(event) is Event
    assert (event.event, event.get_type()) == ([1], "odd")
    assert told[0][0] == "odd"


FIRST = {"uuid": "u1", "token": "very-secret-token", "ts": "1502199207.7171419", "type": "event_callback"}


def test_events_of_the_first_version_take_the_shape_of_the_second():
    body = {"type": "add_bot", "app_id": "cli_a", "tenant_key": "t", "open_chat_id": "oc", "operator_open_id": "ou_1"}
    event = Adapter.json_to_event({**FIRST, "event": body})
    assert type(event) is NoticeEvent
    header = event.header
    assert (header.event_id, header.event_type, header.app_id, header.tenant_key) == ("u1", "add_bot", "cli_a", "t")
    assert event.schema_ == "1.0"
    assert event.time == datetime(2017, 8, 8, 13, 33, 27, 717000, UTC)
    assert (event.get_type(), event.get_event_name()) == ("notice", "add_bot")
    assert event.event == body
    assert event.model_extra == {"uuid": "u1", "ts": FIRST["ts"], "type": "event_callback"}
    assert (event.chat_id, event.get_user_id(), event.get_session_id()) == ("oc", "ou_1", "oc_ou_1")
    assert "very-secret-token" not in repr(event) + event.get_event_description()


@pytest.mark.parametrize(
    ("timestamp", "seconds"),
    [
        ("1502199207", 1502199207),
        (1502199207, 1502199207),
        (1502199207.5, 1502199207.5),
        ("1502199207.7171419", 1502199207.717),
        ("", 0),
        ("later", 0),
        ("nan", 0),
        ("inf", 0),
        ("-5", 0),
        (None, 0),
        ([], 0),
    ],
)
def test_the_time_of_an_event_of_the_first_version(timestamp, seconds):
    event = Adapter.json_to_event({**FIRST, "ts": timestamp, "event": {"type": "leave_approval"}})
    assert event.time.timestamp() == seconds
    assert event.time.tzinfo is UTC


def test_the_first_private_chat():
    body = {"type": "p2p_chat_create", "chat_id": "oc_p", "operator": {"open_id": "ou_1"}, "user": {"name": "Li Lei"}}
    event = Adapter.json_to_event({**FIRST, "event": body})
    assert isinstance(event, P2PChatCreatedEvent)
    assert (event.get_user_id(), event.get_session_id()) == ("ou_1", "p2p_oc_p_ou_1")
    assert event.is_tome()
    assert event.event["user"]["name"] == "Li Lei"


def test_custom_models_are_taken_by_their_type():
    class Custom(NoticeEvent):
        __event__ = "im.chat.custom_v1"

    class More(Custom):
        __event__ = "im.chat.custom_v1.special"

    registry = EventRegistry()
    registry.add(Custom)
    registry.add(More)
    assert registry.get("im.chat.custom_v1.special") == [More, Custom]
    assert type(registry.parse({"header": {"event_type": "im.chat.custom_v1"}, "event": {}})) is Custom
    with pytest.raises(ValueError, match="__event__"):
        registry.add(NoticeEvent)


@pytest.mark.parametrize("value", [None, [], "x", 5])
def test_what_is_no_object_is_no_event(value):
    assert Adapter.json_to_event(value) is None


values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3),
    max_leaves=10,
)


@given(st.dictionaries(st.sampled_from(["schema", "header", "event", "uuid", "ts", "x"]), values))
def test_fuzz_any_object_becomes_an_event(data):
    assert isinstance(Adapter.json_to_event(data), Event)


@given(st.data())
def test_fuzz_a_damaged_message_is_still_a_message_event(data):
    body = payload()
    part = data.draw(st.sampled_from([body["event"]["message"], body["event"]["sender"], body["event"]]))
    key = data.draw(st.sampled_from(sorted(part)))
    if key != "chat_type" and part is not body["event"]:
        part[key] = data.draw(values)
    event = Adapter.json_to_event(body)
    assert isinstance(event, MessageEvent)
    assert event.get_event_description()
    assert isinstance(event.get_session_id(), str)
