"""HTTP sessions on real sockets: one for all bots of a proxy, the certificates of a company, headers of any kind."""

import asyncio
import gc
import ssl
import weakref

import pytest
import trustme
from aiohttp import web
from pyreqwest.exceptions import RequestError

from nonebot_adapter_feishu_ws.net.errors import describe, was_sent
from nonebot_adapter_feishu_ws.net.session import HttpSession, header_of, headers_of, shared_session

PROXY = "http://user:hunter2@127.0.0.1:9"


async def hello(request: web.Request) -> web.Response:
    if request.path == "/hang":
        await asyncio.sleep(30)
    if request.path == "/cut":
        assert request.transport is not None
        request.transport.abort()
    cookie = {"Set-Cookie": "a=1", "X-Cookie": request.headers.get("Cookie", "none")}
    if request.path == "/redirect":
        return web.Response(status=302, headers={"Location": "/elsewhere"})
    return web.Response(text="hello", headers=cookie)


async def serve(context: ssl.SSLContext | None = None) -> tuple[web.AppRunner, int]:
    app = web.Application()
    app.router.add_route("*", "/{rest:.*}", hello)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0, ssl_context=context).start()
    return runner, runner.addresses[0][1]


@pytest.fixture
async def site():
    runner, port = await serve()
    yield f"http://127.0.0.1:{port}"
    await runner.cleanup()


async def get(session: HttpSession, url: str):
    return await session.request("GET", url).build().send()


def test_all_bots_with_the_same_proxy_share_one_session_as_long_as_one_holds_it():
    direct, proxied = shared_session(), shared_session(PROXY)
    assert shared_session() is direct
    assert shared_session(PROXY) is proxied is not direct
    gone = weakref.ref(proxied)
    del proxied
    gc.collect()
    assert gone() is None


async def test_it_keeps_no_cookies_and_follows_no_redirects(site):
    session = HttpSession()
    await get(session, site)
    assert header_of(await get(session, site), "x-cookie") == "none"
    assert (await get(session, f"{site}/redirect")).status == 302


async def test_the_environments_proxy_is_ignored(site, monkeypatch):
    monkeypatch.setenv("HTTP_PROXY", PROXY)
    monkeypatch.setenv("ALL_PROXY", PROXY)
    assert (await get(HttpSession(), site)).status == 200


async def test_a_companys_own_certificates_are_taken_from_ssl_cert_file(tmp_path, monkeypatch):
    authority = trustme.CA()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    runner, port = await serve(context)
    url = f"https://127.0.0.1:{port}"
    try:
        with pytest.raises(RequestError) as caught:
            await get(shared_session(), url)
        text = describe(caught.value, "the host")
        assert "TLS with the host failed" in text
        assert "SSL_CERT_FILE" in text
        assert was_sent(caught.value) is False
        authority.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
        monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "ca.pem"))
        # A new file is read, although bots with a session from before may be running.
        assert (await get(shared_session(), url)).status == 200
    finally:
        await runner.cleanup()


async def test_a_pinned_host_is_not_looked_up(site):
    port = int(site.rpartition(":")[2])
    session = HttpSession(pinned=("name.invalid", "127.0.0.1", port))
    assert (await get(session, f"http://name.invalid:{port}/")).status == 200


@pytest.mark.parametrize(("path", "says"), [("/cut", "closed the connection"), ("/hang", "did not answer in time")])
async def test_what_was_sent_counts_as_sent_although_the_client_speaks_of_connecting(site, path, says):
    """pyreqwest names both ConnectError and ConnectTimeoutError; a second send would be a second message."""
    from datetime import timedelta

    with pytest.raises(RequestError) as caught:
        await HttpSession().request("POST", site + path).timeout(timedelta(seconds=0.5)).build().send()
    assert was_sent(caught.value) is True
    assert says in describe(caught.value, "the host")


async def test_a_header_that_is_not_ascii_hides_no_other():
    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        head = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nX-File: \u6587.txt\r\nX-Log: 7\r\n\r\nok"
        writer.write(head.encode())
        writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    async with server:
        response = await get(HttpSession(), f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/")
        assert header_of(response, "x-file") == ""
        assert headers_of(response) == {"content-length": "2", "x-log": "7"}
