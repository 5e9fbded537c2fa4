"""Bot methods beside the existing adapter's, permissions, rules and parameters, against the sandbox."""

import asyncio

import pytest
from nonebot import on_message, on_notice

from nonebot_adapter_feishu_ws import Bot, Event, MessageEvent, MessageSegment
from nonebot_adapter_feishu_ws.card import Card, Markdown
from nonebot_adapter_feishu_ws.params import Chat, Files, ImageBytes, ReceivedFile, Sender
from nonebot_adapter_feishu_ws.permission import GROUP, GROUP_ADMIN, GROUP_OWNER, INTERNAL_USER, PRIVATE, TOPIC
from nonebot_adapter_feishu_ws.rule import menu, reaction
from nonebot_adapter_feishu_ws.sandbox.state import StoredFile
from nonebot_adapter_feishu_ws.sending.send import guess_id_type
from tests.conftest import APP, wait_until


@pytest.fixture
async def bot(sandbox, run_adapter):
    async with run_adapter() as adapter:
        yield adapter.bots[APP]


@pytest.fixture
def user(sandbox):
    return sandbox.add_user("Li Lei")


@pytest.fixture
def chat(sandbox, user):
    return sandbox.p2p(user, APP)


def test_ids_by_their_form():
    ids = ["oc_1", "ou_1", "on_1", "a@example.com", "4d7a3c6g"]
    assert [guess_id_type(each) for each in ids] == ["chat_id", "open_id", "union_id", "email", "user_id"]
    for wrong in ("", "om_1", "cli_1", "omt_1"):
        with pytest.raises(ValueError, match="neither a chat nor a person"):
            guess_id_type(wrong)


async def test_send_to_a_person_and_a_chat(sandbox, bot, user, chat):
    await bot.send_to(user.open_id, "to a person")
    await bot.send_to(chat.chat_id, "to a chat")
    sent = await sandbox.wait_message(chat, count=2)
    assert ["person" in sent[0].content, "chat" in sent[1].content] == [True, True]


async def test_edit_recall_and_forward(sandbox, bot, user, chat):
    answer = await bot.send_to(chat.chat_id, "first")
    await bot.edit(answer["message_id"], "second")
    [message] = await sandbox.wait_message(chat)
    assert "second" in message.content
    card = await bot.send_to(chat.chat_id, MessageSegment.card(Card([Markdown("one")])))
    await bot.edit(card["message_id"], MessageSegment.card(Card([Markdown("two")])))
    assert "two" in sandbox.world.messages[card["message_id"]].content
    with pytest.raises(ValueError, match="only one is possible"):
        await bot.edit(answer["message_id"], "text" + MessageSegment.sticker("s"))
    with pytest.raises(ValueError, match="cannot be edited"):
        await bot.edit(answer["message_id"], MessageSegment.sticker("s"))
    forwarded = await bot.forward(answer["message_id"], user.open_id)
    assert "second" in sandbox.world.messages[forwarded["message_id"]].content
    await bot.recall(answer["message_id"])
    assert message.deleted


async def test_a_reaction_for_good_and_while_working(sandbox, bot, user, chat, matchers, logs):
    seen: list[int] = []
    matcher = on_message(block=True)
    matchers(matcher)

    def reactions(event: MessageEvent) -> int:
        return len(sandbox.world.reactions.get(event.message_id, []))

    @matcher.handle()
    async def _(bot: Bot, event: MessageEvent):
        async with bot.react(event, "Typing"):
            seen.append(reactions(event))
        seen.append(reactions(event))
        await bot.react(event, "THUMBSUP")
        seen.append(reactions(event))
        sandbox.faults.add(f"im/v1/messages/{event.message_id}/reactions", code=231001)
        async with bot.react(event, "Typing"):
            seen.append(reactions(event))
        await matcher.send("done")

    await sandbox.say(user, chat, "hi")
    await sandbox.wait_message(chat)
    assert seen == [1, 0, 1, 1], "a refused reaction does not keep the handler from working"
    assert any("no reaction Typing" in line for line in logs)


