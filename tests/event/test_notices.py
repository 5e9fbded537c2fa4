"""The events of every day: what they offer, whom they belong to, how they look in the log."""

import json
from datetime import UTC, datetime

import pytest
from loguru import logger
from nonebot import on_notice

from nonebot_adapter_feishu_ws import (
    Adapter,
    BotMenuEvent,
    BotP2PChatEnteredEvent,
    CardActionEvent,
    GroupConfigUpdatedEvent,
    GroupDisbandedEvent,
    GroupMemberBotAddedEvent,
    GroupMemberBotDeletedEvent,
    GroupMemberUserAddedEvent,
    GroupMemberUserDeletedEvent,
    GroupMemberUserEvent,
    GroupMemberUserWithdrawnEvent,
    GroupNoticeEvent,
    MessageEditedEvent,
    MessageEvent,
    MessageReactionCreatedEvent,
    MessageReactionDeletedEvent,
    MessageReactionEvent,
    MessageReadEvent,
    MessageRecalledEvent,
    NoticeEvent,
    UrlPreviewEvent,
    UserId,
)
from nonebot_adapter_feishu_ws.event.catalog import find_class, known_types
from nonebot_adapter_feishu_ws.rule import action_names
from nonebot_adapter_feishu_ws.sending.route import find_target
from nonebot_adapter_feishu_ws.testing import make_event, make_payload
from tests.conftest import APP

OPERATOR = {"open_id": "ou_1", "user_id": "u1", "union_id": "on_1"}
AT = datetime(2023, 11, 14, 22, 13, 20, 123000, UTC)
MS = "1700000000123"


OWN_WORDS = sorted(
    [
        "application.bot.menu_v6",
        "attendance.user_flow.created_v1",
        "attendance.user_task.updated_v1",
        "card.action.trigger",
        "im.chat.access_event.bot_p2p_chat_entered_v1",
        "im.chat.disbanded_v1",
        "im.chat.member.bot.added_v1",
        "im.chat.member.bot.deleted_v1",
        "im.chat.member.user.added_v1",
        "im.chat.member.user.deleted_v1",
        "im.chat.member.user.withdrawn_v1",
        "im.chat.updated_v1",
        "im.message.message_read_v1",
        "im.message.reaction.created_v1",
        "im.message.reaction.deleted_v1",
        "im.message.recalled_v1",
        "im.message.updated_v1",
        "p2p_chat_create",
        "url.preview.get",
    ]
)
"""Event types whose classes have more than a body."""
HOSTILE = ["</b>\\<red>{x}", "<red>", "</>", "\\<le>", "<b><red></b>", "\\\\<lvl>", "<fg red>%s{0}", "<", "\\"]


def event(event_type: str, body: object):
    return Adapter.json_to_event({"header": {"event_type": event_type, "create_time": MS}, "event": body})


@pytest.mark.parametrize(
    "kind",
    [
        GroupMemberBotAddedEvent,
        GroupMemberBotDeletedEvent,
        GroupMemberUserAddedEvent,
        GroupMemberUserDeletedEvent,
        GroupMemberUserWithdrawnEvent,
        GroupConfigUpdatedEvent,
        GroupDisbandedEvent,
    ],
)
def test_group_notices_belong_to_the_group_and_to_who_acted(kind):
    it = event(kind.__event__, {"chat_id": "oc_1", "operator_id": OPERATOR})
    assert type(it) is kind
    assert isinstance(it, GroupNoticeEvent)
    assert (it.chat_id, it.operator, it.get_user_id()) == ("oc_1", UserId(**OPERATOR), "ou_1")
    assert it.get_session_id() == "group_oc_1_ou_1"
    assert it.time == AT
    assert it.is_tome() is (kind in (GroupMemberBotAddedEvent, GroupMemberBotDeletedEvent))
    assert "oc_1" in it.get_event_description()
    assert find_target(it) == ("chat_id", "oc_1")


