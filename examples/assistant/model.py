"""Stands for your model: answers by a few rules, in pieces, without a network. Put yours in its place."""

import asyncio
import base64
import struct
from collections.abc import AsyncIterator
from typing import Any, NamedTuple

PAUSE = 0.03  # seconds between two pieces


class Thought(str):
    """A piece of the model's reasoning."""


class Call(NamedTuple):
    """A tool that the model wants to use."""

    name: str
    args: dict[str, str]


async def complete(messages: list[dict[str, Any]]) -> AsyncIterator[str | Thought | Call]:
    """Answer the last message; they have the form of OpenAI's chat completions."""
    parts = messages[-1]["content"]
    text = "\n".join(part["text"] for part in parts if part["type"] == "text")
    images = [part["image_url"]["url"] for part in parts if part["type"] == "image_url"]
    if messages[-1]["role"] == "tool":
        answer = f"**{text}**"
    elif "publish" in text or "发布" in text:
        yield Thought("This changes something, so a person has to approve. 这会产生影响，需要有人同意。")
        yield Call("publish", {"version": text.split()[-1]})
        return
    elif "time" in text or "几点" in text:
        yield Call("clock", {})
        return
    elif "story" in text or "故事" in text:
        answer = "Once upon a time there was a bot. 从前有个机器人。 " * 200
    elif images:
        size = struct.unpack(">II", base64.b64decode(images[-1].partition(",")[2])[16:24])  # of a PNG
        answer = "{} × {}".format(*size)
    else:
        answer = f"{sum(each['role'] == 'user' for each in messages)}: {text}"
    for at in range(0, len(answer), 8):
        yield answer[at : at + 8]
        await asyncio.sleep(PAUSE)
