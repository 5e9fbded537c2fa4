"""The segment types, one class each, with the names and ``data`` keys of the existing NoneBot Feishu adapter."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from nonebot.adapters import MessageSegment as BaseMessageSegment
from nonebot.matcher import current_event
from typing_extensions import TypeIs, override

from .describe import describe, post_text
from .source import Progress, Source, key_or_source

if TYPE_CHECKING:
    from pathlib import Path

    from ..card import Sendable
    from .message import Message


def _is_built(card: object) -> TypeIs[Sendable]:
    from ..card import Sendable  # only a plugin with cards loads what builds them

    return isinstance(card, Sendable)


class Downloader(Protocol):
    """The part of a bot that :meth:`MessageSegment.download` calls."""

    async def download(
        self, segment: MessageSegment, source: Any, to: str | Path | None = None, progress: Progress | None = None
    ) -> bytes | Path:
        """Fetch what a received segment carries."""
        ...


class MessageSegment(BaseMessageSegment["Message"]):
    """One part of a message. Make segments with the factories; unknown types arrive as this class itself."""

    @classmethod
    @override
    def get_message_class(cls) -> type[Message]:
        from .message import Message

        return Message

    @override
    def is_text(self) -> bool:
        return False

    @override
    def __str__(self) -> str:
        return describe(self.type, self.data)

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

    @staticmethod
    def text(text: str) -> Text:
        """Plain text; nothing in it is markup."""
        return Text("text", {"text": str(text)})

    @staticmethod
    def at(user_id: str, user_name: str | None = None) -> At:
        """An @ of a user by open_id, or of everybody with ``"all"``; ``user_name`` shows where no name can be found."""
        return At("at", {"user_id": user_id} if user_name is None else {"user_id": user_id, "user_name": user_name})

    @staticmethod
    def link(text: str, href: str) -> Link:
        """A text that opens a URL."""
        return Link("link", {"text": text, "href": href})

    @staticmethod
    def emotion(emoji_type: str) -> Emotion:
        """A Feishu emoji, such as ``SMILE`` (表情文案说明)."""
        return Emotion("emotion", {"emoji_type": emoji_type})

    @staticmethod
    def code_block(text: str, language: str = "") -> CodeBlock:
        """A block of code."""
        return CodeBlock("code_block", {"text": text, "language": language})

    @staticmethod
    def markdown(text: str) -> Markdown:
        """Markdown, rendered by Feishu's ``md`` element; it stands in paragraphs of its own."""
        return Markdown("markdown", {"text": text})

    @staticmethod
    def post(title: str, content: list[list[dict[str, Any]]]) -> Post:
        """Rich text in Feishu's own form: lines of elements (发送消息内容, post)."""
        return Post("post", {"title": title, "content": content})

    @staticmethod
    def image(image_key: Source, *, progress: Progress | None = None) -> Image:
        """An image of at most 10 MB.

        Args:
            image_key: its key; or bytes, a path, a URL or a file opened in binary mode, uploaded when it is sent.
            progress: a plain function, called with the bytes sent and the bytes altogether at each piece.
        """
        return Image("image", key_or_source(image_key, "image_key", progress=progress))

    @staticmethod
    def interactive(
        header: Sendable | dict[str, Any] | None = None,
        config: dict[str, Any] | None = None,
        elements: list[dict[str, Any]] | None = None,
        i18n_elements: dict[str, Any] | list[dict[str, Any]] | None = None,
    ) -> Interactive:
        """A card of the first version, by its parts; or a built card alone, as with :meth:`card`."""
        if _is_built(header):
            return MessageSegment.card(header)
        parts = {"header": header, "config": config, "elements": elements, "i18n_elements": i18n_elements}
        return Interactive("interactive", {key: value for key, value in parts.items() if value is not None})

    @staticmethod
    def interactive_template(template_id: str, template_variable: dict[str, Any]) -> InteractiveTemplate:
        """A card of the card tool, by template id."""
        data = {"template_id": template_id, "template_variable": template_variable}
        return InteractiveTemplate("interactive", {"type": "template", "data": data})

    @staticmethod
    def card(card: Sendable | dict[str, Any]) -> Interactive:
        """A card built with ``nonebot_adapter_feishu_ws.card``, or any card as JSON.

        Raises:
            ValueError: a built card breaks Feishu's limits; JSON is not checked.
        """
        return Interactive("interactive", card.validate().to_dict() if _is_built(card) else dict(card))

    @staticmethod
    def share_chat(chat_id: str) -> ShareChat:
        """A group's business card."""
        return ShareChat("share_chat", {"chat_id": chat_id})

    @staticmethod
    def share_user(user_id: str) -> ShareUser:
        """A user's business card, by open_id."""
        return ShareUser("share_user", {"user_id": user_id})

    @staticmethod
    def audio(file_key: Source, duration: int | None = None, *, progress: Progress | None = None) -> Audio:
        """An opus file of at most 30 MB as a voice message, made like an :meth:`image`.

        Args:
            file_key: the file.
            duration: milliseconds; read from the file when the extra ``media`` is installed.
            progress: as for :meth:`image`.
        """
        return Audio("audio", {**key_or_source(file_key, "file_key", progress=progress), "duration": duration})

    @staticmethod
    def media(
        file_key: Source,
        image_key: Source | None = None,
        file_name: str | None = None,
        duration: int | None = None,
        *,
        progress: Progress | None = None,
    ) -> Media:
        """An mp4 file of at most 30 MB as a video, made like an :meth:`image`; also known as :meth:`video`.

        Args:
            file_key: the file.
            image_key: its cover.
            file_name: with extension.
            duration: milliseconds; read from the file when the extra ``media`` is installed.
            progress: as for :meth:`image`; without the cover.
        """
        cover = {"image_key": None} if image_key is None else key_or_source(image_key, "image_key", "cover")
        names = {"file_name": file_name, "duration": duration}
        return Media("media", {**key_or_source(file_key, "file_key", progress=progress), **cover, **names})

    video = media

    @staticmethod
    def file(file_key: Source, file_name: str | None = None, *, progress: Progress | None = None) -> File:
        """A file of at most 30 MB, made like an :meth:`image`; ``file_name`` with extension."""
        return File("file", {**key_or_source(file_key, "file_key", progress=progress), "file_name": file_name})

    @staticmethod
    def folder(file_key: str, file_name: str | None = None) -> Folder:
        """A folder; Feishu delivers it and lets no bot send it."""
        return Folder("folder", {"file_key": file_key, "file_name": file_name})

    @staticmethod
    def sticker(file_key: str) -> Sticker:
        """A sticker that the bot received before."""
        return Sticker("sticker", {"file_key": file_key})

    @staticmethod
    def system(template: str, from_user: list[str], to_chatters: list[str]) -> System:
        """A system message, as received."""
        return System("system", {"template": template, "from_user": from_user, "to_chatters": to_chatters})

    @staticmethod
    def location(name: str, longitude: str, latitude: str) -> Location:
        """A place, as received."""
        return Location("location", {"name": name, "longitude": longitude, "latitude": latitude})

    @staticmethod
    def video_chat(topic: str, start_time: str) -> VideoChat:
        """A video call, as received; ``start_time`` in milliseconds."""
        return VideoChat("video_chat", {"topic": topic, "start_time": start_time})

    @staticmethod
    def todo(task_id: str, summary: dict[str, Any], due_time: str) -> Todo:
        """A task, as received."""
        return Todo("todo", {"task_id": task_id, "summary": summary, "due_time": due_time})

    @staticmethod
    def hongbao(text: str) -> Hongbao:
        """A red packet, as received."""
        return Hongbao("hongbao", {"text": text})

    @staticmethod
    def merge_forward(message_id: str) -> MergeForward:
        """Several messages forwarded as one, as received; ``bot.expand`` fetches what is in it."""
        return MergeForward("merge_forward", {"message_id": message_id})