def test_members_come_and_go():
    users = [{"name": "Li Lei", "tenant_key": "t", "user_id": {"open_id": "ou_2"}}, None, {"user_id": "ou_3"}]
    for kind in (GroupMemberUserAddedEvent, GroupMemberUserDeletedEvent, GroupMemberUserWithdrawnEvent):
        it = event(kind.__event__, {"chat_id": "oc_1", "users": users})
        assert isinstance(it, GroupMemberUserEvent)
        assert [(user.name, user.user_id.open_id) for user in it.users] == [("Li Lei", "ou_2"), ("", "ou_3")]
        assert "ou_2, ou_3" in it.get_event_description()


def test_a_changed_group_names_what_changed():
    it = event(
        "im.chat.updated_v1",
        {"chat_id": "oc_1", "after_change": {"name": "new"}, "before_change": {"name": "old", "owner_id": OPERATOR}},
    )
    assert it.event.after_change.model_fields_set == {"name"}
    assert (it.event.before_change.name, it.event.before_change.owner_id.open_id) == ("old", "ou_1")
    assert "name changed" in it.get_event_description()


def test_a_message_was_read():
    reader = {"reader_id": OPERATOR, "read_time": MS, "tenant_key": "t"}
    it = event("im.message.message_read_v1", {"reader": reader, "message_id_list": ["om_1", "om_2"]})
    assert isinstance(it, MessageReadEvent)
    assert (it.message_ids, it.message_id, it.read_time) == (["om_1", "om_2"], "om_1", AT)
    assert (it.operator, it.get_user_id(), it.get_session_id()) == (UserId(**OPERATOR), "ou_1", "ou_1")


def test_a_message_was_recalled():
    body = {"message_id": "om_1", "chat_id": "oc_1", "recall_time": MS, "recall_type": "message_owner"}
    it = event("im.message.recalled_v1", body)
    assert isinstance(it, MessageRecalledEvent)
    assert (it.message_id, it.chat_id, it.recall_type, it.recall_time) == ("om_1", "oc_1", "message_owner", AT)
    with pytest.raises(ValueError, match="no user_id"):
        it.get_user_id()
    assert find_target(it) == ("chat_id", "oc_1")


def test_a_message_was_edited_and_that_is_no_message():
    body = {
        "sender": {"sender_id": OPERATOR, "sender_type": "user"},
        "message": {
            "message_id": "om_1",
            "chat_id": "oc_1",
            "chat_type": "group",
            "thread_id": "omt_1",
            "message_type": "text",
            "content": '{"text": "@_user_1 better"}',
            "mentions": [{"key": "@_user_1", "id": {"open_id": "ou_2"}, "name": "Han Meimei"}],
        },
    }
    it = event("im.message.updated_v1", body)
    assert isinstance(it, MessageEditedEvent)
    assert it.get_type() == "notice"
    assert (it.message_id, it.chat_id, it.thread_id) == ("om_1", "oc_1", "omt_1")
    assert (it.sender.sender_id.open_id, it.get_user_id()) == ("ou_1", "ou_1")
    assert it.get_session_id() == "group_oc_1_ou_1_omt_1"
    assert [who.open_id for who in it.mentions] == ["ou_2"]
    assert it.edited_message.extract_plain_text() == " better"


@pytest.mark.parametrize("kind", [MessageReactionCreatedEvent, MessageReactionDeletedEvent])
def test_reactions(kind):
    body = {
        "message_id": "om_1",
        "reaction_type": {"emoji_type": "SMILE"},
        "operator_type": "user",
        "user_id": OPERATOR,
        "action_time": MS,
    }
    it = event(kind.__event__, body)
    assert type(it) is kind
    assert isinstance(it, MessageReactionEvent)
    assert (it.message_id, it.emoji_type, it.operator_type, it.action_time) == ("om_1", "SMILE", "user", AT)
    assert (it.get_user_id(), it.chat_id) == ("ou_1", "")
    by_app = event(kind.__event__, {"message_id": "om_1", "operator_type": "app", "app_id": "cli_b"})
    assert "cli_b" in by_app.get_event_description()
    assert by_app.operator is None


def test_a_private_chat_was_opened():
    body = {"chat_id": "oc_p", "operator_id": OPERATOR, "last_message_id": "om_1"}
    it = event("im.chat.access_event.bot_p2p_chat_entered_v1", body)
    assert isinstance(it, BotP2PChatEnteredEvent)
    assert (it.get_session_id(), it.message_id, it.is_tome()) == ("p2p_oc_p_ou_1", "om_1", True)


