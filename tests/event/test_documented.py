"""The events of Feishu's documents: a class for each type, and each example through it.

``documented.jsonl`` has the 199 types, and the examples of the 186 that have one.
"""

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest
from pydantic import BaseModel

from nonebot_adapter_feishu_ws import Event, MessageEvent, NoticeEvent
from nonebot_adapter_feishu_ws.event import EventRegistry, UserId
from nonebot_adapter_feishu_ws.event.base import Detail
from nonebot_adapter_feishu_ws.event.catalog import find_class, known_types
from nonebot_adapter_feishu_ws.testing import make_event

FACTS = [json.loads(line) for line in Path(__file__).with_name("documented.jsonl").read_text("utf-8").splitlines()]
EXAMPLES = {fact["event_type"]: fact["example"] for fact in FACTS if fact["example"]}
TABLE = Path(__file__).parent.parent.parent / "scripts" / "event_people.tsv"
ROWS = [line.split("\t") for line in TABLE.read_text("utf-8").splitlines() if not line.startswith("#")]
NOBODY = {event_type for event_type, role, *_ in ROWS if role == "none"}
PLACES = {(event_type, role): place for event_type, role, place, *_ in ROWS if role != "none"}
ACTORS = ("operator", "operator_id", "operator_user_id", "from_user_id", "from", "inviter", "organizer", "sender")
OTHER_IDS = {"apaas.workspace.record_change_v1", "corehr.employee.domain_event_v2", "corehr.job_change.updated_v2"}
"""Their operator is an id of another system, as a text."""
SEEN_ELSEWHERE = [
    "app_open",
    "app_status_change",
    "app_uninstalled",
    "board.whiteboard.updated_v1",
    "contact.user_group.created_v3",
    "leave_approvalV2",
    "leave_approval_revert",
    "order_paid",
    "out_approval_revert",
    "remedy_approval",
    "third_party_meeting_room_event_deleted",
    "third_party_meeting_room_event_updated",
    "trip_approval",
    "vc.material.review_result_v1",
    "vc.meeting.participant_meeting_joined_v1",
    "vc.meeting.participant_meeting_started_v1",
    "vc.meeting.send_meeting_im_v1",
    "vc.recording.recording_ended_v1",
    "vc.recording.recording_started_v1",
    "vc.recording.recording_transcript_generated_v1",
    "work_approval_revert",
]
"""Not among the 199, but seen, or in the documents beside another type or in their text."""


def parse(event_type: str) -> Event:
    told: list[tuple[str, Exception | None]] = []
    event = EventRegistry().parse(EXAMPLES[event_type], lambda *args: told.append(args))
    assert told == []
    return event


def misfits(part: object, path: str = "event") -> list[str]:
    """Where something came with a type that its field does not have."""
    if isinstance(part, list):
        return [found for item in part for found in misfits(item, f"{path}[]")]
    if not isinstance(part, BaseModel):
        return []
    found = [f"{path}.{name}" for name in part.misfits] if isinstance(part, Detail) else []
    return found + [more for name in part.model_fields_set for more in misfits(getattr(part, name), f"{path}.{name}")]


def people(body: object) -> list[object]:
    """What stands under a name of one who acts, anywhere in a body."""
    if isinstance(body, list):
        return [found for item in body for found in people(item)]
    if not isinstance(body, dict):
        return []
    mine = [value for name, value in body.items() if name in ACTORS]
    return mine + [found for value in body.values() for found in people(value)]


def test_the_documents_have_so_many():
    assert (len({fact["event_type"] for fact in FACTS}), len(EXAMPLES)) == (199, 186)


@pytest.mark.parametrize("event_type", [*(fact["event_type"] for fact in FACTS), *SEEN_ELSEWHERE])
def test_every_type_has_a_class_of_its_own(event_type):
    model = find_class(event_type) or MessageEvent
    assert model not in (Event, NoticeEvent)
    assert model.__event__ == event_type
    assert isinstance(make_event(event_type), model)


@pytest.mark.parametrize("event_type", EXAMPLES)
def test_every_example_fits_its_class(event_type):
    event = parse(event_type)
    assert isinstance(event, find_class(event_type) or MessageEvent)
    assert misfits(event.event) == []
    assert event.get_log_string()
    assert datetime(2017, 1, 1, tzinfo=UTC) < event.time < datetime(2026, 1, 1, tzinfo=UTC)


@pytest.mark.parametrize("event_type", EXAMPLES)
def test_every_example_has_a_person_or_is_listed_as_having_none(event_type):
    event = parse(event_type)
    if event_type in NOBODY:
        with pytest.raises(ValueError, match="no user_id"):
            event.get_user_id()
        if event_type not in OTHER_IDS:
            assert people(EXAMPLES[event_type]["event"]) == []
        return
    assert event.get_user_id()
    assert event.get_session_id()
    for role in ("operator", "person"):
        if place := PLACES.get((event_type, role)):
            value = EXAMPLES[event_type]["event"]
            for name in place.split("."):
                value = value[int(name)] if isinstance(value, list) else value[name]
            found = getattr(event, role)
            assert isinstance(found, UserId)
            assert found.any == (value if isinstance(value, str) else value["open_id"])


