"""A card entity of CardKit that text is streamed into (流式更新卡片)."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final
from uuid import uuid4

from ..exception import ActionFailed
from .context import StreamContext
from .pacing import Pace
from .retry import retry

ELEMENT_ID: Final = "answer"
CLOSED: Final = frozenset({300309, 200850, 200510})
"""The streaming mode is off: switched off, or ended by itself 10 minutes after it was switched on."""
OUT_OF_ORDER: Final = frozenset({300317, 200770})
"""Feishu has already seen this sequence number or uuid: the answer to an earlier attempt was lost."""
_SKIPS: Final = 3
REOPEN_AFTER: Final = 540.0
"""Seconds after which the streaming mode is switched on again, before it ends by itself after 600."""


def streaming_card(text: str, *, title: str = "", streaming: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """A card (JSON 2.0) with a single Markdown element.

    Args:
        text: Markdown.
        title: its header's title, or empty.
        streaming: ``streaming_config``: ``print_frequency_ms``, ``print_step``, ``print_strategy``.
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
    """Compact JSON, whose bytes count towards Feishu's limits."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


@dataclass(eq=False, repr=False)
class Entity:
    """A card entity: its id, its sequence numbers, its operations. ``card`` is the one it begins with."""

    context: StreamContext
    card: dict[str, Any]
    pace: Pace
    _sequence: int = 0
    _opened_at: float = 0.0
    card_id: str = ""

    async def create(self) -> None:
        """Create the entity (创建卡片实体)."""
        data = dump(self.card)

        async def create() -> Any:
            return await self.context.bot.call_api("card.create", data=data, _deadline=0)

        answer = await retry(create, self.context.sleep)
        self._opened_at = self.context.clock()
        self.pace.spend()
        self.card_id = str(answer["data"]["card_id"])

    async def write(self, text: str) -> None:
        """Set the whole text (流式更新文本); switches the streaming mode on again when it has ended or is about to."""
        if self.context.clock() - self._opened_at >= REOPEN_AFTER:
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
        await self._set_config({"streaming_mode": True})
        self._opened_at = self.context.clock()

    async def finish(self, summary: str) -> None:
        """End the streaming mode (更新卡片配置).

        Args:
            summary: what the list of chats shows.
        """
        await self._set_config({"streaming_mode": False, "summary": {"content": summary}})

    async def _set_config(self, config: Mapping[str, Any]) -> None:
        await self._operate("card.update_settings", settings=dump({"config": config}))

    async def replace(self, text: str, summary: str) -> None:
        """Replace the card by a finished one (全量更新卡片实体), which does not require the streaming mode."""
        body = self.card["body"]["elements"][0] | {"content": text}
        config = {"streaming_mode": False, "update_multi": True, "summary": {"content": summary}}
        await self._operate("card.update", data=dump({**self.card, "config": config, "body": {"elements": [body]}}))

    async def _operate(self, method: str, **arguments: str) -> None:
        """Carry out one operation, each attempt with a new sequence number and uuid: each text is whole."""

        async def attempt() -> None:
            if (delay := self.pace.delay()) > 0:
                await self.context.sleep(delay)
            self.pace.spend()
            self._sequence += 1
            numbered: dict[str, Any] = {"sequence": self._sequence, "uuid": uuid4().hex, **arguments}
            await self.context.bot.call_api(method, card_id=self.card_id, **numbered, _deadline=0)

        async def in_order() -> None:
            for skips_left in reversed(range(_SKIPS + 1)):
                try:
                    return await attempt()
                except ActionFailed as error:
                    # The HTTP client repeats a request whose connection broke, with the same sequence and uuid.
                    if error.code not in OUT_OF_ORDER or not skips_left:
                        raise
                    self._sequence += 100

        await retry(in_order, self.context.sleep)