def test_the_menu_of_the_bot():
    operator = {"operator_name": "Li Lei", "operator_id": OPERATOR}
    it = event("application.bot.menu_v6", {"operator": operator, "event_key": "help", "timestamp": 1700000000})
    assert isinstance(it, BotMenuEvent)
    assert (it.event_key, it.get_user_id(), it.get_session_id(), it.is_tome()) == ("help", "ou_1", "ou_1", True)
    assert it.event.operator.operator_name == "Li Lei"
    assert find_target(it) == ("open_id", "ou_1")


CARD = {
    "operator": {"tenant_key": "t", **OPERATOR},
    "token": "c-very-secret",
    "action": {"tag": "button", "value": {"vote": "yes"}, "form_value": {"why": "because"}, "checked": True},
    "host": "im_message",
    "context": {"open_message_id": "om_1", "open_chat_id": "oc_1"},
}


def test_a_card_action():
    it = event("card.action.trigger", CARD)
    assert isinstance(it, CardActionEvent)
    assert (it.action_value, it.form_value, it.action.tag) == ({"vote": "yes"}, {"why": "because"}, "button")
    assert (it.message_id, it.chat_id, it.get_user_id(), it.is_tome()) == ("om_1", "oc_1", "ou_1", True)
    assert it.get_session_id() == "oc_1_ou_1"
    assert it.token == "c-very-secret"
    assert "c-very-secret" not in repr(it) + it.get_event_description() + it.get_log_string()
    assert find_target(it) == ("chat_id", "oc_1")


@pytest.mark.parametrize("value", ["plain", None, ["a"], 5])
def test_the_value_of_a_card_may_be_anything(value):
    it = event("card.action.trigger", {**CARD, "action": {"tag": "button", "value": value}})
    assert isinstance(it, CardActionEvent)
    assert it.action_value == value


@pytest.mark.parametrize(
    "wrap", [lambda it: it, json.dumps, lambda it: f"  {json.dumps(it)}\n", lambda it: json.dumps(json.dumps(it))]
)
def test_value_and_form_value_may_come_as_json_text(wrap):
    value, form = {"action": "vote", "n": 1}, {"why": "because", "who": ["ou_1"], "note": '{"kept": "text"}'}
    action = {"tag": "button", "value": wrap(value), "form_value": wrap(form)}
    it = event("card.action.trigger", {**CARD, "action": action})
    assert isinstance(it, CardActionEvent)
    assert (it.action_value, it.event.action.value, it.form_value) == (value, value, form)
    assert action_names(it) == {"vote"}


@pytest.mark.parametrize("value", ["{", '{"a":', "[1]", '"text"', "5", "null", ""])
def test_a_text_that_holds_no_object_stays_the_author_s(value):
    it = event("card.action.trigger", {**CARD, "action": {"tag": "button", "value": value, "form_value": value}})
    assert isinstance(it, CardActionEvent)
    assert (it.action_value, it.form_value) == (value, {})


def test_a_preview_of_a_link():
    context = {"url": "https://example.com/x", "preview_token": "p", "open_message_id": "om_1", "open_chat_id": "oc_1"}
    it = event("url.preview.get", {"operator": OPERATOR, "context": context})
    assert isinstance(it, UrlPreviewEvent)
    assert (it.url, it.preview_token, it.chat_id, it.message_id) == ("https://example.com/x", "p", "oc_1", "om_1")
    assert it.get_user_id() == "ou_1"


def test_who_acted_is_found_where_the_domains_have_it():
    in_meeting = event("vc.meeting.join_meeting_v1", {"operator": {"id": OPERATOR, "user_role": 1}})
    with_user_id_only = event("drive.file.deleted_v1", {"operator_id": {"user_id": "u1"}})
    nobody = event("contact.scope.updated_v3", {})
    assert in_meeting.operator == UserId(**OPERATOR)
    assert (with_user_id_only.get_user_id(), find_target(with_user_id_only)) == ("u1", ("user_id", "u1"))
    assert nobody.operator is None
    with pytest.raises(ValueError, match="names no chat and no user"):
        find_target(nobody)


