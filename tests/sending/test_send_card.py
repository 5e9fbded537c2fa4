"""A card is sent as it was built, without a segment around it."""

import json

from nonebot import on_command

from nonebot_adapter_feishu_ws.card import Card, Header, Markdown
from tests.conftest import APP


async def test_a_card_that_is_sent_by_itself_arrives_as_a_card(sandbox, run_adapter, matchers):
    """Its ``repr`` arrived, as a text."""
    matcher = on_command("card", block=True)
    matchers(matcher)

    @matcher.handle()
    async def _():
        await matcher.finish(Card([Markdown("hello")], header=Header("Title")))

    user = sandbox.add_user("Li Lei")
    chat = sandbox.p2p(user, APP)
    async with run_adapter():
        await sandbox.say(user, chat, "/card")
        [answer] = await sandbox.wait_message(chat)
    assert answer.msg_type == "interactive"
    assert json.loads(answer.content)["body"]["elements"][0]["content"] == "hello"
