"""``transport: sdk``: a bot's socket held by the official SDK's own ``ws.Client``.

For the day when Feishu changes the wire before we do. The client gets a thread, a loop and a private copy of its
module, our supervisor does the reconnecting, and its blocking discovery call gets a timeout and the proxy.
Its limits are documented in ``docs/en/connections.md``.
"""

# The SDK ships no types.
# pyright: reportUnknownVariableType=false, reportUnknownMemberType=false, reportUnknownArgumentType=false
import asyncio
import json
import logging
import re
import threading
from asyncio import timeout
from collections.abc import Callable
from contextlib import suppress
from types import SimpleNamespace
from typing import Any
from urllib.parse import urlsplit

from pydantic import SecretStr
from typing_extensions import override

from ..event.envelope import Envelope
from ..exception import ApiNotAvailable, ConnectionFailed
from ..logs import log
from ..net.errors import describe, root_of
from ..net.lark_sdk import load_connection_module
from ..net.tls import ca_bundle, tls_context
from .status import ClientConfig, ConnectionCallbacks, Phase, Transport
from .wire import ACK_OK, CODE_AUTH_FAILED, CODE_CONNECTION_LIMIT, CODE_INTERNAL_ERROR, CODE_SYSTEM_BUSY

OPEN_TIMEOUT = 15.0
"""Seconds for discovery, and again for the handshake."""
RECEIVE_TIMEOUT = 3.0
"""Seconds within which the intake must take an event: Feishu waits no longer for the ack."""
STOP_TIMEOUT = 5.0
_QUIET = logging.getLogger(f"{__name__}.socket")
"""At DEBUG the websockets library logs its request, which contains the connection's ticket."""
_QUIET.setLevel(logging.INFO)


class SdkConnection(Transport):
    """The SDK's client as a transport."""

    def __init__(self, app_id: str, app_secret: SecretStr, origin: str, *, proxy: str | None = None) -> None:
        """Create the transport of one bot; the SDK is imported with the first connection."""
        self._app_id = app_id
        self._app_secret = app_secret
        self._origin = origin
        self._proxy = proxy

    @override
    async def serve(self, callbacks: ConnectionCallbacks) -> None:
        try:
            module = await asyncio.to_thread(load_connection_module)
        except ApiNotAvailable as error:
            raise ConnectionFailed(str(error), phase="discovery") from error
        client = _ClientThread(self._app_id, callbacks, self._describe)
        _contain(module, client.loop, self._proxy, tls=self._origin.startswith("https:"))
        secret = self._app_secret.get_secret_value()
        handler = SimpleNamespace(_do_without_validation=client.receive)
        options = {"event_handler": handler, "domain": self._origin, "auto_reconnect": False}
        client.start(_make_client_class(module, client)(self._app_id, secret, **options))
        try:
            await asyncio.wait(
                {client.opened, client.ended}, timeout=2 * OPEN_TIMEOUT + 1, return_when="FIRST_COMPLETED"
            )
            if not (client.opened.done() or client.ended.done()):
                raise ConnectionFailed("the SDK's client did not connect in time", phase="handshake")
            await asyncio.wait({client.ended})  # a bare await would cancel the future together with this task
            client.ended.result()
        finally:
            await client.stop()

    @override
    async def close(self) -> None:
        return

    def _describe(self, error: Exception) -> str:
        root = root_of(error)
        known = isinstance(root, OSError) and root is not error
        return describe(root, urlsplit(self._origin).netloc, self._proxy) if known else type(error).__name__


class _ClientThread:
    """One client in its thread, from start to end. The futures belong to the network loop."""

    def __init__(self, app_id: str, callbacks: ConnectionCallbacks, describe_it: Callable[[Exception], str]) -> None:
        self._app_id = app_id
        self._describe = describe_it
        self._callbacks = callbacks
        self._network = asyncio.get_running_loop()
        self._thread = threading.Thread(target=self._run, name=f"feishu-sdk-{app_id}", daemon=True)
        self._client: Any = None
        self.loop = asyncio.new_event_loop()
        self.phase: Phase = "discovery"
        self.opened: asyncio.Future[None] = self._network.create_future()
        self.ended: asyncio.Future[None] = self._network.create_future()

    def start(self, client: Any) -> None:
        self._client = client
        self._thread.start()

    async def stop(self) -> None:
        """Close the socket with a close frame and end the thread, within a bound."""
        if not self.ended.done():
            with suppress(RuntimeError):  # the loop has just ended by itself
                self.loop.call_soon_threadsafe(self.loop.create_task, self._disconnect())
        await asyncio.to_thread(self._thread.join, STOP_TIMEOUT)
        if self._thread.is_alive():
            log("WARNING", "Bot {bot}: the SDK's client does not end; its thread is abandoned", bot=self._app_id)
        self.ended.cancel()
        self.opened.cancel()

    # In the client's thread

    def _run(self) -> None:
        asyncio.set_event_loop(self.loop)
        outcome: ConnectionFailed | None = None
        try:
            self._client.start()
        except asyncio.CancelledError:
            pass
        except Exception as error:  # noqa: BLE001 - whatever it is, the supervisor must learn that the client ended
            outcome = _explain(error, self.phase, self._describe(error))
        finally:
            _cancel_others(self.loop)
            with suppress(asyncio.CancelledError):
                self.loop.run_until_complete(asyncio.sleep(0))
            self.loop.close()
            self.tell(self.end, outcome)

    async def _disconnect(self) -> None:
        await self._client._disconnect()
        _cancel_others(self.loop)

    def tell(self, function: Callable[..., None], *args: Any) -> None:
        """Call a function on the network loop."""
        with suppress(RuntimeError):  # the network loop is gone: the process ends
            self._network.call_soon_threadsafe(function, *args)

    def alive(self) -> None:
        """Something arrived from the server."""
        self.tell(self._callbacks.alive)

    def receive(self, payload: bytes) -> Any:
        """Take an event, blocking; returns the answer to a callback."""
        envelope = Envelope(bot_id=self._app_id, payload=payload, transport="websocket")
        receiving = self._callbacks.receiver.receive(envelope)
        receipt = asyncio.run_coroutine_threadsafe(receiving, self._network).result(RECEIVE_TIMEOUT)
        if receipt.code != ACK_OK:
            raise RuntimeError(f"the event is answered with {receipt.code}")
        return None if receipt.data is None else json.loads(receipt.data)

    # On the network loop

    def open(self, config: ClientConfig) -> None:
        """The socket is open."""
        if not self.opened.done():
            self._callbacks.client_config = config
            self.opened.set_result(None)
            self._callbacks.opened()

    def end(self, outcome: ConnectionFailed | None) -> None:
        """The client has ended; the first reason counts."""
        if self.ended.done():
            return
        if outcome is None:
            self.ended.set_result(None)
        else:
            self.ended.set_exception(outcome)


