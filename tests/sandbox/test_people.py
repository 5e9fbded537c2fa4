"""What people do in the sandbox, and the events that subscribing apps get for it."""

import json

import pytest

from nonebot_adapter_feishu_ws.sandbox.state import EVENTS
from tests.conftest import APP, SECRET

OTHER = "cli_0000000000000002"


class Stage:
    def __init__(self, sandbox):
        self.sandbox = sandbox
        sandbox.add_app(OTHER, SECRET, name="Bot B", subscribed=())
        self.ann = sandbox.add_user("Ann", role="engineer")
        self.bob = sandbox.add_user("Bob")
        self.group = sandbox.add_chat("Group", members=[self.ann, self.bob], apps=[APP, OTHER])
        self.pushed = []
        push = sandbox.gateway.push_event

        def record(app_id, event_type, event, *rest, **header):
            self.pushed.append((app_id, event_type, event))
            return push(app_id, event_type, event, *rest, **header)

        sandbox.gateway.push_event = record

    def take(self):
        """The one event that was pushed since the last call."""
        [(app_id, event_type, event)] = self.pushed
        assert app_id == APP, "only the app that subscribes gets events"
        self.pushed.clear()
        return event_type, event


@pytest.fixture
def stage(sandbox):
    return Stage(sandbox)


async def test_reactions_come_and_go_once(stage):
    message = await stage.sandbox.say(stage.ann, stage.group, "hi")
    stage.take()
    await stage.sandbox.react(stage.bob, message, "SMILE")
    kind, event = stage.take()
    assert (kind, event["reaction_type"], event["operator_type"]) == (
        "im.message.reaction.created_v1",
        {"emoji_type": "SMILE"},
        "user",
    )
    assert event["user_id"]["open_id"] == stage.bob.open_id
    await stage.sandbox.react(stage.bob, message, "SMILE")
    assert stage.pushed == []
    with pytest.raises(ValueError, match="Ann did not react"):
        await stage.sandbox.unreact(stage.ann, message, "SMILE")
    await stage.sandbox.unreact(stage.bob, message, "SMILE")
    assert stage.take()[0] == "im.message.reaction.deleted_v1"


async def test_a_message_is_recalled_by_its_sender_or_the_owner(stage):
    sandbox = stage.sandbox
    mine, theirs = await sandbox.say(stage.bob, stage.group, "a"), await sandbox.say(stage.bob, stage.group, "b")
    stage.pushed.clear()
    await sandbox.recall(stage.bob, mine)
    assert stage.take()[1]["recall_type"] == "message_owner"
    await sandbox.recall(stage.ann, theirs)
    assert stage.take()[1]["recall_type"] == "group_owner"
    with pytest.raises(ValueError, match="recalled"):
        await sandbox.recall(stage.ann, theirs)
    with pytest.raises(ValueError, match="their own"):
        await sandbox.recall(stage.bob, await sandbox.say(stage.ann, stage.group, "c"))


async def test_an_edit_has_no_event_and_an_end(stage):
    message = await stage.sandbox.say(stage.ann, stage.group, "hi")
    stage.pushed.clear()
    for number in range(20):
        await stage.sandbox.edit(stage.ann, message, f"hi {number}")
    assert stage.pushed == []
    assert json.loads(message.content) == {"text": "hi 19"}
    with pytest.raises(ValueError, match="20 times"):
        await stage.sandbox.edit(stage.ann, message, "no")
    with pytest.raises(ValueError, match="of their own"):
        await stage.sandbox.edit(stage.bob, message, "no")


async def test_reading_a_private_chat_is_told_to_its_bot_once(stage):
    sandbox, world = stage.sandbox, stage.sandbox.world
    chat = sandbox.p2p(stage.ann, APP)
    answer = world.add_message(world.new_message(chat, APP, "app", "text", '{"text": "x"}'))
    await sandbox.read(stage.ann, chat)
    kind, event = stage.take()
    assert (kind, event["message_id_list"]) == ("im.message.message_read_v1", [answer.message_id])
    assert event["reader"]["reader_id"]["open_id"] == stage.ann.open_id
    await sandbox.read(stage.ann, chat)
    world.add_message(world.new_message(stage.group, APP, "app", "text", '{"text": "x"}'))
    await sandbox.read(stage.ann, stage.group)
    assert stage.pushed == []


