"""Live cards: changed by any task, in order, and not faster than Feishu permits."""

import asyncio
import json

import pytest

from nonebot_adapter_feishu_ws import ActionFailed
from nonebot_adapter_feishu_ws.card import Button, Card, CardEntity, Markdown, RawCard
from nonebot_adapter_feishu_ws.sandbox.rest.cardkit import shown_content
from tests.conftest import APP, wait_until

CARD = Card([Markdown("waiting", element_id="status"), Markdown("0 %", element_id="progress")])


def shown(sandbox, message) -> list[dict]:
    return json.loads(shown_content(sandbox.world, message.content))["body"]["elements"]


@pytest.fixture
def chat(sandbox):
    return sandbox.p2p(sandbox.add_user("Li Lei"), APP)


async def test_components_are_changed_added_and_removed(sandbox, run_adapter, chat):
    async with run_adapter() as adapter:
        live = await adapter.bots[APP].send_live(chat.chat_id, CARD)
        [message] = await sandbox.wait_message(chat)
        assert live.message_id == message.message_id
        await live.update("status", "**running**")
        await live.update("progress", {"content": "50 %", "text_align": "right"})
        await live.add(Markdown("a log", element_id="log"), after="status")
        await live.add(Markdown("the end"))
        await live.update("log", Button("Open", value={"action": "open"}))
        assert [each.get("content") for each in shown(sandbox, message)] == ["**running**", None, "50 %", "the end"]
        assert shown(sandbox, message)[1] | {"tag": "button", "element_id": "log"} == shown(sandbox, message)[1]
        await live.remove("log")
        await live.replace(Card([Markdown("done", element_id="status")]))
        assert [each["content"] for each in shown(sandbox, message)] == ["done"]
        with pytest.raises(ActionFailed, match="300313"):
            await live.update("nowhere", "x")
        await live.update("status", "still alive after a refusal")
        with pytest.raises(ValueError, match="not both"):
            await live.add(Markdown("x"), after="status", before="status")


async def test_several_tasks_change_one_card_at_once(sandbox, run_adapter, chat):
    async with run_adapter() as adapter:
        live = await adapter.bots[APP].send_live(chat.chat_id, CARD)
        texts = [f"{number} %" for number in range(0, 100, 10)]
        await asyncio.gather(*(live.update("progress", text) for text in texts), live.update("status", "busy"))
        [message] = await sandbox.wait_message(chat)
        sequences = [each.json["sequence"] for each in sandbox.requests if "/elements/" in each.path]
        refused = [each for each in sandbox.requests if "/elements/" in each.path and each.status != 200]
    assert sequences == sorted(set(sequences))
    assert refused == [], "not faster than ten a second"
    assert [each["content"] for each in shown(sandbox, message)] == ["busy", "90 %"]


async def test_an_answer_that_was_lost_does_not_stop_the_changes(sandbox, run_adapter, chat):
    async with run_adapter() as adapter:
        live = await adapter.bots[APP].send_live(chat.chat_id, CARD)
        sandbox.faults.add("/elements/status", code=300317)
        await live.update("status", "second try")
        await live.update("status", "third")
        [message] = await sandbox.wait_message(chat)
    assert shown(sandbox, message)[0]["content"] == "third"


async def test_a_card_that_feishu_does_not_know_yet_is_made_again(sandbox, run_adapter, chat):
    async with run_adapter() as adapter:
        sandbox.faults.add("im/v1/messages", code=230099)
        live = await adapter.bots[APP].send_live(chat.chat_id, CARD)
        await live.update("status", "shown")
        [message] = await sandbox.wait_message(chat)
    assert shown(sandbox, message)[0]["content"] == "shown"


async def test_an_event_is_answered_in_its_topic(sandbox, run_adapter, matchers):
    from nonebot import on_message

    matcher = on_message()
    matchers(matcher)
    lives = []

    @matcher.handle()
    async def _(bot, event):
        lives.append(await bot.send_live(event, CARD, reply_in_thread=True))

    user = sandbox.add_user("Li Lei")
    group = sandbox.add_chat("Group", members=[user], apps=[APP])
    async with run_adapter():
        await sandbox.say(user, group, "go")
        await wait_until(lambda: lives)
    message = sandbox.world.messages[lives[0].message_id]
    assert message.thread_id


@pytest.mark.parametrize(
    ("card", "text"),
    [
        (CardEntity("7"), "CardEntity has no components"),
        (RawCard({"elements": []}), "JSON 2.0"),
        ({"schema": "2.0", "body": {"elements": [{"tag": "markdown", "content": "x" * 40_000}]}}, "30,720"),
        (Card([Button("no action")]), "would not take this card"),
    ],
)
async def test_a_card_that_cannot_live_is_refused_before_it_is_made(sandbox, run_adapter, chat, card, text):
    async with run_adapter() as adapter:
        with pytest.raises(ValueError, match=text):
            await adapter.bots[APP].send_live(chat.chat_id, card)
    assert not sandbox.world.entities
