"""All groups of typed methods, and how the bot comes by them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, Final
from uuid import uuid4

from .client import ApiClient
from .method import CallsApi, Group, Method, to_request
from .methods.app import App
from .methods.card import Cards
from .methods.chat import Chats
from .methods.contact import Contacts
from .methods.file import File
from .methods.im import Im
from .methods.menu import Menus
from .methods.pin import Pins
from .methods.reaction import Reactions
from .methods.urgent import Urgent
from .upload import as_path

GROUPS: Final[tuple[type[Group], ...]] = (
    Im,
    Chats,
    Contacts,
    File,
    Cards,
    Reactions,
    Pins,
    Urgent,
    Menus,
    App,
)
METHODS: Final[Mapping[str, Method]] = MappingProxyType(
    {name: method for group in GROUPS for name, method in group.methods().items()}
)
"""Every typed method by its name, such as ``im.create_message``."""


def make_random(target: str) -> str:
    """A uuid that says nothing of the target."""
    return uuid4().hex


async def call_method(
    client: ApiClient, name: str, data: Mapping[str, Any], make_uuid: Callable[[str], str] = make_random
) -> Any:
    """Run a typed method.

    Args:
        client: makes the REST call.
        name: a name of :data:`METHODS`.
        data: its arguments.
        make_uuid: makes the idempotency key of a send, by whom or what it goes to. Operations with a ``sequence`` get
            a random one: a replay that has other words for a card shall show them.

    Returns:
        Feishu's whole body as a dict, or bytes when the answer is a file.

    Raises:
        ValueError: an argument is missing or unknown.
        ActionFailed: Feishu refused.
        NetworkError: no usable answer came.
    """
    method = METHODS[name]
    make = make_random if "sequence" in method.parameters else make_uuid
    target = str(data.get("receive_id") or data.get("message_id") or name)
    request = to_request(name, method, data, lambda: make(target))
    options = dict(request.options)
    if request.files:
        options["files"] = {key: as_path(file) for key, file in request.files.items()}
    return await client.call(request.path, **options)


class TypedApi:
    """Feishu's API as typed methods, in groups. A mix-in of :class:`Bot`."""

    @property
    def im(self: CallsApi) -> Im:
        """Messages."""
        return Im(self)

    @property
    def chat(self: CallsApi) -> Chats:
        """Groups and their members."""
        return Chats(self)

    @property
    def contact(self: CallsApi) -> Contacts:
        """Users and departments."""
        return Contacts(self)

    @property
    def file(self: CallsApi) -> File:
        """Uploads and downloads."""
        return File(self)

    @property
    def card(self: CallsApi) -> Cards:
        """Card entities, and the update after a click."""
        return Cards(self)

    @property
    def reaction(self: CallsApi) -> Reactions:
        """Emoji reactions."""
        return Reactions(self)

    @property
    def pin(self: CallsApi) -> Pins:
        """Pinned messages."""
        return Pins(self)

    @property
    def urgent(self: CallsApi) -> Urgent:
        """Urgent messages."""
        return Urgent(self)

    @property
    def menu(self: CallsApi) -> Menus:
        """The menus of groups."""
        return Menus(self)

    @property
    def app(self: CallsApi) -> App:
        """The app itself: profile, scopes, online connections."""
        return App(self)
