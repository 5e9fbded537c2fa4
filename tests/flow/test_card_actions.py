"""Clicks on cards: one answer within three seconds, whatever the handler does, by socket and by webhook."""

import asyncio
import json
import threading
import time
from contextlib import asynccontextmanager

import pytest
from nonebot import on_message, on_notice

from nonebot_adapter_feishu_ws import Bot, CardActionEvent, Event, MessageSegment, on_card_action
from nonebot_adapter_feishu_ws.card import Button, Card, Markdown, Toast
from nonebot_adapter_feishu_ws.event import callback
from nonebot_adapter_feishu_ws.rule import card_action
from nonebot_adapter_feishu_ws.sandbox import Click
from nonebot_adapter_feishu_ws.sandbox.gateway import ACK_TIMEOUT
from tests.conftest import APP, SECRET, wait_until
from tests.flow.far_sandbox import far_sandbox
from tests.flow.test_webhook import TOKEN, webhook

CARD = Card([Markdown("Deploy?"), Button("Approve", value={"action": "approve"})])
DONE = Card([Markdown("Done")])
DEADLINE = callback.DEADLINE


@pytest.fixture(autouse=True)
def patience(monkeypatch):
    """No deadline comes on a busy machine: what waits for one in vain ends in ``click.error``."""
    monkeypatch.setattr(callback, "DEADLINE", 3600)
    monkeypatch.setattr("nonebot_adapter_feishu_ws.sandbox.gateway.ACK_TIMEOUT", 60)
    monkeypatch.setattr("nonebot_adapter_feishu_ws.sandbox.rest.cards.ACK_TIMEOUT", 60)


@pytest.fixture
def card_sender(matchers):
    matcher = on_message(block=True, priority=5)
    matchers(matcher)

    @matcher.handle()
    async def _():
        await matcher.send(MessageSegment.card(CARD))


@asynccontextmanager
async def shown_card(sandbox, run_adapter, transport: str):
    """A bot that has sent its card; yields the person and the card's message."""
    user = sandbox.add_user("Li Lei")
    chat = sandbox.p2p(user, APP)
    if transport == "webhook":
        context = webhook(run_adapter, sandbox, verification_token=TOKEN, use_websocket=False)
    else:
        context = run_adapter([{"app_id": APP, "app_secret": SECRET}])
    async with context:
        await sandbox.say(user, chat, "card, please")
        [message] = await sandbox.wait_message(chat)
        yield user, message


def text_of(message) -> str:
    return json.loads(message.content)["body"]["elements"][0]["content"]


@pytest.mark.fault(35)
@pytest.mark.parametrize("transport", ["websocket", "webhook"])
async def test_toast_and_card_without_waiting_for_the_deadline(
    sandbox, run_adapter, matchers, card_sender, saw, transport
):
    approve = on_card_action("approve")
    matchers(approve)

    @approve.handle()
    async def _(bot: Bot, event: CardActionEvent):
        await bot.respond(event, toast=Toast("Approved", "success"), card=DONE)

    async with shown_card(sandbox, run_adapter, transport) as (user, message):
        started = time.monotonic()
        click = await sandbox.click(user, message, {"action": "approve"})
        took = time.monotonic() - started
    assert click.error is None
    assert click.toast == {"type": "success", "content": "Approved"}
    assert text_of(message) == "Done"
    assert click.uses == 0, "no delayed update"
    assert click.delivery.transport == transport
    saw(f"fast, by {transport}: toast and card after {took * 1000:.0f} ms, {click.uses} delayed updates")


@pytest.mark.parametrize(
    ("answer", "toast", "text"),
    [
        ("Noted", {"type": "info", "content": "Noted"}, "Deploy?"),
        (Toast("Wrong", "error"), {"type": "error", "content": "Wrong"}, "Deploy?"),
        (DONE, None, "Done"),
        (DONE.to_dict(), None, "Done"),
        ({"toast": {"type": "info", "content": "raw"}}, {"type": "info", "content": "raw"}, "Deploy?"),
        (None, None, "Deploy?"),
    ],
)
async def test_a_handler_answers_by_what_it_returns(sandbox, run_adapter, matchers, card_sender, answer, toast, text):
    approve = on_card_action("approve")
    matchers(approve)

    @approve.handle()
    def _(event: CardActionEvent):
        assert event.action_value == {"action": "approve"}
        return answer

    async with shown_card(sandbox, run_adapter, "websocket") as (user, message):
        click = await sandbox.click(user, message, {"action": "approve"})
    assert (click.error, click.toast, text_of(message)) == (None, toast, text)


