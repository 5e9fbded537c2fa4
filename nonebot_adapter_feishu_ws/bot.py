"""The NoneBot ``Bot``: the methods with which plugins answer, send, fetch and upload."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from nonebot.adapters import Adapter as BaseAdapter
from nonebot.adapters import Event as BaseEvent
from nonebot.message import handle_event
from typing_extensions import override

from .api import BotInfo, Cache, Directory, Progress, TypedApi, current_tenant
from .api.types import ReceiveIdType
from .config import BotConfig, Config
from .dialog.methods import DialogMethods
from .dialog.state import Dialogs
from .event import Event, MessageEvent, NoticeEvent, Reply, check_at_me, check_nickname, check_reply
from .event.bot_talk import BotTalk
from .event.message import AboutMessage
from .exception import ActionFailed, NetworkError
from .logs import LogOnce, log
from .media import Uploads, download
from .message import EXPAND_COUNT, EXPAND_DEPTH, ForwardedMessage, Message, MessageSegment, expand
from .net.bounded_json import as_object, as_text
from .sending.idempotency import IdempotencyKeys
from .sending.reaction import Reaction
from .sending.respond import make_response, respond
from .sending.send import Sendable, SendHandler, guess_id_type, render_one, send, send_to
from .sending.streaming import StreamMethods
from .sending.unfinished import Unfinished
from .sending.words import Language, language_of
from .store import Shared

if TYPE_CHECKING:
    from lark_oapi import Client

    from .card import Card, RawCard, Template, Toast
    from .sending.respond import Answer


OWN_ID_TTL = 24 * 3600.0
"""Seconds for which a store app's own open_id in a tenant is remembered."""


def _forward_in(target: Message | MessageSegment) -> str:
    segments = target if isinstance(target, Message) else [target]
    segment = next((segment for segment in segments if segment.type == "merge_forward"), None)
    if segment is None:
        raise ValueError(
            "there is no merged forward in this message: only a segment of the type 'merge_forward' expands"
        )
    message_id = segment.data.get("message_id")
    if not isinstance(message_id, str) or not message_id:
        raise ValueError("this 'merge_forward' segment does not know its message: call bot.expand(event.message_id)")
    return message_id


def _message_id(target: MessageEvent | NoticeEvent | str) -> str:
    message_id = target if isinstance(target, str) else target.message_id
    if not message_id:
        raise ValueError("this event names no message")
    return message_id


class BotHost(BaseAdapter):
    """What a bot needs of its adapter."""

    feishu_config: Config
    shared: Shared | None
    unfinished: Unfinished
    dialogs: Dialogs

    @abstractmethod
    async def get_lark(self, bot: Bot) -> Client:
        """The official SDK's client of a bot."""
        raise NotImplementedError

    @abstractmethod
    async def mark_handled(self, event: Event) -> bool:
        """Write down that an event is handled."""
        raise NotImplementedError


