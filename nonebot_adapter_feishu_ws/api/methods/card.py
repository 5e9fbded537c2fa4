"""``bot.card``: card entities (CardKit), and the update after a click."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal

from ..method import Group, method
from ..models.card import CardId

Json = str | Mapping[str, Any]
JsonList = str | Sequence[Mapping[str, Any]]


class Cards(Group):
    """Card entities (卡片实体). Scope ``cardkit:card:write``; at most 10 changes a second on one card.

    ``sequence`` grows strictly with every change of one card; a smaller one is code 300317. ``uuid`` makes a repeated
    change count once; a random one is sent where none is given.
    """

    group = "card"

    @method("POST", "cardkit/v1/cards", returns=CardId, dumped=["data"])
    async def create(self, data: Json, type: Literal["card_json", "template"] = "card_json") -> CardId:
        """Make a card entity, to be sent as ``{"type": "card", "data": {"card_id": ...}}`` (创建卡片实体).

        Args:
            data: the card in JSON 2.0, or template id and variables.
            type: which of both.

        Scopes (one of): ``cardkit:card:write``.

        Raises:
            ActionFailed: 200220 the card cannot be built, for example with over 200 components.
        """
        ...

    @method("PUT", "cardkit/v1/cards/{card_id}", dumped=["data"], nested={"data": "card", "type": "card"}, uuid=True)
    async def update(
        self,
        card_id: str,
        data: Json,
        sequence: int,
        *,
        type: Literal["card_json"] = "card_json",
        uuid: str | None = None,
    ) -> None:
        """Replace a card entity (全量更新卡片实体).

        Args:
            card_id: the card.
            data: the new card in JSON 2.0.
            sequence: see the class.
            type: what ``data`` is.
            uuid: see the class.

        Scopes (one of): ``cardkit:card:write``.

        Raises:
            ActionFailed: 300317 the sequence does not grow, 200740 there is no such card, 200750 it is older than
                14 days.
        """
        ...

    @method("PATCH", "cardkit/v1/cards/{card_id}/settings", dumped=["settings"], uuid=True)
    async def update_settings(self, card_id: str, settings: Json, sequence: int, *, uuid: str | None = None) -> None:
        """Change a card entity's settings, such as ``streaming_mode`` (更新卡片实体配置).

        Args:
            card_id: the card.
            settings: ``{"config": {...}}``.
            sequence: see the class.
            uuid: see the class.

        Scopes (one of): ``cardkit:card:write``.
        """
        ...

    @method("POST", "cardkit/v1/cards/{card_id}/batch_update", dumped=["actions"], uuid=True)
    async def batch_update(self, card_id: str, actions: JsonList, sequence: int, *, uuid: str | None = None) -> None:
        """Change several parts of a card entity at once (局部更新卡片实体).

        Args:
            card_id: the card.
            actions: ``{"action": ..., "params": {...}}`` each; actions are ``partial_update_setting``,
                ``add_elements``, ``delete_elements``, ``partial_update_element`` and ``update_element``.
            sequence: see the class.
            uuid: see the class.

        Scopes (one of): ``cardkit:card:write``.
        """
        ...

    @method("POST", "cardkit/v1/cards/id_convert", returns=CardId)
    async def convert_id(self, message_id: str) -> CardId:
        """The card entity of a message (转换 ID).

        Args:
            message_id: a card message of the bot.

        Scopes (one of): ``cardkit:card:read``, ``cardkit:card:write``.
        """
        ...

    @method("POST", "cardkit/v1/cards/{card_id}/elements", dumped=["elements"], uuid=True)
    async def create_elements(
        self,
        card_id: str,
        elements: JsonList,
        sequence: int,
        *,
        type: Literal["insert_before", "insert_after", "append"] = "append",
        target_element_id: str | None = None,
        uuid: str | None = None,
    ) -> None:
        """Add components to a card entity (新增组件).

        Args:
            card_id: the card.
            elements: the components.
            sequence: see the class.
            type: where they go: before or after the target, or at the end (of the target, if one is given).
            target_element_id: the target.
            uuid: see the class.

        Scopes (one of): ``cardkit:card:write``.
        """
        ...

    @method("PUT", "cardkit/v1/cards/{card_id}/elements/{element_id}", dumped=["element"], uuid=True)
    async def update_element(
        self, card_id: str, element_id: str, element: Json, sequence: int, *, uuid: str | None = None
    ) -> None:
        """Replace a component (更新组件).

        Args:
            card_id: the card.
            element_id: the component.
            element: the new one.
            sequence: see the class.
            uuid: see the class.

        Scopes (one of): ``cardkit:card:write``.
        """
        ...

    @method("PATCH", "cardkit/v1/cards/{card_id}/elements/{element_id}", dumped=["partial_element"], uuid=True)
    async def patch_element(
        self, card_id: str, element_id: str, partial_element: Json, sequence: int, *, uuid: str | None = None
    ) -> None:
        """Change some properties of a component (更新组件属性).

        Args:
            card_id: the card.
            element_id: the component.
            partial_element: the properties that change; the tag cannot.
            sequence: see the class.
            uuid: see the class.

        Scopes (one of): ``cardkit:card:write``.
        """
        ...

    @method("DELETE", "cardkit/v1/cards/{card_id}/elements/{element_id}", uuid=True)
    async def delete_element(self, card_id: str, element_id: str, sequence: int, *, uuid: str | None = None) -> None:
        """Take a component out of a card entity (删除组件).

        Args:
            card_id: the card.
            element_id: the component.
            sequence: see the class.
            uuid: see the class.

        Scopes (one of): ``cardkit:card:write``.
        """
        ...

    @method("PUT", "cardkit/v1/cards/{card_id}/elements/{element_id}/content", uuid=True)
    async def stream_content(
        self, card_id: str, element_id: str, content: str, sequence: int, *, uuid: str | None = None
    ) -> None:
        """Give a text component its new text, typed out where it continues the old one (流式更新文本).

        Args:
            card_id: the card; its streaming mode must be on.
            element_id: a ``plain_text`` or ``markdown`` component.
            content: the whole text so far.
            sequence: see the class.
            uuid: see the class.

        Scopes (one of): ``cardkit:card:write``.

        Raises:
            ActionFailed: 300309 the streaming mode is off, 300317 the sequence does not grow.
        """
        ...

    @method("POST", "interactive/v1/card/update")
    async def delayed_update(self, token: str, card: Mapping[str, Any]) -> None:
        """Replace a card after a click on it was answered (延时更新消息卡片).

        Args:
            token: of the click's event; good for 30 minutes and two updates.
            card: the new card; with ``open_ids`` where the card is not shared.

        Scopes: none.

        Raises:
            ActionFailed: 300030 the token has expired, 300040 it was used twice, 200810 the click is not answered yet.
        """
        ...
