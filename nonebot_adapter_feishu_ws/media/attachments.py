"""What a message carries for a model: images, files, voice messages and videos, with their types."""

from collections.abc import Awaitable, Callable, Iterator
from inspect import isawaitable
from mimetypes import guess_type
from pathlib import Path
from typing import Final, Literal

from typing_extensions import override

from ..event import MessageEvent, Reply
from ..logs import log
from ..message import Message, MessageSegment
from ..message.source import Downloader

AttachmentKind = Literal["image", "file", "audio", "video"]
_KINDS: Final[dict[str, AttachmentKind]] = {
    **dict.fromkeys(("image", "img"), "image"),
    "file": "file",
    "audio": "audio",
    **dict.fromkeys(("media", "video"), "video"),
}
_UNREAD: Final[dict[AttachmentKind, str]] = {
    "image": "image/*",
    "audio": "audio/ogg",
    "video": "video/mp4",
    "file": "application/octet-stream",
}
_IMAGES: Final = (
    (0, b"\x89PNG\r\n\x1a\n", "image/png"),
    (0, b"\xff\xd8\xff", "image/jpeg"),
    (0, b"GIF8", "image/gif"),
    (8, b"WEBP", "image/webp"),
    (0, b"BM", "image/bmp"),
    (0, b"II*\0", "image/tiff"),
    (0, b"MM\0*", "image/tiff"),
    (4, b"ftypheic", "image/heic"),
    (4, b"ftypmif1", "image/heic"),
    (0, b"\0\0\1\0", "image/x-icon"),
)
"""Place, bytes and type of the images that Feishu takes (上传图片): it gives out no names and types of them."""


class Attachment:
    """One image, file, voice message or video.

    Attributes:
        segment: its segment.
        source: the message that contains it.
        quoted: whether it stands in the quoted message.
        text: what was said, of a voice message that was transcribed; None otherwise.
        size: bytes, once it was read; Feishu does not tell before.
    """

    def __init__(
        self, bot: Downloader, segment: MessageSegment, source: MessageEvent | Reply, *, quoted: bool = False
    ) -> None:
        """Use :func:`~.params.Attachments`, which does this."""
        self.segment: MessageSegment = segment
        self.source: MessageEvent | Reply = source
        self.quoted: bool = quoted
        self.text: str | None = None
        self.size: int | None = None
        self._bot = bot
        self._image_type = ""

    @override
    def __repr__(self) -> str:
        return f"<Attachment {self.kind} {self.name or self.key}>"

    @property
    def kind(self) -> AttachmentKind:
        """What it is."""
        return _KINDS[self.segment.type]

    @property
    def key(self) -> str:
        """Feishu's key of it, the same wherever it stands; empty where Feishu gives none."""
        return str(self.segment.data.get("image_key" if self.kind == "image" else "file_key") or "")

    @property
    def name(self) -> str:
        """The file's name; empty for an image and a voice message."""
        return str(self.segment.data.get("file_name") or "")

    @property
    def mime(self) -> str:
        """Its type, such as ``application/pdf``, by its name; that of an image is known once it was read."""
        return self._image_type or guess_type(self.name)[0] or _UNREAD[self.kind]

    @property
    def duration(self) -> float | None:
        """Seconds of a voice message or video, where Feishu tells."""
        milliseconds = self.segment.data.get("duration")
        return milliseconds / 1000 if isinstance(milliseconds, (int, float)) else None

    async def read(self) -> bytes:
        """Download the content (获取消息中的资源文件, at most 100 MB), anew with each call.

        Raises:
            ActionFailed: Feishu refused.
            NetworkError: no usable answer came.
        """
        content = await self._bot.download(self.segment, self.source)
        assert isinstance(content, bytes)
        self.size = len(content)
        if self.kind == "image":
            found = (mime for at, magic, mime in _IMAGES if content.startswith(magic, at))
            self._image_type = next(found, "")
        return content

    async def save(self, path: str | Path) -> Path:
        """Download the content to a file, piece by piece.

        Args:
            path: the file to write.
        """
        await self._bot.download(self.segment, self.source, path)
        return Path(path)

    async def transcribe(self, by: "Transcribe") -> None:
        """Fill in the text of a voice message; when that fails it stays None, and the log says why.

        Args:
            by: a function, ``async`` or not, that takes the attachment and returns the text.
        """
        try:
            text = by(self)
            self.text = await text if isawaitable(text) else text
        except Exception as error:  # noqa: BLE001 - it is the plugin's, and the message is handled all the same
            log("WARNING", "The voice message {} could not be transcribed", self.key, exception=error)


Transcribe = Callable[[Attachment], Awaitable[str] | str]
"""Turns a voice message into text."""


def attachments_of(bot: Downloader, event: MessageEvent) -> list[Attachment]:
    """All that was merged into a message, that it carries itself, and that the quoted message carries; each once."""
    found: dict[str, Attachment] = {}
    for message, source in _messages(event):
        for segment in message:
            if segment.type in _KINDS and (it := Attachment(bot, segment, source, quoted=source is event.reply)).key:
                found.setdefault(it.key, it)
    return list(found.values())


def _messages(event: MessageEvent) -> Iterator[tuple[Message, MessageEvent | Reply]]:
    for each in (*event.merged, event):
        yield each.original_message, each
    if event.reply is not None:
        yield event.reply.message, event.reply
