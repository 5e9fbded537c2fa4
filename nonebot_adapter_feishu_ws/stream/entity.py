"""A card entity of CardKit that text is streamed into (流式更新卡片)."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final
from uuid import uuid4

from ..exception import ActionFailed
from ..net.waiting import Sleep
from ..sending.rest_bot import RestBot
from .layout import Element, actions, setting, texts
from .pacing import Pace
from .retry import retry

CLOSED: Final = frozenset({300309, 200850, 200510})
"""The streaming mode is off: switched off, or ended by itself 10 minutes after it was switched on."""
OUT_OF_ORDER: Final = frozenset({300317, 200770})
"""Feishu has already seen this sequence number or uuid: the answer to an earlier attempt was lost."""
MISPLACED: Final = frozenset({300301, 300313, 300314, 300315})
"""The card does not look as it should: somebody else has changed it."""
_SKIPS: Final = 3
REOPEN_AFTER: Final = 540.0
"""Seconds after which the streaming mode is switched on again, before it ends by itself after 600."""


def streaming_card(
    elements: Sequence[Element], *, title: str = "", streaming: Mapping[str, Any] | None = None
) -> dict[str, Any]:
    """A card (JSON 2.0) in streaming mode.

    Args:
        elements: what it shows.
        title: its header's title, or empty.
        streaming: ``streaming_config``: ``print_frequency_ms``, ``print_step``, ``print_strategy``.
    """
    config: dict[str, Any] = {"streaming_mode": True, "update_multi": True}
    if streaming:
        config["streaming_config"] = dict(streaming)
    card: dict[str, Any] = {"schema": "2.0", "config": config}
    if title:
        card["header"] = {"title": {"tag": "plain_text", "content": title}}
    card["body"] = {"elements": list(elements)}
    return card


def dump(value: object) -> str:
    """Compact JSON, whose bytes count towards Feishu's limits."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


@dataclass(eq=False, repr=False)
class Entity:
    """A card entity: its id, its sequence numbers, its operations.

    Attributes:
        bot: the bot whose card it is.
        clock: monotonic seconds.
        sleep: as :func:`asyncio.sleep`.
        pace: of its operations.
        card: what it begins with.
        sequence: the last sequence number that was used.
        card_id: its id, once it has one.
    """

    bot: RestBot
    clock: Callable[[], float]
    sleep: Sleep
    pace: Pace
    card: dict[str, Any] = field(default_factory=dict[str, Any])
    sequence: int = 0
    card_id: str = ""
    _opened_at: float = 0.0

    def __post_init__(self) -> None:
        self._elements: Sequence[Element] = self.card.get("body", {}).get("elements", ())

    async def create(self) -> None:
        """Create the entity (创建卡片实体)."""
        data = dump(self.card)

        async def create() -> Any:
            return await self.bot.call_api("card.create", data=data, _deadline=0)

        answer = await retry(create, self.sleep)
        self._opened_at = self.clock()
        self.pace.spend()
        self.card_id = str(answer["data"]["card_id"])

    async def renew(self, card_id: str, card: dict[str, Any] | None = None) -> None:
        """Begin anew with an entity that exists, however it looks (全量更新卡片实体).

        Args:
            card_id: the entity.
            card: what it begins with now.
        """
        self.card_id, self.card = card_id, card or self.card
        await self.operate("card.update", data=dump(self.card))
        self._elements = self.card["body"]["elements"]
        self._opened_at = self.clock()

    async def draw(self, elements: Sequence[Element]) -> None:
        """Show other elements; switches the streaming mode on again when it has ended or is about to."""
        if elements == self._elements:
            return
        if self.clock() - self._opened_at >= REOPEN_AFTER:
            await self._reopen()
        try:
            await self._draw(elements)
        except ActionFailed as error:
            if error.code not in CLOSED:
                raise
            await self._reopen()
            await self._draw(elements)

    async def _draw(self, elements: Sequence[Element]) -> None:
        await self._type(elements)
        if changes := actions(self._elements, elements):
            await self.operate("card.batch_update", actions=dump(changes))
        self._elements = elements

    async def _type(self, elements: Sequence[Element]) -> None:
        """Type what was appended to texts that are there already (流式更新文本)."""
        shown = texts(self._elements)
        for element_id, text in texts(elements).items():
            if shown.get(element_id, text) != text:
                await self.operate("card.stream_content", element_id=element_id, content=text)

    async def _reopen(self) -> None:
        await self._set_config({"streaming_mode": True})
        self._opened_at = self.clock()

    async def finish(self, elements: Sequence[Element], summary: str) -> None:
        """Show the last elements and end the streaming mode (局部更新卡片实体).

        Args:
            elements: what stays.
            summary: what the list of chats shows.
        """
        config = {"streaming_mode": False, "summary": {"content": summary}}
        if changes := actions(self._elements, elements):
            await self.operate("card.batch_update", actions=dump([*changes, setting(config)]))
        else:
            await self._set_config(config)
        self._elements = elements

    async def _set_config(self, config: Mapping[str, Any]) -> None:
        await self.operate("card.update_settings", settings=dump({"config": config}))

    async def replace(self, elements: Sequence[Element], summary: str) -> None:
        """Replace the card by a finished one (全量更新卡片实体), which does not require the streaming mode."""
        config = {"streaming_mode": False, "update_multi": True, "summary": {"content": summary}}
        card = {**self.card, "config": config, "body": {"elements": list(elements)}}
        await self.operate("card.update", data=dump(card))

    async def operate(self, method: str, **arguments: str) -> None:
        """Carry out one operation, each attempt with a new sequence number and uuid: each text is whole."""

        async def attempt() -> None:
            if (delay := self.pace.delay()) > 0:
                await self.sleep(delay)
            self.pace.spend()
            self.sequence += 1
            numbered: dict[str, Any] = {"sequence": self.sequence, "uuid": uuid4().hex, **arguments}
            await self.bot.call_api(method, card_id=self.card_id, **numbered, _deadline=0)

        async def in_order() -> None:
            for skips_left in reversed(range(_SKIPS + 1)):
                try:
                    return await attempt()
                except ActionFailed as error:
                    # The HTTP client repeats a request whose connection broke, with the same sequence and uuid.
                    if error.code not in OUT_OF_ORDER or not skips_left:
                        raise
                    self.sequence += 100

        await retry(in_order, self.sleep)
