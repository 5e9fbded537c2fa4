"""Streams against the sandbox, over real HTTP: cards, the fallback, errors, cancelling."""

import asyncio
import json
import time
from itertools import pairwise

import pytest
from nonebot.exception import FinishedException

from nonebot_adapter_feishu_ws import ActionFailed, NetworkError
from nonebot_adapter_feishu_ws.stream import stream as stream_module
from tests.conftest import APP, wait_until

from .conftest import CONTENT

FAST = {"pace": 10}


async def words(text: str, size: int = 3, wait: float = 0.0):
    for at in range(0, len(text), size):
        yield text[at : at + size]
        await asyncio.sleep(wait)


async def test_a_card_grows_and_is_finished(stage):
    text = "Hello **world**, this is an answer. " * 20
    async with stage() as s:
        result = await s.bot.send_stream(s.event, words(text, 10, 0.02), title="Answer")
        [message] = s.messages()
        [card] = s.cards()
        contents = [r.json for r in s.sandbox.requests if CONTENT.search(r.path)]
        [settings] = s.calls("/settings")
    assert s.texts() == [text]
    assert (result.text, result.message_ids, result.mode) == (text, [message.message_id], "card")
    assert card["schema"] == "2.0"
    assert card["header"]["title"]["content"] == "Answer"
    assert card["config"]["streaming_mode"] is False
    assert card["config"]["summary"]["content"].startswith("Hello world, this")
    assert len(contents) >= 2
    shown = [content["content"] for content in contents]
    assert all(later.startswith(earlier) for earlier, later in pairwise(shown))
    sequences = [*(content["sequence"] for content in contents), settings.json["sequence"]]
    assert sequences == sorted(set(sequences))
    assert len({content["uuid"] for content in contents}) == len(contents)


async def test_the_default_pace_stays_below_feishus_limit(stage):
    async with stage() as s:
        await s.bot.send_stream(s.event, words("word " * 300, 5, 0.005))
        updates = len(s.calls("/content"))
        refused = [r for r in s.sandbox.requests if r.path.endswith("/content")]
    assert 5 <= updates <= 20
    assert len(refused) == updates
    [entity] = s.sandbox.world.entities.values()
    assert entity.sequence == updates + 1


async def test_the_first_chunk_is_visible_at_once(stage):
    waits: list[float] = []

    async def sleep(seconds: float) -> None:
        waits.append(seconds)
        await asyncio.sleep(seconds)

    async with stage() as s, s.bot.stream(s.event, sleep=sleep) as stream:
        await stream.write("F")
        await wait_until(lambda: s.messages())
        assert waits == []
        assert s.texts() == ["F"]


async def test_nothing_written_sends_nothing(stage):
    async with stage() as s:
        async with s.bot.stream(s.event) as stream:
            await stream.write("")
            await stream.write("  \n")
        assert stream.message_ids == []
        assert s.messages() == []


async def test_in_a_topic_all_cards_stay_in_the_topic(stage, sandbox):
    async with stage("topic", at=[APP]) as s:
        await s.bot.send_stream(s.event, words("word " * 8000, 4000), **FAST)
        question = next(m for m in sandbox.world.history(s.chat.chat_id) if m.sender_type == "user")
        answers = s.messages()
    assert len(answers) == 2
    assert {answer.thread_id for answer in answers} == {question.thread_id}


async def test_reply_message_quotes_the_question_once(stage):
    async with stage() as s:
        await s.bot.send_stream(s.event, words("word " * 8000, 4000), reply_message=True, **FAST)
        first, second = s.messages()
    assert first.parent_id == s.event.message_id
    assert second.parent_id is None


async def test_the_mode_that_ended_by_itself_is_opened_again(stage, sandbox):
    async with stage() as s, s.bot.stream(s.event, **FAST) as stream:
        await stream.write("before ")
        await wait_until(lambda: s.messages())
        [entity] = sandbox.world.entities.values()
        entity.opened_at -= 601
        await stream.write("after")
        await wait_until(lambda: s.texts() == ["before after"])
        assert entity.card["config"]["streaming_mode"] is True
    assert s.texts() == ["before after"]
    assert s.cards()[0]["config"]["streaming_mode"] is False


async def test_a_long_stream_opens_the_mode_again_in_time(stage, sandbox):
    now = 0.0
    async with stage() as s, s.bot.stream(s.event, clock=lambda: now + time.monotonic(), **FAST) as stream:
        await stream.write("before ")
        await wait_until(lambda: s.messages())
        now = 550.0
        await stream.write("after")
        await wait_until(lambda: s.texts() == ["before after"])
        assert [json.loads(r.json["settings"]) for r in s.calls("/settings")] == [{"config": {"streaming_mode": True}}]


