"""Every endpoint of the REST side with its handler; of two paths that both fit, the first one is served."""

from collections.abc import Sequence

from . import cardkit, chats, contacts, files, menus, messages, reactions
from .call import Handler
from .cardkit import operation
from .cards import Cards
from .console import Console
from .routes import OpenHandler
from .tokens import Tokens

_CARD = "cardkit/v1/cards/{card_id}"
_CHAT = "im/v1/chats/{chat_id}"
_DEPARTMENT = "contact/v3/departments/{department_id}"
_ELEMENT = "cardkit/v1/cards/{card_id}/elements/{element_id}"
_MESSAGE = "im/v1/messages/{message_id}"
ENDPOINTS: Sequence[tuple[str, Handler]] = (
    ("POST im/v1/messages", messages.create),
    ("GET im/v1/messages", messages.list_messages),
    ("POST im/v1/messages/merge_forward", messages.merge_forward),
    (f"GET {_MESSAGE}", messages.get),
    (f"PUT {_MESSAGE}", messages.edit),
    (f"PATCH {_MESSAGE}", messages.patch_card),
    (f"DELETE {_MESSAGE}", messages.recall),
    (f"POST {_MESSAGE}/reply", messages.reply),
    (f"POST {_MESSAGE}/forward", messages.forward),
    (f"POST {_MESSAGE}/push_follow_up", messages.push_follow_up),
    (f"GET {_MESSAGE}/read_users", messages.read_users),
    (f"PATCH {_MESSAGE}/urgent_app", messages.urge),
    (f"PATCH {_MESSAGE}/urgent_sms", messages.urge),
    (f"PATCH {_MESSAGE}/urgent_phone", messages.urge),
    (f"GET {_MESSAGE}/resources/{{file_key}}", files.resource),
    (f"POST {_MESSAGE}/reactions", reactions.add_reaction),
    (f"GET {_MESSAGE}/reactions", reactions.list_reactions),
    (f"DELETE {_MESSAGE}/reactions/{{reaction_id}}", reactions.remove_reaction),
    ("POST im/v1/threads/{thread_id}/forward", messages.forward_thread),
    ("POST im/v1/pins", reactions.pin),
    ("GET im/v1/pins", reactions.list_pins),
    ("DELETE im/v1/pins/{message_id}", reactions.unpin),
    ("POST im/v1/images", files.upload_image),
    ("GET im/v1/images/{image_key}", files.download_image),
    ("POST im/v1/files", files.upload_file),
    ("GET im/v1/files/{file_key}", files.download_file),
    ("POST im/v1/chats", chats.create),
    ("GET im/v1/chats", chats.list_chats),
    ("GET im/v1/chats/search", chats.search),
    (f"GET {_CHAT}", chats.get),
    (f"PUT {_CHAT}", chats.update),
    (f"DELETE {_CHAT}", chats.dissolve),
    (f"POST {_CHAT}/link", chats.link),
    (f"GET {_CHAT}/members", chats.members),
    (f"POST {_CHAT}/members", chats.add_members),
    (f"DELETE {_CHAT}/members", chats.remove_members),
    (f"PATCH {_CHAT}/members/me_join", chats.join),
    (f"GET {_CHAT}/members/is_in_chat", chats.is_in_chat),
    (f"POST {_CHAT}/managers/add_managers", chats.add_managers),
    (f"POST {_CHAT}/managers/delete_managers", chats.remove_managers),
    (f"GET {_CHAT}/announcement", chats.announcement),
    (f"PUT {_CHAT}/moderation", chats.moderate),
    (f"POST {_CHAT}/top_notice/put_top_notice", chats.put_top_notice),
    (f"POST {_CHAT}/top_notice/delete_top_notice", chats.delete_top_notice),
    (f"GET {_CHAT}/menu_tree", menus.get),
    (f"POST {_CHAT}/menu_tree", menus.add),
    (f"DELETE {_CHAT}/menu_tree", menus.delete),
    (f"POST {_CHAT}/menu_tree/sort", menus.sort),
    (f"PATCH {_CHAT}/menu_items/{{menu_item_id}}", menus.patch),
    ("GET contact/v3/users/batch", contacts.batch_users),
    ("POST contact/v3/users/batch_get_id", contacts.batch_get_id),
    ("GET contact/v3/users/find_by_department", contacts.find_by_department),
    ("GET contact/v3/users/{user_id}", contacts.get_user),
    ("GET contact/v3/departments/batch", contacts.batch_departments),
    ("GET contact/v3/departments/parent", contacts.parents),
    (f"GET {_DEPARTMENT}", contacts.get_department),
    (f"GET {_DEPARTMENT}/children", contacts.children),
    ("GET contact/v3/scopes", contacts.scope),
    ("POST cardkit/v1/cards", cardkit.create),
    ("POST cardkit/v1/cards/id_convert", cardkit.id_convert),
    (f"PUT {_CARD}", operation(cardkit.update)),
    (f"PATCH {_CARD}/settings", operation(cardkit.settings)),
    (f"POST {_CARD}/batch_update", operation(cardkit.batch_update)),
    (f"POST {_CARD}/elements", operation(cardkit.add_elements)),
    (f"PUT {_ELEMENT}", operation(cardkit.replace_element)),
    (f"PATCH {_ELEMENT}", operation(cardkit.patch_element)),
    (f"DELETE {_ELEMENT}", operation(cardkit.delete_element)),
    (f"PUT {_ELEMENT}/content", operation(cardkit.content)),
)


def stateful_endpoints(cards: Cards, console: Console) -> Sequence[tuple[str, Handler]]:
    """The endpoints that need more than the world: clicks, connections."""
    application = "application/v6/applications/{app_id}"
    return (
        ("POST interactive/v1/card/update", cards.update),
        ("GET bot/v3/info", console.info),
        ("GET application/v6/scopes", console.scopes),
        ("GET event/v1/connection", console.connection),
        (f"GET {application}", console.application),
        (f"GET {application}/app_versions", console.versions),
    )


def open_endpoints(tokens: Tokens) -> Sequence[tuple[str, OpenHandler]]:
    """The endpoints that are called without a token."""
    return (
        ("POST auth/v3/tenant_access_token/internal", tokens.internal),
        ("POST auth/v3/app_access_token", tokens.app_token),
        ("POST auth/v3/tenant_access_token", tokens.tenant_token),
        ("POST auth/v3/app_ticket/resend", tokens.resend_ticket),
    )