def test_the_deadline_leaves_half_a_second_for_the_way():
    assert DEADLINE <= ACK_TIMEOUT - 0.5


@pytest.mark.parametrize("transport", ["websocket", "webhook"])
async def test_a_slow_handler_still_changes_the_card(
    sandbox, run_adapter, matchers, card_sender, transport, monkeypatch
):
    """An empty answer goes out while the handler is still at work, the card by the delayed update."""
    monkeypatch.setattr("nonebot_adapter_feishu_ws.event.callback.DEADLINE", 0.5)
    answered = asyncio.Event()
    approve = on_card_action("approve")
    matchers(approve)

    @approve.handle()
    async def _():
        await answered.wait()
        return DONE

    async with shown_card(sandbox, run_adapter, transport) as (user, message):
        click = await sandbox.click(user, message, {"action": "approve"})
        assert (click.error, click.toast, click.card, text_of(message)) == (None, None, None, "Deploy?")
        answered.set()
        await wait_until(lambda: text_of(message) == "Done")
    assert (click.uses, click.delivery.attempts) == (1, 1), "one response and one update"


@pytest.mark.fault(35)
async def test_a_handler_of_five_seconds(sandbox, run_adapter, matchers, card_sender, saw, monkeypatch):
    """In real time, with the real deadline."""
    monkeypatch.setattr(callback, "DEADLINE", DEADLINE)
    approve = on_card_action("approve")
    matchers(approve)

    @approve.handle()
    async def _():
        await asyncio.sleep(5)
        return DONE

    async with shown_card(sandbox, run_adapter, "websocket") as (user, message):
        started = time.monotonic()
        click = await sandbox.click(user, message, {"action": "approve"})
        took = time.monotonic() - started
        await wait_until(lambda: text_of(message) == "Done")
        shown = time.monotonic() - started
    assert (click.error, click.toast, click.card, click.uses) == (None, None, None, 1)
    assert click.delivery.attempts == 1
    saw(f"slow (5 s): empty answer after {took:.1f} s, {click.uses} delayed update shows the card after {shown:.1f} s")


async def test_a_late_toast_is_dropped_and_told(sandbox, run_adapter, matchers, card_sender, monkeypatch, logs):
    monkeypatch.setattr("nonebot_adapter_feishu_ws.event.callback.DEADLINE", 0.1)
    seen = []
    answered = asyncio.Event()
    approve = on_card_action("approve")
    matchers(approve)

    @approve.handle()
    async def _(bot: Bot, event: CardActionEvent):
        await answered.wait()
        seen.append(await bot.respond(event, toast="too late"))

    async with shown_card(sandbox, run_adapter, "websocket") as (user, message):
        click = await sandbox.click(user, message, {"action": "approve"})
        answered.set()
        await wait_until(lambda: seen)
    assert (click.error, click.toast, seen) == (None, None, [False])
    assert any("comes too late" in line for line in logs)


async def test_a_second_card_comes_by_the_delayed_update(sandbox, run_adapter, matchers, card_sender):
    approve = on_card_action("approve")
    matchers(approve)

    @approve.handle()
    async def _(bot: Bot, event: CardActionEvent):
        await bot.respond(event, toast="working", card=Card([Markdown("Working")]))
        await bot.respond(event, card=DONE)

    async with shown_card(sandbox, run_adapter, "websocket") as (user, message):
        click = await sandbox.click(user, message, {"action": "approve"})
        assert click.toast is not None
        assert "Working" in json.dumps(click.card)
        await wait_until(lambda: text_of(message) == "Done")
    assert click.uses == 1


@pytest.mark.fault(35)
@pytest.mark.parametrize("kind", ["none", "raising", "other action", "wrong card"])
async def test_a_click_that_nobody_answers_is_answered_empty_at_once(
    sandbox, run_adapter, matchers, card_sender, kind, saw
):
    if kind != "none":
        matcher = on_card_action("other" if kind == "other action" else "approve")
        matchers(matcher)

        @matcher.handle()
        async def _():
            if kind == "wrong card":
                return Card([Button("no value")])
            raise RuntimeError("a plugin's mistake")

    async with shown_card(sandbox, run_adapter, "websocket") as (user, message):
        started = time.monotonic()
        click = await sandbox.click(user, message, {"action": "approve"})
        took = time.monotonic() - started
    assert (click.error, click.toast, click.card) == (None, None, None)
    assert text_of(message) == "Deploy?"
    saw(f"{kind if kind != 'none' else 'no handler'}: empty answer after {took * 1000:.0f} ms")