# The fallback


async def test_without_the_scope_a_message_is_edited(stage, logs):
    async with stage() as s:
        s.scopes("cardkit:card:write")
        result = await s.bot.send_stream(s.event, words("word " * 100, 20, 0.01), edit_every=0.02, title="T")
        edits = [r for r in s.sandbox.requests if r.method == "PUT"]
        [message] = s.messages()
    assert s.texts() == ["word " * 100]
    assert json.loads(message.content)["title"] == "T"
    assert (message.msg_type, result.mode) == ("post", "edit")
    assert 2 <= len(edits) <= 20
    assert any("cardkit:card:write" in line and "WARNING" in line for line in logs)


async def test_twenty_edits_are_never_exceeded(stage):
    async with stage() as s, s.bot.stream(s.event, modes=["edit"], edit_every=0.0001) as stream:
        for number in range(40):
            await stream.write(f"{number} ")
            await asyncio.sleep(0.01)
    assert s.messages()[0].edits == 20
    assert s.texts() == ["".join(f"{number} " for number in range(40))]


async def test_where_nothing_can_be_edited_the_rest_is_sent_plainly(stage, sandbox):
    async with stage() as s, s.bot.stream(s.event, modes=["edit", "plain"], edit_every=0.01) as stream:
        await stream.write("The first part is shown. ")
        await wait_until(lambda: s.messages())
        sandbox.faults.add(f"im/v1/messages/{s.messages()[0].message_id}", code=230072)
        await stream.write("The rest is not lost.")
        await wait_until(lambda: stream.mode == "plain")
        await stream.write(" At all.")
    assert s.texts() == ["The first part is shown. ", "The rest is not lost. At all."]


async def test_plain_messages_are_split(stage):
    text = "".join(f"Paragraph {number}.\n\n" for number in range(4000))
    async with stage() as s:
        result = await s.bot.send_stream(s.event, words(text, 5000), modes=["plain"])
    assert "".join(s.texts()) == text
    assert len(result.message_ids) == len(s.messages()) == 3
    assert {m.msg_type for m in s.messages()} == {"post"}


async def test_a_refusal_in_the_middle_steps_down_without_losing_text(stage):
    async with stage() as s, s.bot.stream(s.event, edit_every=0.02, **FAST) as stream:
        await stream.write("Code:\n```py\nfirst = 1\n")
        await wait_until(lambda: s.messages())
        s.scopes("cardkit:card:write")
        await stream.write("second = 2\n")
        await wait_until(lambda: stream.mode == "edit")
        await stream.write("```\nDone.")
    card, post = s.texts()
    assert card == "Code:\n```py\nfirst = 1\n```"
    assert post == "```py\nsecond = 2\n```\nDone."


async def test_a_card_that_feishu_does_not_know_yet_is_made_again(stage, sandbox):
    async with stage() as s:
        sandbox.faults.add("im/v1/messages", code=230099)
        result = await s.bot.send_stream(s.event, words("text"), **FAST)
    assert (s.texts(), result.mode) == (["text"], "card")
    assert len(sandbox.world.entities) == 2


async def test_when_every_mode_is_refused_the_error_surfaces(stage, sandbox):
    async with stage() as s:
        sandbox.faults.add("im/v1/messages", code=230018, times=-1)
        with pytest.raises(ActionFailed) as caught:
            await s.bot.send_stream(s.event, words("text", 1, 0.01), **FAST)
        sandbox.faults.clear()
    assert caught.value.code == 230018


async def test_rate_limits_are_waited_for(stage, sandbox):
    async with stage() as s, s.bot.stream(s.event, **FAST) as stream:
        await stream.write("one ")
        await wait_until(lambda: s.messages())
        sandbox.faults.add("cardkit/v1/cards", code=230020, times=2)
        await stream.write("two")
    assert s.texts() == ["one two"]
    assert stream.mode == "card"


async def test_a_limit_that_lasts_surfaces_and_does_not_step_down(stage, sandbox):
    waits: list[float] = []

    async def note(seconds: float) -> None:
        waits.append(seconds)
        await asyncio.sleep(0)

    async with stage() as s:
        sandbox.faults.add("cardkit/", code=99991400, times=-1)
        stream = s.bot.stream(s.event, sleep=note)
        with pytest.raises(ActionFailed) as caught:
            async with stream:
                await stream.write("one")
        sandbox.faults.clear()
    assert caught.value.code == 99991400
    assert stream.mode == "card"
    assert s.messages() == []
    assert 110 < sum(waits) < 140, "about a minute while it is written, and another one for the whole text"


