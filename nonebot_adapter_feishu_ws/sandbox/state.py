"""The sandbox's world: apps, users, chats, messages, files. Plain data in memory, no I/O."""

from __future__ import annotations

import asyncio
import secrets
import time
from collections import OrderedDict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from random import getrandbits
from typing import Any, Literal
from zlib import crc32

from .feed import Feed
from .rest.facts import ENDPOINTS

DEFAULT_APP, DEFAULT_SECRET = "cli_5a4db0c5a4db0c01", "local-secret"
"""The app that is made up where none is named; clients check the form of its id."""
TENANT = "sandbox_tenant"
ROOT = "0"
"""The root department."""
TOKEN_LIFETIME = 7200.0
TOKEN_RENEWAL = 1800.0
MAX_MESSAGES = 20_000
"""Messages kept; the oldest go first, so that a long run stays small."""
ChatMode = Literal["p2p", "group", "topic"]
EVENTS = (
    "im.message.receive_v1",
    "im.message.reaction.created_v1",
    "im.message.reaction.deleted_v1",
    "im.message.recalled_v1",
    "im.message.message_read_v1",
    "im.chat.updated_v1",
    "im.chat.disbanded_v1",
    "im.chat.member.bot.added_v1",
    "im.chat.member.bot.deleted_v1",
    "im.chat.member.user.added_v1",
    "im.chat.member.user.deleted_v1",
    "im.chat.member.user.withdrawn_v1",
    "im.chat.access_event.bot_p2p_chat_entered_v1",
    "application.bot.menu_v6",
)
"""What the sandbox sends by itself; an app subscribes to all of it unless told otherwise."""
ALL_SCOPES = frozenset(
    {
        *(scope for endpoint in ENDPOINTS.values() for scope in endpoint.scopes),
        "application:application:self_manage",
        "im:message.p2p_msg:readonly",
        "im:message.group_at_msg:readonly",
        "im:message.group_at_msg.include_bot:readonly",
        "im:message.group_msg",
        "im:message:send_sys_msg",
    }
)
"""Those of the endpoints, and those that decide what an app gets."""


def random_hex() -> str:
    """32 hex digits, as the ids of events have them; no secret, so it costs no call of the system."""
    return f"{getrandbits(128):032x}"


def new_id(prefix: str) -> str:
    """An id in Feishu's manner, such as ``om_1f...``."""
    return f"{prefix}_{random_hex()}"


@dataclass(slots=True)
class App:
    """A self-built app with a bot."""

    app_id: str
    app_secret: str
    name: str
    bot_open_id: str
    encrypt_key: str | None = None
    verification_token: str | None = None
    webhook_url: str | None = None
    wrong_domain: bool = False
    user_id_scope: bool = True
    """Whether events carry ``user_id`` and ``union_id``, which Feishu gives only with their scopes."""
    has_bot: bool = True
    scopes: frozenset[str] = ALL_SCOPES
    subscribed: tuple[str, ...] = EVENTS
    pid: int | None = None
    """Of the bot's process, as far as it said so."""
    event_mode: Literal["websocket", "webhook"] = "websocket"
    published: bool = True
    tokens: dict[str, float] = field(default_factory=dict[str, float])
    is_store: bool = False
    """An app of the App Directory: tokens per tenant, by way of its ticket."""
    app_ticket: str = ""
    app_tokens: dict[str, float] = field(default_factory=dict[str, float])
    token_tenants: dict[str, str] = field(default_factory=dict[str, str])


@dataclass(slots=True)
class User:
    """A person."""

    open_id: str
    user_id: str
    union_id: str
    name: str
    tenant_key: str = TENANT
    role: str = ""
    """The job title."""
    profile: dict[str, Any] = field(default_factory=dict[str, Any])
    """What was set by REST (创建用户), by its names there."""
    resigned: bool = False

    @property
    def email(self) -> str:
        """The user's mail address."""
        return self.profile.get("email") or f"{self.user_id}@sandbox"

    @property
    def mobile(self) -> str:
        """The user's mobile number."""
        return self.profile.get("mobile") or f"+86138{crc32(self.open_id.encode()) % 10**8:08}"


@dataclass(slots=True)
class Department:
    """A department; ``members`` are open_ids, ``parent`` is an open_department_id."""

    open_department_id: str
    department_id: str
    name: str
    parent: str = ROOT
    members: list[str] = field(default_factory=list[str])