@pytest.mark.parametrize("event_type", [*known_types(), "im.message.receive_v1"])
def test_no_user_text_breaks_the_log(event_type):
    """Hostile tags, also unbalanced and escaped ones, stand in the log as they came."""
    shown: list[str] = []
    sink = logger.add(lambda line: shown.append(str(line)), format="{message}", colorize=False)
    try:
        for hostile in HOSTILE:

            def spoilt(value, hostile=hostile):
                if isinstance(value, dict):
                    return {key: spoilt(item) for key, item in value.items()}
                return [spoilt(item) for item in value] if isinstance(value, list) else hostile

            it = event(event_type, spoilt(make_payload(event_type)["event"]))
            assert isinstance(it, find_class(event_type) or MessageEvent)
            logger.opt(colors=True).info(f"<m>x</m> {it.get_log_string()}")
            if event_type in ("im.message.recalled_v1", "im.chat.disbanded_v1", "url.preview.get"):
                assert hostile in shown[-1]
    finally:
        logger.remove(sink)
    assert len(shown) == len(HOSTILE)


@pytest.mark.parametrize("body", [None, {}, {"brand_new": {"field": [1]}}])
@pytest.mark.parametrize("event_type", OWN_WORDS)
def test_nothing_of_an_empty_event_raises_but_what_says_so(event_type, body):
    it = event(event_type, body)
    assert isinstance(it, find_class(event_type))
    properties = [
        name for kind in type(it).__mro__ for name, value in vars(kind).items() if isinstance(value, property)
    ]
    assert {"time", "chat_id", "message_id", "operator"} <= set(properties)
    for name in properties:
        if not name.startswith("__"):
            getattr(it, name)
    assert it.get_log_string()
    for method in (it.get_user_id, it.get_session_id):
        with pytest.raises(ValueError, match="no user_id"):
            method()
    if body:
        assert it.event["brand_new"] == {"field": [1]}


def test_what_does_not_fit_is_kept_aside():
    body = {"chat_id": ["odd"], "operator_id": 5, "users": [{"name": "a"}, 7], "external": "maybe", "name": 17}
    it = event("im.chat.member.user.added_v1", body)
    assert isinstance(it, GroupMemberUserAddedEvent)
    assert (it.chat_id, it.operator, it.event.external, it.event.name) == ("", None, None, "17")
    assert [user.name for user in it.users] == ["a"]
    assert it.event.misfits == {key: body[key] for key in ("chat_id", "operator_id", "users", "external")}
    assert event("im.chat.member.user.added_v1", {"chat_id": "oc_1"}).event.misfits == {}


def test_what_is_no_object_loses_the_class_but_not_the_event():
    it = event("im.chat.updated_v1", ["odd"])
    assert it.event == ["odd"]
    assert not isinstance(it, NoticeEvent)


async def test_the_annotation_chooses_the_handler_and_send_answers_in_the_chat(sandbox, run_adapter, matchers):
    seen = []
    notice = on_notice()
    matchers(notice)

    @notice.handle()
    async def _(event: GroupMemberUserAddedEvent):
        seen.append("added")
        await notice.send(f"welcome {event.users[0].name}")

    @notice.handle()
    async def _(event: GroupMemberUserEvent):
        seen.append("member")

    @notice.handle()
    async def _(event: GroupMemberBotAddedEvent):
        seen.append("bot")

    user = sandbox.add_user("Li Lei")
    chat = sandbox.add_chat("Group", members=[user], apps=[APP])
    body = {"chat_id": chat.chat_id, "users": [{"name": user.name, "user_id": {"open_id": user.open_id}}]}
    async with run_adapter():
        await sandbox.push(APP, "im.chat.member.user.added_v1", body)
        [answer] = await sandbox.wait_message(chat)
    assert answer.content == '{"text": "welcome Li Lei"}'
    assert seen == ["added", "member"]


def test_a_custom_model_wins_over_the_one_of_the_package():
    class Mine(GroupDisbandedEvent):
        pass

    registry = Adapter.event_models
    registry.add(Mine)
    try:
        assert type(make_event("im.chat.disbanded_v1", registry=registry)) is Mine
        assert Adapter.get_event_model("im.chat.disbanded_v1") == [Mine]
        assert type(event("im.chat.disbanded_v1", {})) is Mine
    finally:
        registry.add(GroupDisbandedEvent)
