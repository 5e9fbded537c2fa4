"""``cardkit/v1``: card entities, their streaming mode and their components (流式更新卡片)."""

from __future__ import annotations

import json
import secrets
from collections.abc import Callable
from copy import deepcopy
from typing import Any, cast

from ..state import App, CardEntity, World
from .card_check import check_card
from .card_tree import change, check_entity, config_of, delete, find, insert
from .routes import ApiError, Call, Handler

SCOPE = "cardkit:card:write"
LIFETIME = 14 * 86400.0
STREAMING_LIFETIME = 600.0
MAX_ENTITIES = 5_000
_NO_PERMISSION = "The current application does not have permission to update/use this card"


class CardKit:
    """The endpoints of card entities.

    Attributes:
        rate: operations per second that one entity takes; None switches the limit off.
    """

    def __init__(self, world: World) -> None:
        self._world = world
        self.rate: float | None = 10.0

    def endpoints(self) -> list[tuple[str, str, Handler]]:
        """Method, path and handler of each."""
        cards, one = "cardkit/v1/cards", "cardkit/v1/cards/{card_id}"
        element = one + "/elements/{element_id}"
        operations: list[tuple[str, str, Callable[[Call, CardEntity, dict[str, Any]], None]]] = [
            ("PUT", one, self._update),
            ("PATCH", one + "/settings", self._settings),
            ("POST", one + "/batch_update", self._batch_update),
            ("POST", one + "/elements", self._add),
            ("PUT", element, self._replace),
            ("PATCH", element, self._patch),
            ("DELETE", element, self._delete),
            ("PUT", element + "/content", self._content),
        ]
        return [
            ("POST", cards, self.create),
            ("POST", cards + "/id_convert", self.id_convert),
            *((method, path, self._operation(handler)) for method, path, handler in operations),
        ]

    async def create(self, call: Call) -> dict[str, Any]:
        """创建卡片实体."""
        _need_scope(call.app)
        kind = call.json.get("type")
        if kind != "card_json":
            # The sandbox has no templates of the card tool.
            raise ApiError(10002, "Your request contains an invalid request parameter: type")
        card = _object(call.json.get("data"), "data")
        check_entity(card)
        _check(card)
        return {"card_id": self._add_entity(call.app, card).card_id}

    def _add_entity(self, app: App, card: dict[str, Any]) -> CardEntity:
        card_id = "7" + "".join(secrets.choice("0123456789") for _ in range(18))
        now = self._world.clock()
        entity = CardEntity(card_id, app.app_id, card, now, opened_at=now)
        self._world.entities[card_id] = entity
        if len(self._world.entities) > MAX_ENTITIES:
            self._world.entities.popitem(last=False)
        return entity

    async def id_convert(self, call: Call) -> dict[str, Any]:
        """转换 ID: the entity behind a card message."""
        _need_scope(call.app)
        message = self._world.messages.get(str(call.json.get("message_id")))
        if message is None or message.msg_type != "interactive" or message.sender_id != call.app.app_id:
            raise ApiError(10002, "Your request contains an invalid request parameter: message_id")
        found = (each for each in self._world.entities.values() if each.message_id == message.message_id)
        if (entity := next(found, None)) is None:
            card = _object(message.content, "message_id")
            check_entity(card)
            entity = self._add_entity(call.app, card)
            entity.message_id = message.message_id
            message.content = json.dumps({"type": "card", "data": {"card_id": entity.card_id}})
        return {"card_id": entity.card_id}

    def _operation(self, handler: Callable[[Call, CardEntity, dict[str, Any]], None]) -> Handler:
        """What all operations on one entity share: checks first, all or nothing, then the page."""

        async def run(call: Call) -> dict[str, Any]:
            _need_scope(call.app)
            entity = self._entity(call)
            self._count(entity)
            sequence, uuid = self._check_order(call, entity)
            card = deepcopy(entity.card)
            handler(call, entity, card)
            _check(card)
            if _streaming(card) and not self._is_streaming(entity):
                entity.opened_at = self._world.clock()
            entity.card, entity.sequence = card, sequence
            if uuid:
                entity.uuids.add(uuid)
            await self._world.notify()
            return {}

        return run

    def _entity(self, call: Call) -> CardEntity:
        entity = self._world.entities.get(call.path("card_id"))
        if entity is None:
            raise ApiError(200740, "The card entity does not exist")
        if entity.app_id != call.app.app_id:
            raise ApiError(300311, _NO_PERMISSION)
        if self._world.clock() - entity.created_at > LIFETIME:
            raise ApiError(200750, "The card entity has expired")
        return entity

    def _count(self, entity: CardEntity) -> None:
        now = self._world.clock()
        entity.operations = [at for at in entity.operations if now - at < 1.0]
        if self.rate is not None and len(entity.operations) >= self.rate:
            raise ApiError(230020, "This operation triggers the frequency limit.")
        entity.operations.append(now)

    def _check_order(self, call: Call, entity: CardEntity) -> tuple[int, str]:
        sequence, uuid = call.json.get("sequence"), call.json.get("uuid") or ""
        if not isinstance(sequence, int) or isinstance(sequence, bool) or sequence >= 2**31:
            raise ApiError(10002, "Your request contains an invalid request parameter: sequence")
        if not isinstance(uuid, str) or len(uuid) > 64:
            raise ApiError(10002, "Your request contains an invalid request parameter: uuid")
        if uuid in entity.uuids:
            raise ApiError(200770, "UUID conflict")
        if sequence <= entity.sequence:
            raise ApiError(300317, "ErrMsg: sequence number compare failed; ")
        return sequence, uuid

    def _is_streaming(self, entity: CardEntity) -> bool:
        return _streaming(entity.card) and self._world.clock() - entity.opened_at < STREAMING_LIFETIME

    def _update(self, call: Call, entity: CardEntity, card: dict[str, Any]) -> None:
        """全量更新卡片实体."""
        new = call.json.get("card")
        fields = cast("dict[str, Any]", new) if isinstance(new, dict) else {}
        if fields.get("type") != "card_json":
            raise ApiError(10002, "Your request contains an invalid request parameter: card.type")
        card.clear()
        card.update(_object(fields.get("data"), "card.data"))
        check_entity(card)

    def _settings(self, call: Call, entity: CardEntity, card: dict[str, Any]) -> None:
        """更新卡片配置."""
        self._set(entity, card, _object(call.json.get("settings"), "settings"))

    def _set(self, entity: CardEntity, card: dict[str, Any], settings: dict[str, Any]) -> None:
        config = settings.get("config", {})
        if not isinstance(config, dict) or not settings.keys() <= {"config", "card_link"}:
            raise ApiError(300122, "Failed to update card configuration")
        fields = cast("dict[str, Any]", config)
        if fields.get("streaming_mode"):
            entity.opened_at = self._world.clock()
        card["config"] = {**config_of(card), **fields}
        if "card_link" in settings:
            card["card_link"] = settings["card_link"]
        check_entity(card)

    def _content(self, call: Call, entity: CardEntity, card: dict[str, Any]) -> None:
        """流式更新文本."""
        content = call.json.get("content")
        if not isinstance(content, str) or not 1 <= len(content) <= 100_000:
            raise ApiError(10002, "Your request contains an invalid request parameter: content")
        if not _streaming(card):
            raise ApiError(300309, "ErrMsg: streaming mode is closed; ")
        if not self._is_streaming(entity):
            # Feishu says so once; from then on the mode is simply off.
            entity.card["config"]["streaming_mode"] = False
            raise ApiError(200850, "ErrMsg: card streaming timeout; ")
        element = find(card, call.path("element_id"))
        if element.get("tag") not in ("markdown", "plain_text"):
            raise ApiError(300310, "Only update text")
        element["content"] = content

    def _add(self, call: Call, entity: CardEntity, card: dict[str, Any]) -> None:
        """新增组件."""
        insert(card, {**call.json, "elements": _array(call.json.get("elements"), "elements")})

    def _replace(self, call: Call, entity: CardEntity, card: dict[str, Any]) -> None:
        """全量更新组件."""
        change(card, call.path("element_id"), _object(call.json.get("element"), "element"), whole=True)

    def _patch(self, call: Call, entity: CardEntity, card: dict[str, Any]) -> None:
        """更新组件属性."""
        change(card, call.path("element_id"), _object(call.json.get("partial_element"), "partial_element"), whole=False)

    def _delete(self, call: Call, entity: CardEntity, card: dict[str, Any]) -> None:
        """删除组件."""
        delete(card, call.path("element_id"))

    def _batch_update(self, call: Call, entity: CardEntity, card: dict[str, Any]) -> None:
        """局部更新卡片实体."""
        for action in _array(call.json.get("actions"), "actions"):
            params: dict[str, Any] = action.get("params") or {}
            name = action.get("action")
            if name == "partial_update_setting":
                self._set(entity, card, params.get("settings") or {})
            elif name == "add_elements":
                insert(card, params)
            elif name == "delete_elements":
                for element_id in cast("list[object]", params.get("element_ids") or []):
                    delete(card, str(element_id))
            elif name == "partial_update_element":
                change(card, str(params.get("element_id")), params.get("partial_element") or {}, whole=False)
            elif name == "update_element":
                change(card, str(params.get("element_id")), params.get("element") or {}, whole=True)
            else:
                raise ApiError(10002, "Your request contains an invalid request parameter: actions")


