"""An event as a test for the pytest fixture: one pure function."""

import json
import re
from typing import Any

from ...net.bounded_json import as_object


def as_test(event: dict[str, Any], sender: str, chat: str, answers: list[str]) -> str:
    """Python source of a test that does again what led to an event.

    Args:
        event: the whole event, with its header.
        sender: the name of the person who did it.
        chat: the group's name; empty for a private chat.
        answers: the texts that the bot answered with.
    """
    message = as_object(as_object(event.get("event")).get("message"))
    kind = str(as_object(event.get("header")).get("event_type"))
    opened = f"feishu_sandbox.group_chat({chat!r}, {sender!r})" if chat else f"feishu_sandbox.private_chat({sender!r})"
    lines = [f"async def test_{_name(message, kind)}(feishu_sandbox):", f"    chat = {opened}"]
    if message.get("message_type") == "text":
        text = str(as_object(json.loads(message["content"])).get("text"))
        for each in message.get("mentions", []):
            text = text.replace(each["key"], f"@{each['name']}")
        lines.append(f"    await chat.say({text!r})")
    else:
        lines.append(f"    await chat.push({kind!r}, {event.get('event')!r})")
    for answer in answers:
        lines += ["    reply = await chat.reply()", f"    assert reply.text == {answer!r}"]
    return "\n".join(lines) + "\n"


def _name(message: dict[str, Any], kind: str) -> str:
    text = str(message.get("content", "")) if message.get("message_type") == "text" else kind
    words = re.findall(r"[a-z0-9]+", text.lower().replace('{"text": ', ""))
    return "_".join(words[:4]) or "message"
