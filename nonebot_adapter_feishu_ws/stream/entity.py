"""One card entity of CardKit while text is streamed into it (流式更新卡片)."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Final
from uuid import uuid4

from ..api import ApiCaller
from ..exception import ActionFailed
from .pacing import Pace
from .retry import Sleep, persistent

ELEMENT_ID: Final = "answer"
CLOSED: Final = frozenset({300309, 200850, 200510})
"""The streaming mode is off: switched off, or by itself 10 minutes after it was switched on."""
OUT_OF_ORDER: Final = frozenset({300317, 200770})
"""A lost answer: Feishu has already seen this sequence or uuid."""
_OVERTAKES: Final = 3
REOPEN_AFTER: Final = 540.0
"""Seconds after which the streaming mode is switched on again, before it ends by itself after 600."""


def streaming_card(text: str, *, title: str = "", streaming: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """A card of JSON 2.0 whose only element takes the text.

    Args:
        text: Markdown.
        title: its header's title, or empty.
        streaming: ``streaming_config`` of the document: ``print_frequency_ms``, ``print_step``, ``print_strategy``.
    """
    config: dict[str, Any] = {"streaming_mode": True, "update_multi": True}
    if streaming:
        config["streaming_config"] = dict(streaming)
    card: dict[str, Any] = {"schema": "2.0", "config": config}
    if title:
        card["header"] = {"title": {"tag": "plain_text", "content": title}}
    card["body"] = {"elements": [{"tag": "markdown", "content": text, "element_id": ELEMENT_ID}]}
    return card


def dump(value: object) -> str:
    """Compact JSON, as its bytes count for Feishu's limits."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


class Entity:
    """A card entity: its id, its sequence and its pace."""

    def __init__(
        self, bot: ApiCaller, card: dict[str, Any], pace: Pace, clock: Callable[[], float], sleep: Sleep
    ) -> None:
        self._bot = bot
        self._card = card
        self._pace = pace
        self._clock = clock
        self._sleep = sleep
        self._sequence = 0
        self._opened_at = 0.0
        self.card_id: str = ""

    async def create(self) -> str:
        """Make the entity (创建卡片实体); returns its id."""
        data = dump(self._card)

        async def create() -> Any:
            return await self._bot.call_api("card.create", data=data, _deadline=0)

        answer = await persistent(create, self._sleep)
        self._opened_at = self._clock()
        self._pace.spend()
        self.card_id = str(answer["data"]["card_id"])
        return self.card_id

    async def write(self, text: str) -> None:
        """Set the whole text (流式更新文本); reopens the streaming mode when it has ended or is about to."""
        if self._clock() - self._opened_at >= REOPEN_AFTER:
            await self._reopen()
        try:
            await self._write(text)
        except ActionFailed as error:
            if error.code not in CLOSED:
                raise
            await self._reopen()
            await self._write(text)

    async def _write(self, text: str) -> None:
        await self._operate("card.stream_content", element_id=ELEMENT_ID, content=text)

    async def _reopen(self) -> None:
        await self._settings({"streaming_mode": True})
        self._opened_at = self._clock()

    async def settle(self, summary: str) -> None:
        """End the streaming mode (更新卡片配置); ``summary`` is what the list of chats shows."""
        await self._settings({"streaming_mode": False, "summary": {"content": summary}})

    async def _settings(self, config: Mapping[str, Any]) -> None:
        await self._operate("card.update_settings", settings=dump({"config": config}))

    async def replace(self, text: str, summary: str) -> None:
        """Replace the whole card by a finished one (全量更新卡片实体), which needs no streaming mode."""
        body = self._card["body"]["elements"][0] | {"content": text}
        config = {"streaming_mode": False, "update_multi": True, "summary": {"content": summary}}
        card = {**self._card, "config": config, "body": {"elements": [body]}}
        await self._operate("card.update", data=dump(card))

    async def _operate(self, method: str, **arguments: str) -> None:
        """One operation. Each try has a sequence and uuid of its own: the text is always whole, so twice is no harm."""

        async def operate() -> None:
            if (delay := self._pace.delay()) > 0:
                await self._sleep(delay)
            self._pace.spend()
            self._sequence += 1
            numbered: dict[str, Any] = {"sequence": self._sequence, "uuid": uuid4().hex, **arguments}
            await self._bot.call_api(method, card_id=self.card_id, **numbered, _deadline=0)

        await persistent(lambda: self._in_order(operate), self._sleep)

    async def _in_order(self, operate: Callable[[], Awaitable[None]]) -> None:
        for _ in range(_OVERTAKES):
            try:
                return await operate()
            except ActionFailed as error:
                # The HTTP client repeats a request whose connection broke, with the same sequence and uuid.
                if error.code not in OUT_OF_ORDER:
                    raise
                self._sequence += 100
        return await operate()
