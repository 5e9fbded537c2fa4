"""How a segment fetches what it carries, through a bot."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Protocol

from nonebot.matcher import current_event

from .source import Progress


class Downloader(Protocol):
    """A bot, as far as downloads need it."""

    async def download(
        self, segment: Any, source: Any, to: str | Path | None = None, progress: Progress | None = None
    ) -> bytes | Path:
        """Fetch what a received segment carries."""
        ...


class Downloadable:
    """What carries a file that can be fetched."""

    async def download(
        self, bot: Downloader, source: Any = None, to: str | Path | None = None, progress: Progress | None = None
    ) -> bytes | Path:
        """Fetch what a received image, file, voice message or video carries (at most 100 MB).

        Args:
            bot: the bot that received it.
            source: the event or quoted message it stands in, or that message's id; the current event when None.
            to: a file to write it to, piece by piece.
            progress: a plain function, called with the bytes received and altogether (None: not known) at each piece.

        Returns:
            The bytes, or the path that was written.
        """
        origin: Any = current_event.get() if source is None else source
        return await bot.download(self, origin, to, progress)
