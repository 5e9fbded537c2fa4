"""A process ends or dies while it streams: its card is finished with a note, and a replay goes on with that card."""

import asyncio
import json
import signal
from pathlib import Path
from typing import Any

import pytest
from nonebot import on_message

from nonebot_adapter_feishu_ws import Bot, MessageEvent, adapter
from nonebot_adapter_feishu_ws.sandbox.rest.cardkit import shown_content
from tests.conftest import APP, wait_until
from tests.flow.bot_process import BotProcess

NOTE = "机器人重启"
SCRIPT = Path(__file__).parent / "stream_bot.py"


def cards(sandbox: Any) -> list[dict[str, Any]]:
    """The cards that people see, in order."""
    shown = [it for it in sandbox.world.messages.values() if it.sender_type == "app" and it.msg_type == "interactive"]
    return [json.loads(shown_content(sandbox.world, it.content)) for it in shown if not it.deleted]


def words(card: dict[str, Any]) -> str:
    return "\n".join(it.get("content", it["tag"]) for it in card["body"]["elements"])


def is_streaming(card: dict[str, Any]) -> bool:
    return card["config"]["streaming_mode"]


def button(card: dict[str, Any]) -> dict[str, Any] | None:
    """The value of the card's stop button."""
    buttons = [it for it in card["body"]["elements"] if it["tag"] == "button"]
    return buttons[0]["behaviors"][0]["value"] if buttons else None


async def streaming(sandbox: Any) -> dict[str, Any]:
    """The card, once a part of the answer stands on it."""
    await wait_until(lambda: cards(sandbox) and "1.5 " in words(cards(sandbox)[0]))
    [card] = cards(sandbox)
    assert is_streaming(card)
    return card


@pytest.mark.fault(60)
async def test_a_stream_killed_by_sigterm_leaves_no_card_in_streaming_mode(sandbox, tmp_path, saw):
    bot = BotProcess(sandbox, tmp_path, SCRIPT, AGAIN="The whole answer.")
    async with bot.running() as child:
        await bot.say(1)
        await streaming(sandbox)
        child.send_signal(signal.SIGTERM)
        await asyncio.wait_for(child.wait(), 60)
        code = child.returncode
    [ended] = cards(sandbox)
    assert (code, is_streaming(ended), button(ended)) == (0, False, None)
    assert "1.5 " in words(ended)
    assert NOTE in words(ended)
    saw(f"SIGTERM: streaming_mode {is_streaming(ended)}, the card ends with {words(ended)[-20:]!r}")
    async with bot.running():
        await wait_until(lambda: bot.count("end"))
    [again] = cards(sandbox)
    assert (is_streaming(again), words(again)) == (False, "The whole answer.")
    saw(f"next start: {len(cards(sandbox))} card, streaming_mode {is_streaming(again)}: {words(again)!r}")


@pytest.mark.fault(60)
async def test_a_stream_killed_by_kill_9_leaves_no_card_in_streaming_mode(sandbox, tmp_path, saw):
    bot = BotProcess(sandbox, tmp_path, SCRIPT)
    async with bot.running() as child:
        await bot.say(1)
        await streaming(sandbox)
        child.send_signal(signal.SIGKILL)
    [left] = cards(sandbox)
    assert is_streaming(left), "nobody could do anything"
    async with bot.running(AGAIN="The whole answer."):
        await wait_until(lambda: bot.count("end"))
    [again] = cards(sandbox)
    assert (is_streaming(again), words(again)) == (False, "The whole answer.")
    saw(f"kill -9: streaming_mode {is_streaming(left)}; next start: {len(cards(sandbox))} card, {words(again)!r}")