def claim_entity(world: World, app: App, content: str) -> CardEntity | None:
    """The entity that a card message is about to show, if it shows one.

    Raises:
        ApiError: 230099; it does not exist, is another app's, or was sent before.
    """
    fields = json.loads(content)
    if fields.get("type") != "card":
        return None
    entity = world.entities.get(fields["data"]["card_id"])
    if entity is None or entity.message_id is not None:
        raise ApiError(230099, "Failed to create card content, ext=ErrCode: 11310; ErrMsg: cardid is invalid; ")
    if entity.app_id != app.app_id:
        raise ApiError(230099, f"Failed to create card content, ext=ErrCode: 300311; ErrMsg: {_NO_PERMISSION}; ")
    return entity


def shown_content(world: World, content: str) -> str:
    """A card message's content as people see it: the entity's card in place of its id."""
    try:
        fields = json.loads(content)
        entity = world.entities.get(fields["data"]["card_id"]) if fields.get("type") == "card" else None
    except (ValueError, LookupError, TypeError, AttributeError):
        return content
    return content if entity is None else json.dumps(entity.card, ensure_ascii=False)


def _need_scope(app: App) -> None:
    if SCOPE not in app.scopes:
        violation = {"type": "action_scope_required", "subject": SCOPE}
        msg = f"Access denied. One of the following scopes is required: [{SCOPE}]."
        raise ApiError(99991672, msg, 400, permission_violations=[violation])


