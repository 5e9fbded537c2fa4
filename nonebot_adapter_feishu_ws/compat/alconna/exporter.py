"""alconna's segments -> ours, and their way to Feishu."""
# The plugin is not installed everywhere.
# pyright: basic, reportMissingImports=false

import asyncio
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from nonebot.adapters import Bot as BaseBot
from nonebot.adapters import Event as BaseEvent
from nonebot.adapters import Message as BaseMessage
from nonebot_plugin_alconna.uniseg.constraint import SerializeFailed, SupportAdapter, SupportScope
from nonebot_plugin_alconna.uniseg.exporter import MessageExporter, Target
from nonebot_plugin_alconna.uniseg.exporter import export as exports
from nonebot_plugin_alconna.uniseg.fallback import FallbackStrategy
from nonebot_plugin_alconna.uniseg.segment import (
    At,
    AtAll,
    Audio,
    CustomNode,
    Emoji,
    File,
    Hyper,
    Image,
    Media,
    Reference,
    Reply,
    Segment,
    Text,
    Video,
    Voice,
)

from ...api.upload import FILE, Content
from ...bot import Bot
from ...event import MessageEvent, NoticeEvent, PrivateMessageEvent
from ...logs import log
from ...media.fetch import fetch
from ...media.kinds import check_format
from ...media.upload import name_of
from ...message import Message, MessageSegment
from ...net.bounded_json import as_object, is_object
from ...sending.route import Route, find_target
from ...sending.send import OPTIONS
from ..emoji import emoji_type
from ..places import route_to, topic_of
from .keyboard import with_cards
from .send import FORWARD, REPLY, forward_segment, receipts, send_parts
from .styles import styled

_MEDIA = {Image: "image", Voice: "audio", Audio: "audio", Video: "media", File: "file"}


