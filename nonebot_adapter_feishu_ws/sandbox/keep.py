"""The world in a file, so that the page and its history outlive the sandbox's process."""

import asyncio
import base64
import os
import secrets
import tempfile
from pathlib import Path
from typing import Any

from pydantic import BaseModel, Field, ValidationError

from ..logs import log
from .gateway import Gateway
from .guard import SandboxError
from .state import App, CardEntity, Chat, Department, Message, StoredFile, User, World

VERSION = 1
PAUSE = 0.5
"""Seconds between a change and the writing of it, so that a burst is written once."""
MAX_MESSAGES = 2_000
MAX_FILES = 16 * 1024 * 1024
"""Bytes of images and files, the newest."""


class Waiting(BaseModel):
    """An event that no bot has acked yet."""

    app_id: str
    event_id: str
    payload: str


class Kept(BaseModel):
    """What is in the file. No secrets: apps come with theirs at each start."""

    version: int = VERSION
    number: int = 0
    apps: dict[str, tuple[str, str]] = Field(default_factory=dict)
    """app id -> name and bot_open_id."""
    users: list[User] = Field(default_factory=list[User])
    departments: list[Department] = Field(default_factory=list[Department])
    chats: list[Chat] = Field(default_factory=list[Chat])
    messages: list[Message] = Field(default_factory=list[Message])
    entities: list[CardEntity] = Field(default_factory=list[CardEntity])
    reactions: dict[str, list[dict[str, Any]]] = Field(default_factory=dict)
    pins: dict[str, dict[str, Any]] = Field(default_factory=dict)
    files: list[tuple[str, str, str, str, str]] = Field(default_factory=list[tuple[str, str, str, str, str]])
    waiting: list[Waiting] = Field(default_factory=list[Waiting])


def pack(world: World, waiting: list[Waiting]) -> Kept:
    """The part of a world that is kept."""
    messages = list(world.messages.values())[-MAX_MESSAGES:]
    ids = {each.message_id for each in messages}
    files: list[tuple[str, str, str, str, str]] = []
    room = MAX_FILES
    for each in reversed(world.files.values()):
        room -= len(each.content)
        if room < 0:
            break
        files.append((each.key, each.kind, each.name, each.app_id, base64.b64encode(each.content).decode()))
    return Kept(
        number=world.last_number,
        apps={app.app_id: (app.name, app.bot_open_id) for app in world.apps.values()},
        users=list(world.users.values()),
        departments=list(world.departments.values()),
        chats=list(world.chats.values()),
        messages=messages,
        entities=[each for each in world.entities.values() if each.message_id in ids],
        reactions={key: each for key, each in world.reactions.items() if key in ids},
        pins={key: each for key, each in world.pins.items() if key in ids},
        files=files[::-1],
        waiting=waiting,
    )


def unpack(kept: Kept, world: World) -> None:
    """Fill a new world. Its apps have secrets that nobody knows, until they are added with their own."""
    for app_id, (name, bot_open_id) in kept.apps.items():
        world.apps[app_id] = App(app_id, secrets.token_hex(16), name, bot_open_id)
    world.users.update((each.open_id, each) for each in kept.users)
    world.departments.update((each.open_department_id, each) for each in kept.departments)
    world.chats.update((each.chat_id, each) for each in kept.chats)
    world.messages.update((each.message_id, each) for each in kept.messages)
    world.entities.update((each.card_id, each) for each in kept.entities)
    world.reactions.update(kept.reactions)
    world.pins.update(kept.pins)
    for key, kind, name, app_id, content in kept.files:
        world.files[key] = StoredFile(key, kind, name, base64.b64decode(content), app_id)
    world.last_number = kept.number


class Keeper:
    """Fills a new world from a file, and writes the file again after changes: whole, or not at all."""

    def __init__(self, path: Path, world: World, gateway: Gateway) -> None:
        """Read what the file holds, if there is one.

        Raises:
            SandboxError: it is not the file of a sandbox, or of another version.
        """
        self.path: Path = path
        self._world = world
        self._gateway = gateway
        self._task: asyncio.Task[None] | None = None
        kept = self._read()
        unpack(kept, world)
        self._waiting = kept.waiting

    def start(self) -> None:
        """Push what waits, and write from now on."""
        for each in self._waiting:
            if (app := self._world.apps.get(each.app_id)) is not None:
                self._gateway.push(app, each.payload.encode(), each.event_id)
        self._task = asyncio.create_task(self._follow())

    async def stop(self) -> None:
        """Write a last time."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
            self._task = None
            self._write(self._dump())

    async def _follow(self) -> None:
        number = -1
        while True:
            await self._world.feed.wait(number, 3600.0)
            await asyncio.sleep(PAUSE)
            number = self._world.feed.number
            await asyncio.to_thread(self._write, self._dump())

    def _dump(self) -> bytes:
        waiting = [
            Waiting(app_id=each.app_id, event_id=each.event_id, payload=each.payload.decode("utf-8", "replace"))
            for each in self._gateway.unacked()
        ]
        return pack(self._world, waiting).model_dump_json().encode()

    def _read(self) -> Kept:
        try:
            kept = Kept.model_validate_json(self.path.read_bytes())
        except FileNotFoundError:
            return Kept()
        except (OSError, ValidationError) as error:
            reason = error.strerror if isinstance(error, OSError) else "it is not what a sandbox wrote"
            raise SandboxError(f"cannot read {self.path}: {reason}. Name another file, or move it away") from error
        if kept.version != VERSION:
            raise SandboxError(f"{self.path} has version {kept.version}, this sandbox reads {VERSION}. Move it away")
        return kept

    def _write(self, raw: bytes) -> None:
        """Replace the file in one step; only its owner can read it."""
        name = ""
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            handle, name = tempfile.mkstemp(dir=self.path.parent, prefix=f".{self.path.name}-")
            with os.fdopen(handle, "wb") as file:
                file.write(raw)
            os.replace(name, self.path)
        except OSError as error:
            if name:
                Path(name).unlink(missing_ok=True)
            log("ERROR", "The sandbox cannot write {}: {}. Its history will not outlive it", self.path, error.strerror)
