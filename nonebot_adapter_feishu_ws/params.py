"""Dependencies for handlers: what a message carries, its sender and its chat."""

import asyncio
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from nonebot.params import Depends

from .bot import Bot
from .event import MessageEvent, NoticeEvent
from .event.message import Sender as SenderModel
from .media.attachments import Attachment, Transcribe, attachments_of
from .message import Message, MessageSegment

_FILES = ("file", "audio", "media")


@dataclass(eq=False, repr=False)
class ReceivedFile:
    """A file, voice message or video that came with a message; downloaded on request.

    Attributes:
        bot: the bot that received it.
        segment: its segment.
        message_id: the message that contains it.
    """

    bot: Bot
    segment: MessageSegment
    message_id: str

    @property
    def name(self) -> str:
        """The file's name; empty for a voice message."""
        return str(self.segment.data.get("file_name") or "")

    async def read(self) -> bytes:
        """Download the content."""
        content = await self.bot.download(self.segment, self.message_id)
        assert isinstance(content, bytes)
        return content

    async def save(self, path: str | Path) -> Path:
        """Download the content to a file.

        Args:
            path: the file to write.
        """
        await self.bot.download(self.segment, self.message_id, path)
        return Path(path)


def ImageBytes() -> Any:
    """The first image of the message or else of the quoted message, as bytes; None if there is none."""

    async def first_image(bot: Bot, event: MessageEvent) -> bytes | None:
        for message, message_id in _messages(event):
            for segment in message["image"]:
                return await ReceivedFile(bot, segment, message_id).read()
        return None

    return Depends(first_image)


def Files() -> Any:
    """The files, voice messages and videos of the message or else of the quoted one, as :class:`ReceivedFile`."""

    async def files(bot: Bot, event: MessageEvent) -> list[ReceivedFile]:
        for message, message_id in _messages(event):
            found = [ReceivedFile(bot, each, message_id) for each in message if each.type in _FILES]
            if found:
                return found
        return []

    return Depends(files)


def Attachments(*, transcribe: Transcribe | None = None) -> Any:
    """All input for a model: each image, file, voice message and video, as :class:`~.media.attachments.Attachment`.

    First those of the message itself, images inside rich text included (and of the messages that were merged into it,
    see ``FEISHU_MERGE_ATTACHMENTS``), then those of the quoted message. Each has ``kind``, ``mime``, ``name`` and
    ``size``, and ``await it.read()``.

    Args:
        transcribe: turns a voice message into text before the handler runs: a function, ``async`` or not, that takes
            the attachment and returns the text, which is then its ``text``. If it fails, that is logged, and the
            ``text`` stays None.
    """

    async def attachments(bot: Bot, event: MessageEvent) -> list[Attachment]:
        found = attachments_of(bot, event)
        if transcribe is not None:
            await asyncio.gather(*(it.transcribe(transcribe) for it in found if it.kind == "audio"))
        return found

    return Depends(attachments)


def Sender() -> Any:
    """The sender of the message: ``sender_id`` with all ids that the app may see, ``sender_type``, ``tenant_key``."""

    async def sender(event: MessageEvent) -> SenderModel:
        return event.sender

    return Depends(sender)


def Chat() -> Any:
    """The chat of the event as Feishu describes it (获取群信息): ``name``, ``owner_id``, ``chat_mode``, ..."""

    async def chat(bot: Bot, event: MessageEvent | NoticeEvent) -> dict[str, Any]:
        return await bot.get_chat_info(event.chat_id)

    return Depends(chat)


def _messages(event: MessageEvent) -> list[tuple[Message, str]]:
    own = (event.original_message, event.message_id)
    merged = [(each.original_message, each.message_id) for each in event.merged]
    quoted = [] if event.reply is None else [(event.reply.message, event.reply.message_id)]
    return [own, *merged, *quoted]


__all__ = ["Attachment", "Attachments", "Chat", "Files", "ImageBytes", "ReceivedFile", "Sender"]
