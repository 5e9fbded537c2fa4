"""A message reaches the plugin and the answer reaches the chat: private, group, topic; socket."""

from nonebot import on_command, on_message
from nonebot.adapters import Message as BaseMessage
from nonebot.matcher import matchers as all_matchers
from nonebot.params import ArgPlainText, CommandArg
from nonebot.rule import to_me

from nonebot_adapter_feishu_ws import GroupMessageEvent, MessageSegment, PrivateMessageEvent
from tests.conftest import APP, SECRET, wait_until


def add_echo(matchers):
    echo = on_command("say", rule=to_me(), block=True)
    matchers(echo)

    @echo.handle()
    async def _(args: BaseMessage = CommandArg()):
        await echo.finish(args)


async def test_private_chat(sandbox, run_adapter, matchers):
    add_echo(matchers)
    user = sandbox.add_user("Li Lei")
    chat = sandbox.p2p(user, APP)
    async with run_adapter():
        await sandbox.say(user, chat, "/say hello")
        [answer] = await sandbox.wait_message(chat)
    assert (answer.msg_type, answer.content, answer.parent_id) == ("text", '{"text": "hello"}', None)


async def test_group_needs_an_at_of_the_bot(sandbox, run_adapter, matchers):
    add_echo(matchers)
    user, other = sandbox.add_user("Li Lei"), sandbox.add_user("Han Meimei")
    chat = sandbox.add_chat("Group", members=[user, other], apps=[APP])
    async with run_adapter():
        await sandbox.say(user, chat, "/say silent")
        await sandbox.say(user, chat, "/say silent", at=[other])
        await sandbox.say(user, chat, "/say silent", at=["all"])
        await sandbox.say(user, chat, "/say heard", at=[APP])
        [answer] = await sandbox.wait_message(chat)
    assert answer.content == '{"text": "heard"}'
    assert [m.content for m in sandbox.world.history(chat.chat_id) if m.sender_type == "app"] == [answer.content]


async def test_rich_text_with_an_at_is_a_command_too(sandbox, run_adapter, matchers):
    """B2: the existing adapter sees ``@@_user_1 /say``, so that no command matches in rich text."""
    add_echo(matchers)
    user = sandbox.add_user("Li Lei")
    chat = sandbox.add_chat("Group", members=[user], apps=[APP])
    line = [{"tag": "at", "user_id": "@_user_1", "user_name": "Bot A"}, {"tag": "text", "text": " /say rich"}]
    async with run_adapter():
        await sandbox.say(user, chat, {"title": "", "content": [line]}, msg_type="post", at=[APP])
        [answer] = await sandbox.wait_message(chat)
    assert answer.content == '{"text": "rich"}'


async def test_a_topic_is_answered_in_the_topic(sandbox, run_adapter, matchers):
    """B7: the existing adapter opens a new topic with every answer."""
    add_echo(matchers)
    user = sandbox.add_user("Li Lei")
    chat = sandbox.add_chat("Topics", mode="topic", members=[user], apps=[APP])
    async with run_adapter():
        question = await sandbox.say(user, chat, "/say in here", at=[APP])
        [answer] = await sandbox.wait_message(chat)
    assert answer.thread_id == question.thread_id
    assert answer.parent_id == question.message_id


async def test_a_topic_inside_an_ordinary_group(sandbox, run_adapter, matchers):
    add_echo(matchers)
    user = sandbox.add_user("Li Lei")
    chat = sandbox.add_chat("Group", members=[user], apps=[APP])
    async with run_adapter():
        await sandbox.say(user, chat, "/say thread", at=[APP], thread_id="omt_1")
        [answer] = await sandbox.wait_message(chat)
    assert answer.thread_id == "omt_1"


async def test_event_classes_filter_handlers(sandbox, run_adapter, matchers):
    where = on_command("where", block=True)
    matchers(where)

    @where.handle()
    async def _(event: GroupMessageEvent):
        await where.send(f"group {event.chat_id} {event.get_session_id()}")

    @where.handle()
    async def _(event: PrivateMessageEvent):
        await where.send(f"private {event.get_session_id()}")

    user = sandbox.add_user("Li Lei")
    group, private = sandbox.add_chat("Group", members=[user], apps=[APP]), sandbox.p2p(user, APP)
    async with run_adapter():
        await sandbox.say(user, group, "/where")
        await sandbox.say(user, private, "/where")
        [in_group] = await sandbox.wait_message(group)
        [in_private] = await sandbox.wait_message(private)
    assert f"group {group.chat_id} group_{group.chat_id}_{user.open_id}" in in_group.content
    assert f"private p2p_{private.chat_id}_{user.open_id}" in in_private.content


async def test_got_asks_back_in_a_session(sandbox, run_adapter, matchers):
    order = on_command("order", block=True, priority=5)
    matchers(order)

    @order.got("dish", prompt="What?")
    async def _(dish: str = ArgPlainText()):
        await order.finish(f"one {dish}")

    user, other = sandbox.add_user("Li Lei"), sandbox.add_user("Han Meimei")
    chat = sandbox.add_chat("Group", members=[user, other], apps=[APP])
    async with run_adapter():
        await sandbox.say(user, chat, "/order")
        [prompt] = await sandbox.wait_message(chat)
        # No user is so quick: NoneBot listens for the answer only once the prompt is confirmed.
        await wait_until(lambda: any(each.temp for level in list(all_matchers.values()) for each in level))
        await sandbox.say(other, chat, "not my order")
        await sandbox.say(user, chat, "noodles")
        [answer] = await sandbox.wait_message(chat)
    assert prompt.content == '{"text": "What?"}'
    assert answer.content == '{"text": "one noodles"}'