@pytest.mark.parametrize(
    ("permission", "expected"),
    [
        (PRIVATE, {"private"}),
        (GROUP, {"group by owner", "group by admin", "group by member", "topic"}),
        (TOPIC, {"topic"}),
        (GROUP_OWNER, {"group by owner"}),
        (GROUP_ADMIN, {"group by admin"}),
        (GROUP_OWNER | GROUP_ADMIN, {"group by owner", "group by admin"}),
        (INTERNAL_USER, {"private", "group by owner", "group by admin", "group by member", "topic"}),
    ],
)
async def test_permissions(sandbox, bot, matchers, permission, expected):
    heard: set[str] = set()
    matcher = on_message(permission=permission, block=False)
    matchers(matcher)

    @matcher.handle()
    async def _(event: MessageEvent):
        heard.add(event.get_plaintext())

    every = on_message(priority=90)
    matchers(every)
    count = []

    @every.handle()
    async def _():
        count.append(1)

    owner, admin, member = (sandbox.add_user(name) for name in ("Owner", "Admin", "Member"))
    group = sandbox.add_chat("Group", members=[owner, admin, member], apps=[APP])
    group.owner, group.managers = owner.open_id, [admin.open_id]
    topic = sandbox.add_chat("Topics", mode="topic", members=[owner, member], apps=[APP])
    await sandbox.say(member, sandbox.p2p(member, APP), "private")
    for person, text in ((owner, "owner"), (admin, "admin"), (member, "member")):
        await sandbox.say(person, group, f"group by {text}")
    await sandbox.say(member, topic, "topic")
    await wait_until(lambda: len(count) == 5)
    await asyncio.sleep(0.05)
    assert heard == expected


async def test_nobody_is_owner_when_feishu_does_not_tell(sandbox, bot, matchers, logs):
    heard = []
    matcher = on_message(permission=GROUP_OWNER)
    matchers(matcher)

    @matcher.handle()
    async def _():
        heard.append(1)

    person = sandbox.add_user("Owner")
    group = sandbox.add_chat("Group", members=[person], apps=[APP])
    group.owner = person.open_id
    sandbox.faults.add(f"im/v1/chats/{group.chat_id}", times=-1, code=232011)
    await sandbox.say(person, group, "hi")
    await wait_until(lambda: any("nobody counts as owner" in line for line in logs))
    assert heard == []


async def test_reaction_and_menu_rules(sandbox, bot, matchers):
    heard: list[str] = []
    for name, rule in (
        ("thumb", reaction("THUMBSUP")),
        ("gone", reaction(added=False, removed=True)),
        ("help", menu("help")),
    ):
        matcher = on_notice(rule=rule, block=False)
        matchers(matcher)

        @matcher.handle()
        async def _(event: Event, name: str = name):
            heard.append(name)

    def emoji(kind: str) -> dict:
        return {"message_id": "om_1", "reaction_type": {"emoji_type": kind}, "user_id": {"open_id": "ou_1"}}

    for event_type, body in (
        ("im.message.reaction.created_v1", emoji("THUMBSUP")),
        ("im.message.reaction.created_v1", emoji("SMILE")),
        ("im.message.reaction.deleted_v1", emoji("SMILE")),
        ("application.bot.menu_v6", {"event_key": "help", "operator": {"operator_id": {"open_id": "ou_1"}}}),
        ("application.bot.menu_v6", {"event_key": "other", "operator": {"operator_id": {"open_id": "ou_1"}}}),
    ):
        await (await sandbox.push(APP, event_type, body)).wait()
    await wait_until(lambda: len(heard) >= 3)
    await asyncio.sleep(0.05)
    assert sorted(heard) == ["gone", "help", "thumb"]


