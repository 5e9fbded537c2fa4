"""Pool of REST clients, one per bot, each made on first use."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from pydantic import SecretStr

from ..config import BotConfig
from ..store import Shared
from .client import ApiClient


class ClientPool:
    """The REST clients of all bots. Lives on NoneBot's loop."""

    def __init__(
        self, *, timeout: float, load_ticket: Callable[[str], Awaitable[SecretStr | None]], shared: Shared | None
    ) -> None:
        """Create an empty pool.

        Args:
        timeout: seconds for one request.
        load_ticket: the app ticket that is kept for a store app, by its app id.
        shared: what the replicas share, if there are any.
        """
        self._timeout = timeout
        self._load_ticket = load_ticket
        self._shared = shared
        self._clients: dict[str, ApiClient] = {}

    def get(self, bot: BotConfig) -> ApiClient:
        """The client of a bot."""
        if (client := self._clients.get(bot.app_id)) is None:
            client = self._clients[bot.app_id] = ApiClient(
                app_id=bot.app_id,
                app_secret=bot.app_secret,
                origin=bot.api_origin,
                proxy=bot.proxy_url,
                timeout=self._timeout,
                load_ticket=(lambda: self._load_ticket(bot.app_id)) if bot.app_type == "store" else None,
                shared=self._shared,
            )
        return client

    async def close(self) -> None:
        """Close all connections."""
        for client in self._clients.values():
            await client.close()
