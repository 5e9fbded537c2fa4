"""The examples of the guides run."""

import asyncio
import inspect
import re
from pathlib import Path

import pytest
from nonebot.matcher import Matcher

from nonebot_adapter_feishu_ws import Bot, MessageEvent

DOCS = Path(__file__).parent.parent.parent / "docs"
BLOCK = re.compile(r"^```python\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def run(language: str) -> dict[str, object]:
    page = DOCS / language / "messages.md"
    names: dict[str, object] = {}
    try:
        for block in BLOCK.findall(page.read_text("utf-8")):
            exec(compile(block, str(page), "exec"), names)
    finally:
        for value in names.values():
            if inspect.isclass(value) and issubclass(value, Matcher) and value is not Matcher:
                value.destroy()
    return names


@pytest.mark.parametrize("language", ["en", "zh"])
def test_the_examples_run(language):
    names = run(language)
    assert {"send_back", "summarize", "weather"} <= set(names)


async def test_the_example_handlers_run(sandbox, run_adapter):
    names = run("en")
    user = sandbox.add_user("Li Lei")
    chat = sandbox.p2p(user, "cli_a0b1c2d3e4f56789")
    async with run_adapter() as adapter:
        bot = adapter.bots["cli_a0b1c2d3e4f56789"]
        assert isinstance(bot, Bot)
        said = [await sandbox.say(user, chat, text) for text in ("one", "two")]
        forwarded = await sandbox.forward(user, chat, said)
        event = {"message": {"message_id": forwarded.message_id, "message_type": "merge_forward", "chat_type": "p2p"}}
        event["message"] |= {"chat_id": chat.chat_id, "content": forwarded.content}
        header = {
            "event_id": "e",
            "event_type": "im.message.receive_v1",
            "create_time": "0",
            "token": "",
            "app_id": "a",
        }
        received = adapter.json_to_event({"schema": "2.0", "header": {**header, "tenant_key": "t"}, "event": event})
        assert isinstance(received, MessageEvent)
        await asyncio.wait_for(names["summarize"](bot, received), 30)
        answers = [message for message in sandbox.world.messages.values() if message.sender_type == "app"]
    assert "one" in answers[-1].content
    assert "two" in answers[-1].content
