"""Components inside a card entity: found, added, changed, removed."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, cast

from .routes import ApiError


def config_of(card: dict[str, Any]) -> dict[str, Any]:
    """A card's ``config``, or nothing."""
    config = card.get("config")
    return cast("dict[str, Any]", config) if isinstance(config, dict) else {}


def check_entity(card: dict[str, Any]) -> None:
    """What CardKit demands of every entity (创建卡片实体).

    Raises:
        ApiError: 300307, 300303 or 300302.
    """
    if not card:
        raise ApiError(300307, "The card DSL is empty")
    if card.get("schema") != "2.0":
        raise ApiError(300303, "Only schema 2.0 is supported")
    if config_of(card).get("update_multi") is False:
        raise ApiError(300302, "update_multi property is false")


def _lists(node: Any) -> Iterator[list[Any]]:
    """Every list in a card that may hold components."""
    rest: list[Any] = [node]
    while rest:
        item = rest.pop()
        if isinstance(item, dict):
            rest.extend(cast("dict[str, Any]", item).values())
        elif isinstance(item, list):
            children = cast("list[Any]", item)
            yield children
            rest.extend(children)


def _place(card: dict[str, Any], element_id: str, code: int) -> tuple[list[Any], int]:
    for children in _lists(card):
        for index, child in enumerate(children):
            if isinstance(child, dict) and cast("dict[str, Any]", child).get("element_id") == element_id:
                return children, index
    raise ApiError(code, f"ErrMsg: not find elementID: {element_id}; ")


def find(card: dict[str, Any], element_id: str) -> dict[str, Any]:
    """A component, or a text inside one.

    Raises:
        ApiError: 300313; there is none with this id.
    """
    rest: list[Any] = [card]
    while rest:
        item = rest.pop()
        if isinstance(item, dict):
            fields = cast("dict[str, Any]", item)
            if fields.get("element_id") == element_id:
                return fields
            rest.extend(fields.values())
        elif isinstance(item, list):
            rest.extend(cast("list[Any]", item))
    raise ApiError(300313, f"ErrMsg: not find elementID: {element_id}; ")


def insert(card: dict[str, Any], params: dict[str, Any]) -> None:
    """新增组件: before or after another one, or at the end of the card or of a container."""
    elements, kind = params.get("elements"), params.get("type")
    target = str(params.get("target_element_id") or "")
    if not isinstance(elements, list) or kind not in ("insert_before", "insert_after", "append"):
        raise ApiError(300315, "Failed to add element")
    new = cast("list[Any]", elements)
    if not target:
        card.setdefault("body", {}).setdefault("elements", []).extend(new)
    elif kind == "append":
        find(card, target).setdefault("elements", []).extend(new)
    else:
        children, index = _place(card, target, 300315)
        at = index + (kind == "insert_after")
        children[at:at] = new


def change(card: dict[str, Any], element_id: str, new: dict[str, Any], *, whole: bool) -> None:
    """全量更新组件, 更新组件属性: whole replaces the component, else its named properties."""
    element = find(card, element_id)
    if not whole and new.get("tag", element.get("tag")) != element.get("tag"):
        raise ApiError(300312, "Unable to update element tag")
    if whole:
        element.clear()
    element.update(new)


def delete(card: dict[str, Any], element_id: str) -> None:
    """删除组件."""
    children, index = _place(card, element_id, 300314)
    del children[index]
