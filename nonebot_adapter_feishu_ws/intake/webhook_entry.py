"""From the webhook route on NoneBot's loop to the receiver on the network loop; app tickets branch off here."""

from collections.abc import Mapping
from dataclasses import dataclass

from ..api import ClientPool
from ..config import BotConfig
from ..event.envelope import Envelope, Receipt
from ..server.app_tickets import AppTickets
from ..transport.network_thread import NetworkThread
from .receiver import Receiver


@dataclass(eq=False, repr=False)
class WebhookEntry:
    """The webhook's way into the intake, for all bots by app id."""

    network: NetworkThread
    receiver: Receiver
    tickets: AppTickets
    clients: ClientPool
    configs: Mapping[str, BotConfig]

    async def receive(self, envelope: Envelope) -> Receipt:
        """Take a delivery of the webhook."""
        if not self.network.running:
            return Receipt(503)
        tokens = self.clients.get(self.configs[envelope.bot_id]).isv_tokens
        if await self.tickets.take(envelope.bot_id, envelope.payload, tokens and tokens.take_ticket):
            return Receipt(200)
        return await self.network.call(self.receiver.receive(envelope))
