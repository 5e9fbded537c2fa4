"""A live card: one that any task changes while it stands in a chat (卡片实体)."""

import asyncio
import time
from collections.abc import Callable, Mapping
from typing import Any, Final
from uuid import uuid4

from ..card import Card, CardEntity, Component, RawCard, Template
from ..card.base import plain
from ..card.check import check_raw
from ..exception import ActionFailed
from ..net.bounded_json import as_object, as_text
from ..net.waiting import Sleep
from ..sending.legacy_methods import LegacyMethods
from ..sending.route import Route
from ..stream.entity import Entity, dump
from ..stream.pacing import Pace

MAX_PACE: Final = 10.0
"""Changes per second that Feishu permits on one card."""
_UNKNOWN_CARD: Final = 230099
LiveContent = Card | RawCard | Mapping[str, Any]
"""A card of JSON 2.0: an object or JSON."""


class LiveCard:
    """A card that any task may change; :meth:`.DialogMethods.send_live` sends it.

    It knows the card's id and counts its changes. Several tasks may change it at once: their changes go out one after
    the other, at most ten a second, and each call returns when Feishu has made its change. Components are changed by
    their ``element_id``. Feishu's limits: 30 KB and 200 components, for 14 days, in JSON 2.0.

    Attributes:
        card_id: the card entity.
        message_id: the message that shows it; empty when it was not sent since the question was recalled.
    """

    def __init__(self, entity: Entity, message_id: str) -> None:
        self.card_id: str = entity.card_id
        self.message_id: str = message_id
        self._entity = entity
        self._lock = asyncio.Lock()

    async def update(self, element_id: str, change: str | Component | Mapping[str, Any]) -> None:
        """Change a component.

        Args:
            element_id: the component's.
            change: the new ``content`` of a Markdown or plain text (更新组件属性); other properties as a mapping; or a
                component that takes its place (更新组件).

        Raises:
            ActionFailed: Feishu refused: 300313 there is no such component, 200860 the card grows too large.
            NetworkError: the network was down for too long.
        """
        if isinstance(change, Component):
            element = {**change.to_dict(), "element_id": element_id}
            return await self._change("card.update_element", element_id=element_id, element=dump(element))
        properties = {"content": change} if isinstance(change, str) else plain(change)
        return await self._change("card.patch_element", element_id=element_id, partial_element=dump(properties))

    async def add(self, *components: Component, after: str = "", before: str = "") -> None:
        """Add components (新增组件), at the end when no place is given.

        Args:
            components: what is added, in order.
            after: the ``element_id`` of the component before them.
            before: the ``element_id`` of the component behind them.

        Raises:
            ValueError: both places are given.
            ActionFailed: Feishu refused: 300315 there is no such place, 300301 an ``element_id`` is taken already.
            NetworkError: the network was down for too long.
        """
        if after and before:
            raise ValueError("give after= or before=, not both")
        place = {"type": "insert_after" if after else "insert_before", "target_element_id": after or before}
        elements = dump([component.to_dict() for component in components])
        await self._change("card.create_elements", elements=elements, **(place if after or before else {}))

    async def remove(self, element_id: str) -> None:
        """Remove a component (删除组件).

        Raises:
            ActionFailed: Feishu refused: 300314 there is no such component.
            NetworkError: the network was down for too long.
        """
        await self._change("card.delete_element", element_id=element_id)

    async def replace(self, card: LiveContent) -> None:
        """Replace the whole card (全量更新卡片实体).

        Raises:
            ValueError: the card breaks Feishu's limits, or is not of JSON 2.0.
            ActionFailed: Feishu refused.
            NetworkError: the network was down for too long.
        """
        await self._change("card.update", data=dump(card_json(card)))

    async def _change(self, method: str, **arguments: str) -> None:
        async with self._lock:
            await self._entity.operate(method, **arguments)


async def send_live(
    bot: LegacyMethods,
    route: Route,
    card: LiveContent,
    *,
    clock: Callable[[], float] = time.monotonic,
    sleep: Sleep = asyncio.sleep,
) -> LiveCard:
    """Create a card entity and send it; see :meth:`.DialogMethods.send_live`."""
    json = card_json(card)
    try:
        return await _send(bot, route, Entity(bot, clock, sleep, Pace(1 / MAX_PACE, clock), json))
    except ActionFailed as error:
        # Now and then Feishu doesn't know a card yet that it has just created: "cardid is invalid".
        if error.code != _UNKNOWN_CARD:
            raise
        return await _send(bot, route, Entity(bot, clock, sleep, Pace(1 / MAX_PACE, clock), json))


async def _send(bot: LegacyMethods, route: Route, entity: Entity) -> LiveCard:
    await entity.create()
    content = dump({"type": "card", "data": {"card_id": entity.card_id}})
    # Not the event's own key: a replayed handler has a new entity, which must become visible.
    sent = await route.send(bot, content, "interactive", uuid4().hex)
    return LiveCard(entity, as_text(as_object(sent).get("message_id")))


def card_json(card: LiveContent) -> dict[str, Any]:
    """The JSON of a card, checked.

    Raises:
        ValueError: it breaks Feishu's limits, or is not of JSON 2.0.
    """
    if isinstance(card, (Template, CardEntity)):
        raise ValueError(f"a {type(card).__name__} has no components here: give a Card, or a card's JSON")
    if isinstance(card, Card):
        return card.validate().to_dict()
    fields: dict[str, Any] = card.to_dict() if isinstance(card, RawCard) else plain(card)
    check_raw(fields)
    if fields.get("schema") != "2.0":
        raise ValueError('this takes cards of JSON 2.0 alone ("schema": "2.0"): build it with Card')
    return fields
