"""One bot's way through its places after an outage. Lives on NoneBot's loop."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from typing import Any

from ..bot import Bot
from ..event.envelope import Envelope, Receipt
from ..exception import ActionFailed, PermissionDenied, RateLimited, StoreError
from ..log import log
from .history import missed_messages, unknown_groups
from .known_chats import KnownChat
from .payload import is_missable, to_payload

Feed = Callable[[Envelope], Coroutine[Any, Any, Receipt]]
"""The intake's door, on the network loop."""
REFUSED_PAUSE = 0.5
"""Seconds until a message is offered again that the intake had no room for."""
REFUSALS = 120
"""How often it is offered."""


class BackfillRun:
    """Fetches what was missed and offers it to the intake, which knows what was handled already."""

    def __init__(
        self,
        bot: Bot,
        feed: Callable[[Envelope], Awaitable[Receipt]],
        is_ours: Callable[[], bool],
        *,
        sleep: Callable[[float], Awaitable[object]] = asyncio.sleep,
    ) -> None:
        """Args:
        bot: whose messages.
        feed: offers one to the intake.
        is_ours: whether no other process has taken over.
        sleep: waits for seconds.
        """
        self._bot = bot
        self._feed = feed
        self._is_ours = is_ours
        self._sleep = sleep
        self._left_out: list[str] = []
        self._scope_missing = False
        self.offered: int = 0
        """Messages of people that were found."""

    async def fetch(self, known: Sequence[KnownChat], since: float, until: float) -> bool:
        """Go through all places.

        Args:
            known: where the bot is talked to.
            since: seconds since the epoch.
            until: seconds since the epoch.

        Returns:
            False when another process took over.

        Raises:
            NetworkError, RateLimited: it has to be tried again.
            StoreError: the intake takes nothing.
        """
        places = [*known, *await unknown_groups(self._bot, known)]
        for place in places:
            if not self._is_ours():
                return False
            with self._bot.for_tenant(place.tenant_key):
                await self._fetch_place(place, since, until)
        self._report(len(places))
        return True

    async def _fetch_place(self, place: KnownChat, since: float, until: float) -> None:
        try:
            async for found, message in missed_messages(self._bot, place, since, until):
                if is_missable(message):
                    await self._offer(to_payload(message, found, self._bot.self_id))
        except RateLimited:
            raise
        except ActionFailed as error:
            # The bot was removed, the chat is gone or a scope is missing: no other try would change that.
            self._left_out.append(f"{place.chat_id}: {error}")
            self._scope_missing |= isinstance(error, PermissionDenied) and place.chat_type != "p2p"

    async def _offer(self, payload: bytes) -> None:
        self.offered += 1
        envelope = Envelope(bot_id=self._bot.self_id, payload=payload, transport="backfill")
        for _ in range(REFUSALS):
            receipt = await self._feed(envelope)
            if receipt.code == 200:
                return
            await self._sleep(REFUSED_PAUSE)
        raise StoreError("the intake takes no messages: too many wait already")

    def _report(self, places: int) -> None:
        bot_id = self._bot.self_id
        log(
            "INFO",
            "Bot {}: {} chats and topics were looked through, {} messages found in them",
            bot_id,
            places,
            self.offered,
        )
        if self._left_out:
            scope = " (groups need the scope im:message.group_msg, 获取群组中所有消息)" if self._scope_missing else ""
            shown = "; ".join(self._left_out[:3])
            log(
                "WARNING",
                "Bot {}: {} chats or topics could not be read{}, so what was said there is missed: {}",
                bot_id,
                len(self._left_out),
                scope,
                shown,
            )
