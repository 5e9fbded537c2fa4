"""The chats and topics in which a bot is talked to, kept in the store because no API lists them all.

Runs on the network loop, where messages arrive.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping
from contextvars import Context
from typing import Any, NamedTuple

from ..exception import StoreError
from ..logs import log
from ..net.bounded_json import as_object, as_text
from ..store import KeyValue, storable

FLUSH_AFTER = 1.0
"""Seconds for which chats are collected before they are written."""
KEEP = 10_000
"""Chats of a bot that are remembered; those without messages for longest are dropped first."""


class KnownChat(NamedTuple):
    """A chat, or a topic in it.

    Attributes:
        tenant_key: the tenant; matters to a store app.
        chat_type: ``p2p``, ``group`` or ``topic_group``.
        chat_id: the chat.
        thread_id: the topic; empty for the chat itself.
    """

    tenant_key: str
    chat_type: str
    chat_id: str
    thread_id: str = ""

    def to_text(self) -> str:
        """Return the form that is kept in the store."""
        return " ".join((self.tenant_key, self.chat_type, self.chat_id, self.thread_id))

    @classmethod
    def from_text(cls, text: str) -> KnownChat | None:
        """Read what :meth:`to_text` returned; None for anything else."""
        parts = text.split(" ")
        return cls(*parts) if len(parts) == 4 and parts[2] else None


class KnownChats:
    """The known chats of all bots."""

    def __init__(self, state: KeyValue, *, clock: Callable[[], float] = time.time) -> None:
        """Create the collection; ``clock`` gives seconds since the epoch."""
        self._state = state
        self._clock = clock
        self._new: dict[str, dict[str, float]] = {}
        self._flush: asyncio.Task[None] | None = None

    def note(self, bot_id: str, payload: Mapping[str, Any]) -> None:
        """Remember the chat of a message event."""
        now = self._clock()
        new = self._new.setdefault(bot_id, {})
        for chat in chats_of(payload):
            new[storable(chat.to_text())] = now
        if new and (self._flush is None or self._flush.done()):
            self._flush = asyncio.create_task(self._flush_soon(), name="feishu-known-chats", context=Context())

    async def known(self, bot_id: str) -> list[KnownChat]:
        """Return the chats of a bot, those with the latest message first."""
        await self.flush()
        texts = await self._state.noted(_key(bot_id))
        return [chat for text in texts if (chat := KnownChat.from_text(text)) is not None]

    async def flush(self) -> None:
        """Write the collected chats; those that cannot be written are kept for the next time."""
        for bot_id in list(self._new):
            if new := self._new.pop(bot_id, None):
                try:
                    await self._state.note(_key(bot_id), new, keep=KEEP)
                except StoreError:
                    self._new[bot_id] = {**new, **self._new.get(bot_id, {})}
                    raise

    async def close(self) -> None:
        """Write the collected chats, and stop waiting for more."""
        if self._flush is not None:
            self._flush.cancel()
            await asyncio.wait({self._flush})
        await self._try_flush()

    async def _flush_soon(self) -> None:
        await asyncio.sleep(FLUSH_AFTER)
        await self._try_flush()

    async def _try_flush(self) -> None:
        try:
            await self.flush()
        except StoreError as error:
            log("DEBUG", "The chats of the latest messages are written later: {}", error)


def chats_of(payload: Mapping[str, Any]) -> list[KnownChat]:
    """Return the chat of a message event, and its topic if it has one."""
    message = as_object(as_object(payload.get("event")).get("message"))
    tenant = as_text(as_object(payload.get("header")).get("tenant_key"))
    chat_type, chat_id, thread_id = (as_text(message.get(key)) for key in ("chat_type", "chat_id", "thread_id"))
    if not chat_id or any(" " in part for part in (tenant, chat_type, chat_id, thread_id)):
        return []
    chat = KnownChat(tenant, chat_type, chat_id)
    return [chat, KnownChat(tenant, chat_type, chat_id, thread_id)] if thread_id else [chat]


def _key(bot_id: str) -> str:
    return f"{bot_id}:places"
