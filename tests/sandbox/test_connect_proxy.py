"""Clients with a hard-coded host reach the sandbox by its proxy; nothing else is reached, and nothing leaves."""

import asyncio
import json
import socket
import ssl
import stat
import sys
from pathlib import Path

import aiohttp
import pytest

from nonebot_adapter_feishu_ws.sandbox import Sandbox, SandboxError
from nonebot_adapter_feishu_ws.sandbox.tls import data_folder, server_context
from nonebot_adapter_feishu_ws.transport.frame import CONTROL, Frame, encode_ping
from tests.conftest import APP, SECRET

CREDENTIALS = {"AppID": APP, "AppSecret": SECRET}


@pytest.fixture(scope="module")
def certificates(tmp_path_factory) -> tuple[ssl.SSLContext, Path]:
    return server_context(tmp_path_factory.mktemp("authority"))


@pytest.fixture
def trust(certificates) -> ssl.SSLContext:
    return ssl.create_default_context(cafile=str(certificates[1]))


@pytest.fixture
async def proxy(sandbox: Sandbox, certificates) -> str:
    return await sandbox.open_proxy(certificates[0])


async def exchange(proxy: str, text: str) -> str:
    """What the proxy answers to raw bytes, until it closes."""
    reader, writer = await asyncio.open_connection("127.0.0.1", int(proxy.rpartition(":")[2]))
    writer.write(text.encode())
    answer = await asyncio.wait_for(reader.read(), 5)
    writer.close()
    return answer.decode()


@pytest.fixture
def no_connections(monkeypatch):
    """Connections other than to loopback fail, and so does asking for an address."""

    def refused(*arguments: object, **_: object):
        raise AssertionError(f"the sandbox asked for the address of {arguments}")

    monkeypatch.setattr(socket, "getaddrinfo", refused)


@pytest.mark.parametrize("name", ["open.feishu.cn", "open.larksuite.com"])
@pytest.mark.usefixtures("no_connections")
async def test_a_hard_coded_host_ends_in_the_sandbox(sandbox, proxy, trust, name):
    origin = f"https://{name}"
    async with aiohttp.ClientSession() as session:
        options = {"proxy": proxy, "ssl": trust}
        async with session.post(f"{origin}/callback/ws/endpoint", json=CREDENTIALS, **options) as response:
            url = (await response.json())["data"]["URL"]
        assert url.startswith(f"wss://{name}/ws/v2?"), "the name that the certificate is for"
        async with session.ws_connect(url, **options) as opened:
            await opened.send_bytes(encode_ping(33554678))
            assert Frame.FromString((await opened.receive(5)).data).method == CONTROL
            assert len(sandbox.gateway.connections[APP]) == 1


@pytest.mark.parametrize(
    "target",
    [
        "CONNECT example.com:443",
        "CONNECT open.feishu.cn.evil.example:443",
        "CONNECT evil@example.com:443",
        "CONNECT open.feishu.cn:80",
        "CONNECT open.feishu.cn:99999999",
        "CONNECT 127.0.0.1:22",
        "CONNECT [::1",
        "GET http://example.com/",
        "GET /",
        "",
    ],
)
@pytest.mark.usefixtures("no_connections")
async def test_every_other_name_is_refused_in_words(proxy, target):
    answer = await exchange(proxy, f"{target} HTTP/1.1\r\n\r\n")
    assert answer.startswith("HTTP/1.1 403 Forbidden")
    assert "forwards nothing" in answer


async def test_a_head_without_end_is_refused(proxy):
    assert "431" in await exchange(proxy, "CONNECT " + "a" * 20_000)


async def test_an_https_request_in_the_clear_is_served_too(proxy):
    """Axios sends it to its proxy so."""
    body = json.dumps(CREDENTIALS)
    head = "POST https://open.feishu.cn/callback/ws/endpoint HTTP/1.1\r\nHost: open.feishu.cn\r\nConnection: close\r\n"
    answer = await exchange(proxy, f"{head}Content-Length: {len(body)}\r\n\r\n{body}")
    assert "wss://open.feishu.cn/ws/v2" in answer


async def test_a_client_that_does_not_trust_the_authority_is_let_go(sandbox, proxy, trust):
    async with aiohttp.ClientSession() as session:
        with pytest.raises(aiohttp.ClientConnectorCertificateError):
            await session.get("https://open.feishu.cn/open-apis/bot/v3/info", proxy=proxy)
        async with session.get("https://open.feishu.cn/open-apis/bot/v3/info", proxy=proxy, ssl=trust) as response:
            assert (await response.json())["code"] == 99991661


async def test_https_for_clients_that_use_no_proxy(sandbox, certificates, trust):
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    await sandbox.open_proxy(certificates[0], https_port=port)
    async with (
        aiohttp.ClientSession() as session,
        session.post(f"https://localhost:{port}/callback/ws/endpoint", json=CREDENTIALS, ssl=trust) as response,
    ):
        assert (await response.json())["data"]["URL"].startswith(f"wss://localhost:{port}/")


def test_the_authority_is_made_once_and_its_key_is_private(tmp_path):
    _, first = server_context(tmp_path / "folder")
    content = first.read_bytes()
    _, second = server_context(tmp_path / "folder")
    assert (first, content) == (second, second.read_bytes())
    assert stat.S_IMODE((tmp_path / "folder" / "sandbox-ca.key").stat().st_mode) == 0o600


def test_a_damaged_authority_is_named(tmp_path):
    for name in ("sandbox-ca.pem", "sandbox-ca.key"):
        (tmp_path / name).write_text("damaged")
    with pytest.raises(SandboxError, match="Delete the folder"):
        server_context(tmp_path)


def test_without_trustme_it_says_what_to_install(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "trustme", None)
    with pytest.raises(SandboxError, match=r"nonebot-adapter-feishu-ws\[tls\]"):
        server_context(tmp_path)


def test_the_folder_is_the_users(tmp_path, monkeypatch):
    monkeypatch.setattr(sys, "platform", "linux")
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    assert data_folder() == tmp_path / "nonebot-adapter-feishu-ws"
