"""The question is recalled while its answer is being made: the answer is sent all the same, or dropped on demand."""

import json

import pytest
from nonebot import on_message

from nonebot_adapter_feishu_ws import Bot, Message, MessageEvent, MessageSegment
from nonebot_adapter_feishu_ws.exception import ActionFailed
from nonebot_adapter_feishu_ws.sending.route import GONE
from nonebot_adapter_feishu_ws.testing import make_event
from tests.conftest import APP, wait_until

pytestmark = pytest.mark.usefixtures("unlimited_sends")
GROUP = {"mode": "group", "at": [APP]}


def said(sandbox, chat) -> list[str]:
    return [json.loads(m.content)["text"] for m in sandbox.world.history(chat.chat_id) if m.sender_type == "app"]


@pytest.fixture
def ask(sandbox, run_adapter, matchers):
    """``await ask(handler)``: the message of a user in a group, with what a handler does while it is recalled."""

    async def run(handler, mode: str = "group", recalled: int = 1):
        user = sandbox.add_user("Li Lei")
        chat = sandbox.add_chat("G", mode=mode, members=[user], apps=[APP])
        done: list[BaseException | None] = []
        matcher = on_message(block=True, priority=1)
        matchers(matcher)

        @matcher.handle()
        async def _(bot: Bot, event: MessageEvent):
            if event.get_plaintext().strip() != "question":
                return
            gone = [event.message_id, event.event.message.root_id][:recalled]
            for message_id in filter(None, gone):
                sandbox.world.messages[message_id].deleted = True
            try:
                await handler(bot, event)
            except BaseException as error:
                done.append(error)
                raise
            done.append(None)

        async with run_adapter():
            root = await sandbox.say(user, chat, "root", at=[APP]) if mode == "topic" else None
            await sandbox.say(user, chat, "question", at=[APP], reply_to=root)
            await wait_until(lambda: done)
        return chat, root, done[0]

    return run


@pytest.mark.fault(40)
@pytest.mark.parametrize(("mode", "recalled"), [("group", 1), ("topic", 1), ("topic", 2)])
async def test_a_recalled_question_is_answered_once_all_the_same(sandbox, ask, logs, saw, mode, recalled):
    answers = []

    async def answer(bot: Bot, event: MessageEvent) -> None:
        answers.append(await bot.send(event, "first", reply_message=True))
        await bot.send(event, "second", reply_message=True)

    chat, root, error = await ask(answer, mode, recalled)
    assert error is None
    assert said(sandbox, chat) == ["first", "second"]
    assert answers[0]["message_ids"] == [answers[0]["message_id"]]
    [first, _] = [m for m in sandbox.world.history(chat.chat_id) if m.sender_type == "app"]
    stays = mode == "topic" and recalled == 1
    assert first.parent_id == (root.message_id if stays else None)
    assert (first.thread_id == root.thread_id) if stays else not first.parent_id
    [line, *_] = [line for line in logs if "can no longer be answered [code 230011]" in line]
    assert f"goes to {root.message_id if mode == 'topic' else chat.chat_id} instead" in line
    gone = "question and topic's root" if recalled == 2 else f"question in a {mode}"
    saw(f"{gone} recalled: answered once {'in the topic, to its root' if stays else 'in the chat'}")


@pytest.mark.fault(40)
async def test_an_answer_to_a_recalled_question_is_dropped_on_demand(sandbox, ask, logs, saw):
    async def answer(bot: Bot, event: MessageEvent) -> None:
        assert await bot.send(event, "x", reply_message=True, if_recalled="drop") == {"message_ids": []}
        result = await bot.send_stream(event, chunks(), reply_message=True, if_recalled="drop")
        assert (result.message_ids, result.text) == ([], "one two")

    async def chunks():
        yield "one "
        await wait_until(lambda: sum("is dropped" in line for line in logs) == 2)
        yield "two"
        raise AssertionError("the model goes on although nobody will read it")

    chat, _, error = await ask(answer)
    assert error is None
    assert [m for m in sandbox.world.history(chat.chat_id) if m.sender_type == "app"] == []
    lines = [line for line in logs if "is dropped" in line]
    saw(f'with if_recalled="drop": 0 of {len(lines)} answers sent, each told by a WARNING; the model is stopped')


@pytest.mark.fault(40)
@pytest.mark.parametrize("modes", [["card", "edit", "plain"], ["edit", "plain"], ["plain"]])
async def test_a_streamed_answer_to_a_recalled_question_keeps_its_mode(sandbox, ask, saw, modes):
    results = []

    async def answer(bot: Bot, event: MessageEvent) -> None:
        async def chunks():
            yield "one "
            yield "two"

        results.append(await bot.send_stream(event, chunks(), reply_message=True, modes=modes))

    chat, _, error = await ask(answer)
    assert error is None
    [sent] = [m for m in sandbox.world.history(chat.chat_id) if m.sender_type == "app"]
    assert (results[0].mode, results[0].message_ids, sent.parent_id) == (modes[0], [sent.message_id], None)
    saw(f"a stream ({modes[0]}): one message in the chat, in the same mode")


@pytest.mark.parametrize("code", sorted(GONE))
async def test_every_way_to_be_gone_counts(sandbox, ask, code):
    async def answer(bot: Bot, event: MessageEvent) -> None:
        sandbox.faults.add(f"im/v1/messages/{event.message_id}/reply", code=code, times=-1)
        await bot.send(event, "x", reply_message=True)

    chat, _, error = await ask(answer, recalled=0)
    assert (said(sandbox, chat), error) == (["x"], None)


