"""Questions that wait for people: who may answer, what is shown, what is remembered, and what a crash leaves."""

import asyncio
import json
from pathlib import Path

import pytest
from nonebot import on_message

from nonebot_adapter_feishu_ws import Bot, MessageEvent
from nonebot_adapter_feishu_ws.card import Card, Header, Markdown, Template, card_text
from nonebot_adapter_feishu_ws.dialog import Answer, Choice
from nonebot_adapter_feishu_ws.sandbox.rest.cards import Click
from nonebot_adapter_feishu_ws.testing import make_event
from tests.conftest import APP, wait_until
from tests.flow.bot_process import BotProcess

BUTTONS = {"yes": "同意", "no": "拒绝"}
pytestmark = pytest.mark.usefixtures("unlimited_sends")


class Stage:
    """A group, and a bot that asks there before it acts."""

    def __init__(self, sandbox, matchers) -> None:
        self.sandbox = sandbox
        self.li, self.han = sandbox.add_user("Li Lei"), sandbox.add_user("Han Mei")
        self.chat = sandbox.add_chat("Group", members=[self.li, self.han], apps=[APP])
        self.answers: list[Answer] = []
        self.errors: list[BaseException] = []
        self.tasks: list[asyncio.Task] = []
        self.options: dict = {"buttons": BUTTONS}
        matcher = on_message(priority=1, block=True)
        matchers(matcher)

        @matcher.handle()
        async def _(bot: Bot, event: MessageEvent):
            self.tasks.append(asyncio.current_task())
            try:
                self.answers.append(await bot.confirm(event, event.get_plaintext(), **self.options))
            except BaseException as error:
                self.errors.append(error)
                raise

    async def ask(self, text: str = "Deploy?", user=None):
        """Have the bot ask; returns the card's message."""
        before = len(self.cards())
        await self.sandbox.say(user or self.li, self.chat, text)
        await wait_until(lambda: len(self.cards()) > before)
        return self.cards()[-1]

    def cards(self):
        return [m for m in self.sandbox.world.history(self.chat.chat_id) if m.sender_type == "app"]

    async def press(self, user, message, choice: str) -> Click:
        [value] = [each for each in buttons(message) if each["choice"] == choice]
        return await self.sandbox.click(user, message, value)


def buttons(message) -> list[dict]:
    """The callback values of a card's buttons, from left to right."""
    found: list[dict] = []

    def walk(node) -> None:
        if isinstance(node, dict):
            if node.get("type") == "callback":
                found.append(node["value"])
            node = list(node.values())
        for each in node if isinstance(node, list) else ():
            walk(each)

    walk(json.loads(message.content))
    return found


def words(message) -> str:
    return card_text(json.loads(message.content))


@pytest.fixture
def stage(sandbox, matchers):
    return Stage(sandbox, matchers)


async def test_the_asker_answers_and_the_card_says_so(stage, run_adapter):
    async with run_adapter():
        card = await stage.ask()
        assert words(card) == "Deploy?\n[同意]\n[拒绝]"
        others = await stage.press(stage.han, card, "yes")
        assert others.toast["content"] == "你无权处理此卡片"
        assert others.toast["i18n"]["en_us"] == "You may not answer this"
        assert buttons(card), "nothing has changed for those who may"
        press = await stage.press(stage.li, card, "yes")
        await wait_until(lambda: stage.answers)
        late = await stage.sandbox.click(stage.li, card, {"feishu_confirm": "x", "choice": "no"})
    [answer] = stage.answers
    assert (answer.choice, answer.by, answer.ending, answer.remembered) == ("yes", stage.li.open_id, "answered", False)
    assert answer.message_id == card.message_id
    assert not answer.timed_out
    assert (press.error, press.toast["type"], press.toast["content"]) == (None, "success", "已提交")
    assert not buttons(card)
    assert f"<at id={stage.li.open_id}></at> 选择了 **同意**" in card.content
    assert "chose **同意**" in card.content, "for clients in English"
    assert late.toast["content"] == "此卡片已失效"


@pytest.mark.parametrize("only", ["open_id", "user_id", "anyone"])
async def test_who_may_answer_is_named_by_any_id(stage, run_adapter, only):
    stage.options["only"] = only if only == "anyone" else [getattr(stage.han, only)]
    async with run_adapter():
        card = await stage.ask()
        if only != "anyone":
            assert (await stage.press(stage.li, card, "yes")).toast["content"] == "你无权处理此卡片"
        await stage.press(stage.han, card, "no")
        await wait_until(lambda: stage.answers)
    assert (stage.answers[0].choice, stage.answers[0].by) == ("no", stage.han.open_id)


