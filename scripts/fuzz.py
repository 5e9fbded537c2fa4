"""Throws damaged frames, webhook bodies, events and cards at the adapter, with valid ones among them; seeded.

A valid event must come out exactly once, a refused one must not be answered with 200, and nothing may raise.
"""

import argparse
import asyncio
import base64
import copy
import hashlib
import json
import random
import sys
import time
from collections import Counter, deque
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from Crypto.Cipher import AES
from nonebot.drivers import Request
from nonebot.log import logger
from pydantic import SecretStr

from nonebot_adapter_feishu_ws.card import Card, CardError
from nonebot_adapter_feishu_ws.event.envelope import Envelope, Receipt
from nonebot_adapter_feishu_ws.event.registry import EventRegistry
from nonebot_adapter_feishu_ws.intake.bridge import Bridge
from nonebot_adapter_feishu_ws.intake.receiver import Receiver
from nonebot_adapter_feishu_ws.logs import LogOnce
from nonebot_adapter_feishu_ws.message import parse
from nonebot_adapter_feishu_ws.server.signature import sign
from nonebot_adapter_feishu_ws.server.webhook import WebhookRoute, WebhookSecrets
from nonebot_adapter_feishu_ws.store import MemoryStore
from nonebot_adapter_feishu_ws.transport.connection import OpenConnection
from nonebot_adapter_feishu_ws.transport.frame import CONTROL, DATA, Frame, decode
from nonebot_adapter_feishu_ws.transport.status import ClientConfig, Timing

VALID_EVERY = 20
FAULTS = ("crashes", "silent losses", "doubled", "accepted, not delivered", "untrue acks", "wrong answers")
PAGE = Path(__file__).parent.parent / "docs" / "reliability.md"
JUNK = [None, True, -1, 1e308, 10**400, "", "\ud83d", "\x00", [], {}, [[]], [None], {"tag": 5}, "x" * 300]
KEY, TOKEN = "fuzz-key", "fuzz-token"


class Report(Counter):
    """Counts of one kind of input; a crash prints its seed and input."""

    def __init__(self, kind: str, seed: int) -> None:
        super().__init__()
        self.kind, self.seed = kind, seed

    def crash(self, number: int, data: object, error: BaseException) -> None:
        self["crashes"] += 1
        if self["crashes"] <= 5:
            print(f"CRASH {self.kind} seed={self.seed} number={number}: {error!r}\n  input: {data!r}"[:2000])


def event(name: str) -> dict[str, Any]:
    return {
        "schema": "2.0",
        "header": {"event_id": name, "event_type": "im.message.receive_v1", "token": TOKEN},
        "event": {
            "sender": {"sender_id": {"open_id": "ou_1"}, "sender_type": "user"},
            "message": {
                "message_id": f"om_{name}",
                "chat_id": "oc_1",
                "chat_type": "group",
                "message_type": "text",
                "content": '{"text":"hello"}',
            },
        },
    }


def encode(payload: bytes, *, type_: str = "event", method: int = DATA, **headers: str) -> bytes:
    frame = Frame(SeqID=1, LogID=2, service=3, method=method, payload=payload)
    for key, value in {"type": type_, **headers}.items():
        frame.headers.add(key=key, value=value)
    return frame.SerializeToString()


def mutate(data: bytes, rand: random.Random) -> bytes:
    changed = bytearray(data)
    for _ in range(rand.randint(1, 4)):
        if not changed:
            return rand.randbytes(4)
        place = rand.randrange(len(changed))
        action = rand.randrange(4)
        if action == 0:
            changed[place] = rand.randrange(256)
        elif action == 1:
            del changed[place : place + rand.randint(1, 8)]
        elif action == 2:
            changed[place:place] = rand.randbytes(rand.randint(1, 8))
        else:
            changed[place] ^= 1 << rand.randrange(8)
    return bytes(changed)


