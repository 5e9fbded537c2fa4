"""The bridge to nonebot-plugin-send-anything-anywhere (saa)."""
# The plugin is not installed everywhere.
# pyright: basic, reportMissingImports=false

from functools import partial
from typing import Any, Literal, cast

from nonebot.adapters import Bot as BaseBot
from nonebot.adapters import Event as BaseEvent
from nonebot_plugin_saa.abstract_factories import (
    MessageFactory,
    assamble_message_factory,
    register_ms_adapter,
)
from nonebot_plugin_saa.auto_select_bot import register_list_targets
from nonebot_plugin_saa.registries import (
    MessageId,
    PlatformTarget,
    Receipt,
    TargetFeishuGroup,
    TargetFeishuPrivate,
    register_message_id_getter,
    register_sender,
    register_target_extractor,
    sender_map,
)
from nonebot_plugin_saa.types import Image, Mention, MentionAll, Reply, Text
from nonebot_plugin_saa.utils import SupportedAdapters, SupportedPlatform, type_message_id_check

from ..bot import Bot
from ..event import GroupMessageEvent, MessageEvent, NoticeEvent, PrivateMessageEvent
from ..message import Message, MessageSegment
from ..net.bounded_json import as_object
from ..sending.route import Route
from ..sending.send import send_along
from .people import visible_users
from .places import route_to, topic_of

TRIED_WITH = "nonebot-plugin-send-anything-anywhere 0.7.1"
ADAPTER = SupportedAdapters.feishu
_BUILT_IN = "nonebot_plugin_saa."


class TargetFeishuTopic(TargetFeishuGroup):
    """A topic of a group. As a target it equals its group, so that the bots of the group are found for it."""

    thread_id: str

    def __eq__(self, other: object) -> bool:
        if isinstance(other, TargetFeishuTopic):
            return (other.chat_id, other.thread_id) == (self.chat_id, self.thread_id)
        return isinstance(other, TargetFeishuGroup) and cast("Any", other).chat_id == self.chat_id

    def __hash__(self) -> int:
        return hash(TargetFeishuGroup(chat_id=self.chat_id))


class FeishuMessageId(MessageId):
    """A message by its id."""

    adapter_name: Literal[ADAPTER] = ADAPTER  # pyright: ignore[reportInvalidTypeForm]
    message_id: str


class FeishuReceipt(Receipt):
    """What was sent: its first message, and the ids of all."""

    adapter_name: Literal[ADAPTER] = ADAPTER  # pyright: ignore[reportInvalidTypeForm]
    message_id: str
    message_ids: list[str]
    data: dict[str, Any]

    async def revoke(self) -> None:
        """Recall every message of it."""
        bot = self._get_bot()
        assert isinstance(bot, Bot)
        for message_id in self.message_ids:
            await bot.recall(message_id)

    @property
    def raw(self) -> Any:
        """Feishu's answer."""
        return self.data

    def extract_message_id(self) -> FeishuMessageId:
        """The first message."""
        return FeishuMessageId(message_id=self.message_id)


def install() -> str | None:
    """Register everything that saa needs to know of an adapter."""
    held = sender_map.get(ADAPTER)
    if held is _send:
        return None
    if held is not None and not held.__module__.startswith(_BUILT_IN):
        return f"{held.__module__} sends for the adapter {ADAPTER.value!r}"
    MessageFactory.register_adapter_message(ADAPTER, Message)
    segment = partial(register_ms_adapter, ADAPTER)
    segment(Text)(lambda text: MessageSegment.text(text.data["text"]))
    segment(Image)(lambda image: MessageSegment.image(image.data["image"]))
    segment(Mention)(_mention)
    segment(MentionAll)(lambda all_: MessageSegment.at("all"))
    segment(Reply)(lambda reply: MessageSegment("reply", {"message_id": _replied(reply)}))
    register_target_extractor(MessageEvent)(_target_of)
    register_target_extractor(NoticeEvent)(_target_of)
    register_message_id_getter(MessageEvent)(_message_id_of)
    register_message_id_getter(NoticeEvent)(_message_id_of)
    register_sender(ADAPTER)(_send)
    register_list_targets(ADAPTER)(_list_targets)
    # A topic is read before the group that it also is; both have the same ``platform_type``.
    either: Any = TargetFeishuTopic | TargetFeishuGroup
    PlatformTarget._deserializer_dict[SupportedPlatform.feishu_group] = either
    return None


