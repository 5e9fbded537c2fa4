"""The segment types, one class each, with the names and ``data`` keys of the existing NoneBot Feishu adapter."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from nonebot.adapters import MessageSegment as BaseMessageSegment
from typing_extensions import override

if TYPE_CHECKING:
    from .message import Message


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
        return f"[{self.type}]"

    @staticmethod
    def text(text: str) -> Text:
        """Plain text; nothing in it is markup."""
        return Text("text", {"text": str(text)})

    @staticmethod
    def at(user_id: str, user_name: str | None = None) -> At:
        """An @ of a user by open_id, or of everybody with ``"all"``.

        Args:
            user_id: open_id (or ``all``).
            user_name: what is shown where the name cannot be looked up.
        """
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
    def image(image_key: str) -> Image:
        """An uploaded image."""
        return Image("image", {"image_key": image_key})

    @staticmethod
    def interactive(
        header: dict[str, Any] | None = None,
        config: dict[str, Any] | None = None,
        elements: list[dict[str, Any]] | None = None,
        i18n_elements: dict[str, Any] | list[dict[str, Any]] | None = None,
    ) -> Interactive:
        """A card of the first version, by its parts."""
        parts = {"header": header, "config": config, "elements": elements, "i18n_elements": i18n_elements}
        return Interactive("interactive", {key: value for key, value in parts.items() if value is not None})

    @staticmethod
    def interactive_template(template_id: str, template_variable: dict[str, Any]) -> InteractiveTemplate:
        """A card of the card tool, by template id."""
        data = {"template_id": template_id, "template_variable": template_variable}
        return InteractiveTemplate("interactive", {"type": "template", "data": data})

    @staticmethod
    def card(card: dict[str, Any]) -> Interactive:
        """Any card as JSON: version 1 or 2, template, or entity (``{"type": "card", "data": ...}``)."""
        return Interactive("interactive", dict(card))

    @staticmethod
    def share_chat(chat_id: str) -> ShareChat:
        """A group's business card."""
        return ShareChat("share_chat", {"chat_id": chat_id})

    @staticmethod
    def share_user(user_id: str) -> ShareUser:
        """A user's business card, by open_id."""
        return ShareUser("share_user", {"user_id": user_id})

    @staticmethod
    def audio(file_key: str, duration: int | None = None) -> Audio:
        """An uploaded opus file as a voice message; ``duration`` in milliseconds."""
        return Audio("audio", {"file_key": file_key, "duration": duration})

    @staticmethod
    def media(
        file_key: str, image_key: str | None = None, file_name: str | None = None, duration: int | None = None
    ) -> Media:
        """An uploaded mp4 file as a video with its cover; ``duration`` in milliseconds."""
        data = {"file_key": file_key, "image_key": image_key, "file_name": file_name, "duration": duration}
        return Media("media", data)

    @staticmethod
    def file(file_key: str, file_name: str | None = None) -> File:
        """An uploaded file."""
        return File("file", {"file_key": file_key, "file_name": file_name})

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


class _Shown(MessageSegment):
    """A segment that shows one of its values behind its type."""

    _shown = ""

    @override
    def __str__(self) -> str:
        value = self.data.get(self._shown)
        return f"[{self.type}:{value}]" if value else f"[{self.type}]"


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
        return f"@{self.data.get('user_id', '')}"


@dataclass
class Link(MessageSegment):
    """A link inside rich text: ``text``, ``href``. Its text is part of the plain text."""

    @override
    def is_text(self) -> bool:
        return True

    @override
    def __str__(self) -> str:
        return str(self.data.get("text") or self.data.get("href", ""))


@dataclass
class CodeBlock(MessageSegment):
    """A block of code inside rich text: ``text``, ``language``."""

    @override
    def is_text(self) -> bool:
        return True

    @override
    def __str__(self) -> str:
        return str(self.data.get("text", ""))


@dataclass
class Markdown(MessageSegment):
    """Markdown to be sent: ``text``."""

    @override
    def is_text(self) -> bool:
        return True

    @override
    def __str__(self) -> str:
        return str(self.data.get("text", ""))


@dataclass
class Emotion(_Shown):
    """An emoji inside rich text: ``emoji_type``."""

    _shown = "emoji_type"


@dataclass
class Post(MessageSegment):
    """Rich text to be sent as it is: ``title``, ``content``. Received rich text arrives as simpler segments."""

    @override
    def __str__(self) -> str:
        lines: list[str] = [str(self.data["title"])] if self.data.get("title") else []
        lines += ["".join(map(_element_text, line)) for line in self.data.get("content", [])]
        return "\n".join(lines)


def _element_text(element: dict[str, Any]) -> str:
    if element.get("tag") == "at":
        return f"@{element.get('user_id', '')}"
    return str(element.get("text") or element.get("href") or f"[{element.get('tag', '')}]")


@dataclass
class Image(_Shown):
    """An image: ``image_key``."""

    _shown = "image_key"


@dataclass
class Interactive(MessageSegment):
    """A card: its JSON."""


@dataclass
class InteractiveTemplate(MessageSegment):
    """A card of the card tool: ``type`` is ``template``, ``data`` has ``template_id``, ``template_variable``."""


@dataclass
class ShareChat(_Shown):
    """A group's business card: ``chat_id``."""

    _shown = "chat_id"


@dataclass
class ShareUser(_Shown):
    """A user's business card: ``user_id``."""

    _shown = "user_id"


@dataclass
class Audio(_Shown):
    """A voice message: ``file_key``, ``duration`` in milliseconds."""

    _shown = "file_key"


@dataclass
class Media(_Shown):
    """A video: ``file_key``, ``image_key`` of its cover, ``file_name``, ``duration`` in milliseconds."""

    _shown = "file_name"


@dataclass
class File(_Shown):
    """A file: ``file_key``, ``file_name``."""

    _shown = "file_name"


@dataclass
class Folder(_Shown):
    """A folder: ``file_key``, ``file_name``."""

    _shown = "file_name"


@dataclass
class Sticker(_Shown):
    """A sticker: ``file_key``."""

    _shown = "file_key"


@dataclass
class System(_Shown):
    """A system message: ``template``, ``from_user``, ``to_chatters``."""

    _shown = "template"


@dataclass
class Location(_Shown):
    """A place: ``name``, ``longitude``, ``latitude``."""

    _shown = "name"


@dataclass
class VideoChat(_Shown):
    """A video call: ``topic``, ``start_time``."""

    _shown = "topic"


@dataclass
class Todo(_Shown):
    """A task: ``task_id``, ``summary``, ``due_time``."""

    _shown = "task_id"


@dataclass
class Vote(_Shown):
    """A vote: ``topic``, ``options``."""

    _shown = "topic"


@dataclass
class Hongbao(_Shown):
    """A red packet: ``text``."""

    _shown = "text"


@dataclass
class ShareCalendarEvent(_Shown):
    """A shared calendar event: ``summary``, ``start_time``, ``end_time``."""

    _shown = "summary"


@dataclass
class Calendar(_Shown):
    """A calendar event: ``summary``, ``start_time``, ``end_time``."""

    _shown = "summary"


@dataclass
class GeneralCalendar(_Shown):
    """A calendar event of the second kind: ``summary``, ``start_time``, ``end_time``."""

    _shown = "summary"
