"""The stop button of a stream, by conversation: what it cancels, who may press it, what stays."""

import asyncio
from contextlib import suppress

import pytest
from nonebot import on_message

from nonebot_adapter_feishu_ws import Bot, MessageEvent
from tests.conftest import APP, wait_until

FAST = {"pace": 10}


def button_of(card):
    [button] = [it for it in card["body"]["elements"] if it["tag"] == "button"]
    return button


def has_button(card):
    return any(it["tag"] == "button" for it in card["body"]["elements"])


async def press(stage, user=None, message=None):
    """Somebody presses the stop button of the last card."""
    value = button_of(stage.cards()[-1])["behaviors"][0]["value"]
    user = user or stage.sandbox.world.users[stage.event.get_user_id()]
    return await stage.sandbox.click(user, message or stage.messages()[-1], value)


async def forever(stream):
    while True:
        await stream.write("word ")
        await asyncio.sleep(0.01)


async def test_a_press_cancels_what_runs_inside_and_nothing_outside(stage):
    inside: list[str] = []
    async with stage() as s:
        after = []

        async def handler():
            async with s.bot.stream(s.event, stop="停止", **FAST) as stream:
                try:
                    await forever(stream)
                except asyncio.CancelledError:
                    inside.append("cancelled")
                    raise
            after.append(stream.stopped)
            assert asyncio.current_task().cancelling() == 0
            await asyncio.sleep(0)
            return stream

        task = asyncio.create_task(handler())
        await wait_until(lambda: s.cards() and s.texts()[0].startswith("word word"))
        assert button_of(s.cards()[0])["text"]["content"] == "停止"
        click = await press(s)
        stream = await asyncio.wait_for(task, 30)
        [card] = s.cards()
    assert click.toast == {"type": "info", "content": "正在停止…"}
    assert click.error is None
    assert (inside, after) == (["cancelled"], [True])
    assert stream.result.stopped
    assert not has_button(card)
    assert card["config"]["streaming_mode"] is False
    assert s.texts()[0].endswith("⏹️ 已停止生成。")
    assert s.texts()[0].startswith("word word")


async def test_send_stream_stops_and_closes_the_model(stage):
    closed = []

    async def model():
        try:
            while True:
                yield "word "
                await asyncio.sleep(0.01)
        finally:
            closed.append(True)

    async with stage() as s:
        task = asyncio.create_task(s.bot.send_stream(s.event, model(), stop=True, language="en", **FAST))
        await wait_until(lambda: s.cards())
        assert button_of(s.cards()[0])["text"]["content"] == "Stop"
        assert (await press(s)).toast["content"] == "Stopping…"
        result = await asyncio.wait_for(task, 30)
    assert (result.stopped, closed) == (True, [True])
    assert s.texts()[0].endswith("⏹️ Stopped.")


async def test_only_the_one_who_asked_may_press(stage, sandbox):
    async with stage("group", at=[APP]) as s:
        other = sandbox.add_user("Han Meimei")
        sandbox.world.chats[s.chat.chat_id].members.append(other.open_id)
        task = asyncio.create_task(run_forever(s, stop="停止"))
        await wait_until(lambda: s.cards())
        refused = await press(s, other)
        assert refused.toast == {"type": "info", "content": "只有提问者可以停止"}
        await asyncio.sleep(0.1)
        assert not task.done()
        await press(s)
        assert (await asyncio.wait_for(task, 30)).stopped


async def test_stop_by_names_others(stage, sandbox):
    async with stage("group", at=[APP]) as s:
        other = sandbox.add_user("Han Meimei")
        sandbox.world.chats[s.chat.chat_id].members.append(other.open_id)
        task = asyncio.create_task(run_forever(s, stop="停止", stop_by=[other.open_id]))
        await wait_until(lambda: s.cards())
        assert "提问者" in (await press(s)).toast["content"]
        await press(s, other)
        assert (await asyncio.wait_for(task, 30)).stopped


async def run_forever(s, **options):
    async with s.bot.stream(s.event, **options, **FAST) as stream:
        await forever(stream)
    return stream


