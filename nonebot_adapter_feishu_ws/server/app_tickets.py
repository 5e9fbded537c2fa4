"""App tickets of ISV apps: taken at the webhook, before anything logs or stores the event, and kept in the store."""

from collections.abc import Awaitable, Callable, Coroutine
from typing import Any, Protocol

from pydantic import SecretStr

from ..exception import StoreError
from ..log import log
from ..net.bounded_json import as_object, read_object
from ..store import KeyValue

EVENT = "app_ticket"


class TicketTaker(Protocol):
    """The tokens of an ISV app."""

    def take_ticket(self, ticket: SecretStr) -> None:
        """Use a new app ticket from now on."""
        ...


class AppTickets:
    """The tickets of all bots. Lives on NoneBot's loop."""

    def __init__(self, state: KeyValue, on_network: Callable[[Coroutine[Any, Any, Any]], Awaitable[Any]]) -> None:
        """Create the keeper of the tickets.

        Args:
            state: keeps them over a restart, and for other processes.
            on_network: awaits the store's methods, on the network loop.
        """
        self._state = state
        self._on_network = on_network

    async def take(self, bot_id: str, payload: bytes, tokens: TicketTaker | None) -> bool:
        """Keep a delivered ticket.

        Args:
            bot_id: the app id.
            payload: the delivery's JSON.
            tokens: the app's tokens; None when it is not configured as an ISV app.

        Returns:
            False when the delivery is something else.
        """
        if b'"app_ticket"' not in payload or (ticket := _ticket_in(payload)) is None:
            return False
        if tokens is None:
            text = 'Bot {bot} receives app tickets, so it is an ISV app: set "app_type": "store" in its entry'
            log("WARNING", text, bot=bot_id)
            return True
        tokens.take_ticket(ticket)
        try:
            await self._on_network(self._state.set(_key(bot_id), ticket.get_secret_value()))
        except StoreError as error:
            log("WARNING", "Bot {bot}: its app ticket will be lost at a restart: {}", error, bot=bot_id)
        log("DEBUG", "Bot {bot}: received an app ticket", bot=bot_id)
        return True

    async def load(self, bot_id: str) -> SecretStr | None:
        """Load the stored ticket; None when there is none, or it cannot be read."""
        try:
            kept = await self._on_network(self._state.get(_key(bot_id)))
        except StoreError as error:
            log("WARNING", "Bot {bot}: its app ticket cannot be read: {}", error, bot=bot_id)
            return None
        return SecretStr(kept) if kept else None


def _key(bot_id: str) -> str:
    return f"{bot_id}:app_ticket"


def _ticket_in(payload: bytes) -> SecretStr | None:
    event = as_object((read_object(payload) or {}).get("event"))
    ticket = event.get("app_ticket")
    return SecretStr(ticket) if event.get("type") == EVENT and isinstance(ticket, str) and ticket else None