@dataclass
class Text(MessageSegment):
    """Plain text: ``text``."""

    @override
    def is_text(self) -> bool:
        return True

    @override
    def __str__(self) -> str:
        return str(self.data.get("text", ""))


@dataclass
class At(MessageSegment):
    """An @: ``user_id`` (open_id or ``all``), ``user_name`` where it is known."""

    @override
    def __str__(self) -> str:
        user_id = str(self.data.get("user_id", ""))
        # Somebody whom the event did not tell: only the placeholder is known, and perhaps a name.
        name = self.data.get("user_name")
        return f"@{name}" if name and user_id.startswith("@_user_") else f"@{user_id.removeprefix('@')}"


class _Words(MessageSegment):
    """A text with a form of its own. It is part of the plain text, since a user who types a command with a link or
    a piece of code behind it means both as arguments."""

    @override
    def is_text(self) -> bool:
        return True

    @override
    def __str__(self) -> str:
        return str(self.data.get("text", ""))


@dataclass
class Link(_Words):
    """A link inside rich text: ``text``, ``href``."""

    @override
    def __str__(self) -> str:
        return str(self.data.get("text") or self.data.get("href", ""))


@dataclass
class CodeBlock(_Words):
    """A block of code inside rich text: ``text``, ``language``."""


@dataclass
class Markdown(_Words):
    """Markdown to be sent: ``text``."""


