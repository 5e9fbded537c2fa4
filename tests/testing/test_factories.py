"""The events that plugin authors make for their tests, and nonebug with them."""

import pytest
from nonebot import on_command, on_notice, on_type
from nonebot.rule import to_me
from nonebug import App

from nonebot_adapter_feishu_ws import (
    Adapter,
    Bot,
    CardActionEvent,
    GroupMemberBotAddedEvent,
    GroupMessageEvent,
    MessageEvent,
    MessageSegment,
    NoticeEvent,
    PrivateMessageEvent,
    TopicMessageEvent,
)
from nonebot_adapter_feishu_ws.event import EventRegistry
from nonebot_adapter_feishu_ws.event.catalog import known_types
from nonebot_adapter_feishu_ws.testing import (
    APP_ID,
    BOT_OPEN_ID,
    CHAT_ID,
    USER_OPEN_ID,
    bot_options,
    make_card_action,
    make_event,
    make_group_message,
    make_payload,
    make_private_message,
    make_topic_message,
)


def create_bot(ctx):
    return ctx.create_bot(base=Bot, adapter=ctx.create_adapter(base=Adapter), **bot_options())


async def test_a_command_in_a_group(app: App, matchers):
    ping = on_command("ping", rule=to_me())
    matchers(ping)

    @ping.handle()
    async def _(event: GroupMessageEvent):
        await ping.finish(f"pong {event.chat_id}")

    async with app.test_matcher(ping) as ctx:
        bot = create_bot(ctx)
        event = make_group_message("/ping", at_me=True, chat_id="oc_1")
        ctx.receive_event(bot, event)
        ctx.should_call_send(event, "pong oc_1", bot=bot)
        ctx.should_finished(ping)
        ctx.receive_event(bot, make_group_message("/ping"))
        ctx.should_not_pass_rule(ping)


async def test_a_notice(app: App, matchers):
    hello = on_notice()
    matchers(hello)

    @hello.handle()
    async def _(event: GroupMemberBotAddedEvent):
        await hello.finish(f"thanks, {event.get_user_id()}")

    async with app.test_matcher(hello) as ctx:
        bot = create_bot(ctx)
        event = make_event(GroupMemberBotAddedEvent, operator_id={"open_id": "ou_1"})
        ctx.receive_event(bot, event)
        ctx.should_call_send(event, "thanks, ou_1", bot=bot)
        ctx.should_finished(hello)


async def test_a_card_action_and_a_call_of_the_api(app: App, matchers):
    vote = on_type(CardActionEvent)
    matchers(vote)

    @vote.handle()
    async def _(bot: Bot, event: CardActionEvent):
        await bot.delete_msg(event.message_id)

    async with app.test_matcher(vote) as ctx:
        bot = create_bot(ctx)
        event = make_card_action({"vote": "yes"}, name="button_1")
        ctx.receive_event(bot, event)
        ctx.should_call_api(f"im/v1/messages/{event.message_id}", {"method": "DELETE"}, {"code": 0})


async def test_the_bot_of_the_tests_is_known_to_them(app: App):
    async with app.test_api() as ctx:
        bot = create_bot(ctx)
        assert (bot.self_id, bot.bot_info.open_id) == (APP_ID, BOT_OPEN_ID)


def test_a_private_message():
    event = make_private_message("hi", open_id="ou_1")
    assert type(event) is PrivateMessageEvent
    assert event.is_tome()
    assert (event.get_plaintext(), event.get_user_id()) == ("hi", "ou_1")
    assert event.get_session_id() == f"p2p_{CHAT_ID}_ou_1"


def test_a_group_message():
    event = make_group_message("hi", at_me=True, at=["ou_2"], thread_id="omt_1")
    assert type(event) is GroupMessageEvent
    assert event.is_tome()
    assert event.get_message() == MessageSegment.at("ou_2", "ou_2") + " hi"
    assert [who.open_id for who in event.mentions] == [BOT_OPEN_ID, "ou_2"]
    assert event.thread_id == "omt_1"
    assert not make_group_message("hi", at=["ou_2"]).is_tome()


def test_a_topic_message():
    event = make_topic_message("hi")
    assert type(event) is TopicMessageEvent
    assert event.get_session_id() == f"topic_group_{CHAT_ID}_{USER_OPEN_ID}_omt_topic"


def test_other_contents():
    event = make_private_message({"image_key": "img_1"}, msg_type="image")
    assert list(event.get_message()) == [MessageSegment.image("img_1")]


def test_every_event_is_one_of_its_own():
    assert make_private_message().message_id != make_private_message().message_id
    assert make_event("im.chat.updated_v1").header.event_id != make_event("im.chat.updated_v1").header.event_id


@pytest.mark.parametrize("event_type", [*known_types(), "im.message.receive_v1", "brand.new_v1"])
def test_every_type_can_be_made(event_type):
    event = make_event(event_type, header={"create_time": "1700000000123"}, surprise=[1])
    assert event.header.event_type == event_type
    assert isinstance(event, MessageEvent if event_type == "im.message.receive_v1" else NoticeEvent)
    assert event.event["surprise"] == [1]
    assert event.time.microsecond == 123000


def test_overrides_reach_into_objects():
    payload = make_payload("im.chat.updated_v1", after_change={"name": "new"}, operator_id={"open_id": "ou_1"})
    assert payload["event"]["after_change"]["name"] == "new"
    assert payload["event"]["after_change"]["owner_id"]["open_id"] == USER_OPEN_ID
    assert payload["event"]["operator_id"] == {"open_id": "ou_1", "user_id": "user", "union_id": "on_user"}


def test_a_class_of_ones_own_needs_its_registry():
    class Custom(NoticeEvent):
        __event__ = "survey.answer.created_v1"

    registry = EventRegistry()
    registry.add(Custom)
    assert type(make_event(Custom, registry=registry, answer="yes")) is Custom
    with pytest.raises(TypeError, match=r"registry=Adapter\.event_models"):
        make_event(Custom)
