"""A measuring Feishu in a process of its own: one JSON command a line in, one JSON answer out.

It imports nothing of the package, so that it measures every candidate alike, and parses no more than it must, so that
it takes little of the machine that it measures: it answers each command with its own CPU as well.

{"do": "connected", "bots": 1}                        waits for this many connections; when the last one came
{"do": "echo", "count": 100, "rate": 20}              events at a rate; latencies of acks and replies
{"do": "burst", "count": 5000, "limit": 20}           all at once; seconds until the last reply, answered, refused
{"do": "flow", "count": 50000, "limit": 300, "ahead": 200}   the same, but never more than ``ahead`` without an answer
{"do": "acks", "count": 5000, "limit": 20}            all at once, to a handler that does nothing; seconds
{"do": "block", "word": "sleep", "count": 5, "every": 0.3}   events whose handler blocks; latencies of acks

Events go to the connections in turn: to many bots, or to the replicas of one.
"""

import asyncio
import json
import re
import sys
import time
from base64 import b64encode
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from hashlib import sha1
from typing import Any, cast

CHATS = 4000
"""Feishu takes five messages a second per chat (发送消息), and so do the candidates that keep to it."""
OK_HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/json; charset=utf-8\r\nContent-Length: %d\r\n\r\n"
UPGRADE = (
    b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: %b\r\n\r\n"
)
GUID = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
ACK = re.compile(rb"message_id\x12.(m\d+)")
ACKED = re.compile(rb'"code": ?200')
TEXT = re.compile(rb"n\d+")
BINARY, CLOSE, PING, PONG = 2, 8, 9, 10
BOT_INFO: dict[str, Any] = {
    "open_id": "ou_bot",
    "app_name": "bench",
    "activate_status": 2,
    "avatar_url": "https://s1-imfile.feishucdn.com/bench.png",
    "ip_white_list": [],
}
"""Complete, because the existing adapter refuses to start without any of these."""


def varint(value: int) -> bytes:
    out = bytearray()
    while value > 127:
        out.append(value & 127 | 128)
        value >>= 7
    out.append(value)
    return bytes(out)


def chunk(number: int, data: bytes) -> bytes:
    """A length-delimited field of protobuf."""
    return varint(number << 3 | 2) + varint(len(data)) + data


def header(key: bytes, value: bytes) -> bytes:
    return chunk(5, chunk(1, key) + chunk(2, value))


def make_frame(method: int, headers: Iterable[tuple[bytes, bytes]], payload: bytes) -> bytes:
    """A ``pbbp2.Frame`` inside a WebSocket message."""
    body = b"\x08\x01\x10\x01\x18\x01\x20" + varint(method) + b"".join(header(*each) for each in headers)
    body += chunk(8, payload)
    size = len(body)
    length = bytes([size]) if size < 126 else b"\x7e" + size.to_bytes(2, "big")
    return b"\x82" + length + body


PONG_FRAME = make_frame(0, [(b"type", b"pong")], b"")


@dataclass(slots=True)
class Event:
    pushed: float
    acked: float = 0.0
    replied: float = 0.0
    refused: bool = False


@dataclass
class World:
    """The connections of the bots, and when what happened to each event."""

    url: str = ""
    sockets: list["Connection"] = field(default_factory=list)
    events: dict[bytes, Event] = field(default_factory=dict[bytes, Event])
    acked: int = 0
    refused: int = 0
    replied: int = 0
    changed: asyncio.Event = field(default_factory=asyncio.Event)

    def push(self, word: str) -> Event:
        number = len(self.events) + 1
        if not self.sockets:
            raise SystemExit("no bot is connected any more: look at its log")
        socket = self.sockets[number % len(self.sockets)]
        name = b"n%d" % number
        socket.write(make_event(socket.app_id, number, f"{word} {name.decode()}"))
        event = self.events[name] = Event(time.perf_counter())
        return event

    def ack(self, message: bytes) -> None:
        if (found := ACK.search(message)) and (event := self.events.get(b"n" + found[1][1:])) and not event.acked:
            event.acked = time.perf_counter()
            event.refused = ACKED.search(message) is None
            self.acked += 1
            self.refused += event.refused
            self.changed.set()

    def reply(self, body: bytes) -> None:
        if (found := TEXT.search(body)) and (event := self.events.get(found[0])) and not event.replied:
            event.replied = time.perf_counter()
            self.replied += 1
            self.changed.set()


