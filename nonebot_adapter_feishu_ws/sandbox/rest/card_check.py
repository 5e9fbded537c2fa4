"""The mistakes for which Feishu refuses a card, with the codes of 发送消息 (230099 and its sub-codes)."""

from collections import Counter
from collections.abc import Mapping
from typing import Any

from ...net.bounded_json import as_object
from .call import ApiError
from .card_tree import walk

MAX_COMPONENTS = 200
MAX_TABLES = 5
_DEAD_TAGS = frozenset({"action", "note"})
_DATA = frozenset({"rows", "value", "chart_spec", "template_variable"})
_SCHEMAS = frozenset({"1.0", "2.0"})


def check_card(card: Mapping[str, Any]) -> None:
    """Accept a card or raise. An empty one is accepted, as Feishu's document says.

    Raises:
        ApiError: 230099, whose text carries the sub-code.
    """
    if card.get("type") in ("template", "card"):
        key = "template_id" if card["type"] == "template" else "card_id"
        if not isinstance(as_object(card.get("data")).get(key), str):
            raise _refusal(200380, f"template does not exist; ErrorValue: {key}")
        return
    schema = card.get("schema", "1.0")
    if schema not in _SCHEMAS:
        raise _malformed(f"schema {schema!r}")
    if schema == "1.0":
        if not isinstance(card.get("elements", []), list):
            raise _malformed("elements is not an array")
        return
    body: object = card.get("body", {})
    elements = as_object(body).get("elements", [])
    if not isinstance(body, dict) or not isinstance(elements, list):
        raise _malformed("body.elements is not an array")
    if "elements" in card:
        raise _malformed("unknown property elements")
    _check_components(card)


def _check_components(card: Mapping[str, Any]) -> None:
    # What bots put into values and rows is no component.
    found = [each for each, _ in walk(card, _DATA) if isinstance(each.get("tag"), str)]
    tags = Counter(str(each["tag"]) for each in found)
    if dead := _DEAD_TAGS & tags.keys():
        tag = min(dead)
        raise _refusal(
            200861,
            f"cards of schema V2 no longer support this capability; ErrorValue: unsupported tag {tag}",
            path=f"ROOT -> body -> elements -> [0](tag: {tag})",
        )
    if len(found) > MAX_COMPONENTS:
        raise _refusal(300305, "element exceeds the limit")
    if tags["table"] > MAX_TABLES:
        raise _refusal(11310, "card table number over limit; ErrorValue: table")
    ids = Counter(str(each["element_id"]) for each in found if each.get("element_id"))
    if ids and ids.most_common(1)[0][1] > 1:
        raise _refusal(300301, f"Duplicate element_id in card component; ErrorValue: {ids.most_common(1)[0][0]}")
    names = Counter(str(each["name"]) for each in found if each.get("name"))
    if names and names.most_common(1)[0][1] > 1:
        raise _refusal(11310, f"name({names.most_common(1)[0][0]}) duplicate")


def _malformed(value: str) -> ApiError:
    return _refusal(200621, f"parse card json err, please check whether the card json is correct; ErrorValue: {value}")


def _refusal(code: int, message: str, *, path: str = "") -> ApiError:
    where = f"ErrPath: {path}; " if path else ""
    return ApiError(230099, ext=f"ErrCode: {code}; {where}ErrMsg: {message}; ")
