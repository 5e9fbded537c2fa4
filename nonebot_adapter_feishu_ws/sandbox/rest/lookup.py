"""The message, chat or user that a call names."""

from ..state import Chat, Message, User, World
from .call import ApiError, Call

USER_ID_TYPES = ("open_id", "user_id", "union_id")


def find_user(world: World, kind: str, wanted: object) -> User | None:
    """The user with an id of a kind: ``open_id``, ``user_id``, ``union_id`` or ``email``."""
    return next((user for user in world.users.values() if getattr(user, kind) == wanted), None)


def find_message(call: Call, message_id: str = "") -> Message:
    """A message, by default that of the path, if the app is in its chat.

    Raises:
        ApiError: 230001 there is none, 230002 the app is not in its chat.
    """
    message = call.world.messages.get(message_id or call.path("message_id"))
    if message is None or message.chat_id not in call.world.chats:
        raise ApiError(230001, ext="invalid message_id.")
    check_member(call, call.world.chats[message.chat_id])
    return message


def find_own_message(call: Call) -> Message:
    """The message of the path, if the app sent it and did not recall it.

    Raises:
        ApiError: 230001, 230002, 230026 somebody else sent it, 230011 it was recalled.
    """
    message = find_message(call)
    if message.sender_id != call.app.app_id:
        raise ApiError(230026, "No permission to operate this message.")
    if message.deleted:
        raise ApiError(230011)
    return message


def find_chat(call: Call) -> Chat:
    """The chat of the path, if the app is in it.

    Raises:
        ApiError: 232006 there is none, 232011 the app is not in it.
    """
    chat = call.world.chats.get(call.path("chat_id"))
    if chat is None:
        raise ApiError(232006)
    if call.app.app_id not in chat.apps:
        raise ApiError(232011)
    return chat


def find_receiver(call: Call) -> Chat:
    """The chat that a message goes to: ``receive_id`` and its type; the app must be in it.

    Raises:
        ApiError: 230001 there is none, 230002 the app is not in it.
    """
    kind, receiver = call.query["receive_id_type"], call.json["receive_id"]
    if kind == "chat_id":
        chat = call.world.chats.get(receiver)
    else:
        user = find_user(call.world, kind, receiver) if kind in (*USER_ID_TYPES, "email") else None
        chat = call.world.p2p(user.open_id, call.app.app_id) if user else None
    if chat is None:
        raise ApiError(230001, ext="invalid receive_id.")
    check_member(call, chat)
    return chat


def check_member(call: Call, chat: Chat) -> None:
    """Refuse an app that is not in a chat, or acts for another tenant.

    Raises:
        ApiError: 230002.
    """
    if call.app.app_id not in chat.apps or call.tenant_key != chat.tenant_key:
        raise ApiError(230002)
