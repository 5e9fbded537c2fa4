"""``Message``, ``MessageSegment`` and a class per segment type, as the existing NoneBot Feishu adapter names them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from nonebot import adapters
from typing_extensions import override

from .content import Postable, Style
from .describe import BuiltCard, describe, text_beside
from .encode import serialize
from .inline import MentionLike, Part
from .parse import parse_parts
from .source import Downloadable, Progress, Source, key_or_source


class MessageSegment(adapters.MessageSegment["Message"], Downloadable, Postable):
    """One part of a message. Make segments with the factories; unknown types arrive as this class itself."""

    @classmethod
    @override
    def get_message_class(cls) -> type[Message]:
        return Message

    @override
    def is_text(self) -> bool:
        return False

    @override
    def __str__(self) -> str:
        return describe(self.type, self.data)

    @staticmethod
    def text(text: str, style: Sequence[Style] = ()) -> Text:
        """Plain text; nothing in it is markup. With a style it is sent as rich text."""
        return Text("text", {"text": str(text), **({"style": [*style]} if style else {})})

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
        header: BuiltCard | dict[str, Any] | None = None,
        config: dict[str, Any] | None = None,
        elements: list[dict[str, Any]] | None = None,
        i18n_elements: dict[str, Any] | list[dict[str, Any]] | None = None,
    ) -> Interactive:
        """A card of the first version, by its parts; or a built card alone, as with :meth:`card`."""
        if isinstance(header, BuiltCard):
            return MessageSegment.card(header)
        parts = {"header": header, "config": config, "elements": elements, "i18n_elements": i18n_elements}
        return Interactive("interactive", {key: value for key, value in parts.items() if value is not None})

    @staticmethod
    def interactive_template(template_id: str, template_variable: dict[str, Any]) -> InteractiveTemplate:
        """A card of the card tool, by template id."""
        data = {"template_id": template_id, "template_variable": template_variable}
        return InteractiveTemplate("interactive", {"type": "template", "data": data})

    @staticmethod
    def card(card: BuiltCard | dict[str, Any]) -> Interactive:
        """A card built with ``nonebot_adapter_feishu_ws.card``, or any card as JSON.

        Raises:
            ValueError: a built card breaks Feishu's limits; JSON is not checked.
        """
        return Interactive("interactive", card.validate().to_dict() if isinstance(card, BuiltCard) else dict(card))

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
        video = key_or_source(file_key, "file_key", progress=progress) | cover
        return Media("media", {**video, "file_name": file_name, "duration": duration})

    video = media

    @staticmethod
    def file(file_key: Source, file_name: str | None = None, *, progress: Progress | None = None) -> File:
        """A file of at most 30 MB, made like an :meth:`image`; ``file_name`` with extension."""
        return File("file", {**key_or_source(file_key, "file_key", progress=progress), "file_name": file_name})

    @staticmethod
    def folder(file_key: str, file_name: str | None = None) -> Folder:
        """A folder; no bot can send it."""
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
    def divider(text: str, i18n_text: dict[str, str] | None = None, *, need_rollup: bool = False) -> System:
        """A dividing line in a private chat (发送消息内容, system; scope im:message:send_sys_msg).

        Args:
            text: at most 20 characters, or 10 Chinese ones.
            i18n_text: the text by language, such as ``{"zh_CN": "新会话"}``.
            need_rollup: scroll what stands above out of sight.
        """
        params = {"divider_text": {"text": text, **({"i18n_text": i18n_text} if i18n_text else {})}}
        return System("system", {"type": "divider", "params": params, "options": {"need_rollup": need_rollup}})

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


class Message(adapters.Message[MessageSegment]):
    """A Feishu message. Its text is never read as markup, neither a plugin's nor a user's."""

    @classmethod
    @override
    def get_segment_class(cls) -> type[MessageSegment]:
        return MessageSegment

    @staticmethod
    @override
    def _construct(msg: str) -> Iterable[MessageSegment]:
        yield MessageSegment.text(msg)

    @override
    def extract_plain_text(self) -> str:
        return "".join(str(part) if part.is_text() else text_beside(part.type, part.data) for part in self)

    def serialize(self) -> tuple[str, str]:
        """``(msg_type, content)`` for ``bot.send_msg``, when the message fits into one.

        Raises:
            ValueError: it is empty, or needs several messages.
        """
        return serialize(self)

    @classmethod
    def deserialize(
        cls, content: str, mentions: Iterable[MentionLike] | None, message_type: str, message_id: str | None = None
    ) -> Message:
        """Make a message of Feishu's content; see :func:`parse`."""
        return parse(message_type, content, mentions, message_id)


