"""One bot's socket held by the official SDK's own ``ws.Client``: ``transport: sdk``.

For the day when Feishu changes the wire before we do. The client gets a thread, a loop and a copy of its module to
itself, reconnecting is left to our supervisor, and its blocking call of the endpoint gets a time-out and the proxy.
What it cannot do stands in ``docs/en/connections.md``.
"""

# The SDK ships no types.
# pyright: reportUnknownVariableType=false, reportUnknownMemberType=false, reportUnknownArgumentType=false
from __future__ import annotations

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

from pydantic import SecretStr
from typing_extensions import override

from ..event.envelope import Envelope
from ..exception import ApiNotAvailable, ConnectionFailed
from ..log import log
from ..net.lark_sdk import load_connection_module
from .status import ClientConfig, Link, Phase, Transport
from .wire import ACK_OK, CODE_AUTH_FAILED, CODE_CONNECTION_LIMIT, CODE_INTERNAL_ERROR, CODE_SYSTEM_BUSY

OPEN_TIMEOUT = 15.0
"""Seconds for discovery, and again for the handshake."""
RECEIVE_TIMEOUT = 3.0
"""Seconds in which the intake must take an event: Feishu waits no longer for the ack."""
STOP_TIMEOUT = 5.0


class SdkConnection(Transport):
    """The SDK's client behind our protocol."""

    def __init__(self, app_id: str, app_secret: SecretStr, origin: str, *, proxy: str | None = None) -> None:
        """Args:
        app_id: the bot's app id.
        app_secret: its secret.
        origin: the platform's origin, e.g. ``https://open.feishu.cn``.
        proxy: an ``http://`` proxy for discovery and socket.
        """
        self._app_id = app_id
        self._app_secret = app_secret
        self._origin = origin
        self._proxy = proxy

    @override
    async def serve(self, link: Link) -> None:
        try:
            module = await asyncio.to_thread(load_connection_module)
        except ApiNotAvailable as error:
            raise ConnectionFailed(str(error), phase="discovery") from error
        runner = _Runner(self._app_id, link, asyncio.get_running_loop())
        runner.start(module, self._app_secret.get_secret_value(), self._origin, self._proxy)
        try:
            await asyncio.wait(
                {runner.opened, runner.ended}, timeout=2 * OPEN_TIMEOUT + 1, return_when="FIRST_COMPLETED"
            )
            if not (runner.opened.done() or runner.ended.done()):
                raise ConnectionFailed("the SDK's client did not connect in time", phase="handshake")
            await asyncio.wait({runner.ended})  # a bare await would cancel the future together with this task
            runner.ended.result()
        finally:
            await runner.stop()

    @override
    async def close(self) -> None:
        return


