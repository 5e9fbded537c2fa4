"""Bodies that are too large or too slow, on real servers: refused early, in bounded memory, and nobody else suffers."""

import asyncio
import gzip
import json
import os
from urllib.parse import urlsplit

import aiohttp
import psutil
import pytest
from nonebot.config import Config, Env
from nonebot.drivers import URL, HTTPServerSetup, Response
from nonebot.drivers.fastapi import Driver as FastAPIDriver
from nonebot.drivers.quart import Driver as QuartDriver

from nonebot_adapter_feishu_ws.server import body_limit
from tests.conftest import APP, SECRET, serving

TOKEN = "verification-token-1"
HUGE = 100 * 1024 * 1024
PIECE = b"x" * 65536
EVENT = json.dumps({"header": {"event_id": "e", "event_type": "x", "token": TOKEN}, "event": {}}).encode()
BOTS = [{"app_id": APP, "app_secret": SECRET, "use_websocket": False, "verification_token": TOKEN}]


@pytest.fixture(params=[FastAPIDriver, QuartDriver], ids=["fastapi", "quart"])
async def url(request, run_adapter):
    async with run_adapter(BOTS, driver=request.param) as adapter, serving(adapter) as address:
        yield address


async def raw(url: str, path: str, header: str, pieces: int, *, chunked: bool = False) -> tuple[int, int]:
    """Send a body by hand; returns the status of the answer and the bytes of the body that could be sent."""
    parts = urlsplit(url)
    reader, writer = await asyncio.open_connection(parts.hostname, parts.port)
    sent = 0
    try:
        writer.write(f"POST {path} HTTP/1.1\r\nHost: x\r\n{header}\r\n\r\n".encode())
        answer = asyncio.create_task(reader.readline())
        try:
            for _ in range(pieces):
                if answer.done():
                    break
                writer.write(b"%x\r\n%s\r\n" % (len(PIECE), PIECE) if chunked else PIECE)
                drain = asyncio.create_task(writer.drain())
                await asyncio.wait({drain, answer}, return_when=asyncio.FIRST_COMPLETED)
                if not drain.done():
                    drain.cancel()
                    break
                drain.result()
                sent += len(PIECE)
        except ConnectionError:
            pass  # the server hung up; what counts is its answer
        line = await asyncio.wait_for(answer, 60)
        return int(line.split()[1]), sent
    finally:
        writer.transport.abort()


async def assert_it_still_works(url: str) -> None:
    async with aiohttp.ClientSession() as session:
        async with session.post(f"{url}/feishu/{APP}", data=EVENT) as response:
            assert response.status == 200
        async with session.get(f"{url}/feishu/healthz") as response:
            assert response.status in (200, 503)


async def test_a_body_that_says_it_is_too_large_is_not_read(url):
    status, sent = await raw(url, f"/feishu/{APP}", f"Content-Length: {HUGE}", 0)
    assert (status, sent) == (413, 0)
    await assert_it_still_works(url)


async def test_a_body_without_a_length_is_read_up_to_the_limit(url):
    process = psutil.Process(os.getpid())
    before = process.memory_info().rss
    status, sent = await raw(url, f"/feishu/{APP}", "Transfer-Encoding: chunked", HUGE // len(PIECE), chunked=True)
    assert status == 413
    assert sent < HUGE // 2
    assert process.memory_info().rss - before < HUGE // 2
    await assert_it_still_works(url)


async def test_a_body_at_the_limit_gets_through(url):
    size = body_limit.MAX_BYTES
    async with aiohttp.ClientSession() as session:
        async with session.post(f"{url}/feishu/{APP}", data=b"x" * size) as response:
            assert response.status == 400, "read, and not JSON"
        async with session.post(f"{url}/feishu/{APP}", data=b"x" * (size + 1)) as response:
            assert response.status == 413


@pytest.mark.parametrize("encoding", ["gzip", "deflate", "br", "identity, gzip", "GZIP"])
async def test_a_compressed_body_is_not_inflated(url, encoding):
    bomb = gzip.compress(b" " * HUGE + EVENT)
    assert len(bomb) < 200_000
    for path in (f"/feishu/{APP}", "/feishu/bots/x/ws/connect"):
        status, _ = await raw(url, path, f"Content-Encoding: {encoding}\r\nContent-Length: {len(bomb)}", 0)
        assert status == 415
    await assert_it_still_works(url)


async def test_a_body_may_say_that_it_is_not_compressed(url):
    async with (
        aiohttp.ClientSession() as session,
        session.post(f"{url}/feishu/{APP}", data=EVENT, headers={"Content-Encoding": "identity"}) as response,
    ):
        assert response.status == 200


@pytest.mark.parametrize("header", ["Content-Length: 1000", "Transfer-Encoding: chunked"])
async def test_a_body_that_does_not_come_is_given_up(monkeypatch, run_adapter, header):
    monkeypatch.setattr(body_limit, "MAX_SECONDS", 0.3)
    for driver in (FastAPIDriver, QuartDriver):
        async with run_adapter(BOTS, driver=driver) as adapter, serving(adapter) as url:
            assert await raw(url, f"/feishu/{APP}", header, 0) == (408, 0)
            await assert_it_still_works(url)


async def test_the_time_is_for_the_whole_body(monkeypatch, run_adapter):
    monkeypatch.setattr(body_limit, "MAX_SECONDS", 0.5)
    async with run_adapter(BOTS, driver=FastAPIDriver) as adapter, serving(adapter) as url:
        parts = urlsplit(url)
        reader, writer = await asyncio.open_connection(parts.hostname, parts.port)
        writer.write(f"POST /feishu/{APP} HTTP/1.1\r\nHost: x\r\nContent-Length: 100000\r\n\r\n".encode())
        answer = asyncio.create_task(reader.readline())
        for _ in range(600):  # a byte at a time, so no single wait is long
            writer.write(b"x")
            if (await asyncio.wait({answer}, timeout=0.05))[0]:
                break
        assert answer.done()
        assert b" 408 " in answer.result()
        writer.transport.abort()


async def test_routes_of_others_are_not_limited(run_adapter):
    size = body_limit.MAX_BYTES + 1000
    async with run_adapter(BOTS, driver=FastAPIDriver) as adapter:

        async def measure(asked) -> Response:
            return Response(200, content=str(len(asked.content or b"")))

        adapter.driver.setup_http_server(HTTPServerSetup(URL("/feishu-of-others"), "POST", "other", measure))
        async with (
            serving(adapter) as url,
            aiohttp.ClientSession() as session,
            session.post(f"{url}/feishu-of-others", data=b"x" * size) as response,
        ):
            assert (response.status, await response.text()) == (200, str(size))


@pytest.mark.parametrize("times", [1, 2])
async def test_the_limits_can_be_put_in_front_of_a_server_that_has_started(times: int):
    """nonebug starts the application first, and constructs an adapter for each test after that."""
    driver = FastAPIDriver(Env(), Config())
    app = driver.server_app
    app.middleware_stack = app.build_middleware_stack()
    for _ in range(times):
        body_limit.limit_bodies(driver)
    assert isinstance(app.middleware_stack, body_limit.BodyLimit)
    assert not isinstance(app.middleware_stack.app, body_limit.BodyLimit)
