"""The cells of session."""

import json

from tests.compat.bridges.play import Cell, Play
from tests.conftest import APP


async def private(play: Play):
    found = json.loads((await play.do("/session")).said)
    assert (found["platform"], found["bot_type"], found["bot_id"]) == ("feishu", "Feishu", APP)
    assert (found["level"], found["id1"], found["id2"]) == (1, play.user.open_id, None)
    assert found["USER"] == f"feishu_Feishu_{APP}_{play.user.open_id}"


async def group(play: Play):
    found = json.loads((await play.do("/session", chat=play.group)).said)
    assert (found["level"], found["id1"], found["id2"]) == (2, play.user.open_id, play.group.chat_id)
    assert found["GROUP"] == f"feishu_Feishu_{APP}_{play.group.chat_id}"


async def topic(play: Play):
    topics = play.sandbox.add_chat("Topics", mode="topic", members=[play.user], apps=[APP])
    await play.sandbox.say(play.user, topics, "/session")
    found = json.loads((await play.answer(topics)).said)
    assert (found["level"], found["id1"], found["id2"]) == (2, play.user.open_id, topics.chat_id)


async def notice(play: Play):
    await play.sandbox.join(play.sandbox.add_user("Han Meimei"), play.group)
    found = json.loads((await play.answer(play.group)).said)
    assert (found["level"], found["id2"]) == (2, play.group.chat_id)


CELLS = [
    Cell("A private chat", "单聊", private),
    Cell("A group", "群聊", group),
    Cell("A topic, as its group", "话题（视为所在的群）", topic, ("the event is not understood", "无法识别事件")),
    Cell("A notice (somebody joins)", "通知事件（有人进群）", notice),
]
