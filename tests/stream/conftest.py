"""A bot, an event to answer, and what people see of a stream."""

import asyncio
import json
import re
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from nonebot import on_message

from nonebot_adapter_feishu_ws import MessageEvent
from nonebot_adapter_feishu_ws.api.limiter import Limiter, Rate
from nonebot_adapter_feishu_ws.sandbox.rest.cardkit import shown_content
from tests.conftest import APP

CONTENT = re.compile(r"cardkit/v1/cards/(\d+)/elements/\w+/content$")


class Stage:
    """One bot and one question in a chat, and the answers as people see them."""

    def __init__(self, sandbox, bot, event, chat):
        self.sandbox, self.bot, self.event, self.chat = sandbox, bot, event, chat

    def messages(self) -> list[Any]:
        return [m for m in self.sandbox.world.history(self.chat.chat_id) if m.sender_type == "app"]

    def cards(self) -> list[dict[str, Any]]:
        return [
            json.loads(shown_content(self.sandbox.world, m.content))
            for m in self.messages()
            if m.msg_type == "interactive"
        ]

    def texts(self) -> list[str]:
        """What each answer says, whatever it is."""
        return [text_of(json.loads(shown_content(self.sandbox.world, m.content))) for m in self.messages()]

    def calls(self, part: str) -> list[Any]:
        return [r for r in self.sandbox.requests if part in r.path]

    def scopes(self, *removed: str) -> None:
        app = self.sandbox.world.apps[APP]
        app.scopes = app.scopes - set(removed)


def text_of(content: dict[str, Any]) -> str:
    if "body" in content:
        return content["body"]["elements"][0]["content"]
    return "\n".join(element["text"] for line in content["content"] for element in line)


@pytest.fixture
def stage(sandbox, run_adapter, matchers):
    """``async with stage() as s``: a bot that was asked something."""

    @asynccontextmanager
    async def run(mode: str = "p2p", **say: Any) -> AsyncIterator[Stage]:
        got: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        matcher = on_message(block=True, priority=1)
        matchers(matcher)

        @matcher.handle()
        async def _(event: MessageEvent):
            if not got.done():
                got.set_result(event)

        user = sandbox.add_user("Li Lei")
        chat = sandbox.p2p(user, APP) if mode == "p2p" else sandbox.add_chat("G", mode=mode, members=[user], apps=[APP])
        async with run_adapter() as adapter:
            # These streams run in faster time than Feishu's limit on messages per chat.
            client = adapter._clients.get(adapter.bot_configs[APP])
            client._limiter = Limiter(Rate(1000), time.monotonic, asyncio.sleep)
            await sandbox.say(user, chat, "question", **say)
            event = await asyncio.wait_for(got, 30)
            yield Stage(sandbox, adapter.bots[APP], event, chat)

    return run