@pytest.mark.fault(35)
async def test_a_blocked_loop_does_not_delay_the_answer(run_adapter, matchers, card_sender, saw, monkeypatch):
    """The deadline runs on the network loop. In real time."""
    monkeypatch.setattr(callback, "DEADLINE", DEADLINE)
    clicks: list[asyncio.Future[tuple[Click, float]]] = []
    blocked: list[float] = []
    blocker = on_message(priority=1, block=False)
    matchers(blocker)
    approve = on_card_action("approve")
    matchers(approve)

    @approve.handle()
    async def _():
        return DONE

    async with far_sandbox() as far, run_adapter(feishu_api_base=far.url):
        [(user, chat)] = far.people(1)

        @blocker.handle()
        async def _(event: Event):
            if event.get_plaintext() != "block":
                return
            # The click begins when the loop is certainly about to be blocked, and cannot be served by it.
            answered = threading.Event()
            clicks.append(far.call(_timed_click(far.sandbox, user, message, answered)))
            started = time.monotonic()
            # What plugins do; as long as it takes, so that a slow machine proves the same.
            assert answered.wait(60), "the answer waited for the loop"
            blocked.append(time.monotonic() - started)

        await far.call(far.sandbox.say(user, chat, "card"))
        [message] = await far.call(far.sandbox.wait_message(chat))
        await far.call(far.sandbox.say(user, chat, "block"))
        await wait_until(lambda: blocked)
        click, took = await clicks[0]
        assert (click.error, click.toast) == (None, None)
        await wait_until(lambda: text_of(message) == "Done")
    late = f"{click.uses} delayed update shows the card"
    saw(f"loop blocked for {blocked[0]:.1f} s: empty answer after {took:.1f} s, {late}")


async def _timed_click(sandbox, user, message, answered: threading.Event) -> tuple[Click, float]:
    started = time.monotonic()
    try:
        click = await sandbox.click(user, message, {"action": "approve"})
        return click, time.monotonic() - started
    finally:
        answered.set()


async def test_the_rule_alone_works_with_on_notice(sandbox, run_adapter, matchers, card_sender):
    matcher = on_notice(rule=card_action("submit"))
    matchers(matcher)
    seen = []

    @matcher.handle()
    async def _(bot: Bot, event: CardActionEvent):
        seen.append(event.form_value)
        await bot.respond(event, "got it")

    async with shown_card(sandbox, run_adapter, "websocket") as (user, message):
        click = await sandbox.click(user, message, name="submit", form_value={"reason": "because"})
        other = await sandbox.click(user, message, {"action": "else"})
    assert click.toast == {"type": "info", "content": "got it"}
    assert other.toast is None
    assert seen == [{"reason": "because"}]


async def test_a_link_preview_is_answered(sandbox, run_adapter, matchers):
    matcher = on_notice()
    matchers(matcher)

    @matcher.handle()
    async def _(bot: Bot, event: Event):
        await bot.respond(event, {"inline": {"i18n_title": {"zh_cn": "标题"}}})

    async with run_adapter():
        delivery = await sandbox.push(APP, "url.preview.get", {"context": {"url": "https://example.com"}})
        await delivery.wait()
    assert delivery.answer == {"inline": {"i18n_title": {"zh_cn": "标题"}}}


async def test_string_annotations_of_a_handler_are_resolved_where_it_was_written(tmp_path, monkeypatch):
    """A plugin with ``from __future__ import annotations``: the wrapper must not look names up in its own module."""
    (tmp_path / "a_plugin_with_future.py").write_text(
        "from __future__ import annotations\n"
        "from nonebot_adapter_feishu_ws import CardActionEvent as Clicked, on_card_action\n"
        "matcher = on_card_action('x')\n"
        "@matcher.handle()\n"
        "async def _(event: Clicked):\n    return 'ok'\n"
    )
    monkeypatch.syspath_prepend(str(tmp_path))
    import a_plugin_with_future  # pyright: ignore[reportMissingImports]

    [handler] = a_plugin_with_future.matcher.handlers
    assert [param.annotation for param in handler.params] == [CardActionEvent]
    a_plugin_with_future.matcher.destroy()