@dataclass(slots=True)
class Chat:
    """A private chat, a group or a topic group.

    Attributes:
        owner: an open_id or an app id; the first member if empty.
        managers: open_ids and app ids.
        settings: what the group has beyond its name, such as ``description``, by the names of the REST methods.
        menu: the top entries of the group's menu.
        tabs: the tabs at its top, that of messages first; empty until somebody asks.
        announcement: as the REST method shows it, empty before the first edit.
        moderators: open_ids of those who may speak where not everybody may.
        created_with: the app and the uuid of the REST call that created the group.
        read_to: open_id -> number of the message up to which a person has read.
    """

    chat_id: str
    name: str
    mode: ChatMode
    members: list[str] = field(default_factory=list[str])
    apps: list[str] = field(default_factory=list[str])
    owner: str = ""
    managers: list[str] = field(default_factory=list[str])
    tenant_key: str = TENANT
    settings: dict[str, Any] = field(default_factory=dict[str, Any])
    top_notice: list[Any] = field(default_factory=list[Any])
    menu: list[dict[str, Any]] = field(default_factory=list[dict[str, Any]])
    tabs: list[dict[str, Any]] = field(default_factory=list[dict[str, Any]])
    announcement: dict[str, str] = field(default_factory=dict[str, str])
    moderators: list[str] = field(default_factory=list[str])
    created_with: tuple[str, str] = ("", "")
    read_to: dict[str, int] = field(default_factory=dict[str, int])

    @property
    def owner_id(self) -> str:
        """Who owns it: an open_id or an app id, empty if nobody does."""
        return self.owner or next(iter(self.members), "")

    @property
    def chat_type(self) -> str:
        """As events name it."""
        return {"p2p": "p2p", "group": "group", "topic": "topic_group"}[self.mode]


@dataclass(slots=True)
class Message:
    """A message; ``sender_type`` is ``user`` or ``app``, ``read_by`` has open_ids and when (milliseconds)."""

    message_id: str
    chat_id: str
    sender_id: str
    sender_type: str
    msg_type: str
    content: str
    create_time: int
    mentions: list[dict[str, Any]] = field(default_factory=list[dict[str, Any]])
    root_id: str | None = None
    parent_id: str | None = None
    thread_id: str | None = None
    update_time: int = 0
    edits: int = 0
    deleted: bool = False
    number: int = 0
    upper_message_id: str | None = None
    read_by: dict[str, int] = field(default_factory=dict[str, int])
    forwarded: list[Message] = field(default_factory=list["Message"])
    """What a merged forward holds: copies, as the messages were."""


@dataclass(slots=True)
class Batch:
    """One message to many people (批量发送消息): the ids of the messages that it became."""

    app_id: str
    message_ids: list[str]
    created_at: float
    recalled: bool = False


@dataclass(slots=True)
class StoredFile:
    """An uploaded image or file."""

    key: str
    kind: str
    name: str
    content: bytes
    app_id: str


@dataclass(slots=True)
class CardEntity:
    """A card of CardKit (卡片实体), as it is now.

    Attributes:
        opened_at: when its streaming mode was last switched on.
        uuids: of the operations so far.
        message_id: the message that shows it; an entity is sent once.
    """

    card_id: str
    app_id: str
    card: dict[str, Any]
    created_at: float
    opened_at: float = 0.0
    sequence: int = 0
    uuids: set[str] = field(default_factory=set[str])
    message_id: str | None = None