async def test_parameters(sandbox, bot, user, matchers):
    got: dict = {}
    matcher = on_message(block=True)
    matchers(matcher)

    @matcher.handle()
    async def _(image: bytes | None = ImageBytes(), files: list[ReceivedFile] = Files(), sender=Sender(), chat=Chat()):
        got.update(image=image, files=[(file.name, await file.read()) for file in files], sender=sender, chat=chat)
        await matcher.send("done")

    group = sandbox.add_chat("Group", members=[user], apps=[APP])
    sandbox.world.files["img_1"] = StoredFile("img_1", "image", "i", b"an image", APP)
    sandbox.world.files["file_1"] = StoredFile("file_1", "file", "f", b"a file", APP)
    picture = await sandbox.say(user, group, {"image_key": "img_1"}, msg_type="image")
    await sandbox.wait_message(group)
    assert (got["image"], got["files"], got["chat"]["name"]) == (b"an image", [], "Group")
    assert got["sender"].sender_id.open_id == user.open_id
    await sandbox.say(user, group, {"file_key": "file_1", "file_name": "a.txt"}, msg_type="file")
    await sandbox.wait_message(group)
    assert (got["image"], got["files"]) == (None, [("a.txt", b"a file")])
    await sandbox.say(user, group, "what is this?", reply_to=picture)
    await sandbox.wait_message(group)
    assert got["image"] == b"an image", "of the quoted message"


@pytest.mark.parametrize("fetch", [True, False])
async def test_the_quoted_message_is_fetched_eagerly_or_on_demand(sandbox, run_adapter, user, chat, matchers, fetch):
    seen: list[object] = []
    matcher = on_message(block=True)
    matchers(matcher)

    @matcher.handle()
    async def _(bot: Bot, event: MessageEvent):
        if event.event.message.parent_id:
            seen.append(event.reply is not None)
            reply = await bot.fetch_reply(event)
            seen.append(str(reply.message) if reply else None)
        await matcher.send("ok")

    async with run_adapter(feishu_fetch_reply=fetch):
        first = await sandbox.say(user, chat, "original")
        await sandbox.wait_message(chat)
        await sandbox.say(user, chat, "a quote", reply_to=first)
        await sandbox.wait_message(chat)
    assert seen == [fetch, "original"]


async def test_in_a_topic_that_the_bot_opened_a_message_is_no_quote(sandbox, run_adapter, user, matchers):
    seen: list[tuple[bool, object]] = []
    matcher = on_message(block=True)
    matchers(matcher)

    @matcher.handle()
    async def _(bot: Bot, event: MessageEvent):
        seen.append((event.is_tome(), await bot.fetch_reply(event)))

    topics = sandbox.add_chat("Topics", mode="topic", members=[user], apps=[APP])
    group = sandbox.add_chat("Group", members=[user], apps=[APP])
    async with run_adapter() as adapter:
        await adapter.bots[APP].send_to(topics.chat_id, "opened by the bot")
        [opened] = await sandbox.wait_message(topics)
        inside = await sandbox.say(user, topics, "just talking", thread_id=opened.thread_id)
        assert inside.root_id == inside.parent_id == opened.message_id
        await sandbox.say(user, topics, "to somebody else", reply_to=inside)
        question = await sandbox.say(user, group, "a question")
        await adapter.bots[APP].im.reply_message(question.message_id, "text", {"text": "here"}, reply_in_thread=True)
        await sandbox.say(user, group, "in its topic", thread_id=question.thread_id)
        await wait_until(lambda: len(seen) == 4)
    assert seen == [(False, None)] * 4
    assert not [each for each in sandbox.requests if each.method == "GET" and "/messages/" in each.path]


@pytest.mark.parametrize("at_all", [True, False])
async def test_an_at_of_everybody_is_for_the_bot_only_when_configured(sandbox, run_adapter, user, matchers, at_all):
    to_me = []
    matcher = on_message(block=True)
    matchers(matcher)

    @matcher.handle()
    async def _(event: MessageEvent):
        to_me.append(event.is_tome())

    group = sandbox.add_chat("Group", members=[user], apps=[APP])
    async with run_adapter(feishu_at_all_to_me=at_all):
        await sandbox.say(user, group, "everybody", at=["all"])
        await wait_until(lambda: to_me)
    assert to_me == [at_all]