def bad_frame(number: int, rand: random.Random) -> bytes:
    action = rand.randrange(5)
    if action == 0:
        return rand.randbytes(rand.randrange(80))
    payload = json.dumps(event(f"bad{number}")).encode()
    if action == 1:
        return mutate(encode(payload, message_id="m", sum="1", seq="0"), rand)
    if action == 2:
        odd = ["-1", "0", "1", "2", "3", "99999", "x", "", "1" * 5000, "٣"]
        ids = {"message_id": rand.choice(["", "a", "b", str(number)])}
        return encode(payload[:50], sum=rand.choice(odd), seq=rand.choice(odd), **ids)
    if action == 3:
        return encode(
            payload, type_=rand.choice(["", "ping", "pong", "odd", "card"]), method=rand.choice([DATA, 7, -1])
        )
    return encode(
        rand.choice([b"{", b"[]", b"null", b'{"PingInterval":"x"}', b"[" * 5000]), type_="pong", method=CONTROL
    )


def damage(value: Any, rand: random.Random) -> Any:
    if not value or not isinstance(value, (dict, list)) or rand.random() < 0.2:
        return copy.deepcopy(rand.choice(JUNK))
    keys = list(value) if isinstance(value, dict) else list(range(len(value)))
    key = rand.choice(keys)
    if rand.random() < 0.2:
        del value[key]
    else:
        value[key] = damage(value[key], rand)
    return value


class Door:
    """An intake whose plugins' side only notes what arrives."""

    def __init__(self) -> None:
        self.taken: Counter[str] = Counter()
        self.bridge = Bridge()
        self.bridge.plugins.open(self)
        self.intake = Receiver(MemoryStore(), self.bridge.network)

    def lose(self, keys: Sequence[str]) -> None:
        assert not keys

    def take(self, delivery: Any) -> None:
        self.bridge.plugins.started(delivery)
        header = delivery.payload.get("header")
        self.taken[str(header.get("event_id")) if isinstance(header, dict) else "?"] += 1

    def judge(self, valid: list[str], report: Report) -> None:
        """Count what did not come out exactly once, and what was accepted and did not come out at all."""
        accepted = sum(number for (*_, outcome), number in self.intake.counts.items() if outcome == "accepted")
        report["accepted, not delivered"] = accepted - self.taken.total()
        report["valid events"] = len(valid)
        report["silent losses"] = sum(self.taken[name] == 0 for name in valid)
        report["doubled"] = sum(self.taken[name] > 1 for name in valid)


class Socket:
    """Counts the acks by code, and those of 200 that the intake has not given; also the connection's callbacks."""

    def __init__(self, door: Door) -> None:
        self.codes: Counter[int] = Counter()
        self.untrue = 0
        self.receiver = self
        self.client_config = ClientConfig()
        self._receive = door.intake.receive
        self._taken = 0

    async def receive(self, envelope: Envelope) -> Receipt:
        receipt = await self._receive(envelope)
        self._taken += receipt.code == 200
        return receipt

    def opened(self) -> None:
        return

    def alive(self) -> None:
        return

    def send(self, _: object, data: bytes) -> None:
        frame = decode(data)
        code = json.loads(frame.payload)["code"]
        self.codes[code] += 1
        types = [header.value for header in frame.headers if header.key == "type"]
        if code == 200 and types and types[-1] in ("event", "card"):
            self._taken -= 1
            self.untrue += self._taken < 0


def good_frames(name: str, rand: random.Random) -> list[bytes]:
    """A valid event, whole or in three parts in any order, sometimes pushed a second time."""
    payload = json.dumps(event(name)).encode()
    if rand.random() < 0.5:
        return [encode(payload, message_id=name, sum="1", seq="0")] * rand.choice([1, 1, 2])
    cuts = [payload[:90], payload[90:200], payload[200:]]
    parts = [encode(cut, message_id=name, sum="3", seq=str(seq)) for seq, cut in enumerate(cuts)]
    rand.shuffle(parts)
    return parts * rand.choice([1, 1, 2])