async def test_a_press_after_the_end_is_told_so(stage):
    async with stage() as s:
        async with s.bot.stream(s.event, stop="停止", **FAST) as stream:
            await stream.write("word")
            await wait_until(lambda: s.cards())
            value = button_of(s.cards()[0])["behaviors"][0]["value"]
        assert not has_button(s.cards()[0])
        user = s.sandbox.world.users[s.event.get_user_id()]
        click = await s.sandbox.click(user, s.messages()[0], value)
    assert click.toast == {"type": "info", "content": "回答已经结束"}
    assert stream.stopped is False
    assert s.texts() == ["word"]


async def test_a_cancellation_from_outside_still_goes_through(stage):
    async with stage() as s:
        task = asyncio.create_task(run_forever(s, stop="停止"))
        await wait_until(lambda: s.cards())
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        [card] = s.cards()
    assert not has_button(card)
    assert s.texts()[0].endswith("⏹️ 回答已取消。")


async def test_a_press_and_a_cancellation_at_once_are_a_cancellation(stage):
    async with stage() as s:
        task = asyncio.create_task(run_forever(s, stop="停止"))
        await wait_until(lambda: s.cards())
        value = button_of(s.cards()[0])["behaviors"][0]["value"]
        assert s.bot.unfinished._writings[value["feishu_stop"]].stop()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task


async def test_what_swallows_the_cancellation_inside_does_not_disturb_the_end(stage):
    async with stage() as s:

        async def handler():
            async with s.bot.stream(s.event, stop="停止", **FAST) as stream:
                await stream.write("word ")
                with suppress(asyncio.CancelledError):
                    await asyncio.Event().wait()
            await asyncio.sleep(0)
            return stream

        task = asyncio.create_task(handler())
        await wait_until(lambda: s.cards())
        await press(s)
        stream = await asyncio.wait_for(task, 30)
    assert stream.stopped
    assert s.texts()[0].endswith("⏹️ 已停止生成。")


async def test_stop_right_before_the_end_of_the_block(stage):
    """The cancellation had not arrived yet, and came at the first await of the end."""
    async with stage() as s:

        async def handler():
            async with s.bot.stream(s.event, stop="停止", **FAST) as stream:
                await stream.write("word")
                stream.stop()
            await asyncio.sleep(0)
            return stream

        stream = await asyncio.wait_for(asyncio.create_task(handler()), 30)
    assert stream.stopped
    assert s.texts() == ["word\n\n⏹️ 已停止生成。"]


async def test_in_a_handler_lower_matchers_run_as_after_any_other_answer(sandbox, run_adapter, matchers):
    """A plugin that cancelled its own task let all lower matchers run, ``block=True`` or not."""
    ran: list[str] = []
    talk, lower = on_message(priority=1, block=True), on_message(priority=2)
    matchers(talk)
    matchers(lower)

    @talk.handle()
    async def _(bot: Bot, event: MessageEvent):
        async with bot.stream(event, stop="停止", **FAST) as stream:
            await forever(stream)
        ran.append(f"stopped {stream.stopped}")
        await talk.send("你停止了回答")

    @lower.handle()
    async def _():
        ran.append("lower")

    user = sandbox.add_user("Li Lei")
    chat = sandbox.p2p(user, APP)
    async with run_adapter():
        await sandbox.say(user, chat, "question")
        [card] = await sandbox.wait_message(chat)
        entity = next(iter(sandbox.world.entities.values()))
        value = button_of(entity.card)["behaviors"][0]["value"]
        await sandbox.click(user, card, value)
        [after] = await sandbox.wait_message(chat)
        await asyncio.sleep(0.1)
    assert "你停止了回答" in after.content
    assert ran == ["stopped True"]


async def test_without_cards_there_is_no_button_and_the_text_goes_on(stage):
    async with stage() as s:
        s.scopes("cardkit:card:write")
        async with s.bot.stream(s.event, stop="停止", edit_every=0.02) as stream:
            await stream.write("word")
    assert (s.texts(), stream.mode, stream.stopped) == (["word"], "edit", False)


async def test_each_page_has_the_button_while_it_is_written(stage):
    async with stage() as s, s.bot.stream(s.event, stop="停止", **FAST) as stream:
        await stream.write("word " * 8000)
        await wait_until(lambda: len(s.cards()) == 2)
        first, second = s.cards()
        assert not has_button(first)
        assert has_button(second)
