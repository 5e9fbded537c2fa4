"""Which HTTP and WebSocket library: the same work with each, on ``gateway.py``.

``python benchmarks/libraries.py [--write]`` puts the table into docs/performance.md. CPU of the calling thread is what
the interpreter's lock is held for at most; the process's CPU contains the threads of a library's own.
"""

import argparse
import asyncio
import json
import multiprocessing
import re
import statistics
import subprocess
import sys
import time
import urllib.request
from collections.abc import Awaitable, Callable

from processes import APP, SECRET, Gateway, describe_machine, gateway, write_section

CALLS, EVENTS = 1000, 2000
BODY = json.dumps({"receive_id": "oc_bench", "msg_type": "text", "content": json.dumps({"text": "x" * 100})}).encode()
SEND = "/open-apis/im/v1/messages?receive_id_type=chat_id"
HEADERS = {"Authorization": "Bearer t-bench", "Content-Type": "application/json; charset=utf-8"}
MESSAGE_ID = re.compile(rb"message_id\x12.(m\d+)")
Call = Callable[[], Awaitable[object]]


def make_ack(frame: bytes) -> bytes:
    """The least that the gateway takes for an ack; the same bytes for every library."""
    found = MESSAGE_ID.search(frame)
    assert found is not None
    name = found[1]
    header = b"\x0a\x0amessage_id\x12" + bytes([len(name)]) + name
    payload = b'{"code": 200}'
    body = b"\x08\x01\x10\x01\x18\x01\x20\x01*" + bytes([len(header)]) + header + b"B" + bytes([len(payload)]) + payload
    return body


def find_endpoint(url: str) -> str:
    body = json.dumps({"AppID": APP, "AppSecret": SECRET}).encode()
    with urllib.request.urlopen(f"{url}/callback/ws/endpoint", body) as answer:
        return json.loads(answer.read())["data"]["URL"]


async def acks_by_aiohttp(url: str) -> None:
    import aiohttp

    async with aiohttp.ClientSession() as session, session.ws_connect(url) as ws:
        async for message in ws:
            await ws.send_bytes(make_ack(message.data))


async def acks_by_websockets(url: str) -> None:
    import websockets

    async with websockets.connect(url, compression=None, proxy=None) as ws:
        async for message in ws:
            assert isinstance(message, bytes)
            await ws.send(make_ack(message))


async def acks_by_picows(url: str) -> None:
    import picows

    class Listener(picows.WSListener):
        def on_ws_frame(self, transport: picows.WSTransport, frame: picows.WSFrame) -> None:
            transport.send(picows.WSMsgType.BINARY, make_ack(frame.get_payload_as_bytes()))

    transport, _ = await picows.ws_connect(Listener, url)
    await transport.wait_disconnected()


async def calls_by_aiohttp(url: str, timed: Callable[[Call], Awaitable[None]]) -> None:
    import aiohttp

    async with aiohttp.ClientSession() as session:

        async def call() -> None:
            async with session.post(url, data=BODY, headers=HEADERS) as response:
                await response.read()

        await timed(call)


async def calls_by_httpx(url: str, timed: Callable[[Call], Awaitable[None]]) -> None:
    import httpx

    async with httpx.AsyncClient() as client:

        async def call() -> None:
            (await client.post(url, content=BODY, headers=HEADERS)).read()

        await timed(call)


async def calls_by_ours(url: str, timed: Callable[[Call], Awaitable[None]]) -> None:
    from nonebot_adapter_feishu_ws.net.session import HttpSession, target_of

    session, target = HttpSession(), target_of(url)

    async def call() -> None:
        await session.request("POST", target, SEND, HEADERS, BODY, patience=30.0)

    await timed(call)


async def calls_by_pyreqwest(url: str, timed: Callable[[Call], Awaitable[None]]) -> None:
    from pyreqwest.client import ClientBuilder

    async with ClientBuilder().build() as client:

        async def call() -> None:
            response = await client.post(url).headers(HEADERS).body_bytes(BODY).build().send()
            await response.bytes()

        await timed(call)


WEBSOCKETS = {"picows": acks_by_picows, "websockets": acks_by_websockets, "aiohttp": acks_by_aiohttp}
OURS = "ours, on httptools"
REST = {
    OURS: calls_by_ours,
    "pyreqwest": calls_by_pyreqwest,
    "aiohttp": calls_by_aiohttp,
    "httpx": calls_by_httpx,
}
IMPORTS = {
    OURS: "httptools",
    "pyreqwest": "pyreqwest.client",
    "websockets": "websockets.asyncio.client",
}