class _Runner:
    """One client in its thread, from start to end. The futures belong to the network loop."""

    def __init__(self, app_id: str, link: Link, network: asyncio.AbstractEventLoop) -> None:
        self._app_id = app_id
        self._link = link
        self._network = network
        self._loop = asyncio.new_event_loop()
        self._thread: threading.Thread | None = None
        self._client: Any = None
        self._phase: Phase = "discovery"
        self.opened: asyncio.Future[None] = network.create_future()
        self.ended: asyncio.Future[None] = network.create_future()

    def start(self, module: Any, secret: str, origin: str, proxy: str | None) -> None:
        _contain(module, self._loop, proxy)
        self._client = self._make_client(module, secret, origin)
        self._thread = threading.Thread(target=self._run, name=f"feishu-sdk-{self._app_id}", daemon=True)
        self._thread.start()

    async def stop(self) -> None:
        """Close the socket with a close frame and end the thread, within a bound."""
        if not self.ended.done():
            with suppress(RuntimeError):  # the loop has just ended by itself
                self._loop.call_soon_threadsafe(self._loop.create_task, self._leave())
        if self._thread is not None:
            await asyncio.to_thread(self._thread.join, STOP_TIMEOUT)
            if self._thread.is_alive():
                log("WARNING", "Bot {}: the SDK's client does not end; its thread is abandoned", self._app_id)
        self.ended.cancel()
        self.opened.cancel()

    async def _leave(self) -> None:
        await self._client.close_socket()
        for task in asyncio.all_tasks():
            if task is not asyncio.current_task():
                task.cancel()

    # In the client's thread

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        outcome: ConnectionFailed | None = None
        try:
            self._client.start()
        except asyncio.CancelledError:
            outcome = None
        except Exception as error:  # noqa: BLE001 - whatever it is, the supervisor must learn that the client ended
            outcome = self._failed(error)
        finally:
            for task in asyncio.all_tasks(self._loop):
                task.cancel()
            with suppress(asyncio.CancelledError):
                self._loop.run_until_complete(asyncio.sleep(0))
            self._loop.close()
            self._tell(self._end, outcome)

    def _failed(self, error: Exception) -> ConnectionFailed:
        """The SDK's exception as ours; it gives HTTP statuses, Feishu's codes and the connection limit one field."""
        code: object = getattr(error, "code", None)
        final = type(error).__name__ == "ClientException"
        text = f"the SDK's client failed in the {self._phase}: {getattr(error, 'msg', None) or type(error).__name__}"
        if not isinstance(code, int):
            return ConnectionFailed(text, phase=self._phase)
        if self._phase == "handshake" and code == CODE_AUTH_FAILED and final:
            code = CODE_CONNECTION_LIMIT
        elif self._phase == "discovery" and not final and code not in (CODE_SYSTEM_BUSY, CODE_INTERNAL_ERROR):
            return ConnectionFailed(f"{text} (HTTP {code})", phase=self._phase)
        return ConnectionFailed(text, code=code, phase=self._phase)

    def _tell(self, function: Callable[..., None], *args: Any) -> None:
        with suppress(RuntimeError):  # the network loop is gone: the process ends
            self._network.call_soon_threadsafe(function, *args)

    def _take(self, payload: bytes) -> Any:
        envelope = Envelope(bot_id=self._app_id, payload=payload, transport="websocket")
        future = asyncio.run_coroutine_threadsafe(_as_coroutine(self._link, envelope), self._network)
        receipt = future.result(RECEIVE_TIMEOUT)
        if receipt.code != ACK_OK:
            raise RuntimeError(f"the event is answered with {receipt.code}")
        return None if receipt.data is None else json.loads(receipt.data)

    # On the network loop

    def _open(self, config: ClientConfig) -> None:
        if not self.opened.done():
            self._link.client_config = config
            self.opened.set_result(None)
            self._link.opened()

    def _end(self, outcome: ConnectionFailed | None) -> None:
        if self.ended.done():
            return
        if outcome is None:
            self.ended.set_result(None)
        else:
            self.ended.set_exception(outcome)

    def _make_client(self, module: Any, secret: str, origin: str) -> Any:
        runner = self
        base: type[Any] = module.Client

        class Client(base):
            """The SDK's client, with its losses and its life told to us."""

            def _get_conn_url(self) -> str:
                url = super()._get_conn_url()
                runner._phase = "handshake"
                return url

            async def _connect(self) -> None:
                async with timeout(2 * OPEN_TIMEOUT):
                    await super()._connect()
                runner._phase = "socket"
                runner._tell(runner._open, _read_config(self))

            async def _handle_message(self, msg: bytes) -> None:
                runner._tell(runner._link.alive)
                await super()._handle_message(msg)

            async def _receive_message_loop(self) -> None:
                try:
                    await super()._receive_message_loop()
                except Exception as error:  # noqa: BLE001 - inside the SDK it would end a task that nobody watches
                    runner._tell(runner._end, _explain_loss(error))
                    raise_stop()

            async def close_socket(self) -> None:
                await self._disconnect()

        def raise_stop() -> None:
            for task in asyncio.all_tasks():
                if task is not asyncio.current_task():
                    task.cancel()

        handler = SimpleNamespace(_do_without_validation=self._take)
        return Client(self._app_id, secret, event_handler=handler, domain=origin, auto_reconnect=False)


_QUIET = logging.getLogger(f"{__name__}.socket")
"""At DEBUG the websockets library logs its request, which has the connection's ticket in it."""
_QUIET.setLevel(logging.INFO)


def _contain(module: Any, loop: asyncio.AbstractEventLoop, proxy: str | None) -> None:
    """Give a copy of the SDK's module its own loop and log, a time-out for the endpoint, and the proxy."""
    requests, connect_kwargs = module.requests, module._ws_connect_kwargs
    proxies = {"http": proxy, "https": proxy} if proxy else None

    def post(*args: Any, **kwargs: Any) -> Any:
        return requests.post(*args, timeout=OPEN_TIMEOUT, proxies=proxies, **kwargs)

    def with_proxy(headers: Any = None) -> dict[str, Any]:
        return {**connect_kwargs(headers), "proxy": proxy, "logger": _QUIET}

    module.logger = _Logger()
    module.loop = loop
    module.requests = SimpleNamespace(post=post)
    module._ws_connect_kwargs = with_proxy


class _Logger:
    """Takes the SDK's log lines as details; the supervisor tells what matters, and URLs carry a ticket."""

    def setLevel(self, level: object) -> None:
        return

    def debug(self, text: str) -> None:
        return  # whole payloads

    def info(self, text: str) -> None:
        log("DEBUG", "The SDK says: {}", re.sub("\\?\\S+", "?...", text))

    warn = warning = error = info


def _read_config(client: Any) -> ClientConfig:
    return ClientConfig().merged(
        {
            "ReconnectInterval": client._reconnect_interval,
            "ReconnectNonce": client._reconnect_nonce,
            "PingInterval": client._ping_interval,
        }
    )


def _explain_loss(error: Exception) -> ConnectionFailed:
    return ConnectionFailed(f"the connection was lost ({type(error).__name__})", phase="socket")


async def _as_coroutine(link: Link, envelope: Envelope) -> Any:
    return await link.receive(envelope)
