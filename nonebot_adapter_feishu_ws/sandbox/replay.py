"""Recorded traffic again: the events go out as they came, and what they name is made in the world."""

import asyncio
import json
import math
import re
import secrets
from collections.abc import Awaitable, Callable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

from ..net.bounded_json import as_list, as_object, as_text, is_list, is_object
from ..record.scrub import BASE_MS, move_times
from ..record.shape import ID
from .delivery import Delivery
from .gateway import Gateway
from .guard import SandboxError
from .state import App, ChatMode, Message, StoredFile, User, World, new_id

VERSION = 1
CALLBACKS = frozenset({"card.action.trigger", "url.preview.get"})
MESSAGE = "im.message.receive_v1"
_MODES: Mapping[str, ChatMode] = {"p2p": "p2p", "topic_group": "topic"}
_KEYS = {"image_key": "image", "file_key": "file"}
Line = dict[str, Any]


class Replayed(NamedTuple):
    """What became of a replay: events that were pushed, and those of them that were acked with 200."""

    pushed: int
    acked: int


def read_recording(path: Path) -> list[Line]:
    """The lines of a recording; one that was cut off at the end is left out.

    Raises:
        SandboxError: it is no recording, or of another version.
    """
    lines = list[Line]()
    try:
        for text in path.read_text("utf-8").splitlines():
            try:
                lines.append(as_object(json.loads(text)))
            except ValueError:
                break
    except (OSError, UnicodeDecodeError) as error:
        raise SandboxError(f"cannot read {path}: {error}") from error
    first = lines[0] if lines else {}
    if first.get("kind") != "start" or first.get("version") != VERSION:
        raise SandboxError(
            f"{path} is no recording of version {VERSION}: make one with python -m nonebot_adapter_feishu_ws.record"
        )
    return lines[1:]


