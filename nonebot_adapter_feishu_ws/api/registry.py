"""All groups of typed methods, and how the bot comes by them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, Final, NoReturn
from uuid import uuid4

from ..exception import ApiNotAvailable
from .client import ApiClient
from .method import Group, Method, to_request
from .methods.app import App
from .methods.card import Cards
from .methods.chat import Chats
from .methods.chat_menu import ChatMenus
from .methods.contact import Contacts
from .methods.file import File
from .methods.im import Im
from .methods.pin import Pins
from .methods.reaction import Reactions
from .methods.urgent import Urgent
from .protocols import ApiCaller
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
    ChatMenus,
    App,
)
METHODS: Final[Mapping[str, Method]] = MappingProxyType(
    {name: method for group in GROUPS for name, method in group.methods().items()}
)
"""Every typed method by its name, such as ``im.create_message``."""


_RENAMED_GROUPS: Final = {"menu": "chat_menu"}
"""Names of this release's predecessor, which raise and name their successor."""


def make_random(target: str) -> str:
    """A uuid that says nothing of the target."""
    return uuid4().hex


async def call_api(
    client: ApiClient, api: str, data: Mapping[str, Any], make_uuid: Callable[[str], str] = make_random
) -> Any:
    """Call a typed method by its name, or a REST path.

    Args:
        client: makes the REST call.
        api: a name of :data:`METHODS`, or what :meth:`ApiClient.call` takes.
        data: its arguments.
        make_uuid: makes the idempotency key of a send, by whom or what it goes to. Operations with a ``sequence`` get
            a random one: a replay that has other words for a card shall show them.

    Returns:
        Feishu's whole body as a dict, or bytes when the answer is a file.

    Raises:
        ValueError: an argument is missing or unknown.
        ActionFailed: Feishu refused.
        NetworkError: no usable answer came.
        ApiNotAvailable: the name has changed; the text has the new one.
    """
    method = METHODS.get(api)
    if method is None:
        _refuse_old_name(api)
        return await client.call(api, **data)
    make = make_random if "sequence" in method.parameters else make_uuid
    target = str(data.get("receive_id") or data.get("message_id") or api)
    request = to_request(api, method, data, lambda: make(target))
    options = dict(request.options)
    if request.files:
        options["files"] = {key: as_path(file) for key, file in request.files.items()}
    return await client.call(request.path, **options)


def _refuse_old_name(api: str) -> None:
    group, _, name = api.partition(".")
    if (new := _RENAMED_GROUPS.get(group)) is not None and f"{new}.{name}" in METHODS:
        raise ApiNotAvailable(f"{api} has a new name: use {new}.{name}")


class TypedApi:
    """Feishu's API as typed methods, in groups. A mix-in of :class:`Bot`."""

    @property
    def im(self: ApiCaller) -> Im:
        """Messages."""
        return Im(self)

    @property
    def chat(self: ApiCaller) -> Chats:
        """Groups and their members."""
        return Chats(self)

    @property
    def contact(self: ApiCaller) -> Contacts:
        """Users and departments."""
        return Contacts(self)

    @property
    def file(self: ApiCaller) -> File:
        """Uploads and downloads."""
        return File(self)

    @property
    def card(self: ApiCaller) -> Cards:
        """Card entities, and the update after a click."""
        return Cards(self)

    @property
    def reaction(self: ApiCaller) -> Reactions:
        """Emoji reactions."""
        return Reactions(self)

    @property
    def pin(self: ApiCaller) -> Pins:
        """Pinned messages."""
        return Pins(self)

    @property
    def urgent(self: ApiCaller) -> Urgent:
        """Urgent messages."""
        return Urgent(self)

    @property
    def chat_menu(self: ApiCaller) -> ChatMenus:
        """The menus of groups."""
        return ChatMenus(self)

    @property
    def menu(self) -> NoReturn:
        """The former name of :attr:`chat_menu`.

        Raises:
            ApiNotAvailable: always; the text has the new name.
        """
        raise ApiNotAvailable("bot.menu has a new name: use bot.chat_menu (rule.menu, the bot's own menu, stays)")

    @property
    def app(self: ApiCaller) -> App:
        """The app itself: profile, scopes, online connections."""
        return App(self)
