"""``Sandbox``: the local Feishu as one server."""

import asyncio
import ssl
from collections.abc import Awaitable, Callable, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

from aiohttp import web

from .actions import Actions
from .connect_proxy import ConnectProxy
from .control.routes import Control
from .faults import Faults
from .gateway import ACK_TIMEOUT, REDELIVERY, Gateway
from .guard import check_host
from .keep import Keeper
from .page import page
from .registration import Registration
from .replay import Replay, Replayed, read_recording
from .rest.apps import Tokens
from .rest.call import Limits
from .rest.routes import RecordedRequest, Rest
from .state import World

CLIENT_CONFIG = {"ReconnectCount": -1, "ReconnectInterval": 120, "ReconnectNonce": 30, "PingInterval": 120}


class Sandbox(Actions):
    """A local Feishu. Use it as an asynchronous context manager, or with :meth:`start` and :meth:`stop`."""

    def __init__(
        self,
        *,
        host: str = "127.0.0.1",
        port: int = 0,
        beyond_loopback: bool = False,
        tls: ssl.SSLContext | None = None,
        client_config: dict[str, int] | None = None,
        redelivery: tuple[float, ...] = REDELIVERY,
        ack_timeout: float = ACK_TIMEOUT,
        keep: Path | None = None,
    ) -> None:
        """Create a sandbox; it listens once started.

        Args:
            host: where to listen.
            beyond_loopback: listen even where other machines can connect.
            port: 0 takes a free one.
            tls: serve ``https`` and ``wss`` with this context.
            client_config: laid over the configuration that clients get (seconds).
            redelivery: seconds before each further push of an unacked event.
            ack_timeout: seconds in which an ack must come.
            keep: a file in which the world outlives this process; it is made when there is none.

        Raises:
            SandboxError: ``keep`` is not a file of a sandbox.

        Raises:
            SandboxError: the host is not loopback, and ``beyond_loopback`` is not set.
        """
        if not beyond_loopback:
            check_host(host, "beyond_loopback=True (--beyond-loopback)")
        self.host: str = host
        self.port: int = port
        self._tls = tls
        world, faults = World(), Faults()
        gateway = Gateway(
            world,
            faults,
            client_config={**CLIENT_CONFIG, **(client_config or {})},
            redelivery=redelivery,
            ack_timeout=ack_timeout,
        )
        super().__init__(world, gateway, faults)
        self.limits: Limits = Limits()
        self.rest: Rest = Rest(self.world, self.gateway, self.faults, self.limits)
        self.tokens: Tokens = Tokens(self.world, self.gateway)
        self._runner: web.AppRunner | None = None
        self._keeper: Keeper | None = None if keep is None else Keeper(keep, world, gateway)
        self._proxy: ConnectProxy | None = None

    @property
    def url(self) -> str:
        """Where it listens; also the address of the chat page."""
        return f"{'https' if self._tls else 'http'}://{self.host}:{self.port}"

    @property
    def requests(self) -> Sequence[RecordedRequest]:
        """The latest REST calls, oldest first."""
        return self.rest.requests

    async def start(self) -> Self:
        """Listen; raises ``OSError`` if the port is taken."""
        app = web.Application(client_max_size=64 * 1024 * 1024)
        app.add_routes([web.post("/callback/ws/endpoint", self.gateway.discover)])
        app.add_routes([web.get("/ws/v2", self.gateway.accept)])
        app.add_routes(self.rest.routes(self.cards, self.tokens))
        app.add_routes(page.routes())
        app.add_routes(Control(self).routes())
        app.add_routes(Registration(self, lambda: self.url).routes())
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.5)
        await self._runner.setup()
        site = web.TCPSite(self._runner, self.host, self.port, ssl_context=self._tls)
        await site.start()
        if self.port == 0:
            self.port = self._runner.addresses[0][1]
        if self._keeper is not None:
            self._keeper.start()
        return self

    async def open_proxy(self, tls: ssl.SSLContext, port: int = 0, https_port: int | None = None) -> str:
        """Serve clients whose host is hard-coded, by a proxy that answers for Feishu's names and forwards nothing.

        Args:
            tls: with certificates for the names.
            port: on loopback; 0 takes a free one.
            https_port: serve ``https`` and ``wss`` there as well, on loopback, for clients that use no proxy.

        Returns:
            The proxy's URL.

        Raises:
            OSError: a port is taken.
        """
        runner = self._runner
        assert runner is not None, "start() comes first"
        assert runner.server is not None
        if https_port is not None:
            await web.TCPSite(runner, "127.0.0.1", https_port, ssl_context=tls).start()
        self._proxy = ConnectProxy(runner.server, tls)
        await self._proxy.start(port)
        return self._proxy.url

    async def replay(
        self,
        path: str | Path,
        *,
        speed: float = 1.0,
        apps: Mapping[str, str] | None = None,
        timeout: float = 30.0,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> Replayed:
        """Push the events of a recording again, with new ids of messages and events, at the times of today.

        The people, chats and messages that they name are made here, so that bots can ask for them.

        Args:
            path: what ``python -m nonebot_adapter_feishu_ws.record`` wrote.
            speed: how much faster than it was; ``math.inf`` pushes all at once.
            apps: recorded app id -> app id here; by default in their order, or all to the only app there is.
            timeout: seconds that the last acks may take.
            sleep: waits for seconds.

        Returns:
            How many events were pushed, and how many of them the bots acked.

        Raises:
            SandboxError: it is no recording, or there are too few apps.
        """
        replay = Replay(self.world, self.gateway, read_recording(Path(path)), apps)
        return await replay.run(speed, timeout, sleep)

    async def stop(self) -> None:
        """Close every connection and stop listening."""
        if self._proxy is not None:
            await self._proxy.stop()
            self._proxy = None
        if self._keeper is not None:
            await self._keeper.stop()
        await self.gateway.close()
        if self._runner is not None:
            await self._runner.cleanup()
            self._runner = None

    async def __aenter__(self) -> Self:
        return await self.start()

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.stop()