@pytest.mark.fault(60)
async def test_a_card_whose_event_is_not_replayed_is_finished_at_the_next_start(sandbox, tmp_path, saw):
    bot = BotProcess(sandbox, tmp_path, SCRIPT)
    async with bot.running() as child:
        await bot.say(1)
        await streaming(sandbox)
        child.send_signal(signal.SIGKILL)
    bot.forget_inbox()
    async with bot.running():
        await wait_until(lambda: not is_streaming(cards(sandbox)[0]) and button(cards(sandbox)[0]) is None)
    [card] = cards(sandbox)
    assert "1.5 " in words(card)
    assert words(card).endswith("回答中断。")
    saw(f"kill -9, no replay: streaming_mode {is_streaming(card)}, the card ends with {words(card)[-20:]!r}")


async def test_the_button_of_the_first_attempt_stops_the_replay(sandbox, tmp_path):
    bot = BotProcess(sandbox, tmp_path, SCRIPT)
    async with bot.running() as child:
        await bot.say(1)
        pressed = button(await streaming(sandbox))
        child.send_signal(signal.SIGKILL)
    async with bot.running():
        await wait_until(lambda: "2.5 " in words(cards(sandbox)[0]))
        [message] = [it for it in sandbox.world.messages.values() if it.msg_type == "interactive"]
        click = await sandbox.click(bot.chats[0][0], message, pressed)
        assert click.toast == {"type": "info", "content": "正在停止…"}
        await wait_until(lambda: bot.count("end"))
        await wait_until(lambda: not is_streaming(cards(sandbox)[0]))
    [card] = cards(sandbox)
    assert words(card).endswith("已停止生成。")
    assert button(card) is None


async def test_a_long_answer_is_written_anew_on_its_cards_and_one_too_many_is_recalled(stage_of_two_lives, sandbox):
    """A replay went on with the last card, so that the text of the first ones stood there twice."""
    cards_after = await stage_of_two_lives(["word " * 8000], ["short"])
    assert [words(card) for card in cards_after] == ["short"]
    assert sum(it.deleted for it in sandbox.world.messages.values() if it.sender_type == "app") == 1


@pytest.fixture
def stage_of_two_lives(sandbox, run_adapter, matchers, tmp_path, monkeypatch):
    """Answers one event in two lives of a bot, and returns the cards that are left."""

    async def run(first: list[str], second: list[str]) -> list[dict[str, Any]]:
        monkeypatch.setattr(adapter, "DRAIN_TIMEOUT", 0.1)
        user = sandbox.add_user("Li Lei")
        chat, store = sandbox.p2p(user, APP), f"sqlite:///{tmp_path}/s.db"
        matcher = on_message(block=True, priority=1)
        matchers(matcher)
        written, ended = asyncio.Event(), asyncio.Event()

        @matcher.handle()
        async def _(bot: Bot, event: MessageEvent):
            async with bot.stream(event, pace=10) as stream:
                for chunk in first if event.attempt == 1 else second:
                    await stream.write(chunk)
                if event.attempt == 1:
                    written.set()
                    await asyncio.Event().wait()
            ended.set()

        async with run_adapter(feishu_store=store):
            await sandbox.say(user, chat, "question")
            await written.wait()
            await wait_until(lambda: len(cards(sandbox)) == 2)
        assert all(not is_streaming(card) for card in cards(sandbox))
        async with run_adapter(feishu_store=store):
            await asyncio.wait_for(ended.wait(), 30)
        return cards(sandbox)

    return run


@pytest.mark.needs("redis-server")
@pytest.mark.fault(60)
async def test_a_replica_goes_on_with_the_card_of_a_dead_one_and_leaves_those_of_living_ones(
    sandbox, redis_server, tmp_path, saw
):
    bot = BotProcess(sandbox, tmp_path, SCRIPT, FEISHU_STORE=redis_server.url, FEISHU_TAKEOVER_AFTER="2")
    async with bot.running(REPLICA="a") as first:
        await bot.say(1)
        await streaming(sandbox)
        async with bot.running(REPLICA="b", AGAIN="The whole answer."):
            await sandbox.wait_connected(APP, count=2, timeout=60)
            await asyncio.sleep(3)  # longer than it takes for a silent process to count as dead
            [card] = cards(sandbox)
            assert is_streaming(card), "its replica lives"
            assert NOTE not in words(card)
            first.send_signal(signal.SIGKILL)
            await wait_until(lambda: bot.count("end"))
            # A look of the other replica at what the dead one has left must not end the card.
            await wait_until(lambda: not is_streaming(cards(sandbox)[0]))
            [card] = cards(sandbox)
    assert words(card) == "The whole answer."
    saw(f"a replica dies: another one ends the same card, {len(cards(sandbox))} in all")


