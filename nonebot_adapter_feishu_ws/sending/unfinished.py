"""Answers that are being written: buttons that stop them, and what ends them when their process ends or has died."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any, Final, Protocol

from nonebot.adapters import Bot as BaseBot

from ..event import Event, NoticeEvent
from ..logs import log
from ..net.bounded_json import as_list, as_object, as_text, is_object
from ..net.waiting import Sleep
from ..store import OpenWorkDoor, Shared
from .words import WORDS

STOP: Final = "feishu_stop"
"""In the value of a button that stops an answer: the answer's key."""
LOOK_EVERY: Final = 10.0
"""Seconds between two looks for what a dead process has left behind."""
SETTLE: Final = 3.0
"""Seconds for which a replica that replays an event may go on with its card, before another one finishes it."""
PRESSED_FOR: Final = 600.0
"""Seconds for which a click waits for the process that writes the answer."""
MAX_PRESSED: Final = 1000


class Writing(Protocol):
    """An answer that is being written."""

    def stop(self) -> bool:
        """Stop it; False when it has ended already."""
        ...

    async def interrupt(self) -> None:
        """Finish what is shown, since the process ends. Never raises."""
        ...


Finish = Callable[[BaseBot, str, str], Awaitable[None]]
"""Ends what a dead process has left open, by its key and note."""


@dataclass(eq=False, repr=False)
class Unfinished:
    """All answers that the bots of a process are writing. Used on NoneBot's loop.

    Attributes:
        work: the store's notes of them.
        shared: carries a click to the replica that writes; None where there is one process.
        finish: ends what a dead process has left open.
        sleep: as :func:`asyncio.sleep`.
    """

    work: OpenWorkDoor
    shared: Shared | None
    finish: Finish
    sleep: Sleep = asyncio.sleep
    closing: bool = False
    _writings: dict[str, Writing] = field(default_factory=dict[str, Writing])
    _pressed: dict[str, None] = field(default_factory=dict[str, None])
    _bots: dict[str, BaseBot] = field(default_factory=dict[str, BaseBot])
    _looks: dict[str, asyncio.Task[None]] = field(default_factory=dict[str, asyncio.Task[None]])
    _finishing: dict[str, asyncio.Task[None]] = field(default_factory=dict[str, asyncio.Task[None]])
    _lock: asyncio.Lock = field(default_factory=asyncio.Lock)

    def add(self, key: str, writing: Writing) -> None:
        """An answer begins."""
        self._writings[key] = writing

    def remove(self, key: str) -> None:
        """An answer has ended."""
        self._writings.pop(key, None)
        self._pressed.pop(key, None)

    async def take(self, key: str) -> str | None:
        """The note that an earlier attempt has left, which is this process's from now on; None if there is none."""
        async with self._lock:
            finishing = self._finishing.get(key)
            if finishing is None:
                return await self._hold(key)
        await asyncio.wait({finishing})
        return await self._hold(key)

    async def _hold(self, key: str) -> str | None:
        if (note := await self.work.find(key)) is not None:
            await self.work.hold(key, note)
        return note

    # What dead processes have left

    def arrived(self, bot: BaseBot) -> None:
        """A bot can send: end what its dead processes have left open, now and from time to time."""
        bot_id = bot.self_id
        self._bots[bot_id] = bot
        if self.work.is_open and not self.closing and bot_id not in self._looks:
            self._looks[bot_id] = asyncio.create_task(self._look(bot_id), name=f"feishu-unfinished-{bot_id}")

    async def _look(self, bot_id: str) -> None:
        while True:
            async with self._lock:
                for key, note in (await self.work.inherit(bot_id)).items():
                    task = asyncio.create_task(self._end(self._bots[bot_id], key, note), name=f"feishu-finish-{key}")
                    self._finishing[key] = task
                    task.add_done_callback(lambda _, key=key: self._finishing.pop(key, None))
            await self.sleep(LOOK_EVERY)

    async def _end(self, bot: BaseBot, key: str, note: str) -> None:
        if self.work.is_shared:
            # Another replica may have taken over the event, and goes on with the card.
            await self.sleep(SETTLE)
            if await self.work.find(key) != note:
                return
        try:
            await self.finish(bot, key, note)
        except Exception as error:  # noqa: BLE001 - whatever it is, the other cards must be finished, too
            log("WARNING", "Bot {bot}: an answer of a former process could not be finished: {}", error, bot=bot.self_id)

    async def close(self, timeout: float) -> None:
        """Finish all answers, since the process ends, within ``timeout`` seconds."""
        self.closing = True
        for look in self._looks.values():
            look.cancel()
        ends = [asyncio.create_task(writing.interrupt()) for writing in list(self._writings.values())]
        if pending := [*ends, *self._finishing.values()]:
            log("INFO", "{} answers are being written: they are finished with a note", len(pending))
            _, late = await asyncio.wait(pending, timeout=timeout)
            for task in late:
                task.cancel()
            if late:
                text = "{} answers could not be finished within {:g} s; the next start does it"
                log("WARNING", text, len(late), timeout)

    # Buttons

    async def was_pressed(self, key: str) -> bool:
        """Whether somebody has stopped an answer while no process of this one's knew it, or in another replica."""
        if key in self._pressed:
            return True
        return self.shared is not None and await self.shared.get(f"{key}:stop") is not None

    async def take_press(self, event: Event) -> bool:
        """Answer a click on a button that stops an answer; False for any other event."""
        callback, value = event.callback, _value_of(event)
        if callback is None or not (key := as_text(value.get(STOP))):
            return False
        content = await self._press(key, value, _ids_of(event))
        # A toast alone: while a card streams, an answer cannot replace it (流式更新卡片).
        callback.answer({"toast": {"type": "info", "content": content}})
        return True

    async def _press(self, key: str, value: dict[str, Any], who: frozenset[str]) -> str:
        words = WORDS["en" if value.get("language") == "en" else "zh"]
        allowed = frozenset(map(as_text, as_list(value.get("by"))))
        if allowed and not allowed & who:
            return words.not_yours
        if (writing := self._writings.get(key)) is not None:
            return words.stopping if writing.stop() else words.ended
        if await self.work.find(key) is None:
            return words.ended
        if self.shared is not None:
            await self.shared.set(f"{key}:stop", "pressed", PRESSED_FOR)
        self._pressed[key] = None
        while len(self._pressed) > MAX_PRESSED:
            del self._pressed[next(iter(self._pressed))]
        return words.stopping


def _value_of(event: Event) -> dict[str, Any]:
    """What the card's author gave to the element that was clicked, if that is an object."""
    action = getattr(event.event, "action", None)
    value = getattr(action, "value", None)
    return value if is_object(value) else as_object(None)


def _ids_of(event: Event) -> frozenset[str]:
    who = event.operator if isinstance(event, NoticeEvent) else None
    return frozenset() if who is None else frozenset({who.open_id, who.user_id, who.union_id} - {""})
