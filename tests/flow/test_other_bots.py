"""Messages of other bots and of oneself: dropped, wanted, bounded."""

import asyncio
from contextlib import asynccontextmanager

import pytest
from nonebot import on_message

from nonebot_adapter_feishu_ws import Adapter, Bot, MessageEvent, MessageSegment
from nonebot_adapter_feishu_ws.event.bot_talk import IN_A_ROW, MAX_CHATS, OWN, PAUSE, SWITCHED_OFF, UNKNOWN, BotTalk
from nonebot_adapter_feishu_ws.permission import BOT, PERSON
from nonebot_adapter_feishu_ws.rule import reaction
from nonebot_adapter_feishu_ws.testing import bot_options, make_event
from tests.conftest import APP, SECRET, wait_until

OTHER, OTHER_SECRET = "cli_b0b1c2d3e4f56789", "secret-of-cli-b-0123456789"
BOTS = [{"app_id": APP, "app_secret": SECRET}, {"app_id": OTHER, "app_secret": OTHER_SECRET}]


def message(bot: str = "ou_other", *, kind: str = "bot", event_type: str = "im.message.receive_v1", **sender):
    ids = sender or {"open_id": bot, "user_id": "", "union_id": ""}
    return make_event(event_type, sender={"sender_id": ids, "sender_type": kind}, message={"chat_id": "oc_1"})


@pytest.fixture
def two_bots(sandbox, run_adapter, matchers, unlimited_sends):
    """Two bots of one process in one group, each answering with a mention of who spoke."""
    sandbox.add_app(OTHER, OTHER_SECRET, name="Bot B")
    user = sandbox.add_user("Li Lei")
    chat = sandbox.add_chat("Group", members=[user], apps=[APP, OTHER])
    heard: list[tuple[str, str]] = []
    echo = on_message()
    matchers(echo)

    @echo.handle()
    async def _(bot: Bot, event: MessageEvent):
        heard.append((bot.self_id, event.sender.sender_type))
        other = next(app for app in sandbox.world.apps.values() if app.app_id != bot.self_id)
        await bot.send_to(chat.chat_id, MessageSegment.at(other.bot_open_id) + " hello")

    @asynccontextmanager
    async def run(**config):
        async with run_adapter(BOTS, **config):
            yield user, chat, heard

    return run


@pytest.mark.fault(46)
async def test_two_of_our_bots_in_a_group_do_not_hear_each_other(sandbox, two_bots, logs, saw):
    async with two_bots() as (user, chat, heard):
        await sandbox.say(user, chat, "hi", at=[APP])
        await sandbox.wait_message(chat, count=2)
        await wait_until(lambda: sum("FEISHU_BOT_MESSAGES=true lets them in" in line for line in logs) == 2)
        assert sorted(heard) == [(APP, "user"), (OTHER, "user")]
        saw(f"two bots that mention each other, by default: {len(heard)} messages handled, those of the person")


@pytest.mark.fault(46)
async def test_two_of_our_bots_that_may_hear_each_other_come_to_an_end(sandbox, two_bots, logs, saw):
    async with two_bots(feishu_bot_messages=True) as (user, chat, heard):
        await sandbox.say(user, chat, "hi", at=[APP])
        await wait_until(lambda: any("bots answer each other there" in line for line in logs))
        await wait_until(lambda: sum("bots answer each other there" in line for line in logs) == 2)
        from_bots = [who for who, kind in heard if kind == "bot"]
        assert {who: from_bots.count(who) for who in (APP, OTHER)} == {APP: IN_A_ROW, OTHER: IN_A_ROW}
        await sandbox.say(user, chat, "once more", at=[APP])
        await wait_until(lambda: len(heard) > 2 * IN_A_ROW + 4)
        saw(f"FEISHU_BOT_MESSAGES=true: each bot heard {len(from_bots) // 2} answers of the other, then silence")


@pytest.mark.fault(46)
@pytest.mark.parametrize("kind", ["bot", "app"])
async def test_own_messages_are_dropped(sandbox, run_adapter, matchers, kind, saw):
    handled: list[str] = []
    everything = on_message()
    matchers(everything)

    @everything.handle()
    async def _(event: MessageEvent):
        handled.append(event.message_id)

    own_open_id = sandbox.world.apps[APP].bot_open_id
    async with run_adapter(feishu_bot_messages=True):
        for number, ids in enumerate([{"open_id": own_open_id}, {"app_id": APP}, APP, {"open_id": "ou_other"}]):
            body = message(kind=kind).model_dump()["event"]
            body["sender"]["sender_id"] = ids
            body["message"]["message_id"] = f"om_{number}"
            await sandbox.push(APP, "im.message.receive_v1", body)
        await wait_until(lambda: "om_3" in handled)
        await asyncio.sleep(0)
    assert handled == ["om_3"]
    saw(f"sender_type {kind}: of 3 messages of its own and 1 of another bot the plugins got {len(handled)}")