async def fuzz_frames(count: int, seed: int) -> Report:
    rand, report, door = random.Random(seed), Report("frames", seed), Door()
    socket = Socket(door)
    connection = OpenConnection("fuzz", socket, 1, Timing(), LogOnce())
    connection._socket = socket  # pyright: ignore
    connection._finish = partial(finish, connection, report)  # pyright: ignore
    valid: list[str] = []
    due: deque[bytes] = deque()
    for number in range(count):
        if number % VALID_EVERY == 0 and number < count - VALID_EVERY:
            valid.append(f"good{number}")
            due.extend(good_frames(valid[-1], rand))
        data = due.popleft() if due and number % 2 == 0 else bad_frame(number, rand)
        try:
            connection.handle_message(data)
        except Exception as error:  # noqa: BLE001 - a crash is what is looked for
            report.crash(number, data, error)
        if number % 50 == 49:
            await settle(connection)
    await settle(connection)
    report["inputs"] = count
    report["acked 200"], report["acked 500"] = socket.codes[200], socket.codes[500]
    report["untrue acks"] = socket.untrue
    door.judge(valid, report)
    return report


def finish(connection: OpenConnection, report: Report, task: asyncio.Task[None]) -> None:
    """What the connection would log: an event that is left unacked because something raised."""
    connection._in_flight.discard(task)
    if not task.cancelled() and (error := task.exception()):
        report.crash(-1, "a task of the connection", error)


async def settle(connection: OpenConnection) -> None:
    if connection._in_flight:
        _, waiting = await asyncio.wait(connection._in_flight, timeout=10)
        assert not waiting, "an event is answered neither with 200 nor with 500"
    for _ in range(3):
        await asyncio.sleep(0)


def encrypt(data: bytes) -> bytes:
    padding = 16 - len(data) % 16
    cipher = AES.new(hashlib.sha256(KEY.encode()).digest(), AES.MODE_CBC, b"0" * 16)
    box = b"0" * 16 + cipher.encrypt(data + bytes([padding]) * padding)
    return json.dumps({"encrypt": base64.b64encode(box).decode()}).encode()


def delivery(app: str, body: bytes, now: float) -> tuple[bytes, dict[str, str]]:
    if app == "plain":
        return body, {}
    body = encrypt(body)
    stamp = str(int(now))
    signature = sign(stamp, "n", KEY, body)
    names = ("X-Lark-Request-Timestamp", "X-Lark-Request-Nonce", "X-Lark-Signature")
    return body, dict(zip(names, (stamp, "n", signature), strict=True))


async def fuzz_webhooks(count: int, seed: int) -> Report:
    rand, report, door = random.Random(seed), Report("webhooks", seed), Door()
    secrets = {
        "plain": WebhookSecrets(None, SecretStr(TOKEN)),
        "sealed": WebhookSecrets(SecretStr(KEY), SecretStr(TOKEN)),
    }
    route = WebhookRoute(secrets, door.intake.receive, lambda _: False)
    valid: list[str] = []
    for number in range(count):
        app, good = rand.choice(list(secrets)), number % VALID_EVERY == 0
        payload, name = event(f"{'good' if good else 'bad'}{number}"), f"good{number}"
        forged = False
        if good:
            valid.append(name)
            body, headers = delivery(app, json.dumps(payload).encode(), time.time())
        elif rand.random() < 0.3:
            payload["header"]["token"] = rand.choice(["", "wrong", None, 5, "\ud83d", "é"])
            forged = True
            body, headers = delivery(app, json.dumps(payload).encode(), time.time())
        elif rand.random() < 0.5:
            body, headers = delivery(app, json.dumps(damage(payload, rand)).encode(), time.time())
        else:
            body, headers = delivery(app, json.dumps(payload).encode(), time.time())
            changed = mutate(body, rand)
            body, forged = changed, app == "sealed" and changed != body
        try:
            answer = await asyncio.wait_for(
                route.handle(Request("POST", f"http://x/feishu/{app}", headers=headers, content=body)), 5
            )
            report[f"HTTP {answer.status_code}"] += 1
            if (good and answer.status_code != 200) or (forged and answer.status_code == 200):
                report["wrong answers"] += 1
        except Exception as error:  # noqa: BLE001 - a crash is what is looked for
            report.crash(number, (app, headers, body), error)
        await asyncio.sleep(0)
    for _ in range(5):
        await asyncio.sleep(0)
    report["inputs"] = count
    report["wrong answers"] += 0
    door.judge(valid, report)
    return report