class _Words(MessageSegment):
    """What counts as plain text. Links and code do: a user who types them after a command means them as arguments."""

    @override
    def is_text(self) -> bool:
        return True

    @override
    def __str__(self) -> str:
        return str(self.data.get("text", ""))


class Text(_Words):
    """Plain text: ``text``; to be sent also ``style``."""


class At(MessageSegment):
    """An @: ``user_id`` (open_id or ``all``), ``user_name`` where it is known, which ``str`` then shows."""


class Link(_Words):
    """A link or mail address: ``text`` as it was typed, ``href``."""

    @override
    def __str__(self) -> str:
        return str(self.data.get("text") or self.data.get("href", ""))


class CodeBlock(_Words):
    """A block of code inside rich text: ``text``, ``language``."""


class Markdown(_Words):
    """Markdown to be sent: ``text``."""


class Post(MessageSegment):
    """Rich text to be sent as it is: ``title``, ``content``. Received rich text arrives as simpler segments."""


class Interactive(MessageSegment):
    """A card: its JSON, and in ``mentions`` who ``@_user_1`` in it is. As text it is what can be read on it."""


class InteractiveTemplate(MessageSegment):
    """A card of the card tool: ``type`` is ``template``, ``data`` has ``template_id``, ``template_variable``."""


class Emotion(MessageSegment):
    """An emoji inside rich text: ``emoji_type``."""


class Image(MessageSegment):
    """An image: ``image_key``."""


class ShareChat(MessageSegment):
    """A group's business card: ``chat_id``."""


class ShareUser(MessageSegment):
    """A user's business card: ``user_id``."""


class Audio(MessageSegment):
    """A voice message: ``file_key``, ``duration`` in milliseconds."""


class Media(MessageSegment):
    """A video: ``file_key``, ``image_key`` of its cover, ``file_name``, ``duration`` in milliseconds."""


class File(MessageSegment):
    """A file: ``file_key``, ``file_name``."""


class Folder(MessageSegment):
    """A folder: ``file_key``, ``file_name``."""


class Sticker(MessageSegment):
    """A sticker: ``file_key``."""


class System(MessageSegment):
    """A system message: ``template``, ``from_user``, ``to_chatters``; only a divider can be sent."""


class Location(MessageSegment):
    """A place: ``name``, ``longitude``, ``latitude``."""


class VideoChat(MessageSegment):
    """A video call: ``topic``, ``start_time`` in milliseconds."""


class Todo(MessageSegment):
    """A task: ``task_id``, ``summary`` (``title``, ``content`` as in rich text), ``due_time`` in milliseconds."""


class Vote(MessageSegment):
    """A vote: ``topic``, ``options``."""


class Hongbao(MessageSegment):
    """A red packet: ``text``."""


class ShareCalendarEvent(MessageSegment):
    """A shared calendar event: ``summary``, ``start_time``, ``end_time`` in milliseconds."""


class Calendar(MessageSegment):
    """An invitation to a calendar event: ``summary``, ``start_time``, ``end_time`` in milliseconds."""


class GeneralCalendar(MessageSegment):
    """A calendar event passed on: ``summary``, ``start_time``, ``end_time`` in milliseconds."""


class MergeForward(MessageSegment):
    """Several messages forwarded as one: ``message_id``, with which ``bot.expand`` fetches them."""


_CLASSES: Final[Mapping[str, type[MessageSegment]]] = {
    re.sub(r"(?<=.)(?=[A-Z])", "_", kind.__name__).lower(): kind
    for kind in (*MessageSegment.__subclasses__(), *_Words.__subclasses__())
}
"""Segment type (the class's name in snake case) -> class."""
_extend: Final = list[MessageSegment].extend  # NoneBot's own append checks the type of each segment


def parse(
    message_type: str, content: str, mentions: Iterable[MentionLike] | None = None, message_id: str | None = None
) -> Message:
    """Make segments of a delivered message. Those of rich text follow each other line by line, its title first.

    Args:
        message_type: Feishu's type, such as ``text``; an unknown one becomes a segment of that type.
        content: the content's JSON as a string.
        mentions: who is mentioned, by placeholder.
        message_id: the message's own id; a merged forward keeps it, so that it can be expanded.

    Returns:
        A message with at least one segment.
    """
    message = Message()
    _extend(message, map(_segment, parse_parts(message_type, content, mentions, message_id)))
    return message


def _segment(part: Part) -> MessageSegment:
    type_, data, known = part
    if type_ == "interactive" and data.get("type") == "template" and known:
        return InteractiveTemplate(type_, data)
    return (_CLASSES.get(type_, MessageSegment) if known else MessageSegment)(type_, data)
