"""Our segments -> alconna's: what plugins read."""
# The plugin is not installed everywhere.
# pyright: basic, reportMissingImports=false

import nonebot
from nonebot.adapters import Bot as BaseBot
from nonebot.adapters import Event as BaseEvent
from nonebot_plugin_alconna.uniseg.builder import MessageBuilder, build
from nonebot_plugin_alconna.uniseg.constraint import SupportAdapter
from nonebot_plugin_alconna.uniseg.segment import (
    At,
    AtAll,
    Audio,
    Emoji,
    File,
    Hyper,
    Image,
    Reference,
    Reply,
    Segment,
    Text,
    Video,
)

from ...bot import Bot
from ...event import MessageEvent
from ...message import MessageSegment


def own_app(open_id: str) -> str | None:
    """The app id of the bot that has an open_id: alconna knows a bot by ``self_id``."""
    try:
        bots = nonebot.get_bots().values()
    except ValueError:  # NoneBot is not initialised
        return None
    return next((bot.self_id for bot in bots if isinstance(bot, Bot) and bot.bot_info.open_id == open_id), None)


class Builder(MessageBuilder[MessageSegment]):
    """Reads Feishu's messages. Texts in rich text are texts here, so that commands are found in it."""

    @classmethod
    def get_adapter(cls) -> SupportAdapter:
        """``Feishu``."""
        return SupportAdapter.feishu

    @build("link", "code_block", "markdown")
    def styled(self, seg: MessageSegment) -> Segment:
        """A text that was typed as a link, code or Markdown."""
        text = str(seg)
        style = "code" if seg.type == "code_block" else seg.type
        return Text(text).mark(0, len(text), style) if text else Text("")

    @build("at")
    def at(self, seg: MessageSegment) -> Segment:
        """A mention; one of the bot itself has its ``self_id``, which ``at_me()`` compares with."""
        user_id = str(seg.data.get("user_id", ""))
        if user_id == "all":
            return AtAll()
        return At("user", own_app(user_id) or user_id, seg.data.get("user_name"))

    @build("image", "img")
    def image(self, seg: MessageSegment) -> Segment:
        """An image by its key."""
        return Image(id=seg.data.get("image_key"))

    @build("sticker")
    def sticker(self, seg: MessageSegment) -> Segment:
        """A sticker by its key."""
        return Image(id=seg.data.get("file_key"), sticker=True)

    @build("audio")
    def audio(self, seg: MessageSegment) -> Segment:
        """A voice message; Feishu's milliseconds are seconds here."""
        return Audio(id=seg.data.get("file_key"), duration=_seconds(seg), name="audio.opus")

    @build("media")
    def video(self, seg: MessageSegment) -> Segment:
        """A video with its cover."""
        cover = seg.data.get("image_key")
        return Video(
            id=seg.data.get("file_key"),
            name=seg.data.get("file_name") or "video.mp4",
            duration=_seconds(seg),
            thumbnail=Image(id=cover) if cover else None,
        )

    @build("file", "folder")
    def file(self, seg: MessageSegment) -> Segment:
        """A file or folder."""
        key = seg.data.get("file_key")
        return File(id=key, name=seg.data.get("file_name") or key or "file.bin")

    @build("emotion")
    def emoji(self, seg: MessageSegment) -> Segment:
        """One of Feishu's emoji, such as ``SMILE``."""
        kind = str(seg.data.get("emoji_type", ""))
        return Emoji(kind, kind)

    @build("interactive", "post")
    def card(self, seg: MessageSegment) -> Segment:
        """A card, or rich text that a plugin made."""
        return Hyper("json", content=dict(seg.data))

    @build("merge_forward")
    def forward(self, seg: MessageSegment) -> Segment:
        """A merged forward by its message."""
        return Reference(id=seg.data.get("message_id"))

    async def extract_reply(self, event: BaseEvent, bot: BaseBot) -> Reply | None:
        """The quoted message with its segments."""
        if not isinstance(event, MessageEvent) or not isinstance(bot, Bot):
            return None
        quoted = event.reply or await bot.fetch_reply(event)
        return None if quoted is None else Reply(quoted.message_id, quoted.message, quoted)


def _seconds(seg: MessageSegment) -> float | None:
    duration = seg.data.get("duration")
    return duration / 1000 if isinstance(duration, (int, float)) else None