def _mention(mention: Mention, bot: BaseBot) -> MessageSegment:
    user_id = mention.data["user_id"]
    own = bot.bot_info.open_id if isinstance(bot, Bot) and user_id == bot.self_id else ""
    return MessageSegment.at(own or user_id)


def _replied(reply: Reply) -> str:
    return type_message_id_check(FeishuMessageId, reply.data["message_id"]).message_id


def _target_of(event: BaseEvent) -> PlatformTarget:
    if isinstance(event, PrivateMessageEvent):
        return TargetFeishuPrivate(open_id=event.get_user_id())
    if isinstance(event, (MessageEvent, NoticeEvent)) and event.chat_id:
        if thread_id := topic_of(event):
            return TargetFeishuTopic(chat_id=event.chat_id, thread_id=thread_id)
        return TargetFeishuGroup(chat_id=event.chat_id)
    try:
        return TargetFeishuPrivate(open_id=event.get_user_id())
    except ValueError:
        raise RuntimeError(f"{event.get_event_name()} names no chat and nobody to send to") from None


def _message_id_of(event: BaseEvent) -> MessageId:
    message_id = event.message_id if isinstance(event, (MessageEvent, NoticeEvent)) else ""
    # None is what saa itself has for an event without a message.
    return FeishuMessageId(message_id=message_id) if message_id else cast("MessageId", None)


async def _send(
    bot: BaseBot, msg: MessageFactory, target: PlatformTarget, event: BaseEvent | None, at_sender: bool, reply: bool
) -> Receipt:
    assert isinstance(bot, Bot)
    assert isinstance(target, (TargetFeishuGroup, TargetFeishuPrivate))
    if isinstance(event, MessageEvent):
        mention = Mention(event.get_user_id()) if isinstance(event, GroupMessageEvent) else None
        quote = Reply(FeishuMessageId(message_id=event.message_id))
        msg = assamble_message_factory(msg, mention, quote, at_sender, reply)
    quoted = [_replied(each) for each in msg if isinstance(each, Reply)]
    segments: list[Any] = [await each.build(bot) for each in msg if not isinstance(each, Reply)]
    message = Message(segments)
    route = await _route(bot, target, event)
    route.replies_to = [*quoted[:1], *route.replies_to]
    answer = as_object(await send_along(bot, message, route))
    ids: list[str] = answer.get("message_ids") or []
    return FeishuReceipt(bot_id=bot.self_id, message_id=ids[0] if ids else "", message_ids=ids, data=answer)


async def _route(bot: Bot, target: TargetFeishuGroup | TargetFeishuPrivate, event: BaseEvent | None) -> Route:
    if event is not None:
        return Route.of(event)
    if isinstance(target, TargetFeishuPrivate):
        return await route_to(bot, target.open_id)
    return await route_to(bot, target.chat_id, target.thread_id if isinstance(target, TargetFeishuTopic) else None)


async def _list_targets(bot: BaseBot) -> list[PlatformTarget]:
    """The groups of a bot and the people it may see, for saa's choice of a bot."""
    assert isinstance(bot, Bot)
    groups = [TargetFeishuGroup(chat_id=chat.chat_id) async for chat in bot.chat.list(page_size=100) if chat.chat_id]
    people = [TargetFeishuPrivate(open_id=user.open_id) async for user in visible_users(bot) if user.open_id]
    return [*groups, *people]
