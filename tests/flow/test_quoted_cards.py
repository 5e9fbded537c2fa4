"""Cards that are read back: quoted, forwarded, fetched and listed, in the three forms of ``card_msg_content_type``."""

import json
from typing import Any

import pytest
from nonebot import on_message

from nonebot_adapter_feishu_ws import ActionFailed, MessageEvent, MessageSegment
from nonebot_adapter_feishu_ws.card import Button, Card, Div, Header, Markdown, Table, TableColumn, card_text
from tests.conftest import APP, wait_until

JSON_1 = {
    "header": {"title": {"tag": "plain_text", "content": "Alert"}},
    "elements": [
        {"tag": "div", "text": {"tag": "lark_md", "content": "disk full"}, "fields": [{"text": {"content": "P1"}}]},
        {"tag": "action", "actions": [{"tag": "button", "text": {"tag": "plain_text", "content": "Ack"}}]},
        {"tag": "note", "elements": [{"tag": "plain_text", "content": "by the monitor"}]},
    ],
}
TEMPLATE = {"type": "template", "data": {"template_id": "AAq", "template_variable": {"host": "db-01"}}}
NO_WORDS = {"type": "template", "data": {"template_id": "AAq"}}
JSON_2 = Card(
    header=Header("Report"),
    elements=[
        Markdown("**all** good"),
        Div("for you"),
        Button("Open", url="https://example.com"),
        Table([TableColumn("n", "Name")], [{"n": "db-01"}]),
    ],
).to_dict()
TEXT_2 = "Report\n**all** good\nfor you\n[Open](https://example.com)\nName\ndb-01"


@pytest.fixture
def user(sandbox):
    return sandbox.add_user("Li Lei")


@pytest.fixture
def chat(sandbox, user):
    return sandbox.p2p(user, APP)


def forms_asked(sandbox) -> list[str]:
    calls = [each for each in sandbox.requests if each.method == "GET" and "im/v1/messages" in each.path]
    return [each.query.get("card_msg_content_type", "") for each in calls]


@pytest.mark.parametrize(
    ("card", "text", "forms"),
    [
        (JSON_2, TEXT_2, ["user_card_content"]),
        (JSON_1, "Alert\ndisk full\nP1\n[Ack]\nby the monitor", ["user_card_content"]),
        (TEMPLATE, "host is db-01", ["user_card_content", "raw_card_content"]),
        (NO_WORDS, "[interactive:AAq]", ["user_card_content", "raw_card_content"]),
    ],
)
async def test_the_quote_of_the_bots_own_card_has_its_words(
    sandbox, run_adapter, user, chat, matchers, card, text, forms
):
    quotes: list[Any] = []
    matcher = on_message()
    matchers(matcher)

    @matcher.handle()
    async def _(event: MessageEvent):
        quotes.append(event.reply)

    async with run_adapter() as adapter:
        await adapter.bots[APP].send_to(chat.chat_id, MessageSegment.card(card))
        [sent] = await sandbox.wait_message(chat)
        await sandbox.say(user, chat, "and now?", reply_to=sent)
        await wait_until(lambda: quotes)
    assert str(quotes[0].message) == text
    assert forms_asked(sandbox) == forms


async def test_a_tree_that_cannot_be_fetched_does_not_lose_the_quote(sandbox, run_adapter, user, chat, matchers):
    quotes: list[Any] = []
    matcher = on_message()
    matchers(matcher)

    @matcher.handle()
    async def _(event: MessageEvent):
        quotes.append(event.reply)

    async with run_adapter() as adapter:
        await adapter.bots[APP].send_to(chat.chat_id, MessageSegment.card(TEMPLATE))
        [sent] = await sandbox.wait_message(chat)
        place = f"im/v1/messages/{sent.message_id}"
        sandbox.faults.add(place)  # the first call passes
        sandbox.faults.add(place, code=230110)
        await sandbox.say(user, chat, "and now?", reply_to=sent)
        await wait_until(lambda: quotes)
    assert str(quotes[0].message) == "host: db-01"
    assert not sandbox.faults.pending


async def test_cards_in_a_merged_forward_have_their_words(sandbox, run_adapter, user, chat):
    async with run_adapter() as adapter:
        bot = adapter.bots[APP]
        for card in (JSON_2, TEMPLATE):
            await bot.send_to(chat.chat_id, MessageSegment.card(card))
        said = await sandbox.say(user, chat, "a question")
        forwarded = await sandbox.forward(user, chat, [*await sandbox.wait_message(chat, count=2), said])
        tree = await bot.expand(forwarded.message_id)
    assert sorted(str(child.message) for child in tree.children) == sorted([TEXT_2, "host is db-01", "a question"])
    assert forms_asked(sandbox) == ["user_card_content", "raw_card_content"]


async def test_fetched_and_listed_cards_come_as_they_were_sent(sandbox, run_adapter, chat):
    async with run_adapter() as adapter:
        bot = adapter.bots[APP]
        sent = await bot.send_to(chat.chat_id, MessageSegment.card(JSON_2))
        message_id = sent["message_id"]
        [fetched] = (await bot.im.get_message(message_id)).items
        [listed] = await bot.im.list_messages("chat", chat.chat_id).all()
        [tree] = (await bot.im.get_message(message_id, card_msg_content_type="raw_card_content")).items
        summary = (await bot.get_msg(message_id))["data"]["items"][0]["body"]["content"]
    assert json.loads(fetched.body.content or "") == json.loads(listed.body.content or "") == JSON_2
    assert card_text(json.loads(tree.body.content or "")) == TEXT_2
    assert "json_card" in (tree.body.content or "")
    assert "请升级" in summary
    assert "all" not in summary


async def test_a_quote_in_a_group_needs_a_scope_of_its_own(sandbox, run_adapter, user):
    """获取指定消息的内容: a message of a group takes ``im:message.group_msg`` as well."""
    app = sandbox.world.apps[APP]
    app.scopes = app.scopes - {"im:message.group_msg"}
    group = sandbox.add_chat("Group", members=[user], apps=[APP])
    async with run_adapter() as adapter:
        bot = adapter.bots[APP]
        sent = await bot.send_to(group.chat_id, "hello")
        with pytest.raises(ActionFailed, match="230027"):
            await bot.get_msg(sent["message_id"])
