"""The uuid of a send: a replayed handler answers once, and nothing that differs is swallowed."""

import asyncio
import json

import pytest
from nonebot import on_command, on_message
from nonebot.params import ArgPlainText

from nonebot_adapter_feishu_ws.sending.idempotency import MAX_LENGTH, IdempotencyKeys
from tests.conftest import APP, wait_until


def texts(sandbox, chat) -> list[str]:
    found = sandbox.world.history(chat.chat_id)
    return sorted(json.loads(message.content)["text"] for message in found if message.sender_type == "app")


def uuids(sandbox) -> list[str]:
    return [request.json["uuid"] for request in sandbox.requests if request.path.startswith("im/v1/messages")]


async def replay(adapter, event) -> None:
    """What a restart does with an event that was not finished: its handlers run again."""
    await adapter.bots[APP].handle_event(adapter.json_to_event(event))


def message_event(chat, user, text: str, event_id: str = "ev_1") -> dict:
    message = {
        "message_id": f"om_of_{event_id}",
        "chat_id": chat.chat_id,
        "chat_type": "group",
        "message_type": "text",
        "content": json.dumps({"text": text}),
        "create_time": "1700000000000",
    }
    sender = {"sender_id": {"open_id": user.open_id}, "sender_type": "user"}
    header = {"event_id": event_id, "event_type": "im.message.receive_v1", "app_id": APP}
    return {"schema": "2.0", "header": header, "event": {"sender": sender, "message": message}}


@pytest.fixture
def user(sandbox):
    return sandbox.add_user("Li Lei")


@pytest.fixture
def chat(sandbox, user):
    return sandbox.add_chat("Group", members=[user], apps=[APP])


@pytest.mark.usefixtures("unlimited_sends")
async def test_two_concurrent_matchers_and_a_replay_no_double_nothing_swallowed(
    sandbox, run_adapter, matchers, chat, user
):
    def add(name: str, pause: float) -> None:
        # Both come from one line of code, have one priority, and send to one chat.
        matcher = on_message(priority=7)
        matchers(matcher)

        @matcher.handle()
        async def _():
            for number in range(3):
                await asyncio.sleep(pause)
                await matcher.send(f"{name}{number}")

    add("a", 0.01)
    add("b", 0.0)
    async with run_adapter() as adapter:
        event = message_event(chat, user, "hi")
        await replay(adapter, event)
        expected = ["a0", "a1", "a2", "b0", "b1", "b2"]
        assert texts(sandbox, chat) == expected
        await replay(adapter, event)
        assert texts(sandbox, chat) == expected, "the replay doubled something"
        sent = uuids(sandbox)
        assert len(sent) == 12
        assert len(set(sent)) == 6
        assert all(len(uuid) <= MAX_LENGTH for uuid in sent)
        await replay(adapter, message_event(chat, user, "hi", "ev_2"))
        assert texts(sandbox, chat) == sorted(expected * 2), "another event is answered anew"


async def test_a_handler_that_died_halfway_sends_only_the_rest(sandbox, run_adapter, matchers, chat, user):
    runs = []
    matcher = on_message(priority=7)
    matchers(matcher)

    @matcher.handle()
    async def _():
        runs.append(1)
        await matcher.send("first")
        if len(runs) == 1:
            raise RuntimeError("the process dies here")
        await matcher.send(f"second, in run {len(runs)}")

    async with run_adapter() as adapter:
        event = message_event(chat, user, "hi")
        await replay(adapter, event)
        await replay(adapter, event)
    assert texts(sandbox, chat) == ["first", "second, in run 2"]


async def test_an_answer_that_is_worded_anew_is_still_sent_once(sandbox, run_adapter, matchers, chat, user):
    runs = []
    matcher = on_message(priority=7)
    matchers(matcher)

    @matcher.handle()
    async def _():
        runs.append(1)
        await matcher.send(f"wording {len(runs)}")

    async with run_adapter() as adapter:
        for _ in range(2):
            await replay(adapter, message_event(chat, user, "hi"))
    assert texts(sandbox, chat) == ["wording 1"]


