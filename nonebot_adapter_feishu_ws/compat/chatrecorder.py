"""The bridge to nonebot-plugin-chatrecorder: what people and bots have said goes into its table."""
# The plugin is not installed everywhere.
# pyright: basic, reportMissingImports=false

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Any, Final

from nonebot.adapters import Bot as BaseBot
from nonebot.matcher import current_event
from nonebot.message import event_postprocessor
from nonebot_plugin_chatrecorder import MessageRecord, message, serialize_message
from nonebot_plugin_chatrecorder.adapters import feishu as built_in
from nonebot_plugin_chatrecorder.config import plugin_config
from nonebot_plugin_chatrecorder.message import MessageDeserializer, MessageSerializer
from nonebot_plugin_chatrecorder.utils import record_type, remove_timezone
from nonebot_plugin_orm import get_session as get_db_session
from nonebot_plugin_uninfo import Scene, SceneType, Session, SupportAdapter, SupportScope, User, get_session
from nonebot_plugin_uninfo.orm import get_session_persist_id

from ..bot import Bot
from ..event import MessageEvent
from ..event.message import AboutMessage, ReplyMention
from ..exception import ActionFailed, NetworkError
from ..message import Message
from ..net.bounded_json import as_list, as_object, as_text

TRIED_WITH = "nonebot-plugin-chatrecorder 0.7.0"
ADAPTER: Final = SupportAdapter.feishu
_SENDS: Final = re.compile(r"im/v1/messages(/[^/]+/reply)?")


class Serializer(MessageSerializer[Message]):
    """Our message as JSON."""


class Deserializer(MessageDeserializer[Message]):
    """JSON as our message."""

    @classmethod
    def get_message_class(cls) -> type[Message]:
        """Ours."""
        return Message


async def record_received(bot: Bot, event: MessageEvent) -> None:
    """Record what somebody said, once it has been handled, as the plugin does for other platforms."""
    session = await get_session(bot, event)
    if session is None:
        return
    said = event.event.message
    await _record(session, record_type(event), said.message_id, said.create_time, event.get_message())


async def record_sent(
    bot: BaseBot, exception: Exception | None, api: str, data: dict[str, Any], result: object
) -> None:
    """Record what a bot has sent or answered."""
    if not isinstance(bot, Bot) or exception is not None or not _SENDS.fullmatch(api):
        return
    sent = as_object(as_object(result).get("data"))
    if not sent.get("message_id"):  # a list of messages has the same path
        return
    content = as_text(as_object(sent.get("body")).get("content"))
    said = Message.deserialize(content, _mentions(sent), as_text(sent.get("msg_type")))
    scope = SupportScope.feishu
    session = Session(bot.self_id, ADAPTER, scope, await _scene(bot, sent, data), User(bot.self_id))
    await _record(session, "message_sent", as_text(sent["message_id"]), as_text(sent.get("create_time")), said)


def install() -> str | None:
    """Register both recorders and how messages are stored."""
    if getattr(built_in, "Bot", None) is Bot:  # by FEISHU_COMPAT_ALIAS its own part runs
        return None
    if message._serializers.get(ADAPTER) is Serializer:
        return None
    message.register_serializer(ADAPTER, Serializer)
    message.register_deserializer(ADAPTER, Deserializer)
    event_postprocessor(record_received)
    if plugin_config.chatrecorder_record_send_msg:
        Bot.on_called_api(record_sent)
    return None


async def _record(session: Session, kind: str, message_id: str, created: str, said: Message) -> None:
    time = datetime.fromtimestamp(int(created or 0) / 1000, UTC)
    record = MessageRecord(
        session_persist_id=await get_session_persist_id(session),
        time=remove_timezone(time),
        type=kind,
        message_id=message_id,
        message=serialize_message(ADAPTER, said),
        plain_text=said.extract_plain_text(),
    )
    async with get_db_session() as database:
        database.add(record)
        await database.commit()


async def _scene(bot: Bot, sent: dict[str, Any], call: dict[str, Any]) -> Scene:
    """Where it was sent, named as uninfo names where people wrote, so that one query finds both sides of a talk.

    A private chat has the id of its person there, which the answer to a call does not tell.
    """
    chat_id = as_text(sent.get("chat_id"))
    event = current_event.get(None)
    if isinstance(event, AboutMessage) and event.chat_id == chat_id:
        if event.event.message.chat_type == "p2p":
            return Scene(event.get_user_id(), SceneType.PRIVATE)
    elif as_object(call.get("params") or call.get("query")).get("receive_id_type") == "open_id":
        return Scene(as_text(as_object(call.get("json") or call.get("body")).get("receive_id")), SceneType.PRIVATE)
    elif await _is_private(bot, chat_id):
        return Scene(chat_id, SceneType.PRIVATE)
    group = Scene(chat_id, SceneType.GROUP)
    thread_id = as_text(sent.get("thread_id"))
    return Scene(thread_id, SceneType.CHANNEL_TEXT, parent=group) if thread_id else group


async def _is_private(bot: Bot, chat_id: str) -> bool:
    try:
        return (await bot.get_chat_info(chat_id)).get("chat_mode") == "p2p"
    except (ActionFailed, NetworkError):  # an app without this scope still has its records, as of a group
        return False


def _mentions(sent: dict[str, Any]) -> list[ReplyMention]:
    return [ReplyMention.model_validate(each) for each in as_list(sent.get("mentions"))]
