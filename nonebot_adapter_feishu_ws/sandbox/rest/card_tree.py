"""The objects inside a card: visited, found, added, changed, removed."""

from collections.abc import Collection, Iterator, Mapping
from typing import Any, cast

from .call import ApiError


def walk(card: Mapping[str, Any], without: Collection[str] = ()) -> Iterator[tuple[dict[str, Any], list[Any]]]:
    """Every object of a card, with the list that holds it (empty if none does).

    Args:
        card: where to begin.
        without: keys whose values are not visited.
    """
    rest: list[tuple[Any, list[Any]]] = [(card, [])]
    while rest:
        item, holder = rest.pop()
        if isinstance(item, dict):
            fields = cast("dict[str, Any]", item)
            yield fields, holder
            rest += [(value, []) for key, value in fields.items() if key not in without]
        elif isinstance(item, list):
            children = cast("list[Any]", item)
            rest += [(child, children) for child in children]


def find(card: dict[str, Any], element_id: str) -> dict[str, Any]:
    """A component, or a text inside one.

    Raises:
        ApiError: 300313; there is none with this id.
    """
    for element, _ in walk(card):
        if element.get("element_id") == element_id:
            return element
    raise _missing(300313, element_id)


def _place(card: dict[str, Any], element_id: str, code: int) -> tuple[list[Any], int]:
    for element, holder in walk(card):
        if holder and element.get("element_id") == element_id:
            return holder, next(index for index, each in enumerate(holder) if each is element)
    raise _missing(code, element_id)


def _missing(code: int, element_id: str) -> ApiError:
    return ApiError(code, f"ErrMsg: not find elementID: {element_id}; ")


def insert(card: dict[str, Any], params: dict[str, Any]) -> None:
    """新增组件: before or after another one, or at the end of the card or of a container."""
    elements, kind = params.get("elements"), params.get("type")
    target = str(params.get("target_element_id") or "")
    if not isinstance(elements, list) or kind not in ("insert_before", "insert_after", "append"):
        raise ApiError(300315)
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
        raise ApiError(300312)
    if whole:
        element.clear()
    element.update(new)


def delete(card: dict[str, Any], element_id: str) -> None:
    """删除组件."""
    children, index = _place(card, element_id, 300314)
    del children[index]
