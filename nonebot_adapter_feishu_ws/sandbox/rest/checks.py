"""What a call names and needs: parameters as the documents have them, pages, and the message, chat or user meant."""

from collections.abc import Iterator, Sequence
from typing import Any

from ...net.bounded_json import as_list, as_object, is_list, is_object
from ..state import App, Chat, Message, User, World
from .call import ApiError, Call, ensure
from .endpoint import Field

VIOLATION = 99992402
BY_GATEWAY = frozenset({"receive_id_type", "container_id_type", "user_id_list", "follow_ups"})
"""Parameters whose wrong values Feishu's gateway refuses, before the service with codes of its own."""
_TYPES = {"string": str, "int": int, "list": list, "bool": bool}


def check(call: Call) -> None:
    """Refuse a call with a parameter that is missing or wrong by its document."""
    for field in call.endpoint.fields:
        for value in _values(call, field):
            missing = value in (None, "", [], {})
            if (missing and not field.required) or (not missing and _fits(field, value)):
                continue
            by_gateway = field.name in BY_GATEWAY or (missing and field.place == "query")
            if by_gateway or call.endpoint.invalid == VIOLATION:
                raise _violation(field.name, f"{field.name} is {'required' if missing else 'invalid'}")
            raise ApiError(call.endpoint.invalid, ext=f"invalid {field.name}.")


def _values(call: Call, field: Field) -> Iterator[object]:
    """What a call has for a parameter: several values inside a list, none where the object around it is absent."""
    if field.place == "query":
        yield call.query.get(field.name)
        return
    *above, name = field.name.split(".")
    holders: list[object] = [call.json]
    for step in above:
        inner = [as_object(each).get(step.removesuffix("[]")) for each in holders]
        holders = [item for each in inner for item in (as_list(each) if step.endswith("[]") else [each])]
    for holder in filter(is_object, holders):
        value = holder.get(name)
        if value is None and not above:
            value = call.files.get(name)
        # A form has texts only.
        is_number = call.files and field.kind == "int" and str(value).isdigit()
        yield int(str(value)) if is_number else value


def _fits(field: Field, value: object) -> bool:
    if field.name == "page_size":
        return True  # page_of() looks at it
    items: list[Any] = value if is_list(value) else [value]
    if field.place == "body" and field.kind and type(value) is not _TYPES[field.kind]:
        return False
    if field.values and not set(map(str, items)) <= set(field.values):
        return False
    if isinstance(value, int) and not (field.smallest or 0) <= value <= (field.largest or value):
        return False
    return field.max_length is None or len(items if items is value else str(items[0])) <= field.max_length


def need(call: Call, *names: str) -> None:
    """Refuse a call that lacks what its document does not require, but its service does."""
    for name in names:
        if not call.json.get(name) and not call.query.get(name):
            raise _violation(name, f"{name} is required")


def _violation(name: str, description: str) -> ApiError:
    return ApiError(
        VIOLATION, "field validation failed", field_violations=[{"field": name, "description": description}]
    )


def page_of(call: Call, items: Sequence[Any], *, most: int = 50, code: int = 0) -> dict[str, Any]:
    """The page that a call asks for.

    Args:
        call: with ``page_size`` and ``page_token`` in its query.
        items: the whole list.
        most: largest size, where the document names none.
        code: what a wrong size or token is refused with, if not as other parameters are.
    """
    field = call.endpoint.field("page_size")
    most = (field.largest if field else None) or most
    size = call.query.get("page_size") or (field.default if field else None) or "20"
    token = call.query.get("page_token") or "0"
    code = code or call.endpoint.invalid
    ensure(size.isdigit() and 1 <= int(size) <= most, code, "page size is invalid")
    ensure(token.isdigit() and int(token) <= len(items), code, "page token is invalid")
    start, end = int(token), int(token) + int(size)
    more = end < len(items)
    return {"items": list(items[start:end]), "has_more": more, "page_token": str(end) if more else ""}


def find_user(world: World, kind: str, wanted: object) -> User | None:
    """The user with an id of a kind: ``open_id``, ``user_id``, ``union_id`` or ``email``."""
    return next((user for user in world.users.values() if getattr(user, kind) == wanted), None)


def find_message(call: Call, message_id: str = "") -> Message:
    """A message, by default that of the path, if the app is in its chat."""
    wanted = message_id or call.path("message_id")
    message = call.world.messages.get(wanted)
    if message is None or message.chat_id not in call.world.chats:
        raise ApiError(99992354, f"these ids not existed: [{wanted}]")
    check_member(call, call.world.chats[message.chat_id])
    return message


def find_own_message(call: Call) -> Message:
    """The message of the path, if the app sent it and did not recall it."""
    message = find_message(call)
    ensure(message.sender_id == call.app.app_id, 230026, "No permission to operate this message.")
    ensure(not message.deleted, 230011)
    return message


def find_any_chat(call: Call) -> Chat:
    """The chat of the path."""
    chat = call.world.chats.get(call.path("chat_id"))
    if chat is None:
        raise ApiError(232009 if call.path("chat_id") in call.world.dissolved else 232006)
    return chat


def find_chat(call: Call) -> Chat:
    """The chat of the path, if the app is in it."""
    chat = find_any_chat(call)
    ensure(call.app.app_id in chat.apps, 232011)
    return chat


def find_receiver(call: Call) -> Chat:
    """The chat that a message goes to, ``receive_id`` and its type, if the app is in it."""
    kind, receiver = call.query["receive_id_type"], call.json["receive_id"]
    if kind == "chat_id":
        chat = call.world.chats.get(receiver)
        ensure(receiver not in call.world.dissolved, 232009)
    elif kind == "thread_id":
        first = next(call.world.history(thread_id=receiver), None)
        ensure(first is not None, 230019)
        chat = call.world.chats.get(first.chat_id) if first else None
    else:
        user = find_user(call.world, kind, receiver)
        ensure(user is None or not user.resigned, 230029)
        chat = call.world.p2p(user.open_id, call.app.app_id) if user else None
    if chat is None:
        raise ApiError(230001, ext="invalid receive_id.")
    check_member(call, chat)
    return chat


def manages(app: App, chat: Chat) -> bool:
    """Whether an app owns a group or is one of its managers."""
    return app.app_id in (chat.owner_id, *chat.managers)


def check_member(call: Call, chat: Chat) -> None:
    """Refuse an app that is not in a chat, or acts for another tenant."""
    ensure(call.app.app_id in chat.apps and call.tenant_key == chat.tenant_key, 230002)
