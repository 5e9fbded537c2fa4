"""Many bots in one NoneBot, which also watches itself: ``BOTS_JSON PORT STORE HANDLED_FILE SAMPLES_FILE``."""

import asyncio
import json
import os
import random
import sys
import time
from pathlib import Path

import nonebot
import psutil
from nonebot import on, on_message

from nonebot_adapter_feishu_ws import Adapter, Bot, CardActionEvent, Event, MessageSegment, on_card_action
from nonebot_adapter_feishu_ws.card import Button, Card, Markdown, Toast

EVERY = 10.0
bots, port, store, handled_path, samples_path = sys.argv[1:]
nonebot.init(
    _env_file=None,
    driver="~fastapi",
    host="127.0.0.1",
    port=int(port),
    log_level="WARNING",
    feishu_bots=json.loads(bots),
    feishu_store=store,
    feishu_reconnect_delays=[0.5, 1, 2],
)
driver = nonebot.get_driver()
driver.register_adapter(Adapter)
handled, samples = (
    os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644) for path in (handled_path, samples_path)
)
card = Card([Markdown("Deploy?"), Button("Approve", value={"action": "approve"})])

witness, answer, approve = on(priority=1, block=False), on_message(priority=5), on_card_action("approve", priority=5)


@witness.handle()
async def _(event: Event):
    os.write(handled, f"E {event.header.event_id}\n".encode())


@answer.handle()
async def _(event: Event):
    name, _, rest = event.get_plaintext().partition(" ")
    if random.random() < 0.2:
        await asyncio.sleep(random.uniform(0.05, 0.3))
    if rest.startswith("card"):
        await answer.send(MessageSegment.card(card))
    await answer.send(f"{name} {len(rest)}")


@approve.handle()
async def _(bot: Bot, event: CardActionEvent):
    await bot.respond(event, toast=Toast("Approved", "success"))


async def watch() -> None:
    """A line every ten seconds: what this process holds."""
    me, file = psutil.Process(), Path(store.removeprefix("sqlite:///"))
    adapter = nonebot.get_adapter(Adapter)
    while True:
        sample = {
            "at": time.time(),
            "rss": me.memory_info().rss / 1e6,
            "files": me.num_fds(),
            "threads": me.num_threads(),
            "tasks": len(asyncio.all_tasks()),
            "network tasks": await adapter._network.call(count_tasks()),
            "store": sum(path.stat().st_size for path in file.parent.glob(file.name + "*")) / 1e6,
        }
        os.write(samples, f"{json.dumps(sample)}\n".encode())
        await asyncio.sleep(EVERY)


async def count_tasks() -> int:
    # Without the one that counts.
    return len(asyncio.all_tasks()) - 1


@driver.on_startup
async def _():
    driver._watch = asyncio.create_task(begin_to_watch())


async def begin_to_watch() -> None:
    while len(nonebot.get_bots()) < len(json.loads(bots)):
        await asyncio.sleep(0.1)
    await watch()


nonebot.run()
