"""A streamed answer is a card that people quote."""

from typing import Any

from nonebot import on_message

from nonebot_adapter_feishu_ws import MessageEvent
from tests.conftest import wait_until

FORM = "card_msg_content_type"
TEXT = "Use **bold** and\n\n```python\nprint(1)\n```"


async def chunks():
    yield TEXT[:9]
    yield TEXT[9:]


async def test_the_quote_of_a_streamed_answer_has_its_text(stage, matchers):
    quotes: list[Any] = []
    async with stage() as s:
        await s.bot.send_stream(s.event, chunks(), title="Answer")
        [answer] = s.messages()
        matcher = on_message(priority=0)
        matchers(matcher)

        @matcher.handle()
        async def _(event: MessageEvent):
            quotes.append(event.reply)

        [user] = s.sandbox.world.users.values()
        await s.sandbox.say(user, s.chat, "why?", reply_to=answer)
        await wait_until(lambda: quotes)
        fetched = [r.query for r in s.sandbox.requests if r.method == "GET" and r.path.endswith(answer.message_id)]
    [reply] = quotes
    assert reply.message.extract_plain_text() == f"Answer\n{TEXT}"
    assert [segment.type for segment in reply.message] == ["interactive"]
    assert [dict(query) for query in fetched] == [{"card_msg_content_type": "user_card_content"}]


async def test_A4_an_answer_that_still_grows_is_quoted_with_what_it_says(stage, matchers):
    """The card as it was sent may be the one it began with, so what clients show is asked for as well."""
    quotes: list[Any] = []
    async with stage() as s:
        matcher = on_message(priority=0)
        matchers(matcher)

        @matcher.handle()
        async def _(event: MessageEvent):
            quotes.append(event.reply)

        async with s.bot.stream(s.event) as stream:
            await stream.write("Hello")
            await wait_until(lambda: s.texts() == ["Hello"])
            [user], [answer] = s.sandbox.world.users.values(), s.messages()
            await s.sandbox.say(user, s.chat, "what?", reply_to=answer)
            await wait_until(lambda: quotes)
        fetched = [
            r.query[FORM] for r in s.sandbox.requests if r.method == "GET" and r.path.endswith(answer.message_id)
        ]
    assert quotes[0].message.extract_plain_text() == "Hello"
    assert fetched == ["user_card_content", "raw_card_content"]
