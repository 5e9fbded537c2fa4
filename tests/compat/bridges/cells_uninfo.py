"""The cells of uninfo."""

import json

from tests.compat.bridges.play import Cell, Play
from tests.conftest import APP


async def ask(play: Play, words: str, **how):
    return json.loads((await play.do(words, **how)).said)


async def private(play: Play):
    found = await ask(play, "/session")
    assert (found["user"]["id"], found["user"]["name"]) == (play.user.open_id, "Li Lei")
    assert (found["scene"]["id"], found["scene"]["type"]) == (play.user.open_id, 0)
    assert (found["self_id"], found["adapter"], found["scope"]) == (APP, "Feishu", "Feishu")
    assert found["member"] is None


async def group(play: Play):
    found = await ask(play, "/session", chat=play.group)
    assert (found["scene"]["id"], found["scene"]["name"], found["scene"]["type"]) == (play.group.chat_id, "Group", 1)
    assert found["member"]["user"]["name"] == "Li Lei"
    assert [role["id"] for role in found["member"]["roles"]] == ["OWNER"]


async def manager(play: Play):
    other = join(play)
    play.group.managers.append(other.open_id)
    await play.sandbox.say(other, play.group, "/session")
    found = json.loads((await play.answer(play.group)).said)
    assert [role["id"] for role in found["member"]["roles"]] == ["ADMINISTRATOR"]


def join(play: Play):
    other = play.sandbox.add_user("Han Meimei")
    play.group.members.append(other.open_id)
    return other


async def topic(play: Play):
    topics = play.sandbox.add_chat("Topics", mode="topic", members=[play.user], apps=[APP])
    asked = await play.sandbox.say(play.user, topics, "/session")
    found = json.loads((await play.answer(topics)).said)
    assert (found["scene"]["id"], found["scene"]["type"]) == (asked.thread_id, 3)
    assert (found["scene"]["parent"]["id"], found["scene"]["parent"]["type"]) == (topics.chat_id, 1)
    assert found["member"]["roles"][0]["id"] == "OWNER"
    [scene] = [await ask(play, f"/topic {asked.thread_id}")]
    assert scene["parent"]["name"] == "Topics"


async def topic_target(play: Play):
    topics = play.sandbox.add_chat("Topics", mode="topic", members=[play.user], apps=[APP])
    asked = await play.sandbox.say(play.user, topics, "/to_scene")
    [message] = (await play.answer(topics)).messages
    assert (play.text(message), message.thread_id) == ("by scene", asked.thread_id)


async def without_user_id(play: Play):
    """Without the scope for it an event has no ``user_id``, and without others only one id."""
    message = {"message_id": "om_1", "chat_id": play.private.chat_id, "chat_type": "p2p", "message_type": "text"}
    message |= {"content": '{"text": "/session"}', "create_time": "1700000000000"}
    sender = {"sender_id": {"open_id": play.user.open_id}, "sender_type": "user", "tenant_key": "t"}
    await play.sandbox.push(APP, "im.message.receive_v1", {"sender": sender, "message": message})
    found = json.loads((await play.answer(play.private)).said)
    assert found["user"]["id"] == play.user.open_id


async def no_names(play: Play):
    """An app without the scope for names."""
    play.sandbox.faults.add("contact/v3/users", code=41050, times=-1)
    try:
        found = await ask(play, "/session", chat=play.group)
    finally:
        play.sandbox.faults.clear()
    assert (found["user"]["id"], found["scene"]["id"]) == (play.user.open_id, play.group.chat_id)


async def joined(play: Play):
    other = play.sandbox.add_user("Han Meimei")
    await play.sandbox.join(other, play.group)
    found = json.loads((await play.answer(play.group)).said)
    assert found["scene"]["id"] == play.group.chat_id


async def loaded(play: Play):
    assert (await play.do("/loaded", chat=play.group)).said == f"True {play.group.chat_id}_{play.user.open_id} Feishu"


async def to_target(play: Play):
    for chat in (play.private, play.group):
        [message] = (await play.do("/to_scene", chat=chat)).messages
        assert play.text(message) == "by scene"


