"""From the webhook route on NoneBot's loop to the receiver on the network loop; app tickets branch off here."""

from __future__ import annotations

from collections.abc import Mapping

from ..api import ClientPool
from ..config import BotConfig
from ..event.envelope import Envelope, Receipt
from ..server.app_tickets import AppTickets
from ..transport.network_thread import NetworkThread
from .receiver import Receiver


class WebhookEntry:
    """The webhook's way into the intake."""

    def __init__(
        self,
        network: NetworkThread,
        receiver: Receiver,
        tickets: AppTickets,
        clients: ClientPool,
        configs: Mapping[str, BotConfig],
    ) -> None:
        """Create the entry.

        Args:
            network: the thread whose loop the receiver lives on.
            receiver: takes everything but app tickets.
            tickets: keeps the app tickets of ISV apps.
            clients: have the tokens that a ticket is for.
            configs: app id -> bot.
        """
        self._network = network
        self._receiver = receiver
        self._tickets = tickets
        self._clients = clients
        self._configs = configs

    async def receive(self, envelope: Envelope) -> Receipt:
        """Take a delivery of the webhook."""
        if not self._network.running:
            return Receipt(503)
        tokens = self._clients.get(self._configs[envelope.bot_id]).isv_tokens
        if await self._tickets.take(envelope.bot_id, envelope.payload, tokens):
            return Receipt(200)
        return await self._network.call(self._receiver.receive(envelope))