async def test_waiter_waits_for_the_next_message(sandbox, run_adapter, matchers):
    import nonebot

    nonebot.require("nonebot_plugin_waiter")
    from nonebot_plugin_waiter import prompt

    ask = on_command("ask", block=True, priority=5)
    matchers(ask)

    @ask.handle()
    async def _():
        answer = await prompt("Sure?", timeout=30)
        await ask.finish(f"you said {answer}")

    user = sandbox.add_user("Li Lei")
    chat = sandbox.p2p(user, APP)
    async with run_adapter():
        await sandbox.say(user, chat, "/ask")
        await sandbox.wait_message(chat)
        await sandbox.say(user, chat, "yes")
        [answer] = await sandbox.wait_message(chat)
    assert answer.content == '{"text": "you said yes"}'


async def test_mixed_segments_become_a_post_and_what_cannot_mix_follows(sandbox, run_adapter, matchers):
    show = on_command("show", block=True)
    matchers(show)
    user = sandbox.add_user("Li Lei")
    chat = sandbox.p2p(user, APP)

    async with run_adapter() as adapter:
        bot = adapter.bots[APP]
        image = await bot.call_api(
            "im/v1/images", method="POST", data={"image_type": "message"}, files={"image": b"picture"}
        )
        file = await bot.post_file("stream", "notes.txt", b"notes")

        @show.handle()
        async def _(event: PrivateMessageEvent):
            await show.finish(
                MessageSegment.at(event.get_user_id())
                + " look: "
                + MessageSegment.image(image["data"]["image_key"])
                + "and"
                + MessageSegment.file(file["data"]["file_key"], "notes.txt")
                + "end"
            )

        await sandbox.say(user, chat, "/show")
        answers = await sandbox.wait_message(chat, count=3)
    assert [answer.msg_type for answer in answers] == ["post", "file", "text"]


async def test_at_sender_and_reply_message(sandbox, run_adapter, matchers):
    poke = on_command("poke", block=True)
    matchers(poke)

    @poke.handle()
    async def _():
        await poke.finish("hey", at_sender=True, reply_message=True)

    user = sandbox.add_user("Li Lei")
    chat = sandbox.add_chat("Group", members=[user], apps=[APP])
    async with run_adapter():
        question = await sandbox.say(user, chat, "/poke")
        [answer] = await sandbox.wait_message(chat)
    assert answer.parent_id == question.message_id
    assert answer.content == '{"text": "@_user_1 hey"}'
    assert answer.mentions[0]["id"] == user.open_id


async def test_a_quoted_message_is_there_and_a_quote_of_the_bot_is_to_me(sandbox, run_adapter, matchers):
    seen = []
    quote = on_message(rule=to_me(), block=True)
    matchers(quote)

    @quote.handle()
    async def _(event: GroupMessageEvent):
        seen.append(event.reply)
        await quote.finish("got it")

    user = sandbox.add_user("Li Lei")
    chat = sandbox.add_chat("Group", members=[user], apps=[APP])
    async with run_adapter() as adapter:
        await adapter.bots[APP].send_msg("chat_id", chat.chat_id, '{"text":"from the bot"}', "text")
        [mine] = await sandbox.wait_message(chat)
        await sandbox.say(user, chat, "what is this?", reply_to=mine)
        await sandbox.wait_message(chat)
    assert seen[0].message_id == mine.message_id
    assert str(seen[0].message) == "from the bot"


async def test_twenty_bots_one_with_a_wrong_secret(sandbox, run_adapter, matchers, logs):
    add_echo(matchers)
    bots = [{"app_id": f"cli_{number}", "app_secret": f"secret-{number}"} for number in range(20)]
    for bot in bots:
        sandbox.add_app(bot["app_id"], bot["app_secret"])
    bots[7] = {**bots[7], "app_secret": "wrong-secret"}
    user = sandbox.add_user("Li Lei")
    good = [bot["app_id"] for number, bot in enumerate(bots) if number != 7]
    async with run_adapter(bots, connected=False) as adapter:
        for app_id in good:
            await sandbox.wait_connected(app_id)
        for app_id in good:
            await sandbox.say(user, sandbox.p2p(user, app_id), f"/say {app_id}")
        for app_id in good:
            [answer] = await sandbox.wait_message(sandbox.p2p(user, app_id))
            assert app_id in answer.content
        status = adapter.connections.get_status("cli_7")
        assert (status.state.value, status.error_code) == ("error", 514)
        assert "凭证与基础信息" in (status.advice or "")
        assert "cli_7" not in adapter.bots
    assert any("cli_7" in line and line.startswith("ERROR") for line in logs)
    assert not any("wrong-secret" in line for line in logs)


async def test_two_apps_in_one_group_each_answer_for_themselves(sandbox, run_adapter, matchers):
    add_echo(matchers)
    sandbox.add_app("cli_b", "b")
    user = sandbox.add_user("Li Lei")
    chat = sandbox.add_chat("Group", members=[user], apps=[APP, "cli_b"])
    async with run_adapter([{"app_id": APP, "app_secret": SECRET}, {"app_id": "cli_b", "app_secret": "b"}]):
        await sandbox.say(user, chat, "/say only b", at=["cli_b"])
        [answer] = await sandbox.wait_message(chat)
    assert answer.sender_id == "cli_b"