@dataclass
class Post(MessageSegment):
    """Rich text to be sent as it is: ``title``, ``content``. Received rich text arrives as simpler segments."""

    @override
    def __str__(self) -> str:
        return post_text(self.data.get("title"), self.data.get("content"))


@dataclass
class Interactive(MessageSegment):
    """A card: its JSON. As text it is what can be read on it."""


@dataclass
class InteractiveTemplate(MessageSegment):
    """A card of the card tool: ``type`` is ``template``, ``data`` has ``template_id``, ``template_variable``."""


@dataclass
class Emotion(MessageSegment):
    """An emoji inside rich text: ``emoji_type``."""


@dataclass
class Image(MessageSegment):
    """An image: ``image_key``."""


@dataclass
class ShareChat(MessageSegment):
    """A group's business card: ``chat_id``."""


@dataclass
class ShareUser(MessageSegment):
    """A user's business card: ``user_id``."""


@dataclass
class Audio(MessageSegment):
    """A voice message: ``file_key``, ``duration`` in milliseconds."""


@dataclass
class Media(MessageSegment):
    """A video: ``file_key``, ``image_key`` of its cover, ``file_name``, ``duration`` in milliseconds."""


@dataclass
class File(MessageSegment):
    """A file: ``file_key``, ``file_name``."""


@dataclass
class Folder(MessageSegment):
    """A folder: ``file_key``, ``file_name``."""


@dataclass
class Sticker(MessageSegment):
    """A sticker: ``file_key``."""


@dataclass
class System(MessageSegment):
    """A system message: ``template``, ``from_user``, ``to_chatters``. As text its template is filled in."""


@dataclass
class Location(MessageSegment):
    """A place: ``name``, ``longitude``, ``latitude``."""


@dataclass
class VideoChat(MessageSegment):
    """A video call: ``topic``, ``start_time`` in milliseconds."""


@dataclass
class Todo(MessageSegment):
    """A task: ``task_id``, ``summary`` (``title``, ``content`` as in rich text), ``due_time`` in milliseconds."""


@dataclass
class Vote(MessageSegment):
    """A vote: ``topic``, ``options``."""


@dataclass
class Hongbao(MessageSegment):
    """A red packet: ``text``."""


@dataclass
class ShareCalendarEvent(MessageSegment):
    """A shared calendar event: ``summary``, ``start_time``, ``end_time`` in milliseconds."""


@dataclass
class Calendar(MessageSegment):
    """An invitation to a calendar event: ``summary``, ``start_time``, ``end_time`` in milliseconds."""


@dataclass
class GeneralCalendar(MessageSegment):
    """A calendar event passed on: ``summary``, ``start_time``, ``end_time`` in milliseconds."""


@dataclass
class MergeForward(MessageSegment):
    """Several messages forwarded as one: ``message_id``, with which ``bot.expand`` fetches them."""
