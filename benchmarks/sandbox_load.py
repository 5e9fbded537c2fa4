"""The sandbox under load: ``python benchmarks/sandbox_load.py [--write] [--profile FILE]``.

The sandbox runs in a process of its own; a lean client here holds 1,000 connections of 20 apps, acks what comes, and
for echoes answers each message by REST. The CPU is that of the sandbox's process, per 1,000 events.
"""

import argparse
import asyncio
import cProfile
import json
import subprocess
import sys
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager
from functools import partial
from typing import Any, cast

from processes import describe_machine, write_section

from nonebot_adapter_feishu_ws.sandbox import Sandbox
from nonebot_adapter_feishu_ws.transport.frame import DATA, Frame

APPS, CONNECTIONS = 20, 50
"""Feishu takes 50 connections of an app."""
EVENTS, RATE, ECHOES = 20_000, 2_000, 3_000
TARGETS = {"acks": 0.15, "echoes": 0.40}
APP_IDS = [f"cli_{number:016x}" for number in range(APPS)]
SECRET = "benchmark-secret"
TICK = 0.01
"""Seconds between two portions of events."""


async def serve(profile: str | None) -> None:
    """The sandbox's process: one JSON command a line in, one answer out."""
    loop = asyncio.get_running_loop()
    async with Sandbox() as sandbox:
        sandbox.limits.per_chat = None
        for app_id in APP_IDS:
            sandbox.add_app(app_id, SECRET)
        users = [sandbox.add_user(f"Person {number}") for number in range(CONNECTIONS)]
        chats = [(user, sandbox.p2p(user, app_id)) for user in users for app_id in APP_IDS]
        print(json.dumps({"url": sandbox.url}), flush=True)
        while line := await loop.run_in_executor(None, sys.stdin.readline):
            command = json.loads(line)
            profiler = cProfile.Profile() if profile and command["name"] in profile else None
            if profiler:
                profiler.enable()
            cpu, began = time.process_time(), time.perf_counter()
            done = 0
            while done < command["count"]:
                due = min(command["count"], int((time.perf_counter() - began + TICK) * command["rate"]))
                for number in range(done, due):
                    user, chat = chats[number % len(chats)]
                    await sandbox.say(user, chat, f"message {number}")
                done = due
                await asyncio.sleep(TICK)
            pushed = time.perf_counter() - began
            sent = command["answers"] * command["count"]
            while sandbox.gateway.unacked() or len(sandbox.requests) < min(sent, 10_000):
                await asyncio.sleep(TICK)
            if profiler:
                profiler.disable()
                profiler.dump_stats(f"{profile}")
            answer = {
                "cpu": time.process_time() - cpu,
                "pushed": pushed,
                "seconds": time.perf_counter() - began,
                "connections": sum(map(len, sandbox.gateway.connections.values())),
            }
            print(json.dumps(answer), flush=True)


class Socket(asyncio.Protocol):
    """One connection that acks, with as little work as can be."""

    def __init__(self, path: str, host: str, echo: Callable[[bytes], None]) -> None:
        self.open: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.acked = 0
        self._request = (
            f"GET {path} HTTP/1.1\r\nHost: {host}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n"
        ).encode()
        self._buffer = b""
        self._echo = echo

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)
        self._transport.write(self._request)

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        if not self.open.done():
            head, end, self._buffer = self._buffer.partition(b"\r\n\r\n")
            assert end, head
            assert b" 101 " in head, head
            self.open.set_result(None)
        while len(self._buffer) > 4:
            size, start = self._buffer[1] & 127, 2
            if size == 126:
                size, start = int.from_bytes(self._buffer[2:4], "big"), 4
            if len(self._buffer) < start + size:
                return
            self._take(self._buffer[start : start + size])
            self._buffer = self._buffer[start + size :]

    def _take(self, message: bytes) -> None:
        frame = Frame()
        frame.ParseFromString(message)
        if frame.method != DATA:
            return
        payload, frame.payload = frame.payload, b'{"code": 200}'
        body = frame.SerializeToString()
        head = bytes([0x82, 0x80 | len(body)]) if len(body) < 126 else b"\x82\xfe" + len(body).to_bytes(2, "big")
        self._transport.write(head + b"\0\0\0\0" + body)  # a mask of zeros changes nothing
        self.acked += 1
        self._echo(payload)


