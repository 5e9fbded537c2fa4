"""A reaction of the bot to a message: permanent, or for the duration of a block."""

from __future__ import annotations

from collections.abc import Generator
from types import TracebackType
from typing import Any

from ..exception import ActionFailed, NetworkError
from ..logs import log
from .legacy_methods import LegacyMethods


class Reaction:
    """Await it for a permanent reaction; ``async with`` it for a reaction that lasts as long as the block."""

    def __init__(self, bot: LegacyMethods, message_id: str, emoji_type: str) -> None:
        """Describe the reaction; nothing is sent yet."""
        from ..api.methods.reaction import Reactions  # it comes with every typed result

        self._bot_id = bot.self_id
        self._reactions = Reactions(bot)
        self._message_id = message_id
        self._emoji_type = emoji_type
        self.reaction_id: str | None = None
        """The reaction's id, once it is added."""

    def __await__(self) -> Generator[Any, None, Reaction]:
        return self.add().__await__()

    async def __aenter__(self) -> Reaction:
        # A decoration must not break the handler that it decorates.
        try:
            return await self.add()
        except (ActionFailed, NetworkError) as error:
            log("WARNING", "Bot {bot}: no reaction {}: {}", self._emoji_type, error, bot=self._bot_id)
            return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            await self.remove()
        except (ActionFailed, NetworkError) as trouble:
            log("WARNING", "Bot {bot}: the reaction {} stays: {}", self._emoji_type, trouble, bot=self._bot_id)

    async def add(self) -> Reaction:
        """Add the reaction (添加消息表情回复).

        Raises:
            ActionFailed: Feishu refused.
            NetworkError: no usable answer came.
        """
        self.reaction_id = (await self._reactions.create(self._message_id, self._emoji_type)).reaction_id
        return self

    async def remove(self) -> None:
        """Remove the reaction (删除消息表情回复); does nothing if it was not added.

        Raises:
            ActionFailed: Feishu refused.
            NetworkError: no usable answer came.
        """
        reaction_id, self.reaction_id = self.reaction_id, None
        if reaction_id is not None:
            await self._reactions.delete(self._message_id, reaction_id)
