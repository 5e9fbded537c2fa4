"""Topics: what is said in the bot's own needs no @; and the keys of sessions."""

import pytest
from nonebot import on_command, on_message

from nonebot_adapter_feishu_ws import MessageEvent
from nonebot_adapter_feishu_ws.rule import in_my_topic
from nonebot_adapter_feishu_ws.testing import make_event, make_group_message, make_private_message
from tests.conftest import APP, wait_until


@pytest.fixture
def talk(sandbox, matchers):
    """A group, and a bot that opens a topic on /ask and notes what it hears in its topics."""
    heard: list[str] = []
    ask = on_command("ask", priority=1, block=True)
    follow = on_message(rule=in_my_topic(), priority=2, block=True)
    matchers(ask)
    matchers(follow)

    @ask.handle()
    async def _():
        await ask.finish("the topic is open", reply_in_thread=True)

    @follow.handle()
    async def _(event: MessageEvent):
        heard.append(event.get_plaintext())
        await follow.finish("I see")

    users = [sandbox.add_user("Li Lei"), sandbox.add_user("Han Mei")]
    return users, sandbox.add_chat("Group", members=users, apps=[APP]), heard


def answers(sandbox, chat):
    return [each for each in sandbox.world.history(chat.chat_id) if each.sender_type == "app"]


@pytest.mark.parametrize("store", ["memory://", "sqlite:///{}/s.db"])
async def test_a_topic_that_the_bot_opened_goes_on_without_an_at(sandbox, run_adapter, talk, tmp_path, store):
    (li, han), chat, heard = talk
    url = store.format(f"/{tmp_path}")
    async with run_adapter(feishu_store=url):
        await sandbox.say(li, chat, "/ask", at=[APP])
        [opened] = await sandbox.wait_message(chat)
        await sandbox.say(li, chat, "elsewhere")
        await sandbox.say(han, chat, "more, please", reply_to=opened)
        await wait_until(lambda: heard)
    async with run_adapter(feishu_store=url):  # after a restart
        await sandbox.say(li, chat, "and more", reply_to=opened)
        if store == "memory://":  # the bot did not begin it: it is remembered no more
            await sandbox.say(li, chat, "@", at=[APP])
        else:
            await wait_until(lambda: len(heard) == 2)
    assert heard == ["more, please", "and more"][: 1 if store == "memory://" else 2]
    assert {each.thread_id for each in answers(sandbox, chat)} == {opened.thread_id}


async def test_a_topic_under_a_message_of_the_bot_is_its_own(sandbox, run_adapter, talk):
    """Nobody told the bot: it asks once whose the first message is."""
    (li, _), chat, heard = talk
    async with run_adapter() as adapter:
        await adapter.bots[APP].send_to(chat.chat_id, "good morning")
        [sent] = await sandbox.wait_message(chat)
        for text in ("why?", "really?"):
            await sandbox.answer_in_topic(li, sent, text)
            await wait_until(lambda text=text: text in heard)
        fetched = [each for each in sandbox.requests if each.path.endswith(f"messages/{sent.message_id}")]
    assert (heard, len(fetched)) == (["why?", "really?"], 1)


async def test_other_topics_and_what_is_meant_for_others_are_left_alone(sandbox, run_adapter, talk, matchers):
    (li, han), chat, heard = talk
    done: list[str] = []
    rest = on_message(priority=9)
    matchers(rest)

    @rest.handle()
    async def _(event: MessageEvent):
        done.append(event.get_plaintext())

    async with run_adapter():
        question = await sandbox.say(li, chat, "who has the key?")
        await sandbox.answer_in_topic(han, question, "I have")
        await sandbox.say(li, chat, "/ask", at=[APP])
        [opened] = await sandbox.wait_message(chat)
        await sandbox.say(li, chat, f'<at user_id="{han.open_id}"></at> look', reply_to=opened)
        await wait_until(lambda: len(done) == 3)
    assert heard == []


async def test_a_topic_whose_first_message_cannot_be_fetched_is_not_the_bots(sandbox, run_adapter, talk, logs):
    (li, _), chat, heard = talk
    async with run_adapter() as adapter:
        await adapter.bots[APP].send_to(chat.chat_id, "good morning")
        [sent] = await sandbox.wait_message(chat)
        sandbox.faults.add(f"im/v1/messages/{sent.message_id}", code=230110)
        await sandbox.answer_in_topic(li, sent, "why?")
        await wait_until(lambda: any("is not known" in line for line in logs))
        await sandbox.answer_in_topic(li, sent, "really?")
        await wait_until(lambda: heard)
    assert heard == ["really?"]


async def test_the_rule_takes_what_is_meant_for_the_bot_as_well(sandbox, run_adapter, matchers):
    heard: list[str] = []
    matcher = on_message(rule=in_my_topic(or_to_me=True))
    matchers(matcher)

    @matcher.handle()
    async def _(event: MessageEvent):
        heard.append(event.get_plaintext().strip())
        await matcher.finish("yes", reply_in_thread=True)

    user = sandbox.add_user("Li Lei")
    chat = sandbox.add_chat("Group", members=[user], apps=[APP])
    async with run_adapter():
        await sandbox.say(user, chat, "nothing")
        await sandbox.say(user, chat, "first", at=[APP])
        [opened] = await sandbox.wait_message(chat)
        await sandbox.say(user, chat, "second", reply_to=opened)
        await wait_until(lambda: len(heard) == 2)
    assert heard == ["first", "second"]


@pytest.mark.parametrize(
    ("scope", "in_chat", "in_topic"),
    [
        ("chat", "chat:oc_chat", "chat:oc_chat"),
        ("user", "user:ou_user", "user:ou_user"),
        ("topic", "chat:oc_chat", "topic:omt_1"),
        ("topic_user", "chat:oc_chat/user:ou_user", "topic:omt_1/user:ou_user"),
    ],
)
def test_the_keys_of_sessions_stay_as_they_are(scope, in_chat, in_topic):
    assert make_group_message("hi").session(scope) == in_chat
    assert make_group_message("hi", thread_id="omt_1").session(scope) == in_topic
    assert make_private_message("hi").session(scope) == in_chat
    click = make_event("card.action.trigger")
    assert click.session(scope) == in_chat


def test_a_session_needs_what_its_scope_names():
    event = make_group_message("hi")
    assert event.session() == event.session("topic_user")
    with pytest.raises(ValueError, match="one of topic, user, chat, topic_user, not 'thread'"):
        event.session("thread")
    changed = make_event("im.chat.updated_v1", operator_id={"open_id": "", "union_id": "", "user_id": ""})
    assert changed.session("chat") == "chat:oc_chat"
    with pytest.raises(ValueError, match="names no user"):
        changed.session("user")
    nobody = make_group_message("hi", open_id="")
    assert nobody.session("user").startswith("user:")