async def test_every_turn_of_a_conversation_is_answered(sandbox, run_adapter, matchers, chat, user):
    order = on_command("order", block=True, priority=5)
    matchers(order)

    @order.got("dish", prompt="What?")
    async def _(dish: str = ArgPlainText()):
        if dish != "soup":
            await order.reject("What?")
        await order.finish("What?")

    async with run_adapter():
        for number, text in enumerate(("/order", "cake", "tea", "soup"), start=1):
            await sandbox.say(user, chat, text)
            await wait_until(lambda number=number: len(texts(sandbox, chat)) == number)
    assert texts(sandbox, chat) == ["What?"] * 4


async def test_forwards_carry_a_uuid_too(sandbox, run_adapter, matchers, chat, user):
    matcher = on_message(priority=7)
    matchers(matcher)
    other = sandbox.add_chat("Other", members=[user], apps=[APP])

    async with run_adapter() as adapter:
        bot = adapter.bots[APP]
        original = await bot.send_msg("chat_id", chat.chat_id, '{"text":"original"}', "text")

        @matcher.handle()
        async def _():
            await bot.forward_msg(original["message_id"], other.chat_id, "chat_id")
            await bot.merge_forward_msg("chat_id", other.chat_id, [original["message_id"]])

        for _ in range(2):
            await replay(adapter, message_event(chat, user, "hi"))
    assert len(list(sandbox.world.history(other.chat_id))) == 2


async def test_outside_of_an_event_it_is_random_and_the_callers_own_wins(sandbox, run_adapter, chat):
    async with run_adapter() as adapter:
        bot = adapter.bots[APP]
        for _ in range(2):
            await bot.send_msg("chat_id", chat.chat_id, '{"text":"random"}', "text")
            await bot.send_msg("chat_id", chat.chat_id, '{"text":"own"}', "text", uuid="own")
        with pytest.raises(ValueError, match="at most 50 characters"):
            await bot.send_msg("chat_id", chat.chat_id, "{}", "text", uuid="x" * 51)
    assert texts(sandbox, chat) == ["own", "random", "random"]


def test_the_counters_go_with_their_matchers():
    ids = IdempotencyKeys()
    assert len({ids.next("oc_1") for _ in range(100)}) == 100
    assert not ids._counts


async def test_typed_methods_answer_a_replayed_event_once(sandbox, run_adapter, matchers, chat, user):
    matcher = on_message(priority=7)
    matchers(matcher)
    other = sandbox.add_chat("Other", members=[user], apps=[APP])

    async with run_adapter() as adapter:
        bot = adapter.bots[APP]
        original = await bot.send_msg("chat_id", chat.chat_id, '{"text":"original"}', "text")

        @matcher.handle()
        async def _():
            im = bot.im
            await im.create_message("chat_id", chat.chat_id, "text", {"text": "typed 1"})
            await bot.send_msg("chat_id", chat.chat_id, '{"text":"plain"}', "text")
            await im.create_message("chat_id", chat.chat_id, "text", {"text": "typed 2"})
            await im.reply_message(original["message_id"], "text", {"text": "typed reply"})
            await im.forward_message(original["message_id"], "chat_id", other.chat_id)
            await im.merge_forward_messages("chat_id", other.chat_id, [original["message_id"]])
            await im.create_message("chat_id", chat.chat_id, "text", {"text": "own"}, uuid="own")

        for _ in range(2):
            await replay(adapter, message_event(chat, user, "hi"))
    assert texts(sandbox, chat) == ["original", "own", "plain", "typed 1", "typed 2", "typed reply"]
    assert len(list(sandbox.world.history(other.chat_id))) == 2


async def test_typed_methods_outside_of_an_event_send_each_time(sandbox, run_adapter, chat):
    async with run_adapter() as adapter:
        for _ in range(2):
            await adapter.bots[APP].im.create_message("chat_id", chat.chat_id, "text", {"text": "random"})
    assert texts(sandbox, chat) == ["random", "random"]
