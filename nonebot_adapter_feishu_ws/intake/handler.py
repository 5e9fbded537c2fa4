"""Turns a delivery into an event and runs it through NoneBot. Lives on NoneBot's loop."""

from __future__ import annotations

from collections.abc import Mapping

from nonebot.adapters import Bot as BaseBot

from ..api import ClientPool
from ..bot import Bot
from ..event import EventRegistry, MessageEvent
from ..log import LogOnce, log, log_context
from .delivery import Delivery


class Handler:
    """Handles the deliveries of all bots."""

    def __init__(self, bots: Mapping[str, BaseBot], models: EventRegistry, clients: ClientPool) -> None:
        """Create the handler.

        Args:
            bots: app id -> NoneBot bot, as the adapter keeps them.
            models: event type -> event class.
            clients: learn which chat a message is in, for its chat's rate limit.
        """
        self._bots = bots
        self._models = models
        self._clients = clients
        self._reported = LogOnce()

    async def handle(self, delivery: Delivery) -> None:
        """Run a delivery's handlers; returns when all have ended."""
        bot = self._bots[delivery.bot_id]
        assert isinstance(bot, Bot)
        _, event_id, message_id = delivery.identity
        with log_context(bot=delivery.bot_id, event_id=event_id, message_id=message_id):
            event = self._models.parse(delivery.payload, on_fallback=self._report_fallback)
            if isinstance(event, MessageEvent):
                self._clients.get(bot.bot_config).learn(event.message_id, event.chat_id)
            event.set_callback(delivery.callback)
            try:
                await bot.handle_event(event)
            finally:
                if delivery.callback is not None:
                    delivery.callback.finish()

    def _report_fallback(self, event_type: str, error: Exception | None) -> None:
        if self._reported.first(event_type):
            log(
                "WARNING",
                "No event model fits {}; it is dispatched as the base Event (logged once per type)",
                event_type,
                exception=error,
            )