class Replay:
    """One replay of one recording."""

    def __init__(self, world: World, gateway: Gateway, lines: list[Line], apps: Mapping[str, str] | None) -> None:
        """Prepare it; nothing is pushed yet.

        Raises:
            SandboxError: there are fewer apps than in the recording.
        """
        self._world = world
        self._gateway = gateway
        self._events = [each for each in lines if each.get("kind") == "event" and each.get("via") != "backfill"]
        self._ids: dict[str, str] = dict(apps if apps is not None else self._pair_apps())
        self._event_ids: dict[str, str] = {}
        self._sent: dict[str, Line] = {}
        for line in lines:
            if line.get("kind") == "rest":
                self._learn(line)

    def _pair_apps(self) -> Iterator[tuple[str, str]]:
        recorded = list(dict.fromkeys(as_text(each.get("app")) for each in self._events))
        here = list(self._world.apps)
        if len(here) == 1:
            here *= len(recorded)
        if len(here) < len(recorded):
            raise SandboxError(f"the recording has {len(recorded)} bots, the sandbox {len(here)} apps: add_app() more")
        return zip(recorded, here, strict=False)

    def _learn(self, line: Line) -> None:
        """Take from a REST call what events name: the bot itself, and the messages that it sent."""
        answer = as_object(line.get("answer"))
        app = self._world.apps.get(self._ids.get(as_text(line.get("app")), ""))
        if app and line.get("path") == "bot/v3/info" and (bot := as_text(as_object(answer.get("bot")).get("open_id"))):
            self._ids[bot] = app.bot_open_id
        data = as_object(answer.get("data"))
        if app and line.get("method") == "POST" and (message_id := as_text(data.get("message_id"))):
            self._sent[message_id] = {**data, "app": app.app_id}

    async def run(self, speed: float, timeout: float, sleep: Callable[[float], Awaitable[None]]) -> Replayed:
        """Push all, and wait for the acks; see :meth:`.server.Sandbox.replay`."""
        deliveries, last = list[Delivery](), 0.0
        for line in self._events:
            app = self._world.apps.get(self._ids.get(as_text(line.get("app")), ""))
            if app is None:
                continue
            pause, last = (line["at"] - last) / speed, line["at"]
            if pause > 0 and not math.isinf(speed):
                await sleep(pause)
            deliveries.append(await self._push(app, as_object(line.get("payload"))))
        await asyncio.gather(*(each.wait(timeout) for each in deliveries), return_exceptions=True)
        return Replayed(len(deliveries), sum(each.done.is_set() for each in deliveries))

    async def _push(self, app: App, recorded: Line) -> Delivery:
        self._make_sent(recorded)
        payload = self._renamed(recorded)
        header = as_object(payload.get("header"))
        known = as_text(header.get("event_id") or payload.get("uuid"))
        event_id = self._event_ids.setdefault(known, secrets.token_hex(16))
        kind = as_text(header.get("event_type"))
        if header:
            header |= {"event_id": event_id, "token": app.verification_token or ""}
        else:
            payload |= {"uuid": event_id, "token": app.verification_token or ""}
        self._make(app, kind, as_object(payload.get("event")))
        await self._world.notify()
        raw = json.dumps(payload, ensure_ascii=False).encode()
        return self._gateway.push(app, raw, event_id, once=kind in CALLBACKS)

    def _renamed(self, recorded: Line) -> Line:
        """With the ids of this replay, so that no bot drops it as known, and with times of today."""

        def rename(found: re.Match[str]) -> str:
            old = found[0]
            prefix = old.partition("_")[0]
            if old not in self._ids and prefix in ("om", "omt"):
                self._ids[old] = new_id(prefix)
            return self._ids.get(old, old)

        text = ID.sub(rename, json.dumps(recorded, ensure_ascii=False))
        return move_times(json.loads(text), self._world.now_ms() - BASE_MS)

    # The world

    def _make_sent(self, recorded: Line) -> None:
        """The messages of the bot that an event names."""
        for old in set(ID.findall(json.dumps(recorded))) & self._sent.keys():
            app_id = str(self._sent[old].pop("app"))
            body = self._renamed(self._sent.pop(old))
            chat_id, content = as_text(body.get("chat_id")), as_text(as_object(body.get("body")).get("content"))
            self._chat(self._world.apps[app_id], chat_id, "", "")
            message = Message(self._ids[old], chat_id, app_id, "app", as_text(body.get("msg_type")), content, 0)
            message.create_time = int(as_text(body.get("create_time")) or self._world.now_ms())
            self._world.add_message(message)

    def _make(self, app: App, kind: str, event: Line) -> None:
        for open_id, found in _people(event):
            if open_id not in self._world.users and open_id not in {
                each.bot_open_id for each in self._world.apps.values()
            }:
                name = as_text(found.get("name")) or f"Person {len(self._world.users) + 1}"
                ids = (
                    as_text(found.get("user_id")) or secrets.token_hex(4),
                    as_text(found.get("union_id")) or new_id("on"),
                )
                self._world.users[open_id] = User(open_id, *ids, name)
                self._world.feed.add("person", open_id)
        body = as_object(event.get("message"))
        chat_id = as_text(
            body.get("chat_id") or event.get("chat_id") or as_object(event.get("context")).get("open_chat_id")
        )
        sender = as_object(event.get("sender"))
        who = as_text(as_object(sender.get("sender_id") or event.get("operator_id")).get("open_id"))
        if chat_id:
            self._chat(app, chat_id, as_text(body.get("chat_type")), who, as_text(event.get("name")))
        message_id = as_text(body.get("message_id") or event.get("message_id"))
        if kind == MESSAGE and message_id not in self._world.messages:
            self._add_message(body, who, "user" if sender.get("sender_type") == "user" else "app")
        elif kind == "im.message.recalled_v1" and message_id in self._world.messages:
            self._world.messages[message_id].deleted = True

    def _chat(self, app: App, chat_id: str, chat_type: str, member: str, name: str = "") -> None:
        chat = self._world.chats.get(chat_id)
        if chat is None:
            made = self._world.add_chat(name or "Recorded chat", _MODES.get(chat_type, "group"), [], [])
            del self._world.chats[made.chat_id]
            chat = self._world.chats[chat_id] = replace(made, chat_id=chat_id)
        if app.app_id not in chat.apps:
            chat.apps.append(app.app_id)
        if member in self._world.users and member not in chat.members:
            chat.members.append(member)
        self._world.feed.add("chat", chat_id)

    def _add_message(self, body: Line, who: str, sender_type: str) -> None:
        kind, content = as_text(body.get("message_type")), as_text(body.get("content"))
        message = Message(
            as_text(body.get("message_id")), as_text(body.get("chat_id")), who, sender_type, kind, content, 0
        )
        message.create_time = int(as_text(body.get("create_time")) or self._world.now_ms())
        message.mentions = list(filter(is_object, as_list(body.get("mentions"))))
        for key in ("root_id", "parent_id", "thread_id"):
            setattr(message, key, as_text(body.get(key)) or None)
        self._world.add_message(message)
        for name, key in re.findall(r'"(image_key|file_key)": ?"([^"]+)"', content):
            self._world.files.setdefault(key, StoredFile(key, _KEYS[name], "recorded", b"recorded", ""))


def _people(value: Any) -> Iterator[tuple[str, Line]]:
    """Every person that an event names: their open_id, their other ids, and the name that stands beside them."""
    if is_list(value):
        for each in value:
            yield from _people(each)
    if not is_object(value) or value.get("mentioned_type") == "bot" or value.get("sender_type") in ("bot", "app"):
        return
    if (open_id := as_text(value.get("open_id"))).startswith("ou_"):
        yield open_id, value
    for each in value.values():
        if is_object(each) and as_text(each.get("open_id")).startswith("ou_") and value.get("name"):
            yield as_text(each.get("open_id")), {**each, "name": value["name"]}
        yield from _people(each)
