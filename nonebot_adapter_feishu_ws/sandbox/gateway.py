"""The long connection's server side: discovery, sockets, pushes, acks, redelivery."""

from __future__ import annotations

import asyncio
import base64
import json
import random
import secrets
import time
from collections import Counter, OrderedDict, deque
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import aiohttp
from aiohttp import WSMsgType, web
from pydantic_core import to_json

from ..logs import log
from ..net.bounded_json import JsonError, as_object, read_json, read_object
from ..transport import wire
from ..transport.frame import CONTROL, Frame, FrameError, decode, get_header
from .delivery import Connection, Delivery, event_frame
from .events import deliver, envelope
from .faults import Faults, play
from .journal import FrameSeen, Journal
from .state import App, World, random_hex

MAX_CONNECTIONS = 50
ACK_TIMEOUT = 3.0
SWAPPED = "swapped"
"""The origin of a fault that says ``wss`` where plain ``ws`` is spoken, and the other way round."""
REDELIVERY = (15.0, 300.0, 3600.0, 21_600.0)
MAX_GIVEN_UP = 200
MAX_WAITING = 10_000
"""Events of one app that wait for it to come back."""


@dataclass(eq=False, repr=False)
class Gateway:
    """Holds the sockets of all apps and pushes their events."""

    world: World
    faults: Faults
    client_config: dict[str, int]
    redelivery: tuple[float, ...]
    ack_timeout: float

    def __post_init__(self) -> None:
        self._tickets: dict[str, str] = {}
        self._pending: dict[str, Delivery] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._session: aiohttp.ClientSession | None = None
        self.connections: dict[str, list[Connection]] = {}
        self.changed: asyncio.Condition = asyncio.Condition()
        self.fragment_size: int | None = None
        self.lost_fragments: set[int] = set()
        self.config_in_pong: dict[str, int] = {}
        self.pong_delay: float = 0.0
        self.discoveries: int = 0
        self.ack_delay: float = 0.0
        self.copies: int = 1
        self.journal: Journal = Journal(self.world.feed)
        self._waiting: Counter[str] = Counter()
        self._watched: deque[tuple[float, App, Delivery]] = deque()
        self._watch: asyncio.TimerHandle | None = None
        self._given_up: OrderedDict[str, Delivery] = OrderedDict()

    async def close(self) -> None:
        """Close all sockets and forget what is pending."""
        if self._watch is not None:
            self._watch.cancel()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        for connection in [c for held in self.connections.values() for c in held]:
            await connection.socket.close(code=1001)
        if self._session is not None:
            await self._session.close()
            self._session = None

    # Discovery and sockets

    async def discover(self, request: web.Request) -> web.StreamResponse:
        """``POST /callback/ws/endpoint``."""
        self.discoveries += 1
        fault = self.faults.take("discovery")
        if fault is not None and (answer := await play(fault, request)) is not None:
            return answer
        if fault is not None and fault.code is not None:
            return _undiscovered(fault.code, "scripted", fault.status or 200)
        body = read_object(await request.read())
        if body is None:
            log("WARNING", "The sandbox refused a discovery whose body is not a JSON object ({})", request.content_type)
            return _undiscovered(wire.CODE_NO_CREDENTIAL, "no credential: the body is not a JSON object")
        app = self.world.apps.get(str(body.get("AppID")))
        if app is None or app.app_secret != body.get("AppSecret"):
            return _undiscovered(wire.CODE_AUTH_FAILED, "auth failed")
        if app.is_store:
            return _undiscovered(wire.CODE_FORBIDDEN, "forbidden")
        if app.wrong_domain:
            return _undiscovered(wire.CODE_WRONG_DOMAIN, "incorrect domain name")
        key = secrets.token_hex(16)
        self._tickets[key] = app.app_id
        # The name by which the client came: with --tls, that of Feishu, for which alone the certificate is.
        secure = request.secure or request.raw_path.startswith("https:")
        origin = f"{'wss' if secure else 'ws'}://{request.host}"
        if fault is not None and fault.origin:
            origin = f"{'ws' if secure else 'wss'}://{request.host}" if fault.origin == SWAPPED else fault.origin
        query = f"fpid=493&aid=552564&device_id={secrets.randbits(60)}&access_key={key}&service_id=33554678"
        data = {"URL": f"{origin}/ws/v2?{query}&ticket={secrets.token_hex(16)}", "ClientConfig": self.client_config}
        return web.json_response({"code": 0, "msg": "", "data": data})

    async def accept(self, request: web.Request) -> web.StreamResponse:
        """``GET /ws/v2``: one socket, until it ends."""
        fault = self.faults.take("handshake")
        if fault is not None:
            await asyncio.sleep(fault.delay)
            if fault.hang:
                await asyncio.sleep(3600)
            return _refuse(fault.code, fault.auth_code, fault.status)
        app_id = self._tickets.pop(request.query.get("access_key", ""), None)
        service_id = request.query.get("service_id", "")
        if app_id is None or not service_id.isdecimal():
            return _refuse(wire.CODE_AUTH_FAILED, None, None)
        held = self.connections.setdefault(app_id, [])
        if len(held) >= MAX_CONNECTIONS:
            return _refuse(wire.CODE_AUTH_FAILED, wire.CODE_CONNECTION_LIMIT, None)
        socket = web.WebSocketResponse(max_msg_size=0, compress=False)
        await socket.prepare(request)
        transport = request.transport
        connection = Connection(app_id, int(service_id), socket, transport)
        held.append(connection)
        await self._notify(app_id)
        try:
            async for message in socket:
                if message.type is WSMsgType.BINARY:
                    await self._take(connection, message.data)
                else:
                    _drop(connection, f"a {message.type.name} message, where frames are binary")
        finally:
            held.remove(connection)
            await self._notify(app_id)
        return socket

    async def _notify(self, app_id: str) -> None:
        self.world.feed.add("app", app_id)
        async with self.changed:
            self.changed.notify_all()

    async def _take(self, connection: Connection, data: bytes) -> None:
        if connection.silent:
            return
        try:
            frame = decode(data, complete=False)
        except FrameError as error:
            _drop(connection, str(error))
            return
        self._saw(connection, data, out=False)
        if frame.method == CONTROL:
            connection.pings += 1
            await asyncio.sleep(self.pong_delay)
            pong = self._pong(frame)
            self._saw(connection, pong, out=True)
            await connection.socket.send_bytes(pong)
            return
        connection.acks.append(data)
        if len(connection.acks) > 100:
            del connection.acks[:50]
        message_id = get_header(frame, wire.HEADER_MESSAGE_ID) or ""
        if (delivery := self._pending.get(message_id)) is not None:
            if self.ack_delay:
                later = asyncio.get_running_loop().call_later
                later(self.ack_delay, self._take_ack, connection, delivery, frame.payload)
            else:
                self._take_ack(connection, delivery, frame.payload)
        elif (delivery := self._given_up.pop(message_id, None)) is not None:
            delivery.late = time.perf_counter() - delivery.pushed_at
            self.journal.changed(delivery.number)
        else:
            # An ack that comes after its event was acked, or given up, is ordinary.
            log("DEBUG", "The sandbox dropped an ack from {}: no event {!r} waits", connection.app_id, message_id)

    def _take_ack(self, connection: Connection, delivery: Delivery, payload: bytes) -> None:
        try:
            self._acked(delivery, read_json(payload))
        except ValueError as error:
            reason = f"{error}" if isinstance(error, JsonError) else "has data that is not JSON in base64"
            _drop(connection, f"an ack of {delivery.message_id} whose payload {reason}")

    def _saw(self, connection: Connection, data: bytes, *, out: bool) -> None:
        self.journal.add("frame", connection.app_id, FrameSeen(out, data), self.world.clock())

    def _pong(self, ping: Frame) -> bytes:
        frame = Frame(SeqID=0, LogID=0, service=ping.service, method=CONTROL)
        frame.headers.add(key=wire.HEADER_TYPE, value=wire.TYPE_PONG)
        frame.payload = json.dumps({**self.client_config, **self.config_in_pong}).encode()
        return frame.SerializeToString()

    # Events

    def push(self, app: App, payload: bytes, event_id: str, transport: str = "auto", *, once: bool = False) -> Delivery:
        """Send an event to an app and keep pushing until it is acked; ``once`` for callbacks, which come only once."""
        delivery = Delivery(app.app_id, event_id, payload, message_id=random_hex(), once=once)
        self._pending[delivery.message_id] = delivery
        delivery.number = self.journal.add("event", app.app_id, delivery, self.world.clock())
        if once or transport == "webhook" or not self._push_at_once(app, delivery):
            self._start(app, delivery, transport, (0.0,) if once else (0.0, *self.redelivery))
        return delivery

    def _push_at_once(self, app: App, delivery: Delivery) -> bool:
        """The ordinary case, which needs no task: write to a socket; one timer watches all that wait for their acks."""
        held = self.connections.get(app.app_id)
        if not held or self.copies > 1 or self.fragment_size or not (via := random.choice(held)).is_writable():
            return False
        delivery.attempts, delivery.pushed_at = 1, time.perf_counter()
        delivery.via, delivery.transport, delivery.watched = via, "websocket", True
        frame = event_frame(via, delivery.payload, delivery.message_id)
        self._saw(via, frame, out=True)
        via.write(frame)
        self._watched.append((asyncio.get_running_loop().time() + self.ack_timeout, app, delivery))
        if self._watch is None:
            self._watch = asyncio.get_running_loop().call_later(self.ack_timeout, self._look)
        return True

    def _look(self) -> None:
        """Push again what was not acked in time."""
        loop, self._watch = asyncio.get_running_loop(), None
        while self._watched and (self._watched[0][0] <= loop.time() or not self._watched[0][2].watched):
            _, app, delivery = self._watched.popleft()
            if delivery.watched:
                delivery.watched = False
                self._start(app, delivery, "auto", self.redelivery)
        if self._watched:
            self._watch = loop.call_at(self._watched[0][0], self._look)

    def _start(self, app: App, delivery: Delivery, transport: str, pauses: Sequence[float]) -> None:
        task = asyncio.create_task(self._deliver(app, delivery, transport, pauses))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def push_event(
        self, app_id: str, event_type: str, event: dict[str, Any], transport: str, *, once: bool = False, **header: Any
    ) -> Delivery:
        """Wrap an event's body as Feishu does and push it; ``header`` replaces fields of its header."""
        app = self.world.apps[app_id]
        payload = envelope(app, event_type, event, self.world.now_ms(), **header)
        raw = to_json(payload)
        return self.push(app, raw, payload["header"]["event_id"], transport, once=once)

    async def _deliver(self, app: App, delivery: Delivery, transport: str, pauses: Sequence[float]) -> None:
        once = delivery.once
        try:
            for pause in pauses:
                # A bot that went away in between gets its events as soon as it is back.
                if pause and (delivery.via is None or delivery.via in self.connections.get(app.app_id, ())):
                    await asyncio.sleep(pause)
                if not once and app.webhook_url is None and not await self._online(app.app_id):
                    return
                delivery.acked.clear()
                delivery.attempts += 1
                delivery.pushed_at = time.perf_counter()
                self.journal.changed(delivery.number)
                if not await self._attempt(app, delivery, transport):
                    continue
                try:
                    await asyncio.wait_for(delivery.acked.wait(), ACK_TIMEOUT if once else self.ack_timeout)
                except TimeoutError:
                    continue
                if delivery.ack_code == wire.ACK_OK:
                    return
        finally:
            self._pending.pop(delivery.message_id, None)
            if not delivery.acked.is_set():
                self._given_up[delivery.message_id] = delivery
                if len(self._given_up) > MAX_GIVEN_UP:
                    self._given_up.popitem(last=False)

    async def _online(self, app_id: str) -> bool:
        """Wait until an app holds a socket; False when too many of its events wait already."""
        if self.connections.get(app_id):
            return True
        if self._waiting[app_id] >= MAX_WAITING:
            return False
        self._waiting[app_id] += 1
        try:
            async with self.changed:
                await self.changed.wait_for(lambda: self.connections.get(app_id))
        finally:
            self._waiting[app_id] -= 1
        return True

    def unacked(self) -> list[Delivery]:
        """The events that are still pushed or wait, oldest first; no callbacks, which come once."""
        return [each for each in self._pending.values() if not each.once]

    def waiting(self, app_id: str) -> int:
        """How many events wait for an app to connect."""
        return self._waiting[app_id]

    async def _attempt(self, app: App, delivery: Delivery, transport: str) -> bool:
        held = self.connections.get(app.app_id)
        if held and transport != "webhook":
            delivery.transport = "websocket"
            try:
                delivery.via = random.choice(held)
                for _ in range(self.copies):
                    await self.send_data(delivery.via, delivery.payload, delivery.message_id)
            except (ConnectionError, aiohttp.ClientError):
                return False
            return True
        if app.webhook_url is None or transport == "websocket":
            return False
        delivery.transport = "webhook"
        if self._session is None:
            self._session = aiohttp.ClientSession()
        try:
            status, answer = await deliver(self._session, app, delivery.payload, self.world.clock())
        except (TimeoutError, aiohttp.ClientError):
            return False
        self._acked(delivery, {"code": status, "data": answer})
        return True

    async def send_data(
        self, connection: Connection, payload: bytes, message_id: str, *, type_: str = wire.TYPE_EVENT
    ) -> None:
        """Send a payload as one frame, or as fragments when a fragment size is set."""
        size = self.fragment_size or len(payload) or 1
        parts = [payload[start : start + size] for start in range(0, len(payload), size)] or [b""]
        for seq, part in enumerate(parts):
            if seq in self.lost_fragments and len(parts) > 1:
                self.lost_fragments.discard(seq)
                continue
            frame = event_frame(connection, part, message_id, type_, str(len(parts)), str(seq))
            self._saw(connection, frame, out=True)
            await connection.socket.send_bytes(frame)

    def _acked(self, delivery: Delivery, payload: object) -> None:
        answer = as_object(payload)
        data = answer.get("data")
        decoded = read_json(base64.b64decode(data)) if data and isinstance(data, str) else data
        delivery.latency = time.perf_counter() - delivery.pushed_at
        delivery.ack_code, delivery.answer = answer.get("code"), decoded
        self.journal.changed(delivery.number)
        delivery.acked.set()
        if delivery.ack_code == wire.ACK_OK:
            delivery.done.set()
        if not delivery.watched:
            return
        delivery.watched = False
        if delivery.done.is_set():
            self._pending.pop(delivery.message_id, None)
        else:
            self._start(self.world.apps[delivery.app_id], delivery, "auto", self.redelivery)


def _drop(connection: Connection, what: str) -> None:
    log("WARNING", "The sandbox dropped what {} sent: {}", connection.app_id, what)


def _undiscovered(code: int, msg: str, status: int = 200) -> web.Response:
    # Clients read data even then.
    return web.json_response({"code": code, "msg": msg, "data": {}}, status=status)


def _refuse(code: int | None, auth_code: int | None, status: int | None) -> web.Response:
    headers = {wire.HEADER_HANDSHAKE_MSG: "refused"}
    if code is not None:
        headers[wire.HEADER_HANDSHAKE_STATUS] = str(code)
    if code == wire.CODE_AUTH_FAILED:
        headers[wire.HEADER_HANDSHAKE_AUTH_ERRCODE] = str(auth_code or 0)
    return web.Response(status=status or 403, headers=headers)
