"""The text of a quoted answer: what was streamed is in the store, the rest is read from what Feishu gives."""

from typing import Any

import pytest
from nonebot import on_message

from nonebot_adapter_feishu_ws import MessageEvent, MessageSegment
from nonebot_adapter_feishu_ws.card import Card, Markdown
from tests.conftest import APP, wait_until

TEXT = "Use **bold** and\n\n```python\nprint(1)\n```"


async def chunks():
    yield TEXT[:9]
    yield TEXT[9:]


@pytest.fixture
def quotes(matchers):
    """The messages that people quote."""
    found: list[Any] = []
    matcher = on_message()
    matchers(matcher)

    @matcher.handle()
    async def _(event: MessageEvent):
        found.append(event.reply)

    return found


@pytest.mark.parametrize(
    "store", ["memory://", "sqlite", pytest.param("redis", marks=pytest.mark.needs("redis-server"))]
)
async def test_a_streamed_answer_is_known_by_its_text(sandbox, run_adapter, quotes, tmp_path, request, store):
    url = {"sqlite": f"sqlite:////{tmp_path}/s.db"}.get(store, store)
    if store == "redis":
        url = request.getfixturevalue("redis_server").url
    user = sandbox.add_user("Li Lei")
    chat = sandbox.p2p(user, APP)
    async with run_adapter(feishu_store=url) as adapter:
        await sandbox.say(user, chat, "question")
        await wait_until(lambda: quotes)
        bot = adapter.bots[APP]
        event = MessageEvent.model_validate({"event": {"message": {"chat_id": chat.chat_id}}})
        result = await bot.send_stream(event, chunks(), title="A title")
        assert await bot.text_of(result.message_ids[0]) == TEXT
    async with run_adapter(feishu_store=url) as adapter:  # after a restart
        [answer] = await sandbox.wait_message(chat)
        await sandbox.say(user, chat, "why?", reply_to=answer)
        await wait_until(lambda: len(quotes) == 2)
        text = await adapter.bots[APP].text_of(quotes[1])
    assert text == (f"A title\n{TEXT}" if store == "memory://" else TEXT), "without a store it is read from the card"


async def test_what_is_in_no_store_is_read_from_the_message(sandbox, run_adapter, quotes):
    user = sandbox.add_user("Li Lei")
    chat = sandbox.p2p(user, APP)
    async with run_adapter() as adapter:
        bot = adapter.bots[APP]
        sent = await bot.send_to(chat.chat_id, MessageSegment.card(Card([Markdown("**all** good")])))
        said = await sandbox.say(user, chat, "a text")
        assert await bot.text_of(sent["message_id"]) == "**all** good"
        assert await bot.text_of(said.message_id) == "a text"
        assert await bot.text_of(None) == ""
