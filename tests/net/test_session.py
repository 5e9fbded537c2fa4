"""HTTP sessions on real sockets: pooling, certificates of a company, odd responses, what counts as sent."""

import asyncio
import gc
import gzip
import socket
import ssl
import weakref

import pytest
import trustme
from aiohttp import web

from nonebot_adapter_feishu_ws.net.errors import BrokenAnswer, NotConnected, describe, failure
from nonebot_adapter_feishu_ws.net.session import HttpSession, Target, shared_session, target_of

PROXY = "http://user:hunter2@127.0.0.1:9"


async def hello(request: web.Request) -> web.StreamResponse:
    if request.path == "/hang":
        await asyncio.sleep(30)
    if request.path == "/cut":
        assert request.transport is not None
        request.transport.abort()
    if request.path == "/redirect":
        return web.Response(status=302, headers={"Location": "/elsewhere"})
    if request.path == "/chunked":
        response = web.StreamResponse()
        await response.prepare(request)
        for number in range(3):
            await response.write(b"%d" % number)
        return response
    told = {"Set-Cookie": "a=1", "X-Cookie": request.headers.get("Cookie", "none")}
    assert request.transport is not None
    told["X-Peer"] = str(request.transport.get_extra_info("peername")[1])
    return web.Response(body=await request.read() or b"hello", headers=told)


async def serve(context: ssl.SSLContext | None = None) -> tuple[web.AppRunner, int]:
    app = web.Application(client_max_size=10**8)
    app.router.add_route("*", "/{rest:.*}", hello)
    # What hangs ends with its connection; else the end of a test waits for it.
    runner = web.AppRunner(app, handler_cancellation=True)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0, ssl_context=context).start()
    return runner, runner.addresses[0][1]


@pytest.fixture
async def site():
    runner, port = await serve()
    yield Target(False, "127.0.0.1", port)
    await runner.cleanup()


async def get(session: HttpSession, target: Target, path: str = "/", method: str = "GET", body: bytes = b""):
    return await session.request(method, target, path, {}, body, patience=10)


async def raw_server(*answers: bytes):
    """A server that sends these bytes, one answer a connection, and closes it."""
    left = list(answers)

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(left.pop(0))
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    return server, Target(False, "127.0.0.1", server.sockets[0].getsockname()[1])


async def test_all_bots_with_the_same_proxy_share_one_session_as_long_as_one_holds_it():
    direct, proxied = shared_session(), shared_session(PROXY)
    assert shared_session() is direct
    assert shared_session(PROXY) is proxied is not direct
    gone = weakref.ref(proxied)
    del proxied
    gc.collect()
    assert gone() is None


async def test_a_connection_is_used_again_and_not_when_it_has_ended(site):
    session = HttpSession()
    first, _ = await get(session, site)
    again, _ = await get(session, site, "/", "POST", b"x")
    assert first.headers["x-peer"] == again.headers["x-peer"]
    [connection] = session._idle[site]
    connection.close()
    await asyncio.sleep(0)
    other, _ = await get(session, site)
    assert other.headers["x-peer"] != first.headers["x-peer"]


async def test_an_idle_connection_is_closed_before_somebody_in_between_forgets_it(site, monkeypatch):
    session = HttpSession()
    first, _ = await get(session, site)
    monkeypatch.setattr("nonebot_adapter_feishu_ws.net.session.IDLE_TIMEOUT", 0.0)
    other, _ = await get(session, site)
    assert other.headers["x-peer"] != first.headers["x-peer"]


async def test_it_keeps_no_cookies_and_follows_no_redirects(site):
    session = HttpSession()
    await get(session, site)
    response, _ = await get(session, site)
    assert response.headers["x-cookie"] == "none"
    assert (await get(session, site, "/redirect"))[0].status == 302


async def test_the_environments_proxy_is_ignored(site, monkeypatch):
    monkeypatch.setenv("HTTP_PROXY", PROXY)
    monkeypatch.setenv("ALL_PROXY", PROXY)
    assert (await get(HttpSession(), site))[0].status == 200


async def test_bodies_with_a_length_in_chunks_and_in_pieces(site):
    session = HttpSession()
    assert (await get(session, site, "/chunked"))[1] == b"012"
    assert (await get(session, site, "/", "HEAD"))[1] == b""
    assert (await get(session, site, "/", "POST", b"x" * 5_000_000))[1] == b"x" * 5_000_000

    async def pieces():
        for number in range(3):
            yield b"%d" % number * 100_000

    whole = b"".join([piece async for piece in pieces()])
    for size in (None, len(whole)):
        _, body = await session.request("POST", site, "/", {}, pieces(), patience=10, size=size)
        assert body == whole
    async with session.stream("POST", site, "/", {}, whole) as response:
        assert b"".join([piece async for piece in response.pieces()]) == whole


async def test_a_companys_own_certificates_are_taken_from_ssl_cert_file(tmp_path, monkeypatch):
    authority = trustme.CA()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    runner, port = await serve(context)
    target = target_of(f"https://127.0.0.1:{port}")
    try:
        with pytest.raises(NotConnected) as caught:
            await get(HttpSession(), target)
        text = describe(caught.value, "the host")
        assert "TLS with the host failed" in text
        assert "SSL_CERT_FILE" in text
        authority.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
        monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "ca.pem"))
        assert (await get(HttpSession(), target))[0].status == 200
        with pytest.raises(NotConnected, match="certificate"):
            await get(HttpSession(), target._replace(host="localhost", address="127.0.0.1"))
    finally:
        await runner.cleanup()


