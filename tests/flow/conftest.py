"""What the stories share: a bot that answers everything."""

from typing import Any

import pytest
from nonebot import on_message

from nonebot_adapter_feishu_ws import Event


@pytest.fixture
def heard(matchers: Any) -> list[str]:
    """The plain texts of all messages that reach a handler, each answered."""
    texts: list[str] = []
    matcher = on_message(block=True, priority=50)
    matchers(matcher)

    @matcher.handle()
    async def _(event: Event):
        texts.append(event.get_plaintext())
        await matcher.send(f"heard {len(texts)}")

    return texts
