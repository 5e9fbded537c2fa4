"""What all actions share: the world, the gateway, and events to the apps that subscribe to them."""

from collections.abc import Callable, Iterable
from typing import Any

from .delivery import Delivery
from .events import user_ids
from .gateway import Gateway
from .state import App, Chat, Message, User, World


class Acting:
    """The base of all actions on a world."""

    def __init__(self, world: World, gateway: Gateway) -> None:
        """Act on a world; ``gateway`` sends the events out."""
        self.world: World = world
        self.gateway: Gateway = gateway

    async def push(
        self, app_id: str, event_type: str, event: dict[str, Any], *, transport: str = "auto", **header: Any
    ) -> Delivery:
        """Send an event to an app, by socket if one is there, else by webhook (or by the one that is named).

        It is sent whether the app subscribes to it or not.
        """
        return self.gateway.push_event(app_id, event_type, event, transport, **header)

    async def tell(
        self, app_ids: Iterable[str], event_type: str, body: Callable[[App], dict[str, Any]], tenant_key: str
    ) -> None:
        """Send an event to those of some apps that subscribe to it, each with the ids that it may see."""
        tell(self.gateway, app_ids, event_type, body, tenant_key)

    def member(self, chat: Chat, user: User) -> None:
        """Raises ``ValueError`` unless a person is in a chat."""
        if user.open_id not in chat.members:
            raise ValueError(f"{user.name} is not in this chat: let them join it first")

    def chat_of(self, message: Message) -> Chat:
        """The chat of a message that can still be acted upon.

        Raises:
            ValueError: the message was recalled, or its chat is gone.
        """
        chat = self.world.chats.get(message.chat_id)
        if chat is None or message.deleted:
            raise ValueError("this message was recalled, or its chat was dissolved")
        return chat


def tell(
    gateway: Gateway, app_ids: Iterable[str], event_type: str, body: Callable[[App], dict[str, Any]], tenant_key: str
) -> None:
    """Send an event to those of some apps that subscribe to it, each with the ids that it may see."""
    for app in map(gateway.world.apps.__getitem__, app_ids):
        if event_type in app.subscribed:
            gateway.push_event(app.app_id, event_type, body(app), "auto", tenant_key=tenant_key)


def by_user(user: User, app: App) -> dict[str, Any]:
    """The fields of an event of a group that say who did it."""
    return {"operator_id": user_ids(user, app), "external": False, "operator_tenant_key": user.tenant_key}