def client_process(library: str, url: str) -> None:
    """The child that acks, until it is killed."""
    import uvloop

    uvloop.run(WEBSOCKETS[library](url))


def measure_acks(server: Gateway, library: str) -> tuple[float, float]:
    """Median milliseconds from event to ack at 50/s, and CPU microseconds per event in a burst."""
    import psutil

    child = multiprocessing.get_context("spawn").Process(
        target=client_process, args=(library, find_endpoint(server.url)), daemon=True
    )
    child.start()
    try:
        server.ask(do="connected")
        process = psutil.Process(child.pid)
        time.sleep(0.5)
        latencies = [server.ask(do="acks", count=1, limit=5)["seconds"] for _ in range(EVENTS // 10)]
        before = sum(process.cpu_times()[:2])
        server.ask(do="acks", count=EVENTS * 5, limit=30)
        return statistics.median(latencies) * 1000, (sum(process.cpu_times()[:2]) - before) / EVENTS / 5 * 1e6
    finally:
        child.kill()
        child.join()


def measure_calls(server: Gateway, library: str, at_once: int) -> tuple[float, float, float]:
    """Median milliseconds of a call, and CPU microseconds of one in the process and in the calling thread."""
    import uvloop

    result = list[float]()

    async def timed(call: Call) -> None:
        latencies, numbers = list[float](), iter(range(CALLS))

        async def work() -> None:
            for _ in numbers:
                started = time.perf_counter()
                await call()
                latencies.append(time.perf_counter() - started)

        await asyncio.gather(*(call() for _ in range(at_once)))
        process, thread = time.process_time(), time.thread_time()
        await asyncio.gather(*(work() for _ in range(at_once)))
        process, thread = time.process_time() - process, time.thread_time() - thread
        result.extend((statistics.median(latencies) * 1e3, process / CALLS * 1e6, thread / CALLS * 1e6))

    uvloop.run(REST[library](server.url + SEND, timed))
    median, process, thread = result
    return median, process, thread


def import_cost(library: str) -> float:
    """Milliseconds of its import after NoneBot's, the best of three."""
    module = IMPORTS.get(library, library)
    code = f"import nonebot, time; t = time.perf_counter(); import {module}; print(time.perf_counter() - t)"
    return min(float(subprocess.check_output([sys.executable, "-c", code])) for _ in range(3)) * 1000


def make_table(rounds: int) -> str:
    lines = [
        "| | event to ack p50, ms | CPU of an event, us | REST call p50, ms | CPU of a call, process / thread, us "
        "| 64 at once: process / thread, us | import after NoneBot, ms |",
        "|---|---:|---:|---:|---:|---:|---:|",
    ]
    for library in (OURS, "pyreqwest", "picows", "aiohttp", "websockets", "httpx"):
        cells = ["-"] * 5
        acks, one, many = list[tuple[float, ...]](), list[tuple[float, ...]](), list[tuple[float, ...]]()
        for _ in range(rounds):
            with gateway() as server:
                if library in WEBSOCKETS:
                    acks.append(measure_acks(server, library))
                if library in REST:
                    one.append(measure_calls(server, library, 1))
                    many.append(measure_calls(server, library, 64))
        if acks:
            cells[:2] = [f"{middle(acks, 0):.2f}", f"{middle(acks, 1):.0f}"]
        if one:
            cells[2:4] = [f"{middle(one, 0):.2f}", f"{middle(one, 1):.0f} / {middle(one, 2):.0f}"]
            cells[4] = f"{middle(many, 1):.0f} / {middle(many, 2):.0f}"
        lines.append(f"| {library} | {' | '.join(cells)} | {import_cost(library):.0f} |")
    events = f"{EVENTS // 10} single events and a burst of {EVENTS * 5:,}; {CALLS:,} calls"
    return "\n".join([*lines, "", f"Medians of {rounds} rounds on uvloop: {events}. {describe_machine()}"])


def middle(rows: list[tuple[float, ...]], column: int) -> float:
    return statistics.median(row[column] for row in rows)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--write", action="store_true", help="put the table into docs/performance.md")
    options = parser.parse_args()
    text = make_table(options.rounds)
    print(text)
    if options.write:
        write_section("libraries", text)


if __name__ == "__main__":
    main()