async def test_groups_and_their_people(stage):
    sandbox, cid = stage.sandbox, stage.sandbox.add_user("Cid")
    group = await sandbox.create_group(stage.ann, "New", members=[stage.bob], apps=[APP, OTHER])
    assert stage.take() == (
        "im.chat.member.bot.added_v1",
        {
            "chat_id": group.chat_id,
            "name": "New",
            "operator_id": {
                "open_id": stage.ann.open_id,
                "union_id": stage.ann.union_id,
                "user_id": stage.ann.user_id,
            },
            "external": False,
            "operator_tenant_key": stage.ann.tenant_key,
        },
    )
    await sandbox.join(cid, group, by=stage.bob)
    kind, event = stage.take()
    assert (kind, event["users"][0]["name"], event["operator_id"]["open_id"]) == (
        "im.chat.member.user.added_v1",
        "Cid",
        stage.bob.open_id,
    )
    await sandbox.leave(cid, group)
    assert stage.take()[0] == "im.chat.member.user.deleted_v1"
    await sandbox.join(cid, group)
    stage.take()
    await sandbox.withdraw(cid, group, by=stage.bob)
    assert stage.take()[0] == "im.chat.member.user.withdrawn_v1"
    await sandbox.rename_group(stage.ann, group, "Newer")
    kind, event = stage.take()
    assert (kind, event["after_change"], event["before_change"]) == (
        "im.chat.updated_v1",
        {"name": "Newer"},
        {"name": "New"},
    )
    await sandbox.remove_bot(stage.ann, group, APP)
    assert stage.take()[0] == "im.chat.member.bot.deleted_v1"
    await sandbox.add_bot(stage.ann, group, APP)
    stage.take()
    with pytest.raises(ValueError, match="owner"):
        await sandbox.dissolve_group(stage.bob, group)
    await sandbox.dissolve_group(stage.ann, group)
    assert stage.take()[0] == "im.chat.disbanded_v1"


async def test_a_bots_chat_is_entered_and_its_menu_clicked(stage):
    chat = await stage.sandbox.enter_chat(stage.ann, APP)
    kind, event = stage.take()
    assert (kind, event["chat_id"]) == ("im.chat.access_event.bot_p2p_chat_entered_v1", chat.chat_id)
    assert "last_message_id" not in event
    await stage.sandbox.click_menu(stage.ann, APP, "help")
    kind, event = stage.take()
    assert (kind, event["event_key"], event["operator"]["operator_name"]) == ("application.bot.menu_v6", "help", "Ann")


async def test_topics_and_mentions_inside_a_text(stage):
    first = await stage.sandbox.say(
        stage.ann, stage.group, f'see <at user_id="{APP}">Bot</at> and <at user_id="all">x</at>'
    )
    _, event = stage.take()
    assert json.loads(event["message"]["content"])["text"] == "see @_user_1 and @_all"
    assert event["message"]["mentions"][0]["name"] == "Bot A"
    answer = await stage.sandbox.answer_in_topic(stage.bob, first, "inside")
    _, event = stage.take()
    assert event["message"]["thread_id"] == first.thread_id == answer.thread_id
    assert event["message"]["root_id"] == first.message_id
    with pytest.raises(ValueError, match="nobody here"):
        await stage.sandbox.say(stage.ann, stage.group, "x", at=["ou_nobody"])


@pytest.mark.parametrize(
    ("kind", "fields"),
    [
        ("image", {"image_key"}),
        ("file", {"file_key", "file_name"}),
        ("audio", {"file_key", "duration"}),
        ("media", {"file_key", "file_name", "duration", "image_key"}),
    ],
)
async def test_people_send_files(stage, kind, fields):
    message = await stage.sandbox.send_file(stage.ann, stage.group, b"x", name="a.bin", kind=kind)
    _, event = stage.take()
    assert event["message"]["message_type"] == kind
    content = json.loads(message.content)
    assert set(content) == fields
    assert stage.sandbox.world.files[content.get("file_key") or content["image_key"]].content == b"x"
    with pytest.raises(ValueError, match="empty"):
        await stage.sandbox.send_file(stage.ann, stage.group, b"")


async def test_an_app_subscribes_to_everything_unless_told(sandbox):
    assert sandbox.world.apps[APP].subscribed == EVENTS
    sandbox.world.apps[APP].subscribed = ()
    chat = sandbox.p2p(sandbox.add_user("Ann"), APP)
    pushed = []
    sandbox.gateway.push_event = lambda *args, **_: pushed.append(args)
    await sandbox.say(next(iter(sandbox.world.users.values())), chat, "x")
    assert pushed == []