async def test_the_first_of_two_presses_counts(stage, run_adapter):
    stage.options["only"] = "anyone"
    async with run_adapter():
        card = await stage.ask()
        both = await asyncio.gather(stage.press(stage.li, card, "yes"), stage.press(stage.han, card, "no"))
        await wait_until(lambda: stage.answers)
        await asyncio.sleep(0.05)
    [answer] = stage.answers
    winner, loser = both if answer.by == stage.li.open_id else reversed(both)
    assert (winner.toast["content"], loser.toast["content"]) == ("已提交", "此卡片已处理")
    assert f"<at id={answer.by}></at> 选择了" in card.content


async def test_nobody_answers_in_time(stage, run_adapter):
    async with run_adapter() as adapter:
        questions = adapter.dialogs.questions
        slept: list[float] = []

        async def sleep(seconds: float) -> None:
            slept.append(seconds)
            questions.clock = lambda: 1e12

        questions.sleep = sleep
        await stage.sandbox.say(stage.li, stage.chat, "Deploy?")
        await wait_until(lambda: stage.answers)
        [card] = stage.cards()
    [answer] = stage.answers
    assert (answer.choice, answer.timed_out, answer.by) == (None, True, "")
    assert [round(each) for each in slept] == [300]
    assert "已超时" in card.content
    assert not buttons(card)
    with pytest.raises(TypeError, match="compare its choice"):
        bool(answer)


async def test_a_press_after_the_end_is_told_and_ends_the_card(stage, run_adapter):
    """The process died at the wrong moment, say: nobody waits any more, but the buttons are there."""
    waits = asyncio.Event()

    async def sleep(seconds: float) -> None:
        waits.set()
        await asyncio.Event().wait()

    async with run_adapter() as adapter:
        adapter.dialogs.questions.sleep = sleep
        card = await stage.ask()
        [value, _] = buttons(card)
        await waits.wait()
        adapter.dialogs.questions.clock = lambda: 1e12
        press = await stage.sandbox.click(stage.li, card, value)
        await wait_until(lambda: stage.answers)
    assert press.toast["content"] == "此卡片已失效"
    assert stage.answers[0].timed_out
    assert not buttons(card)


async def test_a_cancelled_handler_takes_its_buttons_along(stage, run_adapter, matchers):
    """Interrupted by a later run of the session, for example."""
    async with run_adapter() as adapter:
        card = await stage.ask()
        [value, _] = buttons(card)
        [task] = stage.tasks
        task.cancel()
        await wait_until(lambda: "已取消" in card.content)
        press = await stage.sandbox.click(stage.li, card, value)
        await wait_until(lambda: not adapter._dispatcher.running)
    assert press.toast["content"] == "此卡片已处理"
    assert isinstance(stage.errors[0], asyncio.CancelledError)


async def test_answers_are_remembered_for_a_session_and_for_good(stage, run_adapter, tmp_path):
    choices = {"once": "同意", "session": Choice("本次会话", "session"), "always": Choice("始终", "always", "danger")}
    stage.options = {"buttons": choices | {"no": "拒绝"}, "about": "deploy", "only": "anyone"}
    store = f"sqlite:////{tmp_path}/s.db"

    async def answer(choice: str | None, user=None, chat=None) -> str | None:
        chat, stage.chat = stage.chat, chat or stage.chat
        before = len(stage.answers)
        if choice is None:
            await stage.sandbox.say(user or stage.li, stage.chat, "Deploy?")
        else:
            await stage.press(stage.li, await stage.ask(user=user), choice)
        await wait_until(lambda: len(stage.answers) > before)
        stage.chat = chat
        assert stage.answers[-1].remembered == (choice is None)
        return stage.answers[-1].choice

    other = stage.sandbox.add_chat("Other", members=[stage.li], apps=[APP])
    async with run_adapter(feishu_store=store) as adapter:
        bot = adapter.bots[APP]
        assert [await answer("once"), await answer("session"), await answer(None)] == ["once", "session", "session"]
        assert await answer("once", user=stage.han) == "once", "another person is asked"
        assert await answer("no", chat=other) == "no", "another chat is another session"
        assert await answer("always", chat=other) == "always"
    async with run_adapter(feishu_store=store) as adapter:  # after a restart
        assert await answer(None) == "always"
        bot = adapter.bots[APP]
        stage.options["only"] = [stage.han.open_id]
        await stage.press(stage.han, await stage.ask(), "no")  # who has answered then may not any more
        await wait_until(lambda: stage.answers[-1].choice == "no")
        stage.options["only"] = "anyone"
        event = make_event("im.message.receive_v1", message={"chat_id": stage.chat.chat_id, "thread_id": None})
        event.event.sender.sender_id.open_id = stage.li.open_id
        await bot.forget_answer(event, "deploy")
        assert await answer("once") == "once"


