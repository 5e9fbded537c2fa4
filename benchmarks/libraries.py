"""Which HTTP and WebSocket library: the same work with each, on the sandbox in a process of its own.

``python benchmarks/libraries.py``: prints the table that docs/performance.md keeps.
"""

import asyncio
import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Any

import aiohttp
import httpx
import websockets
from compare import APP, SECRET, Gateway, gateway

from nonebot_adapter_feishu_ws.transport.endpoint import discover
from nonebot_adapter_feishu_ws.transport.frame import DATA, decode, encode_ack, encode_ping

CALLS = 1000
EVENTS = 200


async def acks_by_aiohttp(url: str) -> None:
    async with aiohttp.ClientSession() as session:
        endpoint = await discover(session, url, APP, SECRET, proxy=None, timeout=10)
        async with session.ws_connect(endpoint.url) as socket:
            await socket.send_bytes(encode_ping(1))
            async for message in socket:
                frame = decode(message.data)
                if frame.method == DATA:
                    await socket.send_bytes(encode_ack(frame))


async def acks_by_websockets(url: str) -> None:
    async with aiohttp.ClientSession() as session:
        endpoint = await discover(session, url, APP, SECRET, proxy=None, timeout=10)
    async with websockets.connect(endpoint.url, compression=None, proxy=None) as socket:
        await socket.send(encode_ping(1))
        async for message in socket:
            frame = decode(message)  # pyright: ignore[reportArgumentType]
            if frame.method == DATA:
                await socket.send(encode_ack(frame))


def measure_acks(server: Gateway, client: Callable[[str], Awaitable[None]], run: Callable[[Any], None]) -> float:

    def serve() -> None:
        with suppress(websockets.ConnectionClosed):  # the gateway is killed when all is measured
            run(client(server.url))

    threading.Thread(target=serve, daemon=True).start()
    server.ask(do="connected")
    acks = server.ask(do="block", word="x", count=EVENTS, every=0.02, settle=0)["ack"]
    return statistics.median(acks) * 1000


async def rest_by_aiohttp(url: str, token: str) -> tuple[float, float]:
    async with aiohttp.ClientSession() as session:

        async def call() -> None:
            headers = {"Authorization": f"Bearer {token}"}
            async with session.get(f"{url}/open-apis/bot/v3/info", headers=headers) as response:
                await response.read()

        return await timed(call)


async def rest_by_httpx(url: str, token: str) -> tuple[float, float]:
    async with httpx.AsyncClient() as client:

        async def call() -> None:
            headers = {"Authorization": f"Bearer {token}"}
            (await client.get(f"{url}/open-apis/bot/v3/info", headers=headers)).read()

        return await timed(call)


async def timed(call: Callable[[], Awaitable[None]]) -> tuple[float, float]:
    """Median latency and CPU of one call, in milliseconds."""
    await call()
    latencies: list[float] = []
    cpu = time.process_time()
    for _ in range(CALLS):
        started = time.perf_counter()
        await call()
        latencies.append(time.perf_counter() - started)
    return statistics.median(latencies) * 1000, (time.process_time() - cpu) / CALLS * 1000


def import_cost(module: str) -> float:
    code = f"import time; t = time.perf_counter(); import {module}; print(time.perf_counter() - t)"
    return min(float(subprocess.check_output([sys.executable, "-c", code])) for _ in range(3)) * 1000


def fetch_token(url: str) -> str:
    body = {"app_id": APP, "app_secret": SECRET}
    return httpx.post(f"{url}/open-apis/auth/v3/tenant_access_token/internal", json=body).json()["tenant_access_token"]


def main() -> None:
    import uvloop

    print("| | event to ack p50, ms | REST call p50, ms | CPU of a REST call, ms | import, ms |")
    print("|---|---:|---:|---:|---:|")
    with gateway() as server:
        token = fetch_token(server.url)
        rest = {
            "aiohttp": asyncio.run(rest_by_aiohttp(server.url, token)),
            "httpx": asyncio.run(rest_by_httpx(server.url, token)),
        }
    loops: dict[str, Callable[[Any], None]] = {"asyncio": asyncio.run, "uvloop": uvloop.run}
    for library, client in (("aiohttp", acks_by_aiohttp), ("websockets", acks_by_websockets)):
        for loop, run in loops.items():
            with gateway() as server:
                ack = measure_acks(server, client, run)
            called = rest.get(library) if loop == "asyncio" else None
            cells = f"{called[0]:.2f} | {called[1]:.2f}" if called else "- | -"
            print(f"| {library} on {loop} | {ack:.2f} | {cells} | {import_cost(library):.0f} |")
    print(f"| httpx on asyncio | - | {rest['httpx'][0]:.2f} | {rest['httpx'][1]:.2f} | {import_cost('httpx'):.0f} |")


if __name__ == "__main__":
    main()
