"""Composition root and lifecycle: puts the parts together, starts them, stops them. Nothing else."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, ClassVar, cast

from nonebot.adapters import Adapter as BaseAdapter
from nonebot.adapters import Bot as BaseBot
from nonebot.drivers import ASGIMixin, Driver
from pydantic import SecretStr
from typing_extensions import override

from .api import BotInfo, ClientPool, call_api, get_bot_info
from .backfill import Backfill, Policy
from .bot import Bot
from .config import BotConfig, Config
from .event import Event, EventRegistry, MessageEvent
from .event.envelope import Envelope, Receipt
from .intake.bridge import Delivery, HandOff
from .intake.dispatcher import Dispatcher
from .intake.receiver import Intake
from .lifecycle.bot_registry import GRACE, Registrar
from .lifecycle.startup import claim_ttl, make_transport, read_config, warn_of_other_adapter
from .lifecycle.startup_checks import OTHER_CLIENTS_AFTER, SILENCE_AFTER, FirstMinutes
from .lifecycle.state_hooks import StateHook, StateHooks
from .log import LogOnce, log
from .sending.send import SendHandler
from .server.app_tickets import AppTickets
from .server.mount import mount
from .server.webhook import WebhookRoute, WebhookSecrets
from .store import Shared, make_store, shared_of
from .transport.manager import ConnectionManager, ManagedBot
from .transport.network_thread import NetworkThread
from .transport.status import ConnectionState, ConnectionStatus
from .transport.supervisor import ReconnectPolicy

if TYPE_CHECKING:
    from lark_oapi import Client

    from .sandbox import SandboxThread

DRAIN_TIMEOUT = 10.0
"""Seconds that running handlers get at shutdown, and when their bot is disconnected."""


class Adapter(BaseAdapter):
    """Connects Feishu/Lark bots to NoneBot: one long connection each, the webhook route beside it."""

    event_models: ClassVar[EventRegistry] = EventRegistry()
    """Event type -> event class; shared by class, as the public classmethods are."""
    state_hooks: ClassVar[list[StateHook]] = []
    """What :meth:`on_connection_state` has collected; by class, as NoneBot's own hooks are."""

    @override
    def __init__(self, driver: Driver, **kwargs: Any) -> None:
        super().__init__(driver, **kwargs)
        self.feishu_config: Config = read_config(driver)
        self.bot_configs: dict[str, BotConfig] = {
            bot.app_id: bot for bot in self.feishu_config.feishu_bots if bot.enabled
        }
        config = self.feishu_config
        self._network = NetworkThread()
        self._store = make_store(
            config.feishu_store,
            replay_window=config.feishu_replay_window,
            takeover_after=config.feishu_takeover_after,
            claim_ttl=claim_ttl(config),
        )
        self.shared: Shared | None = shared_of(self._store, self._network.call)
        """What the replicas of the bots share; None unless the store is Redis."""
        self._hand_off = HandOff(
            self._take,
            max_running=config.feishu_max_running_handlers,
            lose=lambda keys: self._dispatcher.lose(keys),
        )
        self._dispatcher = Dispatcher(
            self._handle,
            self._hand_off.started,
            self._hand_off.ended,
            max_running=config.feishu_max_running_handlers,
            may_start=self._hand_off.may_start,
        )
        self._backfill = self._make_backfill()
        self._intake = Intake(
            self._store, self._hand_off, on_message=self._backfill and self._backfill.known_chats.note
        )
        self.connections: ConnectionManager = ConnectionManager(
            self._network,
            self._intake.receive,
            self._store.state,
            policy=ReconnectPolicy(config.feishu_reconnect_delays, config.feishu_max_reconnect_attempts),
            on_change=self._publish,
        )
        """The connection manager: connect, disconnect, reconnect, get_status, get_all_statuses, is_connected."""
        self._state_hooks = StateHooks(self.state_hooks)
        self._first_minutes = FirstMinutes(
            [(OTHER_CLIENTS_AFTER, self._report_other_clients), (SILENCE_AFTER, self._report_silence)]
        )
        self._registrar = Registrar(
            fetch_info=self._fetch_info,
            make_bot=self._make_bot,
            connected=self._bot_arrived,
            disconnected=self._bot_left,
            drain=lambda bot_id: self._dispatcher.drain_bot(bot_id, DRAIN_TIMEOUT),
        )
        self._clients = ClientPool(
            timeout=max(30.0, self.config.api_timeout or 0.0),
            load_ticket=self._load_ticket,
            shared=self.shared,
        )
        self._tickets = AppTickets(
            self._store.state, self._network.call, lambda bot_id: self._clients.get(self.bot_configs[bot_id])
        )
        self._webhook_bots: dict[str, WebhookSecrets] = {}
        self._reported = LogOnce()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._sandbox: SandboxThread | None = None
        self._mount_routes()
        self.on_ready(self._start)

    @classmethod
    @override
    def get_name(cls) -> str:
        """``Feishu``: what alconna, uninfo, saa and SUPERUSERS key on."""
        return "Feishu"

    # Lifecycle

    async def _start(self) -> None:
        self._loop = asyncio.get_running_loop()
        self.driver.on_shutdown(self._stop)  # registered last, so it runs before the plugins close their own
        warn_of_other_adapter()
        if self.feishu_config.feishu_sandbox and not await self._open_sandbox():
            return
        if not self.bot_configs:
            log("WARNING", "No bot is configured: set FEISHU_BOTS in .env, or FEISHU_SANDBOX=true to try it offline")
            return
        self._network.start()
        self._hand_off.open(self._loop)
        await self._network.call(self._intake.open(list(self.bot_configs)))
        for bot in self._all_bots():
            self.connections.add(
                ManagedBot(
                    bot_id=bot.app_id,
                    make_transport=lambda bot=bot: make_transport(bot),
                    use_websocket=bot.use_websocket,
                    webhook=bot.app_id in self._webhook_bots,
                    enabled=bot.enabled,
                )
            )
        for bot in self.bot_configs.values():
            await self._start_bot(bot)
        if self._backfill is not None:
            self._backfill.start(list(self.bot_configs))

    def _all_bots(self) -> list[BotConfig]:
        """The bots that run, in the order of the configuration, and those that it disables."""
        return [*self.bot_configs.values(), *(bot for bot in self.feishu_config.feishu_bots if not bot.enabled)]

    async def _start_bot(self, bot: BotConfig) -> None:
        await self.connections.start(bot.app_id)
        if self.connections.is_disconnected_by_operator(bot.app_id):
            return
        self._registrar.expect(bot.app_id)
        if self.connections.can_receive(bot.app_id):
            self._registrar.arrive(bot.app_id)
        elif not bot.use_websocket and self.connections.get_status(bot.app_id).state is ConnectionState.DISCONNECTED:
            log(
                "ERROR",
                "Bot {} cannot receive: use_websocket is false, and the webhook needs an ASGI driver "
                "(DRIVER=~fastapi) and an encrypt_key or verification_token",
                bot.app_id,
            )

    async def _stop(self) -> None:
        # From here on states are not followed: the bots stay until their last handler has run.
        self._loop = None
        self._hand_off.close()
        if self._network.running:
            if self._backfill is not None:
                await self._backfill.close()
            await self.connections.close()
        await self._dispatcher.drain(DRAIN_TIMEOUT)
        self._hand_off.tell()
        await self._first_minutes.close()
        await self._state_hooks.close()
        await self._registrar.close()
        await self._clients.close()
        if self._network.running:
            await self._network.call(self._intake.close())
            await self._network.stop()
        if self._sandbox is not None:
            await asyncio.to_thread(self._sandbox.stop)

    async def _open_sandbox(self) -> bool:
        from .sandbox import SandboxError, open_for_bots  # a door, opened only when it is asked for

        port = self.feishu_config.feishu_sandbox_port
        try:
            self._sandbox, self.bot_configs = await open_for_bots(self.bot_configs, port)
        except SandboxError as error:
            log("ERROR", "No Feishu bot runs: {}", error)
            return False
        return True

    def _mount_routes(self) -> None:
        if not isinstance(self.driver, ASGIMixin):
            if self.feishu_config.feishu_management_tokens:
                log("WARNING", "FEISHU_MANAGEMENT_TOKENS has no effect: routes need an ASGI driver (DRIVER=~fastapi)")
            return
        from .management import Management  # a door, opened only where there are routes

        management = Management(
            self.connections,
            tokens=self.feishu_config.feishu_management_tokens,
            names=lambda: {bot.app_id: bot.name for bot in self._all_bots()},
            counts=self._intake.counts,
            load=self._dispatcher.load,
            store=self._intake.watch.view,
        )
        for route in management.routes():
            mount(self.driver, *route)
        self._mount_webhook()

    def _mount_webhook(self) -> None:
        self._webhook_bots = {
            bot.app_id: WebhookSecrets(bot.encrypt_key, bot.verification_token)
            for bot in self.bot_configs.values()
            if bot.encrypt_key or bot.verification_token
        }
        if not self._webhook_bots:
            return
        route = WebhookRoute(self._webhook_bots, self._receive, is_closed=self.connections.is_disconnected_by_operator)
        mount(self.driver, "POST", "/feishu/{app_id}", "feishu_webhook", route.handle)

    # The way of an event on NoneBot's loop

    async def _receive(self, envelope: Envelope) -> Receipt:
        if not self._network.running:
            return Receipt(503)
        if await self._tickets.take(envelope.bot_id, envelope.payload):
            return Receipt(200)
        return await self._network.call(self.connections.receive(envelope))

    def _take(self, delivery: Delivery) -> None:
        self._registrar.arrive(delivery.bot_id)
        self._dispatcher.take(delivery)

    async def _handle(self, delivery: Delivery) -> None:
        bot = self.bots[delivery.bot_id]
        assert isinstance(bot, Bot)
        event = self.event_models.parse(delivery.payload, on_fallback=self._report_fallback)
        if isinstance(event, MessageEvent):
            self._clients.get(bot.bot_config).learn(event.message_id, event.chat_id)
        event.set_callback(delivery.callback)
        try:
            await bot.handle_event(event)
        finally:
            if delivery.callback is not None:
                delivery.callback.finish()

    def _report_fallback(self, event_type: str, error: Exception | None) -> None:
        if self._reported.first(event_type):
            log(
                "WARNING",
                "No event model fits {}; it is dispatched as the base Event (said once)",
                event_type,
                exception=error,
            )

    # Connections and bots

    def _publish(self, status: ConnectionStatus) -> None:
        if self._loop is not None and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._changed, status)

    def _changed(self, status: ConnectionStatus) -> None:
        bot_id = status.bot_id
        self._state_hooks.publish(status)
        if self.connections.can_receive(bot_id):
            self._registrar.arrive(bot_id)
        else:
            gone = status.state is ConnectionState.DISCONNECTED or _is_final(status)
            self._registrar.leave(bot_id, grace=0.0 if gone else GRACE)
        if status.state is ConnectionState.CONNECTED:
            if self._backfill is not None:
                self._backfill.arrived(bot_id)
            if self._sandbox is None:
                self._first_minutes.connected(bot_id)

    async def _report_other_clients(self, bot_id: str) -> None:
        from .doctor import warn_of_other_clients  # a door, opened when a bot is in its first minutes

        if self.connections.is_connected(bot_id):
            await warn_of_other_clients(self._clients.get(self.bot_configs[bot_id]), bot_id)

    async def _report_silence(self, bot_id: str) -> None:
        from .doctor import explain_silence  # a door, opened when a bot is in its first minutes

        status = self.connections.get_status(bot_id)
        if status.state is ConnectionState.CONNECTED and status.last_event_at is None:
            await explain_silence(self.bot_configs[bot_id])

    async def _fetch_info(self, bot_id: str) -> BotInfo:
        bot = self.bot_configs[bot_id]
        # A store app has a profile in every tenant: it is asked for with a tenant's first event.
        return BotInfo() if bot.app_type == "store" else await get_bot_info(self._clients.get(bot))

    def _make_bot(self, bot_id: str, info: BotInfo) -> Bot:
        return Bot(self, bot_id, bot_config=self.bot_configs[bot_id], bot_info=info)

    def _bot_arrived(self, bot: Bot) -> None:
        self.bot_connect(bot)
        self._dispatcher.open(bot.self_id)
        self._hand_off.arrive(bot.self_id)
        if self._backfill is not None:
            self._backfill.arrived(bot.self_id)

    def _bot_left(self, bot: Bot) -> None:
        self._hand_off.leave(bot.self_id)
        self._dispatcher.pause(bot.self_id)
        self.bot_disconnect(bot)

    # What was missed

    def _make_backfill(self) -> Backfill | None:
        config = self.feishu_config
        if config.feishu_backfill_after is None:
            return None
        return Backfill(
            Policy(after=config.feishu_backfill_after, window=config.feishu_backfill_window),
            store=self._store,
            on_network=self._network.call,
            feed=lambda envelope: self._intake.receive(envelope),
            bot_of=lambda bot_id: cast("Bot | None", self.bots.get(bot_id)),
            is_receiving=self._is_receiving,
        )

    def _is_receiving(self, bot_id: str) -> bool:
        if self.bot_configs[bot_id].use_websocket:
            return self.connections.is_connected(bot_id)  # the webhook beside it may not be chosen in the console
        return self.connections.can_receive(bot_id)

    # API

    async def _load_ticket(self, bot_id: str) -> SecretStr | None:
        return await self._tickets.load(bot_id)

    @override
    async def _call_api(self, bot: BaseBot, api: str, **data: Any) -> Any:
        assert isinstance(bot, Bot)
        client = self._clients.get(bot.bot_config)
        return await call_api(client, api, data, bot.send_ids.next)

    async def get_lark(self, bot: Bot) -> Client:
        """The official SDK's client of a bot; see :meth:`Bot.get_lark`."""
        return await self._clients.get(bot.bot_config).get_lark()

    @classmethod
    def json_to_event(cls, json_data: Any) -> Event | None:
        """Make an event of a delivered JSON object; None for what is not one."""
        return cls.event_models.parse(cast("dict[str, Any]", json_data)) if isinstance(json_data, dict) else None

    @classmethod
    def add_custom_model(cls, model: type[Event]) -> None:
        """Add or replace the class of an event type, by the model's ``__event__``.

        Raises:
            ValueError: the model has no ``__event__``.
        """
        cls.event_models.add(model)

    @classmethod
    def get_event_model(cls, event_name: str) -> list[type[Event]]:
        """The classes that may fit an event type, the most specific first; without the base ``Event``."""
        return cls.event_models.get(event_name)

    @classmethod
    def on_connection_state(cls, hook: StateHook) -> StateHook:
        """Have a function told of every change of a bot's connection; also a decorator.

        Args:
            hook: takes the new :class:`ConnectionStatus`; ``async`` or not. It runs on NoneBot's loop, in the order
                of the changes; what it raises is logged.
        """
        cls.state_hooks.append(hook)
        return hook

    @classmethod
    def custom_send(cls, send_func: SendHandler) -> None:
        """Replace what :meth:`Bot.send` does, for all bots."""
        Bot.send_handler = send_func


def _is_final(status: ConnectionStatus) -> bool:
    return status.state is ConnectionState.ERROR and status.next_attempt_at is None