async def a_user(play: Play):
    found = await ask(play, f"/user {play.user.open_id}")
    assert (found["id"], found["name"]) == (play.user.open_id, "Li Lei")
    assert found["avatar"]


async def a_group(play: Play):
    found = await ask(play, f"/group {play.group.chat_id}")
    assert (found["id"], found["name"]) == (play.group.chat_id, "Group")


async def a_friend(play: Play):
    found = await ask(play, f"/friend {play.user.open_id}")
    assert (found["id"], found["type"], found["name"]) == (play.user.open_id, 0, "Li Lei")


async def a_member(play: Play):
    found = await ask(play, f"/member {play.group.chat_id} {play.user.open_id}")
    assert (found["user"]["name"], found["roles"][0]["id"]) == ("Li Lei", "OWNER")
    stranger = play.sandbox.add_user("Stranger")
    assert await ask(play, f"/member {play.group.chat_id} {stranger.open_id}") is None


async def members(play: Play):
    others = [join(play) for _ in range(120)]
    found = await ask(play, f"/members {play.group.chat_id}")
    assert len(found) == 121
    assert found[play.user.open_id] == ["Li Lei", "OWNER"]
    assert found[others[-1].open_id] == ["Han Meimei", "MEMBER"]


async def topic_members(play: Play):
    topics = play.sandbox.add_chat("Topics", mode="topic", members=[play.user], apps=[APP])
    asked = await play.sandbox.say(play.user, topics, "a topic")
    assert await ask(play, f"/topic_members {asked.thread_id}") == {play.user.open_id: "Li Lei"}


async def groups(play: Play):
    assert play.group.chat_id in (await play.do("/groups")).said


async def users(play: Play):
    department = play.sandbox.add_department("Sales", [play.sandbox.add_user("In a department")])
    said = (await play.do("/users")).said
    assert play.user.open_id in said
    assert department.members[0] in said


CELLS = [
    Cell("Session in a private chat", "单聊会话", private),
    Cell("Session in a group, with name and role", "群聊会话及名称、角色", group),
    Cell("A manager's role", "管理员角色", manager, ("a member like any other", "视为普通成员")),
    Cell(
        "Session in a topic, below its group",
        "话题会话，父级为群",
        topic,
        ("the event is not understood", "无法识别事件"),
    ),
    Cell(
        "Session without the scope for user ids",
        "没有 user_id 权限时的会话",
        without_user_id,
        ("the event is not understood", "无法识别事件"),
    ),
    Cell(
        "Session without the scope for names",
        "没有姓名权限时的会话",
        no_names,
        ("`NetworkError`: the handler fails", "`NetworkError`：处理函数失败"),
    ),
    Cell("Session of a notice (somebody joins)", "通知事件的会话（有人进群）", joined, ("none", "没有")),
    Cell("`Session.dump` and `load`", "`Session.dump` 与 `load`", loaded),
    Cell("`to_target` of a session", "会话的 `to_target`", to_target),
    Cell("`to_target` of a topic", "话题的 `to_target`", topic_target, ("the event is not understood", "无法识别事件")),
    Cell("A user", "查询用户", a_user),
    Cell("A group", "查询群", a_group),
    Cell("A person as a scene", "查询单聊场景", a_friend),
    Cell(
        "A member, or nobody",
        "查询成员（不在群内则为空）",
        a_member,
        ("`KeyError: 'open_id'`", "`KeyError: 'open_id'`"),
    ),
    Cell(
        "The members of a group, with roles, over pages",
        "群成员列表及角色（分页）",
        members,
        ("`KeyError: 'open_id'`", "`KeyError: 'open_id'`"),
    ),
    Cell("The members of a topic", "话题的成员", topic_members, ("none", "没有")),
    Cell("The bot's groups", "机器人所在的群", groups),
    Cell(
        "The people that the app may see",
        "应用可见的用户",
        users,
        ("asks a path that Feishu does not document", "请求了飞书文档中没有的路径"),
    ),
]