class Bot(TypedApi, StreamMethods, DialogMethods):
    """A Feishu bot. ``self_id`` is its app id.

    Feishu's API is available as groups of typed methods: ``bot.im``, ``bot.chat``, ``bot.contact``, ...
    (:class:`TypedApi`). The methods of the existing NoneBot Feishu adapter keep their names, arguments and results
    (:class:`LegacyMethods`); what assistants need is in :class:`DialogMethods`.
    """

    platform: ClassVar[str] = "feishu"
    send_handler: ClassVar[SendHandler] = send

    adapter: BotHost  # pyright: ignore[reportIncompatibleVariableOverride]

    @override
    def __init__(self, adapter: BotHost, self_id: str, *, bot_config: BotConfig, bot_info: BotInfo) -> None:
        """Create the bot of one app.

        Args:
            adapter: the adapter that owns the connection.
            self_id: the app id.
            bot_config: the bot's entry of the configuration.
            bot_info: its own profile, from ``bot/v3/info``.
        """
        super().__init__(adapter, self_id)
        self.bot_config = bot_config
        self.bot_info = bot_info
        self.dialogs: Dialogs = adapter.dialogs
        self.idempotency_keys: IdempotencyKeys = IdempotencyKeys()
        self._directory = Directory(self, app_id=self_id, shared=adapter.shared)
        self._open_ids: Cache[str, str] = Cache(ttl=OWN_ID_TTL, size=10_000)
        self.uploads: Uploads = Uploads(self, proxy=bot_config.proxy_url)
        self.unfinished: Unfinished = adapter.unfinished
        self.language: Language = language_of(bot_config.api_origin)
        self._bot_talk = BotTalk()
        self._refusals = LogOnce()

    async def handle_event(self, event: Event) -> None:
        """Prepare an event as plugins expect it (``to_me``, nickname, ``reply``) and run it through NoneBot."""
        with self.for_tenant(event.header.tenant_key or current_tenant.get()):
            if isinstance(event, AboutMessage) and not await self._hears(event):
                return
            if event.callback is not None and (await self.unfinished.take_press(event) or await self.take_press(event)):
                return
            async with self.dialogs.merging.around(self.self_id, event) as is_handled:
                if is_handled:
                    await self._prepare(event)
                    await handle_event(self, event)

    async def _prepare(self, event: Event) -> None:
        if not isinstance(event, MessageEvent):
            return
        config = self.adapter.feishu_config
        own_id, name = await self._own_open_id() or None, self.bot_info.app_name
        check_at_me(event, own_id, at_all=config.feishu_at_all_to_me, bot_name=name)
        check_nickname(event, self.config.nickname)
        if config.feishu_fetch_reply:
            await self.fetch_reply(event)

    async def _hears(self, event: AboutMessage) -> bool:
        """Whether a message reaches the plugins: those of people do, its own never, whatever their sender's type."""
        own_id = await self._own_open_id()
        if not event.is_from_bot and not (own_id and event.sender.sender_id.open_id == own_id):
            self._bot_talk.person_spoke(event.chat_id)
            return True
        wanted = self.adapter.feishu_config.feishu_bot_messages
        refusal = self._bot_talk.refuse(event, self.self_id, own_id, wanted=wanted)
        if refusal is not None and self._refusals.first(refusal.reason):
            log(refusal.level, "Bot {bot}: {} (logged once)", refusal.reason, bot=self.self_id)
        return refusal is None

    @contextmanager
    def for_tenant(self, tenant_key: str) -> Generator[None, None, None]:
        """Make the calls inside ``with bot.for_tenant(key):`` for one tenant of a store app.

        A handler already runs for the tenant of its event. A self-built app has a single tenant, so this has no effect.

        Args:
            tenant_key: from an event's header (``event.header.tenant_key``).
        """
        reset = current_tenant.set(tenant_key)
        try:
            yield
        finally:
            current_tenant.reset(reset)

    async def _own_open_id(self) -> str:
        """The bot's own open_id, which mentions of it carry; a store app has one in every tenant."""
        tenant = current_tenant.get()
        if self.bot_config.app_type != "store" or not tenant:
            return self.bot_info.open_id

        async def fetch() -> str:
            answer = await self.call_api("bot/v3/info", method="GET", _deadline=0.0)
            return as_text(as_object(as_object(answer).get("bot")).get("open_id"))

        try:
            return await self._open_ids.get(tenant, fetch)
        except (ActionFailed, NetworkError) as error:
            template = "Bot {bot}: an @ in a group is not recognised, since bot/v3/info failed: {}"
            log("WARNING", template, error, bot=self.self_id)
            return ""

    async def fetch_reply(self, event: MessageEvent) -> Reply | None:
        """Fetch the message that a message quotes into ``event.reply``; by default done before the handlers run.

        With ``FEISHU_FETCH_REPLY=false`` plugins call this themselves. A failure is logged as a warning. The first
        message of a topic is no quote: ``bot.get_msg(event.event.message.root_id)`` fetches it.
        """
        quoted_id = event.event.message.quoted_id
        if event.reply is not None or quoted_id is None:
            return event.reply
        try:
            event.reply = Reply.model_validate((await self.get_items(quoted_id))[0])
        except (ActionFailed, NetworkError, LookupError, TypeError, ValueError) as error:
            log("WARNING", "Bot {bot}: the quoted message could not be fetched: {}", error, bot=self.self_id)
            return None
        check_reply(event, self.self_id)
        return event.reply

    async def mark_handled(self, event: Event) -> bool:
        """Mark an event as handled already: for a handler that ends the process on purpose, such as a reboot command.

        Otherwise the next start finds the event unfinished and handles it again, which ends the process again.

        Returns:
            Whether that is written down; False while the store is down.
        """
        return await self.adapter.mark_handled(event)

    @override
    async def send(self, event: BaseEvent, message: Sendable, **kwargs: Any) -> Any:
        """Answer an event where it happened; see :func:`~.sending.send.send` for the arguments and the result."""
        return await self.__class__.send_handler(self, event, message, **kwargs)

    async def send_to(
        self,
        receive_id: str,
        message: Sendable,
        *,
        receive_id_type: ReceiveIdType | None = None,
        reply_in_thread: bool = False,
    ) -> Any:
        """Send a message to a chat or person, or as a reply to a message.

        Args:
            receive_id: a chat_id, open_id, union_id, user_id or e-mail address; or a message_id, which is replied to.
            message: text, segment or message.
            receive_id_type: what ``receive_id`` is; derived from its prefix when not given.
            reply_in_thread: open a topic under the message that is replied to.

        Returns:
            Feishu's answer to the first message sent, with ``message_ids`` of all.

        Raises:
            ValueError: the message cannot be sent, ``receive_id`` is the id of something else, or there is no message
                to open a topic under.
        """
        return await send_to(self, receive_id, message, receive_id_type, reply_in_thread=reply_in_thread)

    async def respond(
        self,
        event: Event,
        answer: Answer = None,
        *,
        toast: Toast | str | None = None,
        card: Card | Template | RawCard | Mapping[str, Any] | None = None,
    ) -> bool:
        """Answer a callback: a click on a card (处理卡片回调), or the preview of a link.

        Feishu waits three seconds, so an empty answer is sent after 2.5 s. A later card still replaces the one that was
        clicked (延时更新消息卡片, within 30 minutes, at most twice); a later toast is dropped.

        Args:
            event: the callback.
            answer: a toast's text, a ``Toast``, a card, or the whole response as JSON.
            toast: a short note shown to the person.
            card: replaces the card.

        Returns:
            Whether the person can see the answer.

        Raises:
            ValueError: the card breaks Feishu's limits.
            ActionFailed: Feishu refused the later update.
        """
        return await respond(self, event, make_response(answer, toast, card))

    def react(self, target: MessageEvent | NoticeEvent | str, emoji_type: str) -> Reaction:
        """React to a message (添加消息表情回复): ``await`` it, or ``async with`` it while a handler works.

        Args:
            target: the event of the message, or its id.
            emoji_type: such as ``THUMBSUP`` or ``Typing`` (表情文案说明).
        """
        return Reaction(self, _message_id(target), emoji_type)

    async def recall(self, target: MessageEvent | NoticeEvent | str) -> Any:
        """Recall a message (撤回消息), by its event or id."""
        return await self.delete_msg(_message_id(target))

    async def edit(self, message_id: str, message: Sendable) -> Any:
        """Replace a message that the bot sent: text and rich text at most 20 times, cards for 14 days.

        Raises:
            ValueError: the new content is not one text, rich text or card.
        """
        outgoing = await render_one(self, message)
        if outgoing.msg_type == "interactive":
            return await self.call_api(
                f"im/v1/messages/{message_id}", method="PATCH", json={"content": outgoing.content}
            )
        if outgoing.msg_type not in ("text", "post"):
            raise ValueError(f"a message of the type {outgoing.msg_type!r} cannot be edited: recall it and send anew")
        return await self.edit_msg(message_id, outgoing.content, outgoing.msg_type)

    async def forward(self, target: MessageEvent | NoticeEvent | str, receive_id: str) -> Any:
        """Forward a message (转发消息), by its event or id, to a chat or person."""
        return await self.forward_msg(_message_id(target), receive_id, guess_id_type(receive_id))

    async def get_user_name(self, open_id: str) -> str:
        """A user's name, cached for some hours (获取单个用户信息, scope contact:user.base:readonly)."""
        return await self._directory.get_user_name(open_id)

    async def get_chat_info(self, chat_id: str) -> dict[str, Any]:
        """The properties of a chat, cached for some minutes (获取群信息): ``name``, ``chat_mode``, ``owner_id``, ..."""
        return await self._directory.get_chat_info(chat_id)

    async def download(
        self,
        segment: MessageSegment,
        source: MessageEvent | Reply | ForwardedMessage | str,
        to: str | Path | None = None,
        progress: Progress | None = None,
    ) -> bytes | Path:
        """Fetch what a received segment carries (获取消息中的资源文件, at most 100 MB).

        Args:
            segment: an image, file, voice message or video.
            source: the event, the quoted message, or the message in a merged forward that contains it; or the id of
                that message, of the forward for what is in one.
            to: a file that it is written to in pieces; returned as bytes when None.
            progress: called with the bytes received and the bytes altogether (None: not known), after each piece. A
                plain function, not a coroutine.

        Returns:
            The bytes, or the path that was written.

        Raises:
            ValueError: the segment carries nothing that can be downloaded.
            ActionFailed: Feishu refused.
            NetworkError: no usable answer came.
        """
        return await download(self, segment, source, to, progress)

    async def get_lark(self) -> Client:
        """The official SDK's full typed client with this bot's token and domain; imported on first use (seconds).

        Raises:
            ApiNotAvailable: the SDK cannot be imported; the text says what to do.
        """
        return await self.adapter.get_lark(self)

    async def expand(
        self,
        target: str | Message | MessageSegment,
        *,
        max_depth: int = EXPAND_DEPTH,
        max_count: int = EXPAND_COUNT,
    ) -> ForwardedMessage:
        """Fetch the messages inside a merged forward (获取指定消息的内容), all levels in one call.

        Args:
            target: the ``merge_forward`` segment, a message that contains one, or the message's id.
            max_depth: maximum number of levels.
            max_count: maximum number of messages.

        Returns:
            The merged forward; its ``children`` are the messages.

        Raises:
            ValueError: the target contains no merged forward, or the segment lacks the id of its message.
        """
        message_id = target if isinstance(target, str) else _forward_in(target)
        return expand(await self.get_items(message_id), message_id, max_depth=max_depth, max_count=max_count)