async def test_a_card_is_asked_with(stage, run_adapter):
    built = Card([Markdown("**prod**")], header=Header("Deploy?"))
    async with run_adapter() as adapter:
        bot = adapter.bots[APP]
        event = make_event("card.action.trigger", context={"open_chat_id": stage.chat.chat_id})
        asked = asyncio.create_task(bot.confirm(event, built, buttons=BUTTONS, only=[stage.li.open_id]))
        await wait_until(stage.cards)
        [card] = stage.cards()
        assert words(card) == "Deploy?\n**prod**\n[同意]\n[拒绝]"
        await stage.press(stage.li, card, "yes")
        assert (await asked).choice == "yes"
    assert words(card).startswith("Deploy?\n**prod**\n")


@pytest.mark.parametrize(
    ("options", "text"),
    [
        ({"buttons": {}}, "needs buttons"),
        ({"only": []}, "nobody could answer"),
        ({"only": "ou_1"}, "is a list of ids"),
        ({"timeout": 0}, "at most 1.2096e"),
        ({"scope": "always"}, "about="),
        ({"question": Template("AAq")}, "JSON 2.0"),
        ({"question": {"elements": []}}, "JSON 2.0"),
    ],
)
async def test_a_question_that_cannot_be_asked_is_refused(stage, run_adapter, options, text):
    event = make_event("im.message.receive_v1")
    async with run_adapter() as adapter:
        with pytest.raises(ValueError, match=text):
            await adapter.bots[APP].confirm(event, **{"question": "?", "buttons": BUTTONS, **options})
    assert not stage.cards()


async def test_a_card_that_feishu_refuses_is_asked_anew_by_the_next_try(stage, run_adapter):
    async with run_adapter():
        stage.sandbox.faults.add("im/v1/messages", code=230027)
        await stage.sandbox.say(stage.li, stage.chat, "Deploy?")
        await wait_until(lambda: stage.errors)
        assert not stage.cards()
        await stage.press(stage.li, await stage.ask(), "yes")
        await wait_until(lambda: stage.answers)


# A process that dies


@pytest.mark.parametrize("pressed", ["before the restart", "after the restart"])
@pytest.mark.parametrize("store", ["sqlite", pytest.param("redis", marks=pytest.mark.needs("redis-server"))])
async def test_a_question_survives_kill_9(sandbox, tmp_path, request, store, pressed):
    env = {}
    if store == "redis":
        env = {"FEISHU_STORE": request.getfixturevalue("redis_server").url, "FEISHU_TAKEOVER_AFTER": "1"}
    bot = BotProcess(sandbox, tmp_path, Path(__file__).with_name("confirm_bot.py"), **env)
    [(user, chat), *_] = bot.chats

    def cards():
        return [m for m in sandbox.world.history(chat.chat_id) if m.msg_type == "interactive"]

    async with bot.running():
        await bot.say(1)
        await wait_until(cards)
        [card] = cards()
        [value, _] = buttons(card)
    # killed while it waits
    assert (bot.count("begin"), bot.count("end")) == (1, 0)
    async with bot.running():
        if pressed == "before the restart":  # of the handler: its new run has not come to the question, perhaps
            click = await sandbox.click(user, card, value)
        else:
            await wait_until(lambda: bot.count("begin") == 2)
            click = await sandbox.click(user, card, value)
        await wait_until(lambda: bot.count("end") == 1)
    assert (click.error, click.toast["content"]) == (None, "已提交")
    assert len(cards()) == 1, "no second card"
    assert not buttons(card)
    texts = [
        json.loads(m.content)["text"]
        for m in sandbox.world.history(chat.chat_id)
        if m.sender_type == "app" and m.msg_type == "text"
    ]
    assert texts == [f"n0: yes by {user.open_id}"]
