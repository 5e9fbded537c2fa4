"""``cardkit/v1``: card entities, their streaming mode and their components (流式更新卡片)."""

import json
import secrets
from collections.abc import Callable
from copy import deepcopy
from typing import Any

from ...net.bounded_json import as_list, as_object, is_list, is_object
from ..state import App, CardEntity, World
from .call import ApiError, Call, Handler, ensure
from .content import check_card, walk

LIFETIME = 14 * 86400.0
STREAMING_LIFETIME = 600.0
MAX_ENTITIES = 5_000
MAX_SIZE = 30 * 1024
CONTAINERS = frozenset({"column", "form", "collapsible_panel", "interactive_container"})
"""Components that others can be appended to."""


async def create(call: Call) -> dict[str, Any]:
    """创建卡片实体."""
    # The sandbox has no templates of the card tool.
    ensure(call.json["type"] == "card_json", 10002, ext="invalid type.")
    card = _object(call.json["data"], "data")
    _check(card)
    return {"card_id": _add_entity(call, card).card_id}


async def id_convert(call: Call) -> dict[str, Any]:
    """转换 ID: the entity behind a card message."""
    message = call.world.messages.get(str(call.json.get("message_id")))
    if message is None or message.msg_type != "interactive" or message.sender_id != call.app.app_id:
        raise _invalid("message_id")
    found = (each for each in call.world.entities.values() if each.message_id == message.message_id)
    if (entity := next(found, None)) is None:
        card = _object(message.content, "message_id")
        _check(card)
        entity = _add_entity(call, card)
        entity.message_id = message.message_id
        message.content = json.dumps({"type": "card", "data": {"card_id": entity.card_id}})
    return {"card_id": entity.card_id}


def _add_entity(call: Call, card: dict[str, Any]) -> CardEntity:
    card_id = "7" + "".join(secrets.choice("0123456789") for _ in range(18))
    now = call.world.clock()
    entity = CardEntity(card_id, call.app.app_id, card, now, opened_at=now)
    call.world.entities[card_id] = entity
    if len(call.world.entities) > MAX_ENTITIES:
        call.world.entities.popitem(last=False)
    return entity


def operation(handler: Callable[[Call, CardEntity, dict[str, Any]], None]) -> Handler:
    """An operation on one entity, by a handler that changes a copy of its card: all or nothing, then the page."""

    async def run(call: Call) -> dict[str, Any]:
        entity = _entity(call)
        call.limits.count_card(entity.card_id, call.world.clock())
        ensure(entity.message_id not in call.world.clicked, 200810)
        sequence, uuid = _check_order(call, entity)
        card = deepcopy(entity.card)
        handler(call, entity, card)
        _check(card)
        if _streams(card) and not _is_streaming(call.world, entity):
            entity.opened_at = call.world.clock()
        entity.card, entity.sequence = card, sequence
        if uuid:
            entity.uuids.add(uuid)
        if entity.message_id is not None:
            call.world.feed.add("message", entity.message_id)
        await call.world.notify()
        return {}

    return run


def _entity(call: Call) -> CardEntity:
    entity = call.world.entities.get(call.path("card_id"))
    if entity is None:
        raise ApiError(200740)
    ensure(entity.app_id == call.app.app_id, 300311)
    ensure(call.world.clock() - entity.created_at <= LIFETIME, 200750)
    return entity


def _check_order(call: Call, entity: CardEntity) -> tuple[int, str]:
    sequence, uuid = call.json["sequence"], call.json.get("uuid") or ""
    ensure(sequence < 2**31, 10002, ext="invalid sequence.")
    ensure(uuid not in entity.uuids, 200770)
    ensure(sequence > entity.sequence, 300317, "ErrMsg: sequence number compare failed; ")
    return sequence, uuid


def update(call: Call, entity: CardEntity, card: dict[str, Any]) -> None:
    """全量更新卡片实体."""
    new = as_object(call.json["card"])
    ensure(new.get("type") == "card_json", 10002, ext="invalid card.type.")
    card.clear()
    card.update(_object(new.get("data"), "card.data"))


def content(call: Call, entity: CardEntity, card: dict[str, Any]) -> None:
    """流式更新文本."""
    ensure(_streams(card), 300309, "ErrMsg: streaming mode is closed; ")
    if not _is_streaming(call.world, entity):
        # Feishu says so once; from then on the mode is simply off.
        entity.card["config"]["streaming_mode"] = False
        raise ApiError(200850, "ErrMsg: card streaming timeout; ")
    element = _find(card, call.path("element_id"))
    ensure(element.get("tag") in ("markdown", "plain_text"), 300310)
    element["content"] = call.json["content"]


def batch_update(call: Call, entity: CardEntity, card: dict[str, Any]) -> None:
    """局部更新卡片实体."""
    for each in _array(call.json["actions"], "actions"):
        _act(call, entity, card, str(each.get("action")), as_object(each.get("params")))


