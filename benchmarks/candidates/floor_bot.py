"""NoneBot alone: an adapter that gets its events from nowhere and sends nowhere, with one plugin that echoes.

``PORT COUNT BURST``: handles COUNT events at 20/s and BURST events at once; writes the CPU seconds per 1,000 of each
into ``floor.json``. What it costs no adapter can save.
"""

import asyncio
import json
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import nonebot
from nonebot.adapters import Adapter, Bot, Event, Message, MessageSegment
from nonebot.drivers import Driver
from nonebot.message import handle_event

RATE, AT_ONCE = 20, 64


class Segment(MessageSegment["Text"]):
    """A piece of text."""

    @classmethod
    def get_message_class(cls) -> type["Text"]:
        return Text

    def __str__(self) -> str:
        return self.data["text"]

    def is_text(self) -> bool:
        return True


class Text(Message[Segment]):
    """What NoneBot looks for a command in, before every event."""

    @classmethod
    def get_segment_class(cls) -> type[Segment]:
        return Segment

    @staticmethod
    def _construct(msg: str) -> Iterable[Segment]:
        yield Segment("text", {"text": msg})


class FloorEvent(Event):
    """A message whose text is all there is."""

    number: int

    def get_type(self) -> str:
        return "message"

    def get_event_name(self) -> str:
        return "message.private"

    def get_event_description(self) -> str:
        return f"Message om_{self.number} from ou_bench: /echo n{self.number}"

    def get_plaintext(self) -> str:
        return f"/echo n{self.number}"

    def get_user_id(self) -> str:
        return "ou_bench"

    def get_session_id(self) -> str:
        return "p2p_ou_bench"

    def get_message(self) -> Text:
        return Text(self.get_plaintext())

    def is_tome(self) -> bool:
        return True


class FloorBot(Bot):
    """Counts what is sent."""

    sent = 0

    async def send(self, event: Event, message: Any, **_: Any) -> None:
        FloorBot.sent += 1


class Floor(Adapter):
    """Handles its events once NoneBot has started."""

    def __init__(self, driver: Driver, **options: Any) -> None:
        super().__init__(driver, **options)
        driver.on_startup(self.start)

    @classmethod
    def get_name(cls) -> str:
        return "Floor"

    async def start(self) -> None:
        self.bot_connect(FloorBot(self, "cli_floor"))
        self.task = asyncio.create_task(self.measure())

    async def measure(self) -> None:
        await asyncio.sleep(1)
        await self.handle_at_rate(20)
        result = {"cpu_rate": await self.handle_at_rate(COUNT)}
        await self.handle_at_once(200)
        result["cpu_burst"] = await self.handle_at_once(BURST)
        partial = Path("floor.partial")
        partial.write_text(json.dumps(result))
        partial.rename("floor.json")

    async def handle_at_rate(self, count: int) -> float:
        bot, tasks = self.bots["cli_floor"], list[asyncio.Task[None]]()
        cpu, started = time.process_time(), time.perf_counter()
        for number in range(count):
            await asyncio.sleep(max(0.0, started + number / RATE - time.perf_counter()))
            tasks.append(asyncio.create_task(handle_event(bot, FloorEvent(number=number))))
        await asyncio.gather(*tasks)
        return (time.process_time() - cpu) / count * 1000

    async def handle_at_once(self, count: int) -> float:
        bot, numbers, sent = self.bots["cli_floor"], iter(range(count)), FloorBot.sent

        async def work() -> None:
            for number in numbers:
                await handle_event(bot, FloorEvent(number=number))

        cpu = time.process_time()
        await asyncio.gather(*(work() for _ in range(AT_ONCE)))
        assert FloorBot.sent - sent == count
        return (time.process_time() - cpu) / count * 1000

    async def _call_api(self, bot: Bot, api: str, **data: Any) -> None:
        raise NotImplementedError


if __name__ == "__main__":
    import sys

    PORT, COUNT, BURST = map(int, sys.argv[1:])
    nonebot.init(_env_file=None, driver="~fastapi", host="127.0.0.1", port=PORT, command_start=["/", ""])
    nonebot.get_driver().register_adapter(Floor)
    echo = nonebot.on_message()

    @echo.handle()
    async def _(event: Event):
        await echo.finish(event.get_plaintext().partition(" ")[2])

    nonebot.run()
