"""The cells of chatrecorder."""

import json

from tests.compat.bridges.play import PNG, Cell, Play
from tests.conftest import APP

UNKNOWN = ("the event is not understood", "无法识别事件")


async def records(play: Play, count: int, chat=None, **how) -> list[list[str]]:
    return json.loads((await play.do(f"/records {count}", chat=chat, **how)).said)


async def said_by_a_person(play: Play):
    await play.sandbox.say(play.user, play.private, "good morning")
    assert await records(play, 1) == [["message", "good morning"]]


async def both_sides(play: Play, chat):
    await play.do("/say hello", chat=chat)
    assert await records(play, 2, chat) == [["message", "/say hello"], ["message_sent", "done: hello"]]


async def private(play: Play):
    await both_sides(play, play.private)


async def group(play: Play):
    await both_sides(play, play.group)


async def topic(play: Play):
    topics = play.sandbox.add_chat("Topics", mode="topic", members=[play.user], apps=[APP])
    asked = await play.sandbox.say(play.user, topics, "/say hello")
    await play.answer(topics)
    await play.sandbox.say(play.user, topics, "/records 2", thread_id=asked.thread_id)
    found = json.loads((await play.answer(topics)).said)
    assert found == [["message", "/say hello"], ["message_sent", "done: hello"]]


async def told(play: Play):
    await play.do(f"/tell {play.user.open_id}", chat=play.group)
    [message] = await play.sandbox.wait_message(play.private, timeout=play.patience)
    assert play.text(message) == "told"
    assert await records(play, 1) == [["message_sent", "told"]]


async def messages(play: Play):
    await play.sandbox.send_file(play.user, play.private, PNG, name="a.png", kind="image")
    assert json.loads((await play.do("/messages 1")).said) == [["image"]]


CELLS = [
    Cell("What a person says", "别人说的话", said_by_a_person),
    Cell(
        "Both sides of a private chat by one query",
        "一次查询得到单聊双方的话",
        private,
        ("the bot's are under another id", "机器人的话记在另一个 ID 下"),
    ),
    Cell("Both sides of a group", "群里双方的话", group),
    Cell("Both sides of a topic", "话题里双方的话", topic, UNKNOWN),
    Cell(
        "What is sent to a person by open_id",
        "按 open_id 单独发送的话",
        told,
        ("under another id", "记在另一个 ID 下"),
    ),
    Cell("A stored message as a message again", "存下的消息还原为消息", messages),
]