async def test_a_lost_answer_is_asked_for_again(stage, sandbox):
    """The operation was done, but its answer never came: the next try has a sequence of its own."""
    async with stage() as s, s.bot.stream(s.event, **FAST) as stream:
        await stream.write("one ")
        await wait_until(lambda: s.messages())
        sandbox.faults.add("cardkit/v1/cards/", drop="after", times=3)
        await stream.write("two ")
        await wait_until(lambda: s.texts() == ["one two "])
        await stream.write("three")
    assert s.texts() == ["one two three"]
    assert stream.mode == "card"
    assert len(s.messages()) == 1


async def test_a_sequence_that_feishu_has_seen_is_overtaken(stage, sandbox):
    async with stage() as s, s.bot.stream(s.event, **FAST) as stream:
        await stream.write("one ")
        await wait_until(lambda: s.messages())
        [entity] = sandbox.world.entities.values()
        entity.sequence = 50
        await stream.write("two")
    assert s.texts() == ["one two"]
    assert stream.mode == "card"


async def test_a_network_that_stays_down_surfaces_at_the_next_write(stage, sandbox):
    async def no_wait(seconds: float) -> None:
        await asyncio.sleep(0)

    async with stage() as s:
        sandbox.faults.add("cardkit/", drop="before", times=-1)

        async def fill(stream) -> None:
            await stream.write("one ")
            await wait_until(lambda: stream._task.done())
            await stream.write("two")

        stream = s.bot.stream(s.event, sleep=no_wait)
        with pytest.raises(NetworkError):
            async with stream:
                await fill(stream)
        sandbox.faults.clear()
    assert stream.text == "one "


# Errors and cancelling


@pytest.mark.parametrize("note", ["Something went wrong.", None])
async def test_an_exception_ends_the_card_with_a_note(stage, note):
    async def fail(stream) -> None:
        await stream.write("Look:\n```py\nx = 1\n")
        await asyncio.sleep(0.1)
        raise RuntimeError("the model broke")

    async with stage() as s:
        stream = s.bot.stream(s.event, error_note=note, **FAST)
        with pytest.raises(RuntimeError, match="the model broke"):
            async with stream:
                await fail(stream)
    expected = "Look:\n```py\nx = 1\n```"
    assert s.texts() == [f"{expected}\n\n{note}" if note else expected]
    assert s.cards()[0]["config"]["streaming_mode"] is False


async def test_an_exception_before_the_first_word_says_so(stage):
    stream = None
    async with stage() as s:
        stream = s.bot.stream(s.event, **FAST)
        with pytest.raises(RuntimeError, match="early"):
            async with stream:
                raise RuntimeError("early")
    assert "中断" in s.texts()[0]
    assert stream.text == ""


async def test_a_cancelled_stream_does_not_stay_typing(stage):
    async with stage() as s:

        async def forever() -> None:
            async with s.bot.stream(s.event, **FAST) as stream:
                await stream.write("begun")
                await asyncio.sleep(3600)

        task = asyncio.create_task(forever())
        await wait_until(lambda: s.messages())
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
    assert s.texts()[0].startswith("begun\n\n")
    assert "已取消" in s.texts()[0]
    assert s.cards()[0]["config"]["streaming_mode"] is False


async def test_cancelling_does_not_wait_for_a_dead_network(stage, sandbox, monkeypatch, logs):
    monkeypatch.setattr(stream_module, "GRACE", 0.2)
    async with stage() as s:

        async def forever() -> None:
            async with s.bot.stream(s.event, **FAST) as stream:
                await stream.write("begun")
                await asyncio.sleep(3600)

        task = asyncio.create_task(forever())
        await wait_until(lambda: s.messages())
        sandbox.faults.add("cardkit/", hang=True, times=-1)
        task.cancel()
        # Less than any deadline of a call, so that it is the cancelling that gives up.
        done, _ = await asyncio.wait({task}, timeout=25)
        assert done
        assert task.cancelled()
        sandbox.faults.clear()
    assert any("could not be ended properly" in line for line in logs)


async def test_finishing_a_matcher_inside_is_no_error(stage):
    async with stage() as s:

        async def handler() -> None:
            async with s.bot.stream(s.event, **FAST) as stream:
                await stream.write("fine")
                raise FinishedException

        with pytest.raises(FinishedException):
            await handler()
    assert s.texts() == ["fine"]