class Exporter(MessageExporter[Message]):
    """Makes Feishu's messages of alconna's and sends them; what has no equivalent falls back to text."""

    @classmethod
    def get_adapter(cls) -> SupportAdapter:
        """``Feishu``."""
        return SupportAdapter.feishu

    def get_message_type(self) -> type[Message]:
        """Our message class."""
        return Message

    def get_message_id(self, event: BaseEvent) -> str:
        """The message that an event is about."""
        if isinstance(event, (MessageEvent, NoticeEvent)) and event.message_id:
            return event.message_id
        raise NotImplementedError(f"{event.get_event_name()} is about no message")

    def get_target(self, event: BaseEvent, bot: BaseBot | None = None) -> Target:
        """Where an answer to an event goes; of a topic it keeps the topic, also when it is stored."""
        if isinstance(event, PrivateMessageEvent):
            place, private = event.get_user_id(), True
        else:
            try:
                kind, place = find_target(event)
            except ValueError as error:
                raise NotImplementedError(str(error)) from None
            private = kind != "chat_id"
        thread_id = topic_of(event)
        return Target(
            place,
            private=private,
            source=event.message_id if isinstance(event, (MessageEvent, NoticeEvent)) else "",
            adapter=self.get_adapter(),
            self_id=bot.self_id if bot else None,
            scope=SupportScope.feishu,
            extra={"thread_id": thread_id} if thread_id else None,
        )

    async def export(self, source: Sequence[Segment], bot: BaseBot | None, fallback: bool | FallbackStrategy):
        """The message for Feishu; buttons become a card."""
        return await super().export(with_cards(source), bot, fallback)

    @exports
    async def text(self, seg: Text, bot: BaseBot | None):
        """A text with its styles."""
        return styled(seg)

    @exports
    async def at(self, seg: At, bot: BaseBot | None):
        """A mention of a person; ``bot.self_id`` is the bot itself."""
        if seg.flag != "user":
            raise NotImplementedError("Feishu mentions people only")
        own = bot.bot_info.open_id if isinstance(bot, Bot) and seg.target == bot.self_id else ""
        return MessageSegment.at(own or seg.target, seg.display)

    @exports
    async def at_all(self, seg: AtAll, bot: BaseBot | None):
        """A mention of everybody."""
        return MessageSegment.at("all")

    @exports
    async def emoji(self, seg: Emoji, bot: BaseBot | None):
        """One of Feishu's emoji; any other one stays the character that it is."""
        if kind := emoji_type(seg.id, seg.name):
            return MessageSegment.emotion(kind)
        if seg.id.isascii():
            raise NotImplementedError(f"Feishu has no emoji {seg.id!r}")
        return MessageSegment.text(seg.id)

    @exports
    async def media(self, seg: Image | Voice | Audio | Video | File, bot: BaseBot | None):
        """An image, voice message, video or file, uploaded when it is sent."""
        kind, key = _MEDIA[type(seg)], _key(seg)
        if isinstance(seg, Image):
            return MessageSegment.sticker(key) if key and seg.sticker else MessageSegment.image(key or _source(seg))
        if isinstance(seg, File):
            return MessageSegment.file(key or _source(seg), _name(seg))
        duration = round(seg.duration * 1000) if seg.duration else None
        source = key or await _checked(_source(seg), kind, bot)
        if source is None:
            return MessageSegment.file(_source(seg), _name(seg))
        if kind == "audio":
            return MessageSegment.audio(source, duration)
        thumbnail = seg.thumbnail if isinstance(seg, Video) else None
        cover = None if thumbnail is None else _key(thumbnail) or _source(thumbnail)
        return MessageSegment.media(source, cover, _name(seg), duration)

    @exports
    async def reply(self, seg: Reply, bot: BaseBot | None):
        """What :meth:`send_to` quotes."""
        return MessageSegment(REPLY, {"message_id": seg.id})

    @exports
    async def hyper(self, seg: Hyper, bot: BaseBot | None):
        """A card, or rich text in Feishu's own form."""
        content = seg.content
        if not is_object(content):
            raise SerializeFailed("only a JSON object is a card of Feishu")
        post = content if isinstance(content.get("content"), list) else as_object(content.get("zh_cn"))
        if isinstance(post.get("content"), list):
            return MessageSegment.post(str(post.get("title") or ""), post["content"])
        return MessageSegment.card(content)

    @exports
    async def reference(self, seg: Reference, bot: BaseBot | None):
        """Messages by their ids become a merged forward; made-up ones a text with names."""
        if not seg.children and seg.id:
            return forward_segment([seg.id])
        result: list[MessageSegment] = []
        for node in seg.children:
            if not isinstance(node, CustomNode):
                if result and result[-1].type == FORWARD:
                    result[-1].data["message_ids"].append(node.id)
                else:
                    result.append(forward_segment([node.id]))
                continue
            content = [Text(node.content)] if isinstance(node.content, str) else list(node.content)
            said = await self.export(content, bot, FallbackStrategy.auto)
            result += [MessageSegment.text(f"{node.name or node.uid}: "), *said, MessageSegment.text("\n")]
        if not result:
            raise NotImplementedError("there is nothing to refer to")
        return result

    async def send_to(self, target: Target | BaseEvent, bot: BaseBot, message: BaseMessage, **kwargs: Any):
        """Send a message; returns what a receipt keeps of each message that it became."""
        assert isinstance(bot, Bot)
        quoted = [seg.data["message_id"] for seg in message if seg.type == REPLY]
        message = Message(seg for seg in message if seg.type != REPLY)
        if isinstance(target, BaseEvent):
            own = target.message_id if isinstance(target, (MessageEvent, NoticeEvent)) else ""
            if set(quoted) <= {own} and not message.has(FORWARD):
                quote = {"reply_message": True} if quoted else {}
                # A plugin for many platforms may give options of another one's.
                own_options = {key: value for key, value in kwargs.items() if key in OPTIONS}
                return receipts(await bot.send(target, message, **{**quote, **own_options}))
            route, thread_id = Route.of(target), topic_of(target)
        else:
            thread_id = target.extra.get("thread_id") or (target.id if target.id.startswith("omt_") else None)
            place = target.parent_id if target.id.startswith("omt_") else target.id
            route = await route_to(bot, place, thread_id)
        if quoted:
            route.replies_to = [quoted[0], *route.replies_to]
        return await send_parts(bot, message, route, thread_id)

    async def recall(self, mid: Any, bot: BaseBot, context: Target | BaseEvent):
        """Recall a message."""
        assert isinstance(bot, Bot)
        await bot.recall(_message_id(mid))

    async def edit(self, new: Sequence[Segment], mid: Any, bot: BaseBot, context: Target | BaseEvent):
        """Replace a text, rich text or card."""
        assert isinstance(bot, Bot)
        message = await self.export(new, bot, True)
        await bot.edit(_message_id(mid), Message(seg for seg in message if seg.type != REPLY))

    async def reaction(
        self, emoji: Emoji, mid: Any, bot: BaseBot, context: Target | BaseEvent, delete: bool = False
    ) -> None:
        """Add a reaction, or remove the bot's own."""
        assert isinstance(bot, Bot)
        # Feishu's own list is shorter than what it takes, and it names the trouble with a wrong one.
        kind, message_id = emoji_type(emoji.id, emoji.name) or emoji.name or emoji.id, _message_id(mid)
        if not delete:
            await bot.react(message_id, kind)
            return
        async for found in bot.reaction.list(message_id, reaction_type=kind):
            if found.operator.operator_id == bot.self_id and found.reaction_id:
                await bot.reaction.delete(message_id, found.reaction_id)

    def get_reply(self, mid: Any) -> Reply:
        """What quotes a message that was sent."""
        return Reply(_message_id(mid))


def _message_id(mid: Any) -> str:
    found = mid if isinstance(mid, str) else as_object(mid).get("message_id")
    if not isinstance(found, str) or not found:
        raise ValueError("this receipt names no message: it was not sent by this adapter")
    return found


def _key(seg: Media) -> str:
    """The key of what Feishu has already; an id of another platform is none where there is something to upload."""
    found = seg.id or ""
    return found if found.startswith(("img_", "file_")) or not (seg.url or seg.path or seg.raw) else ""


def _source(seg: Media) -> str | bytes | Path:
    if seg.raw:
        return seg.raw_bytes
    if seg.path:
        return Path(seg.path)
    if seg.url:
        return seg.url
    raise SerializeFailed(f"this {seg.type} carries nothing: give an id, url, path or raw")


def _name(seg: Media) -> str:
    if seg.url and not seg.raw and not seg.path and seg.name == type(seg).__default_name__:
        return name_of(seg.url, seg.type)
    return seg.name


async def _checked(source: str | bytes | Path, kind: str, bot: BaseBot | None) -> bytes | Path | None:
    """The source of a voice message or video; None when Feishu plays it only as a file."""
    if isinstance(source, str):
        proxy = bot.bot_config.proxy_url if isinstance(bot, Bot) else None
        source = await fetch(source, FILE.max_bytes, proxy=proxy)
    try:
        check_format(await asyncio.to_thread(Content(source).head), kind)
    except ValueError as error:
        log("INFO", "Sent as a file: {}", error)
        return None
    return source