@pytest.mark.needs("redis-server")
async def test_a_press_that_reaches_another_replica_stops_the_stream(sandbox, redis_server, tmp_path):
    bot = BotProcess(sandbox, tmp_path, SCRIPT, FEISHU_STORE=redis_server.url)
    async with bot.running(REPLICA="a"):
        await bot.say(1)
        pressed = button(await streaming(sandbox))
        async with bot.running(REPLICA="b"):
            await sandbox.wait_connected(APP, count=2, timeout=60)
            connections = sandbox.gateway.connections[APP]
            first = connections.pop(0)  # Feishu gives the click to any of them: here to the other one
            [message] = [it for it in sandbox.world.messages.values() if it.msg_type == "interactive"]
            click = await sandbox.click(bot.chats[0][0], message, pressed)
            connections.append(first)
            assert click.toast == {"type": "info", "content": "正在停止…"}
            await wait_until(lambda: bot.count("end"))
    [card] = cards(sandbox)
    assert words(card).endswith("已停止生成。")
    assert button(card) is None


async def test_a_card_that_may_have_been_sent_is_shown_once(sandbox, run_adapter, matchers, tmp_path, monkeypatch):
    """The process dies between sending a card and learning that it was sent."""
    monkeypatch.setattr(adapter, "DRAIN_TIMEOUT", 0.1)
    monkeypatch.setattr(adapter, "FINISH_TIMEOUT", 0.1)
    user = sandbox.add_user("Li Lei")
    chat, store = sandbox.p2p(user, APP), f"sqlite:///{tmp_path}/s.db"
    matcher = on_message(block=True, priority=1)
    matchers(matcher)
    ended = asyncio.Event()

    @matcher.handle()
    async def _(bot: Bot, event: MessageEvent):
        await bot.send_stream(event, pieces(f"attempt {event.attempt}"))
        ended.set()

    async def pieces(text: str):
        yield text

    sandbox.faults.add("im/v1/messages", stall=60.0)
    async with run_adapter(feishu_store=store):
        await sandbox.say(user, chat, "question")
        await wait_until(lambda: cards(sandbox))
    async with run_adapter(feishu_store=store):
        await asyncio.wait_for(ended.wait(), 30)
    assert [words(card) for card in cards(sandbox)] == ["attempt 2"]
    assert not is_streaming(cards(sandbox)[0])
    assert sandbox.world.repeated_sends == 1


async def test_plain_messages_are_left_to_the_replay(sandbox, run_adapter, matchers, tmp_path, monkeypatch):
    """Nothing of them is shown yet, and what was written so far would stand there twice."""
    monkeypatch.setattr(adapter, "DRAIN_TIMEOUT", 0.1)
    user = sandbox.add_user("Li Lei")
    chat, store = sandbox.p2p(user, APP), f"sqlite:///{tmp_path}/s.db"
    matcher = on_message(block=True, priority=1)
    matchers(matcher)
    written = asyncio.Event()

    @matcher.handle()
    async def _(bot: Bot, event: MessageEvent):
        async with bot.stream(event, modes=["plain"]) as stream:
            await stream.write(f"attempt {event.attempt}")
            written.set()
            if event.attempt == 1:
                await asyncio.Event().wait()

    async with run_adapter(feishu_store=store):
        await sandbox.say(user, chat, "question")
        await written.wait()
    async with run_adapter(feishu_store=store):
        await sandbox.wait_message(chat)
    [answer] = [it for it in sandbox.world.history(chat.chat_id) if it.sender_type == "app"]
    assert "attempt 2" in answer.content
