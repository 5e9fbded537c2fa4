"""Dependencies for handlers: what came with a message, ready to use."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from nonebot.adapters import Bot as BaseBot
from nonebot.params import Depends

from .event import MessageEvent, NoticeEvent
from .event.message import Sender as SenderModel
from .message import Message, MessageSegment

if TYPE_CHECKING:
    from .bot import Bot

_FILES = ("file", "audio", "media")


class ReceivedFile:
    """A file, voice message or video that came with a message; fetched when it is asked for."""

    def __init__(self, bot: Bot, segment: MessageSegment, message_id: str) -> None:
        """Args:
        bot: the bot that received it.
        segment: the segment it came as.
        message_id: the message it stands in.
        """
        self.bot = bot
        self.segment = segment
        self.message_id = message_id

    @property
    def name(self) -> str:
        """Its name; empty for a voice message."""
        return str(self.segment.data.get("file_name") or "")

    async def read(self) -> bytes:
        """Its content."""
        content = await self.bot.download(self.segment, self.message_id)
        assert isinstance(content, bytes)
        return content

    async def save(self, path: str | Path) -> Path:
        """Write its content to a file."""
        await self.bot.download(self.segment, self.message_id, path)
        return Path(path)


def ImageBytes() -> Any:
    """The first image of the message, else of the quoted one, as bytes; None without any."""

    async def first_image(bot: BaseBot, event: MessageEvent) -> bytes | None:
        for message, message_id in _messages(event):
            for segment in message["image"]:
                return await _feishu(bot).download(segment, message_id)  # pyright: ignore[reportReturnType]
        return None

    return Depends(first_image)


def Files() -> Any:
    """The files, voice messages and videos of the message, else of the quoted one, as :class:`ReceivedFile`."""

    async def files(bot: BaseBot, event: MessageEvent) -> list[ReceivedFile]:
        for message, message_id in _messages(event):
            found = [ReceivedFile(_feishu(bot), each, message_id) for each in message if each.type in _FILES]
            if found:
                return found
        return []

    return Depends(files)


def Sender() -> Any:
    """Who sent the message: ``sender_id`` with all ids that the app may see, ``sender_type``, ``tenant_key``."""

    async def sender(event: MessageEvent) -> SenderModel:
        return event.sender

    return Depends(sender)


def Chat() -> Any:
    """The chat of the event as Feishu describes it (获取群信息): ``name``, ``owner_id``, ``chat_mode``, ..."""

    async def chat(bot: BaseBot, event: MessageEvent | NoticeEvent) -> dict[str, Any]:
        return await _feishu(bot).get_chat_info(event.chat_id)

    return Depends(chat)


def _messages(event: MessageEvent) -> list[tuple[Message, str]]:
    own = (event.original_message, event.message_id)
    return [own] if event.reply is None else [own, (event.reply.message, event.reply.message_id)]


def _feishu(bot: BaseBot) -> Bot:
    return bot  # pyright: ignore[reportReturnType] - only our adapter makes these events


__all__ = ["Chat", "Files", "ImageBytes", "ReceivedFile", "Sender"]