def _check(card: dict[str, Any]) -> None:
    if len(json.dumps(card, ensure_ascii=False, separators=(",", ":")).encode()) > 30 * 1024:
        raise ApiError(200860, "Card content exceeds limit.")
    try:
        check_card(card)
    except ApiError as error:
        code = next((code for code in (300301, 300305) if str(code) in error.msg), 200220)
        raise ApiError(code, error.msg) from None


def _streaming(card: dict[str, Any]) -> bool:
    return config_of(card).get("streaming_mode") is True


def _parsed(value: object, name: str) -> Any:
    try:
        return json.loads(value) if isinstance(value, str) else None
    except ValueError:
        raise ApiError(10002, f"Your request contains an invalid request parameter: {name}") from None


def _object(value: object, name: str) -> dict[str, Any]:
    parsed = _parsed(value, name)
    if not isinstance(parsed, dict):
        raise ApiError(10002, f"Your request contains an invalid request parameter: {name}")
    return cast("dict[str, Any]", parsed)


def _array(value: object, name: str) -> list[dict[str, Any]]:
    parsed = _parsed(value, name)
    if not isinstance(parsed, list) or not all(isinstance(item, dict) for item in cast("list[object]", parsed)):
        raise ApiError(10002, f"Your request contains an invalid request parameter: {name}")
    return cast("list[dict[str, Any]]", parsed)