class World:
    """Everything the sandbox knows."""

    def __init__(self, clock: Callable[[], float] = time.time) -> None:
        self.clock = clock
        self.apps: dict[str, App] = {}
        self.users: dict[str, User] = {}
        self.chats: dict[str, Chat] = {}
        self.messages: OrderedDict[str, Message] = OrderedDict()
        self.files: dict[str, StoredFile] = {}
        self.entities: OrderedDict[str, CardEntity] = OrderedDict()
        self.departments: dict[str, Department] = {}
        self.pins: dict[str, dict[str, Any]] = {}
        self.reactions: dict[str, list[dict[str, Any]]] = {}
        self.dissolved: set[str] = set()
        """The ids of groups that are no more."""
        self.batches: dict[str, Batch] = {}
        self.ephemeral: dict[str, tuple[str, str, str]] = {}
        """Cards for one person (仅特定人可见的消息卡片): message_id -> chat_id, open_id, card; empty once deleted."""
        self.feed_cards: dict[tuple[str, str], dict[str, Any]] = {}
        """By the card's ``biz_id`` and its reader's open_id (应用消息流卡片)."""
        self.clicked: set[str] = set()
        """The card messages that somebody operates: their bot has not answered yet."""
        self.sent_uuids: OrderedDict[tuple[str, str], tuple[float, str]] = OrderedDict()
        self.repeated_sends = 0
        """Sends that were dropped because their uuid had been used."""
        self.last_number: int = 0
        self.changed: asyncio.Condition = asyncio.Condition()
        self.version: int = 0
        """Counts the changes that the chat page shows."""
        self.feed: Feed = Feed()

    async def show(self, message: Message) -> None:
        """A message looks different now."""
        self.feed.add("message", message.message_id)
        await self.notify()

    async def notify(self) -> None:
        """Wake everybody who waits for a change."""
        self.version += 1
        async with self.changed:
            self.changed.notify_all()

    def add_chat(self, name: str, mode: ChatMode, members: list[str], apps: list[str]) -> Chat:
        """A new chat, in the tenant of its first member."""
        chat = Chat(new_id("oc"), name, mode, list(members), list(apps))
        if members and members[0] in self.users:
            chat.tenant_key = self.users[members[0]].tenant_key
        self.chats[chat.chat_id] = chat
        self.feed.add("chat", chat.chat_id)
        return chat

    def p2p(self, open_id: str, app_id: str) -> Chat:
        """The private chat of a user with an app; made when there is none."""
        for chat in self.chats.values():
            if chat.mode == "p2p" and chat.members == [open_id] and chat.apps == [app_id]:
                return chat
        return self.add_chat(f"{self.users[open_id].name} / {self.apps[app_id].name}", "p2p", [open_id], [app_id])

    def add_message(self, message: Message) -> Message:
        """Keep a message, in a topic of its own where the chat is made of topics."""
        self.last_number += 1
        message.number = self.last_number
        if self.chats[message.chat_id].mode == "topic" and message.thread_id is None:
            message.thread_id = new_id("omt")
        self.messages[message.message_id] = message
        self.feed.add("message", message.message_id)
        while len(self.messages) > MAX_MESSAGES:
            self.messages.popitem(last=False)
        return message

    def put_below(self, message: Message, parent: Message | None) -> None:
        """Set what a new message answers: inside a topic always the topic's first message (消息管理概述)."""
        if message.thread_id:
            first = next(self.history(message.chat_id, thread_id=message.thread_id), parent)
            message.root_id = message.parent_id = first.message_id if first else None
        elif parent is not None:
            message.parent_id, message.root_id = parent.message_id, parent.root_id or parent.message_id

    def new_message(self, chat: Chat, sender_id: str, sender_type: str, msg_type: str, content: str) -> Message:
        """A message that is sent now; not yet in its chat."""
        return Message(new_id("om"), chat.chat_id, sender_id, sender_type, msg_type, content, self.now_ms())

    def new_merged(self, chat: Chat, sender_id: str, sender_type: str, messages: Iterable[Message]) -> Message:
        """A merged forward of messages that is sent now; not yet in its chat."""
        content = "Merged and Forwarded Message"
        merged = self.new_message(chat, sender_id, sender_type, "merge_forward", content)
        merged.forwarded = [_copied(message, merged.message_id) for message in messages]
        return merged

    async def change_content(self, message: Message, content: str) -> None:
        """Replace what a message shows."""
        message.content, message.update_time = content, self.now_ms()
        await self.show(message)

    def dissolve(self, chat: Chat) -> None:
        """Remove a group; its id is remembered, since Feishu tells it from one that never was."""
        del self.chats[chat.chat_id]
        self.dissolved.add(chat.chat_id)

    def history(self, chat_id: str | None = None, *, after: int = 0, thread_id: str | None = None) -> Iterator[Message]:
        """Messages of a chat or topic in order, from behind message number ``after``."""
        for message in self.messages.values():
            if message.number <= after or (chat_id and message.chat_id != chat_id):
                continue
            if thread_id is None or message.thread_id == thread_id:
                yield message

    def issue_token(self, app: App, tenant_key: str = TENANT) -> tuple[str, int]:
        """The app's token of a tenant: the same one until less than 30 minutes remain."""
        now = self.clock()
        for token, ends_at in app.tokens.items():
            if ends_at - now >= TOKEN_RENEWAL and app.token_tenants.get(token, TENANT) == tenant_key:
                return token, int(ends_at - now)
        token = f"t-{secrets.token_hex(20)}"
        app.tokens = {old: ends_at for old, ends_at in app.tokens.items() if ends_at > now}
        app.tokens[token] = now + TOKEN_LIFETIME
        app.token_tenants[token] = tenant_key
        return token, int(TOKEN_LIFETIME)

    def app_of_token(self, token: str) -> App | None:
        """Whose token this is, if it is good now."""
        now = self.clock()
        return next((app for app in self.apps.values() if app.tokens.get(token, 0.0) > now), None)

    def now_ms(self) -> int:
        """Milliseconds since the epoch."""
        return int(self.clock() * 1000)


def _copied(message: Message, upper_message_id: str) -> Message:
    copy = replace(message, message_id=new_id("om"), upper_message_id=upper_message_id)
    copy.forwarded = [_copied(inner, copy.message_id) for inner in message.forwarded]
    return copy
