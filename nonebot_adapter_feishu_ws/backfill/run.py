"""One run over the chats of a bot after an outage. Runs on NoneBot's loop."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from ..bot import Bot
from ..event.envelope import Envelope
from ..exception import ActionFailed, PermissionDenied, RateLimited, StoreError
from ..intake.receiver import Receiver
from ..logs import log
from ..net.waiting import Sleep
from ..transport.network_thread import NetworkThread
from .history import missed_messages, unknown_groups
from .known_chats import KnownChat
from .payload import is_missable, to_payload

REFUSED_PAUSE = 0.5
"""Seconds until a message is offered again for which there was no room."""
REFUSALS = 120
"""How often a message is offered."""


@dataclass(eq=False, repr=False)
class BackfillRun:
    """Fetches messages and offers them to the intake, which drops those that were handled already.

    ``is_ours`` tells whether this process still holds the lock.
    """

    bot: Bot
    network: NetworkThread
    receiver: Receiver
    is_ours: Callable[[], bool]
    sleep: Sleep = asyncio.sleep
    _left_out: list[str] = field(default_factory=list[str])
    _scope_missing: bool = False
    offered: int = 0
    """Number of messages from people that were found."""

    async def fetch(self, known: Sequence[KnownChat], since: float, until: float) -> bool:
        """Fetch the messages of all chats between two times, in seconds since the epoch.

        Returns:
            False when another process took over.

        Raises:
            NetworkError, RateLimited: another try is needed.
            StoreError: the intake takes nothing.
        """
        chats = [*known, *await unknown_groups(self.bot, known)]
        for chat in chats:
            if not self.is_ours():
                return False
            with self.bot.for_tenant(chat.tenant_key):
                await self._fetch_chat(chat, since, until)
        self._report(len(chats))
        return True

    async def _fetch_chat(self, chat: KnownChat, since: float, until: float) -> None:
        try:
            async for found, message in missed_messages(self.bot, chat, since, until):
                if is_missable(message):
                    await self._offer(to_payload(message, found, self.bot.self_id))
        except RateLimited:
            raise
        except ActionFailed as error:
            # The bot was removed, the chat is gone or a scope is missing: another try would not help.
            self._left_out.append(f"{chat.chat_id}: {error}")
            self._scope_missing |= isinstance(error, PermissionDenied) and chat.chat_type != "p2p"

    async def _offer(self, payload: bytes) -> None:
        self.offered += 1
        envelope = Envelope(bot_id=self.bot.self_id, payload=payload, transport="backfill")
        for _ in range(REFUSALS):
            receipt = await self.network.call(self.receiver.receive(envelope))
            if receipt.code == 200:
                return
            await self.sleep(REFUSED_PAUSE)
        raise StoreError("the intake takes no messages: too many wait already")

    def _report(self, chats: int) -> None:
        bot_id = self.bot.self_id
        log(
            "INFO",
            "Bot {bot}: {chats} chats and topics were searched, {messages} messages found in them",
            bot=bot_id,
            chats=chats,
            messages=self.offered,
        )
        if self._left_out:
            scope = " (groups need the scope im:message.group_msg, 获取群组中所有消息)" if self._scope_missing else ""
            shown = "; ".join(self._left_out[:3])
            log(
                "WARNING",
                "Bot {bot}: {count} chats or topics could not be read{scope}, so their messages are missing: {shown}",
                bot=bot_id,
                count=len(self._left_out),
                scope=scope,
                shown=shown,
            )
