"""Several messages forwarded as one, by the bot and by a user, and expanded again."""

import pytest
from nonebot import on_message

from nonebot_adapter_feishu_ws import Bot, Message, MessageEvent, MessageSegment
from tests.conftest import APP, wait_until


async def test_the_bot_forwards_several_messages_as_one_and_expands_them(sandbox, run_adapter):
    user = sandbox.add_user("Li Lei")
    chat = sandbox.add_chat("team", members=[user], apps=[APP])
    first = await sandbox.say(user, chat, "one")
    second = await sandbox.say(
        user, chat, {"title": "", "content": [[{"tag": "text", "text": "two"}]]}, msg_type="post"
    )
    async with run_adapter() as adapter:
        bot = adapter.bots[APP]
        answer = await bot.merge_forward_msg("chat_id", chat.chat_id, [first.message_id, second.message_id])
        inner_id = answer["data"]["message"]["message_id"]
        tree = await bot.expand(inner_id)
        assert [str(child.message) for child in tree.children] == ["one", "two"]
        assert {child.sender_id for child in tree.children} == {user.open_id}
        # The forward is forwarded once more: one call shows both levels.
        answer = await bot.merge_forward_msg("chat_id", chat.chat_id, [first.message_id, inner_id])
        before = len(sandbox.requests)
        tree = await bot.expand(answer["data"]["message"]["message_id"])
        assert len(sandbox.requests) == before + 1
        assert [[str(inner.message) for inner in child.children] for child in tree.children] == [[], ["one", "two"]]
        assert str(tree) == f"{user.open_id}: one\n{APP}:\n  {user.open_id}: one\n  {user.open_id}: two"


async def test_B5_a_forward_of_a_user_arrives_and_expands(sandbox, run_adapter, matchers):
    """The existing adapter reads its content as JSON, which it is not, and loses the event."""
    trees = []
    matcher = on_message()
    matchers(matcher)

    @matcher.handle()
    async def _(bot: Bot, event: MessageEvent):
        if event.get_message().has("merge_forward"):
            trees.append(await bot.expand(event.get_message()))

    user = sandbox.add_user("Li Lei")
    elsewhere = sandbox.add_chat("elsewhere", members=[user], apps=[APP])
    async with run_adapter():
        said = [await sandbox.say(user, elsewhere, text) for text in "ab"]
        forwarded = await sandbox.forward(user, sandbox.p2p(user, APP), said)
        await wait_until(lambda: trees)
    [tree] = trees
    assert tree.message_id == forwarded.message_id
    assert [str(child.message) for child in tree.children] == ["a", "b"]


async def test_what_is_no_forward_says_so(sandbox, run_adapter):
    async with run_adapter() as adapter:
        bot = adapter.bots[APP]
        for target in (Message("hi"), MessageSegment.text("hi")):
            with pytest.raises(ValueError, match="no merged forward"):
                await bot.expand(target)
        with pytest.raises(ValueError, match=r"event\.message_id"):
            await bot.expand(MessageSegment.merge_forward(""))
    assert not [request for request in sandbox.requests if "im/v1/messages" in request.path]
