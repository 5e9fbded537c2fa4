"""The assistant of the examples, by conversation: a tool, approval, topics, the stop button, images, files, memory."""

import json
import struct
from pathlib import Path

import nonebot
import pytest

from nonebot_adapter_feishu_ws.card import card_text
from nonebot_adapter_feishu_ws.sandbox.rest.cardkit import shown_content
from tests.conftest import APP, wait_until

FOLDER = Path(__file__).parent.parent.parent / "examples" / "assistant"
PNG = b"\x89PNG\r\n\x1a\n" + struct.pack(">I4sII", 13, b"IHDR", 40, 30) + bytes(9)
pytestmark = pytest.mark.usefixtures("plugin", "unlimited_sends")


@pytest.fixture(scope="module")
def loaded():
    """The plugin as NoneBot loads it; its matchers hear nothing of other tests."""
    plugin = nonebot.get_plugin("assistant") or nonebot.load_plugin(FOLDER)
    assert plugin is not None
    yield plugin.module
    for matcher in plugin.matcher:
        matcher.destroy()


@pytest.fixture
def plugin(loaded, monkeypatch):
    """The plugin with a memory of its own."""
    monkeypatch.setattr(loaded, "memory", {})
    return loaded


class Talk:
    """A chat, and the bot's messages in it as people see them."""

    def __init__(self, sandbox, chat, user) -> None:
        self.sandbox, self.chat, self.user = sandbox, chat, user

    def messages(self) -> list:
        return [it for it in self.sandbox.world.history(self.chat.chat_id) if it.sender_type == "app"]

    def card(self, number: int) -> dict:
        return json.loads(shown_content(self.sandbox.world, self.messages()[number].content))

    def words(self, number: int) -> str:
        return card_text(self.card(number))

    async def until(self, number: int, words: str, *, done: bool = True):
        """Wait until a message has these words, and until it is no longer written; returns it."""
        await wait_until(lambda: len(self.messages()) > number and words in self.words(number))
        await wait_until(lambda: not done or not is_streaming(self.card(number)))
        return self.messages()[number]

    async def press(self, number: int, text: str):
        """Press the button with this text."""
        return await self.sandbox.click(self.user, self.messages()[number], button(self.card(number), text))


def is_streaming(card: dict) -> bool:
    """Whether a card is still in streaming mode."""
    return bool(card.get("config", {}).get("streaming_mode"))


def button(node, text: str) -> dict | None:
    """The callback value of the button with this text; None if the card has none."""
    if isinstance(node, dict):
        if node.get("tag") == "button" and text in json.dumps(node["text"], ensure_ascii=False):
            return node["behaviors"][0]["value"]
        node = list(node.values())
    found = (button(each, text) for each in node) if isinstance(node, list) else ()
    return next((value for value in found if value is not None), None)


@pytest.fixture
def group(sandbox):
    user = sandbox.add_user("Li Lei")
    return Talk(sandbox, sandbox.add_chat("Team", members=[user, sandbox.add_user("Han Mei")], apps=[APP]), user)


@pytest.fixture
def private(sandbox):
    user = sandbox.add_user("Li Lei")
    return Talk(sandbox, sandbox.p2p(user, APP), user)


def test_it_has_at_most_150_lines():
    assert sum(len(file.read_text("utf-8").splitlines()) for file in FOLDER.glob("*.py")) <= 150


async def test_a_tool_with_approval_then_a_follow_up_without_an_at(sandbox, run_adapter, group):
    async with run_adapter():
        await sandbox.say(group.user, group.chat, "publish v1.2", at=[APP])
        await group.until(1, "Publish **v1.2**?")
        running = await group.until(0, "publish", done=False)
        assert button(group.card(0), "停止生成")
        assert "a person has to approve" in group.words(0)
        assert "**v1.2 published" not in group.words(0)
        await group.press(1, "Approve")
        answered = await group.until(0, "**v1.2 published 已发布**")
        assert "stand-in-1 · 用时" in group.words(0)
        assert button(group.card(0), "停止生成") is None
        assert (answered.message_id, button(group.card(1), "Approve")) == (running.message_id, None)
        assert {it.thread_id for it in group.messages()} == {answered.thread_id}
        await sandbox.say(group.user, group.chat, "thank you", reply_to=answered)
        followed = await group.until(2, "2: thank you")
        assert followed.thread_id == answered.thread_id
        await sandbox.say(group.user, group.chat, "what time is it?", reply_to=answered)
        await group.until(3, "clock")
    assert len(group.messages()) == 4


async def test_a_rejected_tool_is_not_run(sandbox, run_adapter, private):
    async with run_adapter():
        await sandbox.say(private.user, private.chat, "发布 v2")
        await private.until(1, "Publish **v2**?")
        await private.press(1, "Reject")
        await private.until(0, "**v2 not published 未发布**")


async def test_stop_ends_the_answer_and_the_conversation_goes_on(sandbox, run_adapter, private, plugin):
    async with run_adapter():
        await sandbox.say(private.user, private.chat, "tell me a story")
        await private.until(0, "Once upon a time", done=False)
        press = await private.press(0, "停止生成")
        assert press.toast["content"] == "正在停止…"
        await private.until(0, "已停止生成")
        assert button(private.card(0), "停止生成") is None
        await sandbox.say(private.user, private.chat, "something else")
        await private.until(1, "2: something else")
    [said] = plugin.memory.values()
    assert said[1]["content"][0]["text"].startswith("Once upon"), "what was shown is remembered"


async def test_the_next_question_takes_the_place_of_an_answer(sandbox, run_adapter, private):
    async with run_adapter():
        await sandbox.say(private.user, private.chat, "tell me a story")
        await private.until(0, "Once upon a time", done=False)
        await sandbox.say(private.user, private.chat, "no, wait")
        await private.until(1, "2: no, wait")
        await private.until(0, "回答已取消")


async def test_an_image_is_understood_together_with_the_text_that_follows(sandbox, run_adapter, private):
    async with run_adapter(feishu_merge_attachments=30):
        await sandbox.send_file(private.user, private.chat, PNG, name="cat.png", kind="image")
        await sandbox.say(private.user, private.chat, "How large is this?")
        await private.until(0, "40 × 30")
    assert len(private.messages()) == 1


async def test_files_voice_and_quotes_are_read(sandbox, run_adapter, private):
    async with run_adapter():
        await sandbox.send_file(private.user, private.chat, b"some notes", name="notes.txt", kind="file")
        first = await private.until(0, "some notes")
        await sandbox.send_file(private.user, private.chat, b"OggS", name="", kind="audio", duration=2000)
        await private.until(1, "(2.0 s of speech)")
        await sandbox.say(private.user, private.chat, "why?", reply_to=first)
        await private.until(2, "some notes\nwhy?")


async def test_an_answer_goes_on_after_a_restart(sandbox, run_adapter, private, tmp_path, monkeypatch):
    monkeypatch.setattr("nonebot_adapter_feishu_ws.adapter.DRAIN_TIMEOUT", 0.3)
    store = f"sqlite:////{tmp_path}/s.db"
    async with run_adapter(feishu_store=store):
        await sandbox.say(private.user, private.chat, "publish v3")
        await private.until(1, "Publish **v3**?")
    await private.until(0, "机器人重启，回答中断")
    async with run_adapter(feishu_store=store):
        await private.until(0, "Going on after a restart", done=False)
        await private.press(1, "Approve")
        await private.until(0, "**v3 published 已发布**")
    assert len(private.messages()) == 2