def _cancel_others(loop: asyncio.AbstractEventLoop) -> None:
    """Cancel all tasks of a loop but the running one."""
    current = asyncio.current_task() if loop.is_running() else None
    for task in asyncio.all_tasks(loop):
        if task is not current:
            task.cancel()


def _explain(error: Exception, phase: Phase, described: str) -> ConnectionFailed:
    """Convert the SDK's exception, which has one field for HTTP statuses, Feishu's codes and the connection limit."""
    code: object = getattr(error, "code", None)
    final = type(error).__name__ == "ClientException"
    text = f"the SDK's client failed in the {phase}: {getattr(error, 'msg', None) or described}"
    if not isinstance(code, int):
        return ConnectionFailed(text, phase=phase)
    if phase == "handshake" and code == CODE_AUTH_FAILED and final:
        code = CODE_CONNECTION_LIMIT
    elif phase == "discovery" and not final and code not in (CODE_SYSTEM_BUSY, CODE_INTERNAL_ERROR):
        return ConnectionFailed(f"{text} (HTTP {code})", phase=phase)
    return ConnectionFailed(text, code=code, phase=phase)


def _make_client_class(module: Any, thread: _ClientThread) -> type[Any]:
    base: type[Any] = module.Client

    class Client(base):
        """The SDK's client, which also reports to us what happens."""

        def _get_conn_url(self) -> str:
            url = super()._get_conn_url()
            thread.phase = "handshake"
            return url

        async def _connect(self) -> None:
            async with timeout(2 * OPEN_TIMEOUT):
                await super()._connect()
            thread.phase = "socket"
            intervals = {
                "ReconnectInterval": self._reconnect_interval,
                "ReconnectNonce": self._reconnect_nonce,
                "PingInterval": self._ping_interval,
            }
            thread.tell(thread.open, ClientConfig().merged(intervals))

        async def _handle_message(self, msg: bytes) -> None:
            thread.alive()
            await super()._handle_message(msg)

        async def _receive_message_loop(self) -> None:
            try:
                await super()._receive_message_loop()
            except Exception as error:  # noqa: BLE001 - inside the SDK it would end a task that nobody watches
                text = f"the connection was lost ({type(error).__name__})"
                thread.tell(thread.end, ConnectionFailed(text, phase="socket"))
                _cancel_others(thread.loop)

    return Client


def _contain(module: Any, loop: asyncio.AbstractEventLoop, proxy: str | None, *, tls: bool) -> None:
    """Give a copy of the SDK's module its own loop and log, a timeout for discovery, the proxy and our certificates."""
    connect_kwargs = module._ws_connect_kwargs
    new_session = module.requests.Session
    proxies = {"http": proxy, "https": proxy} if proxy else None

    def post(*args: Any, **kwargs: Any) -> Any:
        with new_session() as session:
            session.trust_env = False  # else discovery alone took the environment's proxy, and the socket did not
            return session.post(*args, timeout=OPEN_TIMEOUT, proxies=proxies, verify=ca_bundle() or True, **kwargs)

    def with_proxy(headers: Any = None) -> dict[str, Any]:
        own = {"proxy": proxy, "logger": _QUIET, **({"ssl": tls_context()} if tls else {})}
        return {**connect_kwargs(headers), **own}

    module.logger = _Logger()
    module.loop = loop
    module.requests = SimpleNamespace(post=post)
    module._ws_connect_kwargs = with_proxy


class _Logger:
    """Turns the SDK's log lines into DEBUG details: the supervisor reports what matters, and URLs carry a ticket."""

    def setLevel(self, level: object) -> None:
        return

    def debug(self, text: str) -> None:
        return  # whole payloads

    def info(self, text: str) -> None:
        log("DEBUG", "The SDK says: {}", re.sub("\\?\\S+", "?...", text))

    warn = warning = error = info