def fuzz_events(count: int, seed: int) -> Report:
    rand, report, registry = random.Random(seed), Report("events", seed), EventRegistry()
    for number in range(count):
        payload = damage(event(str(number)), rand)
        try:
            if isinstance(payload, dict):
                registry.parse(payload)
            content = json.dumps(damage({"text": "@_user_1 x", "content": [[{"tag": "text", "text": "x"}]]}, rand))
            parse(
                rand.choice(["text", "post", "image", "interactive", ""]),
                content,
                [SimpleNamespace(key="@_user_1", open_id="ou", name="n")],
                "om_1",
            )
        except Exception as error:  # noqa: BLE001 - a crash is what is looked for
            report.crash(number, payload, error)
    report["inputs"] = count
    return report


def fuzz_cards(count: int, seed: int) -> Report:
    rand, report = random.Random(seed), Report("cards", seed)
    for number in range(count):
        card: Any = {
            "schema": "2.0",
            "header": {"title": {"tag": "plain_text", "content": "t"}, "template": "blue"},
            "body": {
                "elements": [
                    {"tag": "markdown", "content": "x"},
                    {
                        "tag": "form",
                        "name": "f",
                        "elements": [
                            {"tag": "input", "name": "i"},
                            {"tag": "button", "name": "b", "text": {"tag": "plain_text", "content": "t"}},
                        ],
                    },
                ]
            },
        }
        for _ in range(rand.randint(1, 3)):
            card = damage(card, rand)
        if not isinstance(card, dict):
            continue
        try:
            Card.from_dict(card).validate()
            report["valid cards"] += 1
        except CardError:
            report["refused cards"] += 1
        except Exception as error:  # noqa: BLE001 - a crash is what is looked for
            report.crash(number, card, error)
    report["inputs"] = count
    return report


def row(report: Report, seconds: float) -> str:
    seen = ", ".join(f"{key}: {value:,}" for key, value in report.items() if key not in (*FAULTS, "inputs"))
    return (
        f"| {report.kind} | {report['inputs']:,} | {seen} | {report['crashes']:,} | {lost(report)} | {seconds:.0f} |\n"
    )


def lost(report: Report) -> str:
    return ", ".join(f"{report[key]:,} {key}" for key in FAULTS if key in report and key != "crashes") or "-"


def write(rows: list[str]) -> None:
    begin, end = "<!-- fuzz: begin -->\n", "<!-- fuzz: end -->"
    head = "| input | number | what became of it | crashes | faults | seconds |\n|---|---|---|---|---|---|\n"
    before, _, rest = PAGE.read_text("utf-8").partition(begin)
    PAGE.write_text(before + begin + head + "".join(rows) + end + rest.partition(end)[2], "utf-8")


def main() -> int:
    """Run what is asked for; returns 1 when something crashed or was lost."""
    parser = argparse.ArgumentParser(description=__doc__)
    kinds = ("frames", "webhooks", "events", "cards")
    for name in kinds:
        parser.add_argument(f"--{name}", type=int, default=0)
    parser.add_argument("--seed", type=int, default=20260301)
    parser.add_argument("--write", action="store_true", help="put the table into docs/reliability.md")
    options, rows, failed = parser.parse_args(), [], False
    logger.remove()  # a line per refused payload would be all there is to see
    for name in kinds:
        if not (count := getattr(options, name)):
            continue
        started = time.perf_counter()
        report = run(name, count, options.seed)
        rows.append(row(report, time.perf_counter() - started))
        print(rows[-1], end="", flush=True)
        failed |= any(report[key] for key in FAULTS)
    if options.write and not failed:
        write(rows)
    return int(failed)


def run(kind: str, count: int, seed: int) -> Report:
    """One kind of input: ``frames``, ``webhooks``, ``events`` or ``cards``."""
    work = globals()[f"fuzz_{kind}"](count, seed)
    return asyncio.run(work) if asyncio.iscoroutine(work) else work


if __name__ == "__main__":
    sys.exit(main())
