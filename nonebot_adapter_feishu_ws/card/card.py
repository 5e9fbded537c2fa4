"""The cards that can be sent: built from components, from the card tool, an entity, or plain JSON (发送卡片)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from typing import Any, Self, cast

from typing_extensions import override

from .base import APART, ELEMENTS, Component, Part, part_of, plain, read_part
from .check import check_card, check_raw, check_size
from .containers import Layout
from .head import Config, Header
from .parts import URL, Url

DEEPEST = 100
"""Levels of JSON that are read; Feishu's own limit of nested containers is 5."""


class Sendable:
    """A card in one of the forms that Feishu takes."""

    def to_dict(self) -> dict[str, Any]:
        """Its JSON, as ``content`` of an ``interactive`` message."""
        raise NotImplementedError

    def validate(self) -> Self:
        """Check it against Feishu's limits before it is sent.

        Raises:
            CardError: a ValueError that names every problem with its path and says what to do.
        """
        return self


@dataclass(frozen=True)
class Card(Layout, Sendable):
    """A card of JSON 2.0 (卡片 JSON 2.0 结构). Clients show it from version 7.20.

    Attributes:
        elements: its components, from top to bottom.
        card_link: a link that a click on the card opens.
    """

    elements: Sequence[Component] = field(default=(), metadata=ELEMENTS)
    header: Header | None = field(default=None, kw_only=True, metadata={**APART, **part_of(Header)})
    config: Config | None = field(default=None, kw_only=True, metadata={**APART, **part_of(Config)})
    card_link: str | Url | None = field(default=None, kw_only=True, metadata={**APART, **URL})

    @override
    def to_dict(self) -> dict[str, Any]:
        card: dict[str, Any] = {"schema": "2.0"}
        for spec in fields(self):
            value = getattr(self, spec.name)
            if value is not None and spec.metadata.get("apart"):
                card[spec.name] = spec.metadata["dump"](value)
        return {**card, "body": super().to_dict()}

    @override
    def validate(self) -> Self:
        check_card(self.to_dict())
        return self

    @staticmethod
    def from_dict(card: Mapping[str, Any]) -> Card | Template | CardEntity | RawCard:
        """Read a card: JSON 2.0 into components (what is unknown in it into ``Raw``), other forms as what they are.

        Its ``to_dict()`` gives the same JSON again. Nothing is checked.

        Raises:
            ValueError: it is nested over 100 levels deep.
        """
        _check_depth(card)
        try:
            read = _read_card(card)
        except (TypeError, ValueError, KeyError, AttributeError, AssertionError):
            read = None
        return read if read is not None and read.to_dict() == card else RawCard(card)


def _read_card(card: Mapping[str, Any]) -> Card | Template | CardEntity | None:
    if card.get("schema") == "2.0":
        body = card["body"]
        outer = {
            spec.name: spec.metadata["load"](card[spec.name])
            for spec in fields(Card)
            if spec.metadata.get("apart") and spec.name in card
        }
        return Card(**{**Card.arguments(body), **outer})
    data = card.get("data")
    if card.get("type") == "template":
        return read_part(Template, cast("Mapping[str, Any]", {"type": "template", "data": data}))
    return CardEntity(cast("Mapping[str, Any]", data)["card_id"]) if card.get("type") == "card" else None


def _check_depth(card: Mapping[str, Any]) -> None:
    level: list[Any] = [card]
    for _ in range(DEEPEST):
        level = [
            child
            for item in level
            if isinstance(item, (Mapping, list))
            for child in (cast("Mapping[str, Any]", item).values() if isinstance(item, Mapping) else item)  # pyright: ignore[reportUnknownVariableType]
        ]
        if not level:
            return
    raise ValueError(f"the card is nested over {DEEPEST} levels deep: Feishu shows at most 5 containers in each other")


@dataclass(frozen=True)
class Template(Part, Sendable):
    """A card of the card tool (卡片搭建工具).

    Attributes:
        template_id: such as ``AAqigYkzabcef``.
        variables: values for its variables.
        version: a published version such as ``1.0.0``; without it the latest.
    """

    template_id: str
    variables: Mapping[str, Any] | None = None
    version: str | None = None

    @override
    def to_dict(self) -> dict[str, Any]:
        data: dict[str, Any] = {"template_id": self.template_id}
        if self.version is not None:
            data["template_version_name"] = self.version
        if self.variables is not None:
            data["template_variable"] = plain(self.variables)
        return {"type": "template", "data": data}

    @classmethod
    @override
    def arguments(cls, body: Mapping[str, Any]) -> dict[str, Any]:
        data = body["data"]
        return {
            "template_id": data["template_id"],
            "variables": data.get("template_variable"),
            "version": data.get("template_version_name"),
        }

    @override
    def validate(self) -> Self:
        check_size(self.to_dict())
        return self


@dataclass(frozen=True)
class CardEntity(Sendable):
    """A card that was made with CardKit before (创建卡片实体), by its id."""

    card_id: str

    @override
    def to_dict(self) -> dict[str, Any]:
        return {"type": "card", "data": {"card_id": self.card_id}}


@dataclass(frozen=True)
class RawCard(Part, Sendable):
    """A whole card as JSON, passed on unchanged: JSON 1.0, for example."""

    data: Mapping[str, Any]

    @override
    def to_dict(self) -> dict[str, Any]:
        return plain(self.data)

    @override
    def validate(self) -> Self:
        check_raw(self.to_dict())
        return self
