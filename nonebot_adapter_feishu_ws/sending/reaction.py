"""A reaction of the bot to a message, for good or while something happens."""

from __future__ import annotations

from collections.abc import Generator
from types import TracebackType
from typing import Any

from ..api.methods.reaction import Reactions
from ..exception import ActionFailed, NetworkError
from ..log import log
from .legacy_methods import LegacyMethods


class Reaction:
    """Await it to react for good; ``async with`` it to react for as long as the block runs."""

    def __init__(self, bot: LegacyMethods, message_id: str, emoji_type: str) -> None:
        self._bot_id = bot.self_id
        self._reactions = Reactions(bot)
        self._message_id = message_id
        self._emoji_type = emoji_type
        self.reaction_id: str | None = None
        """The reaction's id, once it is there."""

    def __await__(self) -> Generator[Any, None, Reaction]:
        return self.add().__await__()

    async def __aenter__(self) -> Reaction:
        # What is shown while a handler works must not keep it from working.
        try:
            return await self.add()
        except (ActionFailed, NetworkError) as error:
            log("WARNING", "Bot {}: no reaction {}: {}", self._bot_id, self._emoji_type, error)
            return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            await self.remove()
        except (ActionFailed, NetworkError) as trouble:
            log("WARNING", "Bot {}: the reaction {} stays: {}", self._bot_id, self._emoji_type, trouble)

    async def add(self) -> Reaction:
        """Add it (添加消息表情回复).

        Raises:
            ActionFailed: Feishu refused.
            NetworkError: no usable answer came.
        """
        self.reaction_id = (await self._reactions.create(self._message_id, self._emoji_type)).reaction_id
        return self

    async def remove(self) -> None:
        """Take it back (删除消息表情回复); does nothing when it is not there.

        Raises:
            ActionFailed: Feishu refused.
            NetworkError: no usable answer came.
        """
        reaction_id, self.reaction_id = self.reaction_id, None
        if reaction_id is not None:
            await self._reactions.delete(self._message_id, reaction_id)
