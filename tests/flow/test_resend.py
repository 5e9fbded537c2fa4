"""A plugin that sends back whatever it gets, against the sandbox, which refuses what Feishu refuses."""

import json

import pytest
from nonebot import on_message

from nonebot_adapter_feishu_ws import Bot, Message, MessageEvent, MessageSegment, UnsupportedSegment
from tests.conftest import APP, wait_until

FENCE = "```python\n" + "".join(f"value_{number} = {number}\n" for number in range(3000)) + "```"


async def test_long_messages_arrive_in_parts(sandbox, run_adapter):
    user = sandbox.add_user("Li Lei")
    chat = sandbox.p2p(user, APP)
    async with run_adapter() as adapter:
        bot = adapter.bots[APP]
        said = await sandbox.say(user, chat, "hi")
        event = MessageEvent.model_validate(event_of(said, chat))
        text = "长文本 👨‍👩‍👧‍👦 " * 12_000
        answer = await bot.send(event, text)
        sent = [sandbox.world.messages[message_id] for message_id in answer["message_ids"]]
        assert len(sent) == 3
        assert "".join(json.loads(message.content)["text"] for message in sent) == text
        answer = await bot.send(event, MessageSegment.markdown(FENCE))
        sent = [sandbox.world.messages[message_id] for message_id in answer["message_ids"]]
        assert len(sent) > 1
        parts = [json.loads(message.content)["content"][0][0]["text"] for message in sent]
        assert all(part.startswith("```python\n") and part.endswith("\n```") for part in parts)


def event_of(message, chat):
    header = {"event_id": "e1", "event_type": "im.message.receive_v1", "create_time": "0", "token": "", "app_id": APP}
    body = {"message_id": message.message_id, "chat_id": chat.chat_id, "chat_type": "p2p", "message_type": "text"}
    return {
        "schema": "2.0",
        "header": {**header, "tenant_key": "t"},
        "event": {"message": {**body, "content": message.content}},
    }


@pytest.mark.parametrize(
    ("msg_type", "content", "sent"),
    [
        ("text", {"text": '<at user_id="all"></at> hi'}, "post"),
        ("post", {"title": "T", "content": [[{"tag": "a", "text": "x", "href": "https://example.com"}]]}, "post"),
        ("location", {"name": "Harbour", "longitude": "103.85", "latitude": "1.29"}, None),
        ("interactive", {"title": "Alert", "elements": [[{"tag": "text", "text": "disk full"}]]}, None),
        ("new_type", {"a": 1}, None),
    ],
)
async def test_what_comes_is_sent_back_or_says_why_not(sandbox, run_adapter, matchers, msg_type, content, sent):
    refusals = []
    matcher = on_message()
    matchers(matcher)

    @matcher.handle()
    async def _(bot: Bot, event: MessageEvent):
        try:
            await bot.send(event, event.get_message())
        except UnsupportedSegment as refusal:
            refusals.append(str(refusal))
            await bot.send(event, Message(str(event.get_message())))

    user = sandbox.add_user("Li Lei")
    chat = sandbox.p2p(user, APP)
    async with run_adapter():
        await sandbox.say(user, chat, content, msg_type=msg_type)
        [answer] = await sandbox.wait_message(chat)
        await wait_until(lambda: bool(refusals) == (sent is None))
    assert answer.msg_type == (sent or "text")
    assert all(repr(msg_type) in refusal for refusal in refusals)
