"""Composition root and lifecycle: puts the parts together, starts them, stops them. Nothing else."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar, cast

from nonebot.adapters import Bot as BaseBot
from nonebot.drivers import ASGIMixin, Driver
from typing_extensions import override

from .api import ClientPool, call_api
from .backfill.known_chats import KnownChats
from .bot import Bot
from .config import BotConfig, Config
from .dialog.state import Dialogs
from .event import Event, EventRegistry
from .intake.bridge import Bridge
from .intake.dispatcher import Dispatcher, Handler
from .lifecycle import startup
from .lifecycle.bot_registry import DRAIN_TIMEOUT, BotRegistry
from .lifecycle.connection_follower import ConnectionFollower, StartupChecks, StateHook, StateHooks
from .lifecycle.ending import at_the_end
from .lifecycle.recording import NoRecording, Parts
from .lifecycle.unfinished import FINISH_TIMEOUT, make_unfinished
from .lifecycle.warm_up import WarmUp
from .logs import log
from .net.loops import run_on
from .sending.legacy_adapter import LegacyAdapter
from .sending.send import SendHandler
from .sending.unfinished import Unfinished
from .server.app_tickets import AppTickets
from .store import Kept, Shared, shared_of
from .transport.heartbeat import Heartbeats
from .transport.manager import ConnectionManager, ManagedBot
from .transport.network_thread import NetworkThread
from .transport.status import ConnectionState
from .transport.supervisor import ReconnectPolicy

if TYPE_CHECKING:
    from lark_oapi import Client

    from .backfill.backfill import Backfill
    from .server.port_taken import PortWatch
    from .server.webhook import WebhookSecrets

OTHER_CLIENTS_AFTER = 60.0
"""Seconds after which a former process of the app is no longer counted as online."""
SILENCE_AFTER = 600.0
"""Seconds in which a bot should have received something."""


class Adapter(LegacyAdapter):
    """Connects Feishu/Lark bots to NoneBot: one long connection each, the webhook route beside it."""

    event_models: ClassVar[EventRegistry] = EventRegistry()
    """Event type -> event class; shared by class, as the public classmethods are."""
    state_hooks: ClassVar[list[StateHook]] = []
    """What :meth:`on_connection_state` has collected; by class, as NoneBot's own hooks are."""

    @override
    def __init__(self, driver: Driver, **kwargs: Any) -> None:
        super().__init__(driver, **kwargs)
        self.feishu_config: Config = startup.read_config(driver)
        self._open_alias()  # before the plugins are imported
        config = self.feishu_config
        self.bot_configs: dict[str, BotConfig] = {bot.app_id: bot for bot in config.feishu_bots if bot.enabled}
        self._loop: asyncio.AbstractEventLoop | None = None
        self._port_watch: PortWatch | None = None
        self._network = NetworkThread(switch_interval=config.feishu_switch_interval)
        self._heartbeats = Heartbeats()
        self._store = startup.open_store(config)
        self.shared: Shared | None = shared_of(self._store, self._network.call)
        """What the replicas of the bots share; None unless the store is Redis."""
        self.dialogs: Dialogs = Dialogs(Kept(self._store, self._network.call), config.feishu_merge_attachments)
        self.unfinished: Unfinished = make_unfinished(self._store, self.shared, self._network.call)
        self._tickets = AppTickets(self._store.state, self._network.call)
        self._parts = _choose_parts(config, driver)
        self._clients = ClientPool(
            timeout=max(30.0, self.config.api_timeout or 0.0),
            load_ticket=self._tickets.load,
            shared=self.shared,
            make=self._parts.make_client,
        )
        self._compose_intake(config)
        self._mount_routes()
        self._open_bridges()  # to plugins that came first, as in their own tests
        startup.before_plugins_start(driver, self._open_bridges)  # help plugins list the others there
        self.on_ready(self._start)

    def _compose_intake(self, config: Config) -> None:
        max_running = config.feishu_max_running_handlers
        known_chats = None if config.feishu_backfill_after is None else KnownChats(self._store.state)
        self._bridge = Bridge(max_running=max_running)
        note = None if known_chats is None else known_chats.note
        max_age = config.feishu_max_event_age
        self._receiver = self._parts.make_receiver(self._store, self._bridge.network, note=note, max_age=max_age)
        self._state_hooks = StateHooks(self.state_hooks)
        handler = Handler(self.bots, self.event_models, self._clients)
        self._dispatcher = Dispatcher(handler.handle, self._bridge.plugins, max_running=max_running)
        self._follower = ConnectionFollower()
        self.connections: ConnectionManager = ConnectionManager(
            self._network,
            self._receiver,
            self._store.state,
            policy=ReconnectPolicy(config.feishu_reconnect_delays, config.feishu_max_reconnect_attempts),
            on_change=self._follower.publish,
        )
        """The connection manager: connect, disconnect, reconnect, get_status, get_all_statuses, is_connected."""
        self._backfill = self._make_backfill(config, known_chats)
        self._registry = BotRegistry(
            self,
            self.bot_configs,
            self._clients,
            self._dispatcher,
            self._bridge.plugins,
            self._arrived,
            WarmUp(config.feishu_gc_threshold),
        )
        self._startup_checks = StartupChecks(
            (OTHER_CLIENTS_AFTER, self._report_other_clients), (SILENCE_AFTER, self._report_silence)
        )
        self._webhook_bots: dict[str, WebhookSecrets] = {}
        self._sandbox: startup.Stoppable | None = None

    def _make_backfill(self, config: Config, known_chats: KnownChats | None) -> Backfill | None:
        if config.feishu_backfill_after is None or known_chats is None:
            return None
        from .backfill.backfill import Backfill  # only who asks for backfill loads it

        return Backfill(
            after=config.feishu_backfill_after,
            window=config.feishu_backfill_window,
            store=self._store,
            known_chats=known_chats,
            network=self._network,
            receiver=self._receiver,
            connections=self.connections,
            bots=self.bots,
        )

    @classmethod
    @override
    def get_name(cls) -> str:
        """``Feishu``: what alconna, uninfo and saa key on; SUPERUSERS have it in lower case."""
        return "Feishu"

    # Lifecycle

    async def _start(self) -> None:
        self._loop = asyncio.get_running_loop()
        self.driver.task_group.start_soon(at_the_end, self._close)
        self.driver.on_shutdown(self._drain)  # registered last, so it runs before the plugins close their own
        startup.warn_of_other_adapter()
        if self._port_watch is not None:
            self._port_watch.start()
        if self.feishu_config.feishu_sandbox and not await self._open_sandbox():
            return
        if not self.bot_configs:
            return startup.say_no_bots(self.driver)
        self._parts.start()
        checks = self._startup_checks if self._sandbox is None else None
        self._follower.start(self.connections, self._registry, self._state_hooks, self._arrived, checks)
        self._network.start()
        self._bridge.plugins.open(self._dispatcher, self._registry.arrive)
        await self._network.call(self._receiver.open(list(self.bot_configs)))
        for bot in self._all_bots():
            self.connections.add(
                ManagedBot(
                    bot_id=bot.app_id,
                    make_transport=partial(startup.make_transport, bot, self._heartbeats),
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

    def _bot_names(self) -> dict[str, str | None]:
        return {bot.app_id: bot.name for bot in self._all_bots()}

    async def _start_bot(self, bot: BotConfig) -> None:
        await self.connections.start(bot.app_id)
        if self.connections.is_disconnected_by_operator(bot.app_id):
            return
        self._registry.expect(bot.app_id)
        if self.connections.can_receive(bot.app_id):
            self._registry.arrive(bot.app_id)
        elif not bot.use_websocket and self.connections.get_status(bot.app_id).state is ConnectionState.DISCONNECTED:
            startup.report_deaf(bot.app_id)

    def _arrived(self, bot_id: str) -> None:
        if (bot := self.bots.get(bot_id)) is not None:
            self.unfinished.arrived(bot)
        if self._backfill is not None:
            self._backfill.arrived(bot_id)

    async def _drain(self) -> None:
        """Take no more events, and let the handlers end. The bots stay: plugins may send in their ``on_shutdown``."""
        self._follower.stop()  # from here on states are not followed
        self._bridge.plugins.close()
        self.dialogs.is_ending = True
        if self._network.running:
            if self._backfill is not None:
                await self._backfill.close()
            await self.connections.close()
        await self._dispatcher.drain(DRAIN_TIMEOUT, partial(self.unfinished.close, FINISH_TIMEOUT))
        self._bridge.plugins.flush()
        if self._network.running:  # now: NoneBot ends without the rest when a plugin's on_shutdown raises
            await self._network.call(self._receiver.settle())
        await self._startup_checks.close()
        await self._state_hooks.close()

    async def _close(self) -> None:
        """Take the bots out of NoneBot, and close everything; does nothing when it has never started."""
        if self._port_watch is not None:
            self._port_watch.stop()
        await self._registry.close()
        await self._clients.close()
        if self._network.running:
            await self._network.call(self._receiver.close())
            await self._network.stop()
        await asyncio.to_thread(self._parts.stop)
        if self._sandbox is not None:
            await asyncio.to_thread(self._sandbox.stop)

    # What is served

    def _mount_routes(self) -> None:
        if not isinstance(self.driver, ASGIMixin):
            if self.feishu_config.feishu_management_tokens:
                log("WARNING", "FEISHU_MANAGEMENT_TOKENS has no effect: routes need an ASGI driver (DRIVER=~fastapi)")
            return
        from .management import Management  # doors, opened only where there are routes
        from .server.mount import mount
        from .server.port_taken import PortWatch

        self._port_watch = PortWatch()
        management = Management(
            self.connections,
            tokens=self.feishu_config.feishu_management_tokens,
            names=self._bot_names,
            counts=self._receiver.counts,
            load=self._dispatcher.load,
            store=self._receiver.watch.view,
        )
        for route in management.routes():
            mount(self.driver, *route)
        self._mount_webhook()

    def _mount_webhook(self) -> None:
        bots = [bot for bot in self.bot_configs.values() if bot.encrypt_key or bot.verification_token]
        if not bots:
            return
        from .intake.webhook_entry import WebhookEntry
        from .server.mount import mount
        from .server.webhook import WebhookRoute, WebhookSecrets

        self._webhook_bots = {bot.app_id: WebhookSecrets(bot.encrypt_key, bot.verification_token) for bot in bots}
        entry = WebhookEntry(self._network, self._receiver, self._tickets, self._clients, self.bot_configs)
        route = WebhookRoute(self._webhook_bots, entry.receive, self.connections.is_disconnected_by_operator)
        mount(self.driver, "POST", "/feishu/{app_id}", "feishu_webhook", route.handle)

    # Doors, opened only when they are asked for

    def _open_alias(self) -> None:
        if self.feishu_config.feishu_compat_alias:
            from .compat.alias import install

            startup.or_exit(install)

    def _open_bridges(self) -> None:
        if plugins := startup.bridged_plugins():
            from .compat.bridges import open_bridges

            open_bridges(plugins)

    async def _open_sandbox(self) -> bool:
        from .sandbox import SandboxError
        from .sandbox.door import open_for_bots

        config = self.feishu_config
        try:
            self._sandbox, bots = await open_for_bots(
                self,
                self.bot_configs,
                config.feishu_sandbox_port,
                url=config.feishu_sandbox_url,
                keep=config.feishu_sandbox_keep,
                in_production=config.feishu_sandbox_in_production,
            )
        except SandboxError as error:
            log("ERROR", "No Feishu bot runs: {}", error)
            return False
        self.bot_configs.update(bots)
        return True

    async def _report_other_clients(self, bot_id: str) -> None:
        from .doctor import warn_of_other_clients

        if self.connections.is_connected(bot_id):
            await warn_of_other_clients(self._clients.get(self.bot_configs[bot_id]), bot_id)

    async def _report_silence(self, bot_id: str) -> None:
        from .doctor import explain_silence

        status = self.connections.get_status(bot_id)
        if status.state is ConnectionState.CONNECTED and status.last_event_at is None:
            await explain_silence(self.bot_configs[bot_id])

    # API

    @override
    async def _call_api(self, bot: BaseBot, api: str, **data: Any) -> Any:
        assert isinstance(bot, Bot)
        client, make_uuid = self._clients.get(bot.bot_config), bot.idempotency_keys.next
        return await self._at_home(lambda: call_api(client, api, data, make_uuid))

    async def _at_home(self, work: Callable[[], Awaitable[Any]]) -> Any:
        """Await work on NoneBot's loop: a plugin's thread has a loop of its own."""
        if self._loop is None or self._loop is asyncio.get_running_loop():
            return await work()
        return await run_on(self._loop, work)

    @override
    async def get_lark(self, bot: Bot) -> Client:
        """The official SDK's client of a bot; see :meth:`Bot.get_lark`."""
        return await self._at_home(self._clients.get(bot.bot_config).get_lark)

    @override
    async def mark_handled(self, event: Event) -> bool:
        """Mark an event as handled before its handlers end; see :meth:`Bot.mark_handled`."""
        if event.store_key is None or not self._network.running:
            return event.store_key is None
        return await self._network.call(self._receiver.mark_handled(event.store_key))

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


on_connection_state: Callable[[StateHook], StateHook] = Adapter.on_connection_state
"""See :meth:`Adapter.on_connection_state`."""


def ensure_registered() -> bool:
    """Whether this adapter is the one that NoneBot uses under the name ``Feishu``; logs what to do if not.

    The adapter itself cannot tell when it came second.
    """
    return startup.is_registered(Adapter)


def _choose_parts(config: Config, driver: Driver) -> Parts:
    if config.feishu_record is None:
        return NoRecording()
    from .record.recorder import Recorder  # only who asks for a recording loads it

    return Recorder(config, driver.config.model_dump())