def with_one_id(body: object, kind: str) -> object:
    """A body whose people have one kind of id alone."""
    if isinstance(body, list):
        return [with_one_id(item, kind) for item in body]
    if not isinstance(body, dict):
        return body
    ids = {"open_id", "user_id", "union_id"}
    if len(ids & body.keys()) > 1:
        body = {name: value for name, value in body.items() if name not in ids} | {kind: body.get(kind) or "x1"}
    return {name: with_one_id(value, kind) for name, value in body.items()}


@pytest.mark.parametrize("kind", ["open_id", "user_id", "union_id"])
@pytest.mark.parametrize("event_type", sorted(EXAMPLES.keys() - NOBODY))
def test_every_example_has_its_person_by_one_kind_of_id_alone(event_type, kind):
    """Before: nobody in three of the first generation with a union_id."""
    body = with_one_id(EXAMPLES[event_type]["event"], kind)
    event = EventRegistry().parse({**EXAMPLES[event_type], "event": body})
    assert event.get_user_id()
    assert event.get_session_id()


def test_the_table_names_events_that_there_are():
    assert {event_type for event_type, *_ in ROWS} <= {*known_types()}
    assert len({(event_type, role) for event_type, role, *_ in ROWS}) == len(ROWS)


@pytest.mark.parametrize(
    ("event_type", "body"),
    [
        ("drive.file.edit_v1", {"operator_id_list": [{"open_id": "ou_1"}, {"open_id": "ou_2"}]}),
        ("drive.file.deleted_v1", {"operator_id": {"user_id": "ou_1"}}),
        ("drive.notice.comment_add_v1", {"notice_meta": {"from_user_id": {"union_id": "ou_1"}}}),
        ("vc.meeting.join_meeting_v1", {"operator": {"id": {"user_id": "ou_1"}}}),
        ("vc.bot.meeting_invited_v1", {"inviter": {"id": "ou_1"}}),
        ("im.message.reaction.created_v1", {"user_id": {"user_id": "ou_1"}}),
        ("board.whiteboard.updated_v1", {"operator_ids": [{"user_id": "ou_1"}]}),
        ("approval_task", {"user_id": "ou_1"}),
        ("contact.user.created_v3", {"object": {"user_id": "ou_1"}}),
        ("corehr.employment.created_v1", {"target_user_id": {"user_id": "ou_1"}}),
        ("third_party_meeting_room_event_created", {"organizer": {"user_id": "ou_1"}}),
        ("a.new_v1", {"operator_id": "ou_1"}),
        ("a.new_v1", {"operator": "ou_1"}),
        ("a.new_v1", {"operator": {"id": "ou_1"}}),
        ("a.new_v1", {"user_id": "ou_1"}),
    ],
)
def test_one_id_of_whatever_kind_is_enough(event_type, body):
    event = EventRegistry().parse({"header": {"event_type": event_type}, "event": body})
    assert event.get_user_id() == "ou_1"


def test_an_open_id_alone_at_an_operator_is_answered_as_an_open_id():
    from nonebot_adapter_feishu_ws.sending.route import find_target

    for body in ({"user_id": "ou_1"}, {"operator_id": "ou_1"}):
        assert find_target(EventRegistry().parse({"header": {"event_type": "a.new_v1"}, "event": body})) == (
            "open_id",
            "ou_1",
        )


@pytest.mark.parametrize(
    ("event_type", "body"),
    [
        ("im.message.reaction.created_v1", {"user_id": {"user_id": "u1"}}),
        ("im.message.reaction.deleted_v1", {"user_id": {"user_id": "u1"}}),
        ("im.chat.access_event.bot_p2p_chat_entered_v1", {"operator_id": {"user_id": "u1"}}),
        ("im.chat.member.user.added_v1", {"users": [{"user_id": {"user_id": "u1"}}]}),
        ("application.bot.menu_v6", {"operator": {"operator_id": {"user_id": "u1"}}}),
        ("card.action.trigger", {"operator": {"user_id": "u1"}}),
        ("url.preview.get", {"operator": {"user_id": "u1"}}),
    ],
)
def test_the_log_names_who_has_a_user_id_or_union_id_alone(event_type, body):
    event = EventRegistry().parse({"header": {"event_type": event_type}, "event": body})
    assert "u1" in event.get_event_description()
    of_the_team = json.loads(json.dumps(body).replace('"user_id": "u1"', '"union_id": "on_1"'))
    event = EventRegistry().parse({"header": {"event_type": event_type}, "event": of_the_team})
    assert "on_1" in event.get_event_description()
    event = EventRegistry().parse({"header": {"event_type": event_type}, "event": {}})
    assert not event.get_event_description().startswith(" ")


def test_whom_an_event_is_about_is_no_operator_and_gets_no_answer_by_itself():
    from nonebot_adapter_feishu_ws.sending.route import find_target

    event = parse("contact.user.created_v3")
    assert isinstance(event, NoticeEvent)
    assert (event.operator, event.person and event.person.user_id) == (None, "e33ggbyz")
    assert event.get_session_id() == event.get_user_id()
    with pytest.raises(ValueError, match="names no chat and no user"):
        find_target(event)


def test_a_header_may_have_its_time_under_another_name():
    """As in the document of 出差审批."""
    header = {"event_type": "approval.instance.trip_group_update_v4", "event_create_time": "1502199207.7171419"}
    event = EventRegistry().parse({"schema": "2.0", "header": header, "event": {"object": {}}})
    assert event.time.year == 2017