@pytest.mark.parametrize("kind", ["user", ""])
async def test_an_own_message_is_dropped_whatever_the_type_of_its_sender(sandbox, run_adapter, matchers, kind):
    """Before: it counted as a person's, so that an echo would answer itself."""
    handled: list[str] = []
    everything = on_message()
    matchers(everything)

    @everything.handle()
    async def _(event: MessageEvent):
        handled.append(event.message_id)

    own_open_id = sandbox.world.apps[APP].bot_open_id
    async with run_adapter():
        for number, open_id in enumerate([own_open_id, "ou_person"]):
            body = message(open_id, kind=kind).model_dump()["event"]
            body["message"]["message_id"] = f"om_{number}"
            await sandbox.push(APP, "im.message.receive_v1", body)
        await wait_until(lambda: "om_1" in handled)
    assert handled == ["om_1"]


async def test_permissions_tell_bots_from_people(app):
    async with app.test_api() as ctx:
        bot = ctx.create_bot(base=Bot, adapter=ctx.create_adapter(base=Adapter), **bot_options())
        for kind, expected in (("bot", (True, False)), ("app", (True, False)), ("user", (False, True))):
            it = message(kind=kind)
            assert (await BOT(bot, it), await PERSON(bot, it)) == expected


async def test_permissions_tell_edits_of_bots_from_those_of_people(app):
    """Before: neither matched an edit, which is a notice."""
    async with app.test_api() as ctx:
        bot = ctx.create_bot(base=Bot, adapter=ctx.create_adapter(base=Adapter), **bot_options())
        for kind, expected in (("bot", (True, False)), ("user", (False, True))):
            it = message(kind=kind, event_type="im.message.updated_v1")
            assert (await BOT(bot, it), await PERSON(bot, it)) == expected


async def test_one_s_own_reaction_sets_nothing_off(app):
    async with app.test_api() as ctx:
        bot = ctx.create_bot(base=Bot, adapter=ctx.create_adapter(base=Adapter), **bot_options())
        for app_id, expected in ((bot.self_id, False), ("cli_other", True), ("", True)):
            it = make_event("im.message.reaction.created_v1", app_id=app_id, reaction_type={"emoji_type": "OK"})
            assert await reaction("OK")(bot, it, {}) is expected


@pytest.mark.parametrize("event_type", ["im.message.receive_v1", "im.message.updated_v1"])
def test_what_a_bot_is_refused_for(event_type):
    talk = BotTalk(clock=lambda: 0.0)

    def refuse(it, open_id="ou_me", *, wanted=True):
        return talk.refuse(it, "cli_me", open_id, wanted=wanted)

    assert refuse(message("ou_me", event_type=event_type)) is OWN
    assert refuse(message("ou_me", event_type=event_type), wanted=False) is OWN
    assert refuse(message("cli_me", event_type=event_type)) is OWN
    assert refuse(message(event_type=event_type), wanted=False) is SWITCHED_OFF
    assert refuse(message(event_type=event_type), "") is UNKNOWN
    assert refuse(message(event_type=event_type)) is None


def test_bots_may_talk_again_after_a_person_or_a_pause():
    now = [0.0]
    talk = BotTalk(clock=lambda: now[0])

    def taken(count: int) -> int:
        return sum(talk.refuse(message(), "cli_me", "ou_me", wanted=True) is None for _ in range(count))

    assert taken(IN_A_ROW + 5) == IN_A_ROW
    now[0] = PAUSE - 1
    assert taken(1) == 0, "what is dropped does not prolong the silence"
    now[0] = PAUSE
    assert taken(IN_A_ROW + 5) == IN_A_ROW
    talk.person_spoke("oc_1")
    assert taken(IN_A_ROW + 5) == IN_A_ROW
    for number in range(MAX_CHATS + 10):
        talk._count(f"oc_{number}")
    assert len(talk._rows) <= MAX_CHATS
