"""The texts of the bots' streamed answers, by the messages that show them: Feishu gives out what a card shows."""

from collections.abc import Sequence
from typing import Final

from ..store import Kept

TTL: Final = 7 * 86_400.0
"""Seconds for which a text is kept."""
LONGEST: Final = 20_000
"""Characters of a text that are kept."""


class Texts:
    """The texts of all bots of one adapter."""

    def __init__(self, kept: Kept) -> None:
        """Use what the store keeps."""
        self._kept = kept

    async def keep(self, bot_id: str, message_ids: Sequence[str], text: str) -> None:
        """Keep the text of an answer under each message that shows a part of it."""
        for message_id in filter(None, message_ids):
            await self._kept.set(f"{bot_id}:text:{message_id}", text[:LONGEST], TTL)

    async def find(self, bot_id: str, message_id: str) -> str | None:
        """The text of the answer that a message shows; None when none is kept."""
        return await self._kept.get(f"{bot_id}:text:{message_id}")