async def test_a_given_address_is_not_looked_up(site):
    response, _ = await get(HttpSession(), site._replace(host="name.invalid", address="127.0.0.1"))
    assert response.status == 200


@pytest.mark.parametrize(("path", "says"), [("/cut", "closed the connection"), ("/hang", "did not answer in time")])
async def test_what_was_sent_counts_as_sent(site, path, says):
    with pytest.raises((TimeoutError, ConnectionResetError)) as caught:
        await HttpSession().request("POST", site, path, {}, b"{}", patience=0.5)
    error = failure(caught.value, "the host", None)
    assert error.sent is True
    assert says in error.msg


async def test_what_found_no_connection_was_not_sent():
    with pytest.raises(NotConnected) as caught:
        await get(HttpSession(), Target(False, "127.0.0.1", 9))
    error = failure(caught.value, "the host", None)
    assert error.sent is False
    assert "refused the connection" in error.msg


@pytest.mark.parametrize(
    ("answer", "body"),
    [
        (b"HTTP/1.1 200 OK\r\n\r\nto the end", b"to the end"),
        (b"HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nok", b"ok"),
        (b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok", b"ok"),
        (b"HTTP/1.1 204 No Content\r\n\r\n", b""),
        (b"HTTP/1.1 200 OK\r\nX-File: \xe6\x96\x87.txt\r\nContent-Length: 2\r\n\r\nok", b"ok"),
    ],
    ids=["no length", "HTTP/1.0", "100", "204", "not ASCII"],
)
async def test_responses_that_are_unusual(answer, body):
    server, target = await raw_server(answer)
    async with server:
        assert (await get(HttpSession(), target))[1] == body


async def test_a_second_response_that_nobody_asked_for_changes_nothing_and_ends_the_connection():
    first = b"HTTP/1.1 200 OK\r\nX-A: 1\r\nContent-Length: 2\r\n\r\nok"
    server, target = await raw_server(first + b"HTTP/1.1 500 No\r\nX-A: 2\r\nContent-Length: 2\r\n\r\nno")
    session = HttpSession()
    async with server:
        response, body = await get(session, target)
    assert (response.status, response.headers["x-a"], body) == (200, "1", b"ok")
    assert not session._idle[target]


@pytest.mark.parametrize(
    "answer",
    [
        b"SSH-2.0-OpenSSH_9.6\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhal",
        b"HTTP/1.1 200 OK\r\nX-Long: " + b"x" * 200_000,
        b"",
    ],
    ids=["no HTTP", "half", "half a chunk", "endless headers", "nothing"],
)
async def test_responses_that_are_broken_raise_and_their_connection_is_not_used_again(answer):
    server, target = await raw_server(answer)
    session = HttpSession()
    async with server:
        with pytest.raises((BrokenAnswer, ConnectionResetError)):
            await get(session, target)
    assert not session._idle[target]


async def test_a_cancelled_request_leaves_no_connection_for_the_next_one(site):
    session = HttpSession()
    task = asyncio.create_task(get(session, site, "/hang"))
    await asyncio.sleep(0.1)
    task.cancel()
    await asyncio.wait({task})
    assert task.cancelled()
    assert not session._idle[site]
    assert (await get(session, site))[1] == b"hello"


async def test_a_body_that_is_compressed_without_being_asked_is_read():
    packed = gzip.compress(b'{"code": 0}')
    head = b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: %d\r\n\r\n"
    server, target = await raw_server(head % len(packed) + packed, head % 4 + b"junk")
    async with server:
        assert (await get(HttpSession(), target))[1] == b'{"code": 0}'
        with pytest.raises(BrokenAnswer, match="compressed"):
            await get(HttpSession(), target)


async def test_a_host_whose_first_address_does_not_answer_is_reached_by_its_next_one(site, monkeypatch):
    """IPv6 is announced and leads nowhere: without this, every call waited for the time-out."""
    loop = asyncio.get_running_loop()
    # A listener whose queue is full takes no connection, and refuses none.
    deaf = socket.create_server(("127.0.0.1", 0), backlog=0)
    held = [socket.create_connection(deaf.getsockname()), *(socket.socket() for _ in range(3))]
    for each in held[1:]:
        each.setblocking(False)
        each.connect_ex(deaf.getsockname())

    async def both(host, port, **options):
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", each) for each in (deaf.getsockname(), site[1:3])]

    monkeypatch.setattr(loop, "getaddrinfo", both)
    try:
        assert (await get(HttpSession(), site))[0].status == 200
    finally:
        for each in (deaf, *held):
            each.close()


@pytest.mark.parametrize("header", ["a\r\nX-Evil: 1", "a\nb", "a\rb"])
async def test_a_line_break_in_a_header_is_refused(site, header):
    with pytest.raises(ValueError, match="line break"):
        await HttpSession().request("GET", site, "/", {"X-A": header}, patience=10)
