"""What people, administrators and the network do to a sandbox, as tests and the chat page call it."""

import asyncio
import re
import secrets
from collections.abc import Sequence
from typing import Any

from ..logs import log
from .delivery import data_frame
from .faults import Faults
from .gateway import Gateway
from .groups import Groups
from .people import People
from .rest.cards import Cards, Click
from .state import ROOT, TENANT, App, Chat, ChatMode, Department, Message, User, World, new_id
from .troubles import Troubles

GROUP = "Sandbox group"
YOU = "You"
_APP_ID = re.compile(r"cli_[0-9a-fA-F]{16}")


class Actions(People, Groups, Troubles):
    """Everything that can be done to a sandbox from outside its protocols."""

    def __init__(self, world: World, gateway: Gateway, faults: Faults) -> None:
        """Act on a world; ``gateway`` sends the events out, ``faults`` fail when they are told to."""
        super().__init__(world, gateway, faults)
        self.cards: Cards = Cards(world, gateway)
        self._seen: dict[str, int] = {}

    # The world

    def add_app(self, app_id: str, app_secret: str, *, name: str = "", **options: Any) -> App:
        """A self-built app; ``options`` are further fields of :class:`App`."""
        if not _APP_ID.fullmatch(app_id):
            log("INFO", "Some clients take only app ids of the form cli_ and 16 hex digits, and {!r} is none", app_id)
        # An app that was kept in a file is the same bot again.
        kept = self.world.apps.get(app_id)
        bot_open_id = kept.bot_open_id if kept else new_id("ou")
        app = App(app_id, app_secret, name or app_id, bot_open_id, **options)
        self.world.apps[app_id] = app
        self.world.feed.add("app", app_id)
        return app

    def add_user(self, name: str, *, tenant_key: str = TENANT, role: str = "") -> User:
        """A person; of another tenant than the others, if one is named; ``role`` is their job title."""
        user = User(new_id("ou"), secrets.token_hex(4), new_id("on"), name, tenant_key, role)
        self.world.users[user.open_id] = user
        self.world.feed.add("person", user.open_id)
        return user

    def add_chat(
        self, name: str, *, mode: ChatMode = "group", members: Sequence[User] = (), apps: Sequence[str] = ()
    ) -> Chat:
        """A group, or a topic group."""
        return self.world.add_chat(name, mode, [user.open_id for user in members], list(apps))

    def add_department(self, name: str, members: Sequence[User] = (), parent: Department | None = None) -> Department:
        """A department below another one, or below the root."""
        key = new_id("od").replace("_", "-")
        number = f"D{len(self.world.departments) + 1:03}"
        above = parent.open_department_id if parent else ROOT
        made = Department(key, number, name, above, [user.open_id for user in members])
        self.world.departments[key] = made
        return made

    def p2p(self, user: User, app_id: str) -> Chat:
        """The private chat of a user with an app."""
        return self.world.p2p(user.open_id, app_id)

    def populate_default(self) -> None:
        """One person, a private chat with every app, and a group with all of them; may be called again."""
        you = next((user for user in self.world.users.values() if user.name == YOU), None) or self.add_user(YOU)
        for app_id in self.world.apps:
            self.p2p(you, app_id)
        group = next((chat for chat in self.world.chats.values() if chat.name == GROUP), None)
        if group is None:
            group = self.add_chat(GROUP, members=[you])
        group.apps.extend(app_id for app_id in self.world.apps if app_id not in group.apps)

    # What people do beyond messages and groups

    async def click(
        self,
        user: User,
        message: Message,
        value: dict[str, Any] | None = None,
        *,
        tag: str = "button",
        transport: str = "auto",
        **action: Any,
    ) -> Click:
        """A user operates a card; its bot gets ``card.action.trigger``, and its answer is shown.

        Args:
            value: the component's callback value.
            tag: the component's tag.
            action: more of the callback's action: ``name``, ``form_value``, ``option``, ``options``, ``checked``,
                ``input_value``.

        Raises:
            ValueError: the message is no card of a bot.
        """
        return await self.cards.click(user, message, {"tag": tag, "value": value, **action}, transport)

    async def push_raw(
        self, app_id: str, payload: bytes, *, type_: str = "event", headers: dict[str, str | None] | None = None
    ) -> None:
        """Send any bytes as the payload of one DATA frame; ``headers`` replace or (None) remove the usual ones."""
        usual = {"type": type_, "message_id": new_id("raw"), "trace_id": "trace", "sum": "1", "seq": "0"}
        merged = {key: value for key, value in {**usual, **(headers or {})}.items() if value is not None}
        for connection in self.gateway.connections[app_id]:
            await connection.socket.send_bytes(data_frame(payload, merged, connection.service_id))

    async def send_bytes(self, app_id: str, data: bytes | str) -> None:
        """Send a raw binary or text WebSocket message on every socket of an app."""
        for connection in self.gateway.connections[app_id]:
            if isinstance(data, bytes):
                await connection.socket.send_bytes(data)
            else:
                await connection.socket.send_str(data)

    def subscribe(self, app_id: str, event_types: Sequence[str]) -> App:
        """Change what an app subscribes to; an empty list leaves it without events."""
        app = self.world.apps[app_id]
        app.subscribed = tuple(event_types)
        self.world.feed.add("app", app_id)
        return app

    async def wait_message(self, chat: Chat, *, count: int = 1, timeout: float = 30.0) -> list[Message]:
        """The next messages of bots in a chat since the last call; raises ``TimeoutError`` if they don't come."""
        after = self._seen.get(chat.chat_id, 0)

        def found() -> list[Message]:
            return [m for m in self.world.history(chat.chat_id, after=after) if m.sender_type == "app"]

        async with self.world.changed:
            await asyncio.wait_for(self.world.changed.wait_for(lambda: len(found()) >= count), timeout)
        messages = found()[:count]
        self._seen[chat.chat_id] = messages[-1].number
        return messages

    # Sockets

    async def wait_connected(self, app_id: str, *, count: int = 1, timeout: float = 30.0) -> None:
        """Wait until an app holds that many sockets."""

        def held() -> bool:
            return len(self.gateway.connections.get(app_id, [])) >= count

        async with self.gateway.changed:
            await asyncio.wait_for(self.gateway.changed.wait_for(held), timeout)

    async def disconnect(self, app_id: str) -> None:
        """Close an app's sockets cleanly."""
        for connection in list(self.gateway.connections.get(app_id, [])):
            await connection.socket.close()
