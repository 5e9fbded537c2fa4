"""The log: one event can be followed through it, and text from outside stands in it as it came."""

import json
from typing import Any

import pytest
from nonebot import on, on_message
from nonebot.log import logger

from nonebot_adapter_feishu_ws import Event, MessageEvent
from nonebot_adapter_feishu_ws.event.envelope import Envelope
from tests.conftest import APP, wait_until

HOSTILE = ["</b>\\<red>{x}", "<red>", "</>", "\\<le>", "<b><red></b>", "\\\\<lvl>", "<fg red>%s{0}", "{", "}}{bot}"]


@pytest.fixture
def records() -> Any:
    """What a sink gets."""
    found: list[Any] = []
    sink = logger.add(lambda message: found.append(message.record), level="DEBUG")
    yield found
    logger.remove(sink)


async def test_each_line_of_an_event_names_its_bot_and_ids(sandbox, run_adapter, matchers, records):
    echo = on_message()
    matchers(echo)

    @echo.handle()
    async def _(event: MessageEvent):
        logger.info("a line of the plugin")
        await echo.finish("hi")

    user = sandbox.add_user("Li Lei")
    chat = sandbox.p2p(user, APP)
    async with run_adapter():
        message = await sandbox.say(user, chat, "hello")
        await sandbox.wait_message(chat)
    of_event = [record for record in records if record["extra"].get("message_id") == message.message_id]
    assert {record["extra"]["bot"] for record in of_event} == {APP}
    assert len({record["extra"]["event_id"] for record in of_event}) == 1
    texts = [record["message"] for record in of_event]
    assert "a line of the plugin" in texts
    assert any("Event will be handled by Matcher" in text for text in texts), "NoneBot's own lines carry them, too"


async def test_each_line_about_a_refused_call_has_its_bot_and_log_id(sandbox, run_adapter, records):
    """Feishu's support asks for the ``log_id``; most lines had it in their text alone."""
    sandbox.world.apps[APP].has_bot = False
    async with run_adapter():
        await wait_until(lambda: [it for it in records if "bot/v3/info failed" in it["message"]])
    [line] = [it for it in records if "bot/v3/info failed" in it["message"]]
    assert line["extra"]["bot"] == APP
    assert line["extra"]["log_id"] in line["message"] != ""


@pytest.mark.parametrize("hostile", HOSTILE)
async def test_hostile_text_in_an_event_loses_nothing_and_stays_literal(run_adapter, matchers, records, hostile):
    seen: list[Event] = []
    anything = on("")
    matchers(anything)

    @anything.handle()
    async def _(event: Event):
        seen.append(event)

    header = {"event_id": f"e-{hostile}", "event_type": f"unknown.{hostile}", "app_id": APP}
    payload = json.dumps({"schema": "2.0", "header": header, "event": [hostile]}).encode()
    envelope = Envelope(bot_id=APP, payload=payload, transport="websocket", trace_id=hostile)
    async with run_adapter() as adapter:
        for _ in range(2):  # the second one is dropped, and logged as a duplicate
            receipt = await adapter._network.call(adapter._receiver.receive(envelope))
            assert receipt.code == 200
        broken = Envelope(bot_id=APP, payload=b"no JSON", transport="websocket", trace_id=hostile)
        await adapter._network.call(adapter._receiver.receive(broken))
        await wait_until(lambda: seen)
    texts = [record["message"] for record in records]
    for start in ("Feishu | No event model fits", "Feishu | Bot", f"Feishu | Bot {APP}, websocket: a payload"):
        assert any(text.startswith(start) and hostile in text for text in texts), start
    assert len(seen) == 1