async def test_send_stream_closes_its_generator(stage):
    closed = []

    async def model():
        try:
            yield "one "
            raise RuntimeError("the model broke")
        finally:
            closed.append(True)

    async with stage() as s:
        with pytest.raises(RuntimeError, match="the model broke"):
            await s.bot.send_stream(s.event, model(), **FAST)
    assert closed == [True]


async def test_writing_outside_is_refused(stage):
    async with stage() as s:
        stream = s.bot.stream(s.event)
        with pytest.raises(RuntimeError, match="inside"):
            await stream.write("early")
        async with stream:
            pass
        with pytest.raises(RuntimeError, match="inside"):
            await stream.write("late")
        with pytest.raises(RuntimeError, match="once"):
            await stream.__aenter__()


async def test_wrong_options_are_refused(stage):
    async with stage() as s:
        with pytest.raises(ValueError, match="pace"):
            s.bot.stream(s.event, pace=50)
        with pytest.raises(ValueError, match="modes"):
            s.bot.stream(s.event, modes=["car"])


async def test_former_names_raise_with_the_new_one(stage):
    async with stage() as s:
        with pytest.raises(TypeError, match="rungs= is called modes= now"):
            s.bot.stream(s.event, rungs=["edit"])
        stream = s.bot.stream(s.event)
        for each in (stream, stream.result):
            with pytest.raises(AttributeError, match="rung is called mode now"):
                _ = each.rung


async def test_two_streams_at_the_same_time(stage):
    first, second = "first " * 200, "second " * 200
    async with stage() as s:
        results = await asyncio.gather(
            s.bot.send_stream(s.event, words(first, 30, 0.01), **FAST),
            s.bot.send_stream(s.event, words(second, 30, 0.01), **FAST),
        )
    assert sorted(s.texts()) == sorted([first, second])
    assert not set(results[0].message_ids) & set(results[1].message_ids)


async def test_a_model_cannot_call_the_whole_group(stage):
    async with stage("group", at=[APP]) as s:
        await s.bot.send_stream(s.event, words("Hi <at id=all></at>!"), **FAST)
    assert "<at" not in s.texts()[0]


@pytest.mark.parametrize("modes", [["card"], ["edit"], ["plain"]])
async def test_code_is_shown_as_it_is_once_its_fence_is_closed(stage, modes):
    code = "```html\n<at id=all></at> ![a](https://x/y.png)\n```\n"
    async with stage() as s, s.bot.stream(s.event, modes=modes, edit_every=0.01, **FAST) as stream:
        await stream.write(code[:-5])
        if modes != ["plain"]:
            await wait_until(lambda: s.messages())
            assert s.texts() == ["```html\n<\u200bat id=all></at> [a](https://x/y.png)\n```"]
        await stream.write("\n```\n")
        await stream.write("`<at id=all></at>` and <at id=all></at>")
    assert s.texts() == [f"{code}`<at id=all></at>` and <\u200bat id=all></at>"]


async def test_code_on_several_pages_is_shown_as_it_is(stage):
    code = "<at id=all></at> ![a](https://x/y.png)\n" * 1000
    async with stage() as s:
        await s.bot.send_stream(s.event, words(f"```html\n{code}```\n", 4000), **FAST)
    pages = s.texts()
    assert len(pages) > 1
    assert "".join(page.strip().removeprefix("```html\n").removesuffix("```") for page in pages) == code


async def test_code_that_is_never_closed_mentions_nobody(stage):
    async with stage() as s:
        await s.bot.send_stream(s.event, words("```\n<at id=all></at>\n", 30), **FAST)
    assert s.texts() == ["```\n<\u200bat id=all></at>\n```"]


@pytest.mark.parametrize("pieces", [1, 3, 1000])
async def test_code_with_line_ends_of_windows_is_shown_as_it_is(stage, pieces):
    code = "```html\r\n<at id=all></at> ![a](https://x/y.png)\r\n```\r\n"
    text = f"{code}a\r\n\r\n| a | b |\r\n|---|---|\r\n| 1 | 2 |\r"
    async with stage() as s, s.bot.stream(s.event, **FAST) as stream:
        for at in range(0, len(text), pieces):
            await stream.write(text[at : at + pieces])
    assert s.texts() == [text.replace("\r\n", "\n").replace("\r", "\n")]
    assert stream.text == s.texts()[0]
