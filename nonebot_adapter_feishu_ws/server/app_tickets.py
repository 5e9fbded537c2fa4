"""App tickets of ISV apps: taken at the webhook, before anything logs or stores the event, and kept in the store."""

from collections.abc import Callable
from dataclasses import dataclass

from pydantic import SecretStr

from ..exception import StoreError
from ..logs import log
from ..net.bounded_json import as_object, read_object
from ..store import KeyValue
from ..store.shared import OnNetwork

EVENT = "app_ticket"


@dataclass(eq=False, repr=False)
class AppTickets:
    """The tickets of all bots, kept over a restart and for other processes. Lives on NoneBot's loop."""

    state: KeyValue
    on_network: OnNetwork
    """Awaits the store's methods, on the network loop."""

    async def take(self, bot_id: str, payload: bytes, use: Callable[[SecretStr], None] | None) -> bool:
        """Keep and use a delivered ticket; False when the delivery is something else.

        ``use`` is None when the app is not configured as an ISV app.
        """
        if b'"app_ticket"' not in payload or (ticket := _ticket_in(payload)) is None:
            return False
        if use is None:
            text = 'Bot {bot} receives app tickets, so it is an ISV app: set "app_type": "store" in its entry'
            log("WARNING", text, bot=bot_id)
            return True
        use(ticket)
        try:
            await self.on_network(self.state.set(_key(bot_id), ticket.get_secret_value()))
        except StoreError as error:
            log("WARNING", "Bot {bot}: its app ticket will be lost at a restart: {}", error, bot=bot_id)
        log("DEBUG", "Bot {bot}: received an app ticket", bot=bot_id)
        return True

    async def load(self, bot_id: str) -> SecretStr | None:
        """Load the stored ticket; None when there is none, or it cannot be read."""
        try:
            kept = await self.on_network(self.state.get(_key(bot_id)))
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