def action(name: str) -> Handler:
    """The endpoint of one action of a batch (更新卡片配置, 新增组件, 更新组件属性, ...)."""

    def run(call: Call, entity: CardEntity, card: dict[str, Any]) -> None:
        params = dict(call.json)
        if "elements" in params:
            params["elements"] = _array(params["elements"], "elements")
        for key in ("settings", "element", "partial_element"):
            if key in params:
                params[key] = _object(params[key], key)
        element_id = call.params.get("element_id")
        _act(call, entity, card, name, {**params, "element_id": element_id, "element_ids": [element_id]})

    return operation(run)


def _act(call: Call, entity: CardEntity, card: dict[str, Any], name: str, params: dict[str, Any]) -> None:
    match name:
        case "partial_update_setting":
            _set(call, entity, card, as_object(params.get("settings")))
        case "add_elements":
            _insert(card, params)
        case "delete_elements":
            for each in as_list(params.get("element_ids")):
                children, index = _place(card, str(each), 300314)
                del children[index]
        case "partial_update_element":
            element, new = _find(card, str(params.get("element_id"))), as_object(params.get("partial_element"))
            ensure(new.get("tag", element.get("tag")) == element.get("tag"), 300312)
            element.update(new)
        case "update_element":
            element = _find(card, str(params.get("element_id")))
            element.clear()
            element.update(as_object(params.get("element")))
        case _:
            raise _invalid("actions")


def _set(call: Call, entity: CardEntity, card: dict[str, Any], new: dict[str, Any]) -> None:
    config = as_object(new.get("config"))
    ensure(is_object(new.get("config", {})) and new.keys() <= {"config", "card_link"}, 300122)
    if config.get("streaming_mode"):
        entity.opened_at = call.world.clock()
    card["config"] = {**as_object(card.get("config")), **config}
    if "card_link" in new:
        card["card_link"] = new["card_link"]


def _insert(card: dict[str, Any], params: dict[str, Any]) -> None:
    new, kind, target = params.get("elements"), params.get("type"), str(params.get("target_element_id") or "")
    if not is_list(new) or kind not in ("insert_before", "insert_after", "append"):
        raise ApiError(300315)
    if kind == "append" and not target:
        card.setdefault("body", {}).setdefault("elements", []).extend(new)
    elif kind == "append":
        container = _find(card, target)
        ensure(container.get("tag") in CONTAINERS, 300315, f"ErrMsg: {target} is no container; ")
        container.setdefault("elements", []).extend(new)
    else:
        children, index = _place(card, target, 300315)
        at = index + (kind == "insert_after")
        children[at:at] = new


def _find(card: dict[str, Any], element_id: str) -> dict[str, Any]:
    """A component, or a text inside one."""
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


def claim_entity(world: World, app: App, content: str) -> CardEntity | None:
    """The entity that a card message is about to show, if it shows one; 230099 if it may not."""
    fields = json.loads(content)
    if fields.get("type") != "card":
        return None
    entity = world.entities.get(fields["data"]["card_id"])
    if entity is None or entity.message_id is not None:
        raise ApiError(230099, ext="ErrCode: 11310; ErrMsg: cardid is invalid; ")
    if entity.app_id != app.app_id:
        raise ApiError(230099, ext=f"ErrCode: 300311; ErrMsg: {ApiError(300311).msg}; ")
    return entity


def shown_content(world: World, content: str) -> str:
    """A card message's content as people see it: the entity's card in place of its id."""
    try:
        fields = json.loads(content)
        entity = world.entities.get(fields["data"]["card_id"]) if fields.get("type") == "card" else None
    except (ValueError, LookupError, TypeError, AttributeError):
        return content
    return content if entity is None else json.dumps(entity.card, ensure_ascii=False)


def _check(card: dict[str, Any]) -> None:
    ensure(bool(card), 300307)
    ensure(card.get("schema") == "2.0", 300303)
    ensure(as_object(card.get("config")).get("update_multi") is not False, 300302)
    ensure(len(json.dumps(card, ensure_ascii=False, separators=(",", ":")).encode()) <= MAX_SIZE, 200860)
    try:
        check_card(card)
    except ApiError as error:
        code = next((code for code in (200570, 300301, 300305) if str(code) in error.msg), 200220)
        raise ApiError(code, error.msg) from None


def streams(world: World, message_id: str) -> bool:
    """Whether a message shows a card that is in streaming mode."""
    found = (each for each in world.entities.values() if each.message_id == message_id)
    return (entity := next(found, None)) is not None and _is_streaming(world, entity)


def _streams(card: dict[str, Any]) -> bool:
    return as_object(card.get("config")).get("streaming_mode") is True


def _is_streaming(world: World, entity: CardEntity) -> bool:
    return _streams(entity.card) and world.clock() - entity.opened_at < STREAMING_LIFETIME


def _invalid(name: str) -> ApiError:
    return ApiError(10002, ext=f"invalid {name}.")


def _parsed(value: object, name: str) -> object:
    try:
        return json.loads(value) if isinstance(value, str) else None
    except ValueError:
        raise _invalid(name) from None


def _object(value: object, name: str) -> dict[str, Any]:
    parsed = _parsed(value, name)
    if not is_object(parsed):
        raise _invalid(name)
    return parsed


def _array(value: object, name: str) -> list[dict[str, Any]]:
    parsed = _parsed(value, name)
    if not is_list(parsed) or not all(is_object(item) for item in parsed):
        raise _invalid(name)
    return parsed