class Rest:
    """One kept connection per app, for REST calls one after another."""

    def __init__(self, host: str) -> None:
        self._host = host
        self._token = ""
        self._jobs: asyncio.Queue[bytes] = asyncio.Queue()

    async def open(self, app_id: str) -> list[str]:
        """Get a token, and an address for each socket."""
        self._reader, self._writer = await asyncio.open_connection(*self._host.split(":"))
        body = {"app_id": app_id, "app_secret": SECRET}
        answer = await self._call("/open-apis/auth/v3/tenant_access_token/internal", body)
        self._token = answer["tenant_access_token"]
        body = {"AppID": app_id, "AppSecret": SECRET}
        found = [await self._call("/callback/ws/endpoint", body) for _ in range(CONNECTIONS)]
        self._task = asyncio.create_task(self._run())
        return [each["data"]["URL"].partition(self._host)[2] for each in found]

    def echo(self, payload: bytes) -> None:
        """Answer a message."""
        self._jobs.put_nowait(payload)

    async def _run(self) -> None:
        while True:
            message = json.loads(await self._jobs.get())["event"]["message"]
            body = {"msg_type": "text", "content": message["content"], "uuid": message["message_id"]}
            answer = await self._call(f"/open-apis/im/v1/messages/{message['message_id']}/reply", body)
            assert answer["code"] == 0, answer

    async def _call(self, path: str, body: dict[str, Any]) -> dict[str, Any]:
        raw = json.dumps(body).encode()
        head = f"POST {path} HTTP/1.1\r\nHost: {self._host}\r\nAuthorization: Bearer {self._token}\r\n"
        self._writer.write(f"{head}Content-Type: application/json\r\nContent-Length: {len(raw)}\r\n\r\n".encode() + raw)
        head = (await self._reader.readuntil(b"\r\n\r\n")).lower()
        size = int(head.partition(b"content-length:")[2].partition(b"\r\n")[0])
        return json.loads(await self._reader.readexactly(size))


@contextmanager
def sandbox_process(profile: str | None) -> Generator[tuple[str, Callable[[dict[str, Any]], dict[str, float]]]]:
    """The sandbox in a process of its own: where it listens, and what carries out a command."""
    command = [sys.executable, __file__, "--serve", *(["--profile", profile] if profile else [])]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as server:
        assert server.stdin is not None
        assert server.stdout is not None
        commands, answers = server.stdin, server.stdout

        def ask(load: dict[str, Any]) -> dict[str, float]:
            print(json.dumps(load), file=commands, flush=True)
            return json.loads(answers.readline())

        yield json.loads(answers.readline())["url"].removeprefix("http://"), ask
        commands.close()


async def drive(host: str, ask: Callable[[dict[str, Any]], dict[str, float]]) -> dict[str, dict[str, float]]:
    """Connect, and measure both loads."""
    loop, results = asyncio.get_running_loop(), dict[str, dict[str, float]]()
    address, port = host.split(":")
    echoing, sockets = False, list[Socket]()
    for app_id in APP_IDS:
        rest = Rest(host)

        def answer(payload: bytes, rest: Rest = rest) -> None:
            if echoing:
                rest.echo(payload)

        for path in await rest.open(app_id):
            make = partial(Socket, path, host, answer)
            sockets.append((await loop.create_connection(make, address, int(port)))[1])
    await asyncio.gather(*(socket.open for socket in sockets))
    for name, count, rate in (("warm", 2_000, RATE), ("acks", EVENTS, RATE), ("echoes", ECHOES, 300)):
        echoing = name == "echoes"
        load = {"name": name, "count": count, "rate": rate, "answers": int(echoing)}
        results[name] = await loop.run_in_executor(None, ask, load)
        results[name] |= {"count": count, "acked": sum(each.acked for each in sockets)}
        for socket in sockets:
            socket.acked = 0
    return results


def table(results: dict[str, dict[str, float]]) -> str:
    lines = [
        "| 1,000 connections of 20 apps | events | events a second | CPU per 1,000, s | at most |",
        "|---|---:|---:|---:|---:|",
    ]
    for name, title in (("acks", "a client that only acks"), ("echoes", "echoes, with their REST calls")):
        found = results[name]
        rate, cpu = found["acked"] / found["seconds"], found["cpu"] / found["count"] * 1000
        lines.append(f"| {title} | {found['acked']:,.0f} | {rate:,.0f} | {cpu:.3f} | {TARGETS[name]:.2f} |")
    return "\n".join([*lines, "", f"{describe_machine()} The client runs on the same machine."])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--write", action="store_true", help="put the table into docs/performance.md")
    parser.add_argument("--profile", help="write a profile of one load there, such as acks.prof or echoes.prof")
    parser.add_argument("--serve", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.serve:
        asyncio.run(serve(options.profile))
        return
    with sandbox_process(options.profile) as (host, ask):
        results = asyncio.run(drive(host, ask))
    text = table(results)
    print(text)
    if options.write:
        write_section("sandbox load", text)


if __name__ == "__main__":
    main()
