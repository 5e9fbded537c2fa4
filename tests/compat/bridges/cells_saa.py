"""The cells of saa."""

import json

import pytest

from tests.compat.bridges.cells_alconna import at, at_all, is_text, mixed, sends
from tests.compat.bridges.play import Cell, Play, Refused
from tests.conftest import APP


async def private_url(play: Play):
    with pytest.raises(Refused, match="private address"):
        await play.do(f"/image_url {play.sandbox.url}/open-apis/nothing.png")


async def at_sender(play: Play):
    asked = await play.sandbox.say(play.user, play.group, "/at_sender")
    [message] = (await play.answer(play.group)).messages
    assert message.parent_id == asked.message_id
    assert play.user.open_id in message.content or [each["id"] for each in message.mentions] == [play.user.open_id]


async def reply(play: Play):
    first, second = (await play.do("/reply")).messages
    assert second.parent_id == first.message_id


def revoke(op: str):
    async def run(play: Play):
        [message] = (await play.do(f"/{op}")).messages
        assert message.deleted

    return run


async def several(play: Play):
    assert [play.text(message) for message in (await play.do("/several")).messages] == ["one", "two"]


async def message_id(play: Play):
    asked = await play.sandbox.say(play.user, play.private, "/message_id")
    assert json.loads((await play.answer(play.private)).said)["message_id"] == asked.message_id


async def target(play: Play):
    assert json.loads((await play.do("/target")).said)["open_id"] == play.user.open_id
    assert json.loads((await play.do("/target", chat=play.group)).said)["chat_id"] == play.group.chat_id


async def stored(play: Play):
    for chat in (play.private, play.group):
        [message] = (await play.do("/stored", chat=chat)).messages
        assert play.text(message) == "from a stored target"


def in_topic(op: str):
    async def run(play: Play):
        topics = play.sandbox.add_chat("Topics", mode="topic", members=[play.user], apps=[APP])
        asked = await play.sandbox.say(play.user, topics, f"/{op}")
        done = await play.answer(topics)
        assert done.messages
        assert {message.thread_id for message in done.messages} == {asked.thread_id}

    return run


async def auto(play: Play):
    [message] = (await play.do("/auto", chat=play.group)).messages
    assert play.text(message) == "bot chosen"


async def auto_private(play: Play):
    [message] = (await play.do(f"/auto_private {play.user.open_id}")).messages
    assert play.text(message) == "bot chosen"


CELLS = [
    Cell("Text", "文本", sends("text", is_text("hello"))),
    Cell(
        "Text, image, text, in this order",
        "文字、图片、文字，顺序不变",
        sends("mixed", mixed),
        ("230001: all in one line of rich text", "230001：全部放进富文本的同一行"),
    ),
    Cell(
        "`Image(url)` of a private address is refused",
        "`Image(url)` 指向内网地址时拒绝",
        private_url,
        ("fetched, with the client driver", "照样下载（用客户端驱动）"),
    ),
    Cell(
        "`Mention` alone",
        "单独的 `Mention`",
        sends("mention", at, group=True),
        ("230001: sent as msg_type `at`", "230001：以 msg_type `at` 发送"),
    ),
    Cell(
        "`MentionAll`",
        "`MentionAll`",
        sends("mention_all", at_all, group=True),
        ("230001: sent as msg_type `at`", "230001：以 msg_type `at` 发送"),
    ),
    Cell("`at_sender` and `reply`", "`at_sender` 与 `reply`", at_sender),
    Cell("`Reply` to a message that was sent", "`Reply` 引用已发送的消息", reply),
    Cell("Receipt: revoke", "回执：撤回", revoke("revoke")),
    Cell("Receipt: stored, then revoked", "回执：保存后撤回", revoke("revoke_stored")),
    Cell("`AggregatedMessageFactory`", "`AggregatedMessageFactory`", several),
    Cell("The event's message id", "事件的消息 ID", message_id),
    Cell("The event's target", "事件的目标", target),
    Cell("A stored target", "保存的目标", stored),
    Cell(
        "An answer stays in its topic",
        "回复留在话题内",
        in_topic("text"),
        ("the event is not understood", "无法识别事件"),
    ),
    Cell(
        "A stored target stays in its topic",
        "保存的目标留在话题内",
        in_topic("stored"),
        ("the event is not understood", "无法识别事件"),
    ),
    Cell("Bot chosen for a group", "自动选择机器人：群", auto, ("`NoBotFound`", "`NoBotFound`")),
    Cell(
        "Bot chosen for a topic",
        "自动选择机器人：话题",
        in_topic("auto"),
        ("the event is not understood", "无法识别事件"),
    ),
    Cell("Bot chosen for a person", "自动选择机器人：单聊", auto_private, ("`NoBotFound`", "`NoBotFound`")),
]
