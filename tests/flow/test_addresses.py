"""A host with several addresses, the first of which takes connections and never answers."""

import asyncio
import socket
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, suppress
from threading import Thread
from typing import Any

import pytest
from pydantic import SecretStr

from nonebot_adapter_feishu_ws.api import ONCE, ApiClient
from nonebot_adapter_feishu_ws.exception import NetworkError
from nonebot_adapter_feishu_ws.net import session
from nonebot_adapter_feishu_ws.transport import connection
from tests.conftest import APP, SECRET, wait_until

NAME = "feishu.test"
DEAF = "127.0.0.2"
PATIENCE = 0.5


class DeafListener:
    """Takes every connection at the sandbox's port of another address, and says nothing; counts them."""

    def __init__(self, port: int) -> None:
        self.taken: list[socket.socket] = []
        self.listener = socket.create_server((DEAF, port))
        Thread(target=self._run, daemon=True).start()

    def _run(self) -> None:
        with suppress(OSError):
            while True:
                self.taken.append(self.listener.accept()[0])

    def close(self) -> None:
        for each in (self.listener, *self.taken):
            each.close()


@pytest.fixture
def deaf(sandbox, monkeypatch) -> Iterator[DeafListener]:
    port = int(sandbox.url.rpartition(":")[2])
    listener = DeafListener(port)
    resolve_both(monkeypatch)
    monkeypatch.setattr(connection, "OPEN_TIMEOUT", PATIENCE)
    yield listener
    listener.close()


def resolve_both(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the name have two addresses, the sandbox's behind the other one."""
    system = socket.getaddrinfo

    def both(host: str, *args: Any, **kwargs: Any) -> Any:
        if host != NAME:
            return system(host, *args, **kwargs)
        return [*system(DEAF, *args, **kwargs), *system("127.0.0.1", *args, **kwargs)]

    monkeypatch.setattr(socket, "getaddrinfo", both)


def named(sandbox) -> str:
    return f"http://{NAME}:{sandbox.url.rpartition(':')[2]}"


@pytest.mark.fault(38)
async def test_the_long_connection_takes_the_next_address_after_one_that_hangs(
    sandbox, run_adapter, deaf, logs, saw: Callable[[str], None]
):
    sandbox.gateway.base_url = lambda: named(sandbox)
    bots = [{"app_id": APP, "app_secret": SECRET, "domain": named(sandbox)}]
    async with run_adapter(bots, connected=False) as adapter:
        await wait_until(lambda: adapter.connections.is_connected(APP))
        failed = adapter.connections.get_status(APP).attempts
        assert any("feishu.test:" in line and "did not answer in time" in line for line in logs)
    assert failed == 1
    assert sandbox.gateway.discoveries == 1
    saw(f"the long connection: connected by attempt {failed + 1}, {len(deaf.taken)} connections to the deaf address")


@pytest.mark.parametrize("hangs", ["without TLS", "in the handshake of TLS"])
@pytest.mark.fault(38)
async def test_a_rest_call_takes_the_next_address_after_one_that_hangs(
    sandbox, deaf, saw: Callable[[str], None], monkeypatch, hangs
):
    monkeypatch.setattr(session, "CONNECT_TIMEOUT", PATIENCE)
    scheme = "http" if hangs == "without TLS" else "https"
    url = named(sandbox).replace("http", scheme)
    client = ApiClient(app_id=APP, app_secret=SecretStr(SECRET), origin=url, timeout=PATIENCE, retry=ONCE)
    with pytest.raises(NetworkError, match=r"did not answer in time"):
        await client.call("bot/v3/info")
    assert len(deaf.taken) == 1
    if scheme == "http":
        assert (await client.call("bot/v3/info"))["code"] == 0
    else:
        with pytest.raises(NetworkError):  # the sandbox has no TLS, but it is asked
            await client.call("bot/v3/info")
    assert len(deaf.taken) == 1
    saw(f"a REST call {hangs}: call 2 goes elsewhere, {len(deaf.taken)} connection to the deaf address")
    await client.close()


async def test_a_host_that_falls_silent_on_a_kept_connection_is_avoided(sandbox, monkeypatch):
    """Its address was asked once more, as it had answered before: the third call was the first to go elsewhere."""
    port = int(sandbox.url.rpartition(":")[2])
    async with await asyncio.start_server(silent_after_one_answer(port), DEAF, port):
        resolve_both(monkeypatch)
        client = ApiClient(
            app_id=APP, app_secret=SecretStr(SECRET), origin=named(sandbox), timeout=PATIENCE, retry=ONCE
        )
        assert (await client.call("bot/v3/info"))["code"] == 0
        with pytest.raises(NetworkError, match=r"did not answer in time"):
            await client.call("bot/v3/info")
        assert (await client.call("bot/v3/info"))["code"] == 0
        await client.close()


def silent_after_one_answer(port: int) -> Callable[[asyncio.StreamReader, asyncio.StreamWriter], Any]:
    """Passes the token's and the first request on to a port, and none after that."""
    requests = 0

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal requests
        far_reader, far_writer = await asyncio.open_connection("127.0.0.1", port)
        with suppress(OSError):
            while data := await reader.read(65536):
                requests += 1
                if requests <= 2:
                    far_writer.write(data)
                    writer.write(await far_reader.read(65536))
        far_writer.close()
        writer.close()

    return serve


@asynccontextmanager
async def proxy(port: int) -> AsyncIterator[int]:
    """A proxy for CONNECT that leads to a port whatever it is asked for; yields its own port."""

    async def pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError):
            while data := await reader.read(65536):
                writer.write(data)
        writer.close()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        far_reader, far_writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(b"HTTP/1.1 200 OK\r\n\r\n")
        await asyncio.gather(pump(reader, far_writer), pump(far_reader, writer))

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    yield server.sockets[0].getsockname()[1]
    server.close()


@pytest.mark.fault(38)
async def test_a_proxy_takes_the_next_address_after_one_that_hangs(
    sandbox, run_adapter, deaf, monkeypatch, saw: Callable[[str], None]
):
    """A company's proxy is often a name with several addresses; only its first one was ever tried."""
    monkeypatch.setattr(session, "CONNECT_TIMEOUT", PATIENCE)
    sandbox.gateway.base_url = lambda: named(sandbox)
    async with proxy(int(sandbox.url.rpartition(":")[2])) as port:
        hanging = DeafListener(port)
        bots = [{"app_id": APP, "app_secret": SECRET, "domain": named(sandbox), "proxy": f"http://{NAME}:{port}"}]
        async with run_adapter(bots, connected=False) as adapter:
            await wait_until(lambda: adapter.connections.is_connected(APP))
            failed = adapter.connections.get_status(APP).attempts
        hanging.close()
    assert len(hanging.taken) > 0
    assert deaf.taken == []
    saw(f"a proxy: connected by attempt {failed + 1}, {len(hanging.taken)} connections to its deaf address")