def make_event(app_id: str, number: int, text: str) -> bytes:
    person = number % CHATS
    ids = {"open_id": f"ou_{person:032x}", "user_id": f"u{person}", "union_id": f"on_{person:032x}"}
    payload = {
        "schema": "2.0",
        "header": {
            "event_id": f"{number:032x}",
            "event_type": "im.message.receive_v1",
            "create_time": "1700000000000",
            "token": "t",
            "app_id": app_id,
            "tenant_key": "t",
        },
        "event": {
            "sender": {"sender_id": ids, "sender_type": "user", "tenant_key": "t"},
            "message": {
                "message_id": f"om_{number:032x}",
                "create_time": "1700000000000",
                "chat_id": f"oc_{person:032x}",
                "chat_type": "p2p",
                "message_type": "text",
                "content": json.dumps({"text": text}),
            },
        },
    }
    names = [(b"type", b"event"), (b"message_id", b"m%d" % number), (b"sum", b"1"), (b"seq", b"0"), (b"trace_id", b"t")]
    return make_frame(1, names, json.dumps(payload).encode())


class Connection(asyncio.Protocol):
    """One TCP connection: HTTP calls until an upgrade, WebSocket frames after it."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.app_id = ""
        self.buffer = bytearray()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast("asyncio.Transport", transport)
        self.write = self.transport.write

    def connection_lost(self, exc: Exception | None) -> None:
        if self in self.world.sockets:
            self.world.sockets.remove(self)

    def data_received(self, data: bytes) -> None:
        self.buffer += data
        while self.take_frame() if self.app_id else self.take_call():
            pass

    def take_call(self) -> bool:
        end = self.buffer.find(b"\r\n\r\n")
        if end < 0:
            return False
        head = bytes(self.buffer[:end])
        lower = head.lower()
        size = int(lower.partition(b"content-length:")[2].partition(b"\r\n")[0] or 0)
        if len(self.buffer) < end + 4 + size:
            return False
        body = bytes(self.buffer[end + 4 : end + 4 + size])
        del self.buffer[: end + 4 + size]
        path = head.split(b" ", 2)[1]
        if b"upgrade: websocket" in lower:
            self.upgrade(head, path)
        else:
            answer = json.dumps(self.answer(path, body)).encode()
            self.write(OK_HEAD % len(answer) + answer)
        return True

    def upgrade(self, head: bytes, path: bytes) -> None:
        key = next(line for line in head.split(b"\r\n") if line.lower().startswith(b"sec-websocket-key:"))
        accept = b64encode(sha1(key.partition(b":")[2].strip() + GUID).digest())
        self.write(UPGRADE % accept)
        self.app_id = path.partition(b"app_id=")[2].partition(b"&")[0].decode()
        self.world.sockets.append(self)
        self.world.changed.set()

    def answer(self, path: bytes, body: bytes) -> dict[str, Any]:
        if b"im/v1/messages" in path:
            self.world.reply(body)
            data = {"message_id": f"om_r{self.world.replied}", "chat_id": json.loads(body).get("receive_id", "oc_x")}
            return {"code": 0, "msg": "success", "data": data}
        if b"/callback/ws/endpoint" in path:
            app_id = json.loads(body)["AppID"]
            url = f"{self.world.url.replace('http', 'ws')}/ws?device_id=d&service_id=1&app_id={app_id}"
            # What Feishu sends. No candidate pings while it is measured, unless idle bots are watched for so long.
            config = {"ReconnectCount": -1, "ReconnectInterval": 120, "ReconnectNonce": 30, "PingInterval": 120}
            return {"code": 0, "msg": "", "data": {"URL": url, "ClientConfig": config}}
        if b"tenant_access_token" in path:
            token = f"t-{json.loads(body)['app_id']}"
            return {"code": 0, "msg": "ok", "tenant_access_token": token, "expire": 7200}
        return {"code": 0, "msg": "ok", "data": {}, "bot": BOT_INFO}

    def take_frame(self) -> bool:
        buffer = self.buffer
        if len(buffer) < 6:
            return False
        size, start = buffer[1] & 127, 2
        if size > 125:
            width = 2 if size == 126 else 8
            size, start = int.from_bytes(buffer[2 : 2 + width], "big"), 2 + width
        end = start + 4 + size
        if len(buffer) < end:
            return False
        key = bytes(buffer[start : start + 4]) * (size // 4 + 1)
        masked = int.from_bytes(buffer[start + 4 : end], "big")
        message = (masked ^ int.from_bytes(key[:size], "big")).to_bytes(size, "big")
        kind = buffer[0] & 15
        del buffer[:end]
        if kind == BINARY:
            # A ping of the protocol is the only message without an event's id.
            self.world.ack(message) if b"message_id" in message else self.write(PONG_FRAME)
        elif kind == PING:
            self.write(b"\x8a" + bytes([size]) + message)
        elif kind == CLOSE:
            self.write(b"\x88\x00")
            self.transport.close()
        return True


class Bench:
    """The commands."""

    def __init__(self, world: World) -> None:
        self.world = world

    async def connected(self, bots: int = 1, timeout: float = 120) -> dict[str, Any]:
        await self._until(lambda: len(self.world.sockets) >= bots, timeout)
        return {"at": time.time(), "bots": len(self.world.sockets)}

    async def echo(self, count: int, rate: float) -> dict[str, Any]:
        started, events = time.perf_counter(), list[Event]()
        for number in range(count):
            await asyncio.sleep(max(0.0, started + number / rate - time.perf_counter()))
            events.append(self.world.push("/echo"))
        await self._until(lambda: all(event.replied for event in events), 20)
        return {
            "ack": [event.acked - event.pushed for event in events if event.acked],
            "reply": [event.replied - event.pushed for event in events if event.replied],
        }

    async def burst(self, count: int, limit: float) -> dict[str, Any]:
        return await self.flow(count, limit, count)

    async def flow(self, count: int, limit: float, ahead: int) -> dict[str, Any]:
        world, events, started = self.world, list[Event](), time.perf_counter()
        before = world.replied + world.refused

        def left() -> int:
            """Events that are neither answered nor refused yet."""
            return len(events) - (world.replied + world.refused - before)

        while len(events) < count and time.perf_counter() < started + limit:
            await self._until(lambda: left() < ahead, limit)
            events += await self._push(min(20, count - len(events)), "/echo")
        await self._until(lambda: left() <= 0, started + limit - time.perf_counter())
        answered = [event.replied for event in events if event.replied]
        refused = sum(event.refused for event in events)
        complete = answered and len(answered) + refused >= count
        seconds = (max(answered) if complete else started + limit) - started
        return {"seconds": seconds, "answered": len(answered), "refused": refused}

    async def acks(self, count: int, limit: float) -> dict[str, Any]:
        started, before = time.perf_counter(), self.world.acked
        events = await self._push(count, "noop")
        await self._until(lambda: self.world.acked - before >= count, limit)
        acked = [event.acked for event in events if event.acked]
        return {"seconds": max(acked, default=started + limit) - started, "acked": len(acked)}

    async def block(self, word: str, count: int, every: float) -> dict[str, Any]:
        events = list[Event]()
        for _ in range(count):
            events.append(self.world.push(word))
            await asyncio.sleep(every)
        await self._until(lambda: all(event.acked and event.replied for event in events), 60)
        return {"ack": [event.acked - event.pushed for event in events if event.acked]}

    async def _push(self, count: int, word: str) -> list[Event]:
        events = list[Event]()
        for number in range(count):
            events.append(self.world.push(word))
            if number % 20 == 19:
                await asyncio.sleep(0)  # read acks meanwhile
        return events

    async def _until(self, reached: Callable[[], bool], timeout: float) -> None:
        deadline = time.perf_counter() + timeout
        while not reached() and (left := deadline - time.perf_counter()) > 0:
            self.world.changed.clear()
            try:
                await asyncio.wait_for(self.world.changed.wait(), min(left, 1.0))
            except TimeoutError:
                continue
            await asyncio.sleep(0.001)  # one look for many changes


async def main() -> None:
    loop, world = asyncio.get_running_loop(), World()
    server = await loop.create_server(lambda: Connection(world), "127.0.0.1", 0, backlog=2048)
    world.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    print(json.dumps({"url": world.url}), flush=True)
    bench = Bench(world)
    while line := await loop.run_in_executor(None, sys.stdin.readline):
        command = json.loads(line)
        cpu = time.process_time()
        answer: dict[str, Any] = await getattr(bench, command.pop("do"))(**command)
        print(json.dumps({**answer, "gateway_cpu": time.process_time() - cpu}), flush=True)


if __name__ == "__main__":
    try:
        from uvloop import run
    except ImportError:
        from asyncio import run
    run(main())