async def test_another_refusal_is_no_recalled_question(sandbox, ask):
    async def answer(bot: Bot, event: MessageEvent) -> None:
        sandbox.faults.add(f"im/v1/messages/{event.message_id}/reply", code=230018)
        await bot.send(event, "x", reply_message=True)

    chat, _, error = await ask(answer, recalled=0)
    assert isinstance(error, ActionFailed)
    assert (said(sandbox, chat), error.code) == ([], 230018)


async def test_a_reply_that_was_delivered_before_the_recall_is_not_sent_twice(sandbox, ask):
    async def answer(bot: Bot, event: MessageEvent) -> None:
        question = sandbox.world.messages[event.message_id]
        await bot.send(event, "x", reply_message=True)
        question.deleted = True
        await bot.handle_event(event.model_copy())  # what a restart does

    calls: list[int] = []

    async def once(bot: Bot, event: MessageEvent) -> None:
        calls.append(1)
        if len(calls) == 1:
            await answer(bot, event)
        else:
            await bot.send(event, "x", reply_message=True)

    chat, _, error = await ask(once, recalled=0)
    assert (len(calls), error) == (2, None)
    assert said(sandbox, chat) == ["x"]


async def test_several_parts_of_one_answer_quote_once(sandbox, ask):
    async def answer(bot: Bot, event: MessageEvent) -> None:
        parts = Message([MessageSegment.text("a"), MessageSegment.card({"elements": []}), MessageSegment.text("b")])
        assert len((await bot.send(event, parts, reply_message=True))["message_ids"]) == 3

    chat, _, error = await ask(answer, recalled=0)
    assert error is None
    sent = [m for m in sandbox.world.history(chat.chat_id) if m.sender_type == "app"]
    assert [bool(m.parent_id) for m in sent] == [True, False, False]


async def test_all_parts_of_an_answer_that_opens_a_topic_stand_in_it(sandbox, ask):
    async def answer(bot: Bot, event: MessageEvent) -> None:
        parts = Message([MessageSegment.text("a"), MessageSegment.card({"elements": []})])
        await bot.send(event, parts, reply_in_thread=True)

    chat, _, error = await ask(answer, recalled=0)
    assert error is None
    sent = [m for m in sandbox.world.history(chat.chat_id) if m.sender_type == "app"]
    assert len({m.thread_id for m in sent}) == 1
    assert all(m.thread_id for m in sent)


@pytest.mark.parametrize(("mode", "recalled"), [("group", 1), ("topic", 1), ("topic", 2)])
@pytest.mark.parametrize("first", [False, True])
async def test_a_recall_between_two_parts_leaves_all_of_them_in_one_topic(
    sandbox, ask, monkeypatch, mode, recalled, first
):
    """The second one went to the chat, in a group of topics to a topic of its own."""

    async def answer(bot: Bot, event: MessageEvent) -> None:
        def recall() -> None:
            for message_id in filter(None, [event.message_id, event.event.message.root_id][:recalled]):
                sandbox.world.messages[message_id].deleted = True

        if first and mode == "topic":
            recall()
        reply_msg = bot.reply_msg

        async def reply_and_recall(*args, **kwargs):
            answer = await reply_msg(*args, **kwargs)
            recall()
            return answer

        monkeypatch.setattr(bot, "reply_msg", reply_and_recall)
        parts = Message([MessageSegment.text("a"), MessageSegment.card({"elements": []}), MessageSegment.text("b")])
        await bot.send(event, parts, reply_in_thread=mode == "group")

    chat, _, error = await ask(answer, mode, recalled=0)
    assert error is None
    sent = [m for m in sandbox.world.history(chat.chat_id) if m.sender_type == "app"]
    assert [m.msg_type for m in sent] == ["text", "interactive", "text"]
    assert len({m.thread_id for m in sent}) == 1
    assert sent[0].thread_id


@pytest.mark.parametrize("mode", ["group", "topic"])
async def test_the_answer_to_an_edit_in_a_topic_stays_in_it(sandbox, run_adapter, mode):
    """It went to the chat, in a group of topics to a topic of its own."""
    user = sandbox.add_user("Li Lei")
    chat = sandbox.add_chat("G", mode=mode, members=[user], apps=[APP])
    async with run_adapter() as adapter:
        bot = adapter.bots[APP]
        root = await sandbox.say(user, chat, "root")
        if mode == "group":
            await bot.reply_msg(root.message_id, '{"text": "a topic"}', "text", reply_in_thread=True)
        said = await sandbox.say(user, chat, "in it", reply_to=root)
        ids = {"message_id": said.message_id, "root_id": root.message_id, "thread_id": said.thread_id}
        event = make_event("im.message.updated_v1", message={"chat_id": chat.chat_id, **ids})
        said.deleted = True
        sent = await bot.send(event, "answer")
    answer = sandbox.world.messages[sent["message_id"]]
    assert (answer.thread_id, answer.parent_id) == (root.thread_id, root.message_id)


async def test_an_unknown_option_is_refused(sandbox, ask):
    async def answer(bot: Bot, event: MessageEvent) -> None:
        await bot.send(event, "x", if_recalled="no")

    _, _, error = await ask(answer, recalled=0)
    assert isinstance(error, ValueError)
    assert '"send" or "drop"' in str(error)


@pytest.mark.parametrize("code", [230002, 230011, 230018, 232009])
async def test_a_stream_does_not_step_down_for_a_chat_out_of_reach(sandbox, ask, code):
    modes = []

    async def answer(bot: Bot, event: MessageEvent) -> None:
        sandbox.faults.add("im/v1/messages", code=code, times=-1)
        stream = bot.stream(event)
        try:
            async with stream:
                await stream.write("x")
        finally:
            modes.append(stream.mode)
            sandbox.faults.clear()

    _, _, error = await ask(answer, recalled=0)
    assert isinstance(error, ActionFailed)
    assert (error.code, modes) == (code, ["card"])
