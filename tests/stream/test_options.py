"""Where streams go, and that an option that does not exist is refused instead of ignored."""

import pytest
from loguru import logger

from nonebot_adapter_feishu_ws import ActionFailed, MessageSegment

FAST = {"pace": 10}


async def test_an_unknown_option_is_refused_with_a_suggestion(stage):
    async with stage() as s:
        with pytest.raises(TypeError, match=r"stream\(\) has no option 'stop_bye': did you mean 'stop_by'\?"):
            s.bot.stream(s.event, stop_bye="ou_x")
        with pytest.raises(TypeError, match="did you mean 'error_note'"):
            s.bot.stream_to(s.chat.chat_id, errornote="x")
        with pytest.raises(TypeError, match=r"its options are .*pace"):
            s.bot.stream(s.event, colour="red")
        with pytest.raises(TypeError, match="reply_in_tread"):
            await s.bot.send_to(s.chat.chat_id, "text", reply_in_tread=True)
        assert s.messages() == []


async def test_send_ignores_the_options_of_other_adapters(stage):
    """nonebot-plugin-wordcloud passes ``reply``: ``send`` refused it, and nothing was answered."""
    lines: list[str] = []
    handler = logger.add(lambda line: lines.append(str(line)), level="WARNING", format="{message}")
    async with stage() as s:
        for _ in range(2):
            await s.bot.send(s.event, "text", reply=False, auto_escape=True, reply_mesage=True)
        assert [message.msg_type for message in s.messages()] == ["text", "text"]
    logger.remove(handler)
    [line] = [line for line in lines if "has no option" in line]
    assert "send() has no option 'reply_mesage' and ignores it: did you mean 'reply_message'?" in line


async def test_a_stream_to_a_chat_and_to_a_person(stage):
    async with stage() as s:
        for target in (s.chat.chat_id, s.event.get_user_id()):
            async with s.bot.stream_to(target, title="Report", **FAST) as stream:
                await stream.write("word")
        assert s.texts() == ["word", "word"]
        assert {card["header"]["title"]["content"] for card in s.cards()} == {"Report"}


async def test_a_stream_to_a_message_replies_to_it(stage):
    async with stage("group") as s:
        async with s.bot.stream_to(s.event.message_id, **FAST) as stream:
            await stream.write("word " * 8000)
        first, second = s.messages()
    assert first.parent_id == s.event.message_id
    assert second.parent_id is None
    assert second.chat_id == s.chat.chat_id


async def test_reply_in_thread_opens_a_topic(stage):
    async with stage("group") as s:
        async with s.bot.stream(s.event, reply_in_thread=True, **FAST) as stream:
            await stream.write("word " * 8000)
        await s.bot.send_to(s.event.message_id, "one more", reply_in_thread=True)
        answers = s.messages()
    assert len(answers) == 3
    [thread] = {answer.thread_id for answer in answers}
    assert thread


async def test_a_topic_needs_a_message_to_open_it_under(stage):
    async with stage() as s:
        with pytest.raises(ValueError, match="give a message_id"):
            await s.bot.send_to(s.chat.chat_id, "text", reply_in_thread=True)
        with pytest.raises(ValueError, match="give a message_id"):
            s.bot.stream_to(s.chat.chat_id, reply_in_thread=True)
        with pytest.raises(ValueError, match="neither a chat nor a person"):
            s.bot.stream_to("omt_1")


async def test_send_to_replies_to_a_message_and_sends_the_rest_to_its_chat(stage):
    async with stage("group") as s:
        await s.bot.send_to(s.event.message_id, MessageSegment.text("one"))
        [answer] = s.messages()
        assert answer.parent_id == s.event.message_id
        with pytest.raises(ActionFailed):
            await s.bot.send_to("om_unknown", "text")
