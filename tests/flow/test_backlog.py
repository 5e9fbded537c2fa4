"""A hundred thousand events wait when a bot starts: it starts as ever, and other chats are answered at once."""

import asyncio
import json
import sqlite3
import time
from collections.abc import Callable
from typing import Any

import psutil
import pytest

from tests.conftest import APP, wait_until
from tests.flow.bot_process import BotProcess

NUMBER = 100_000


def fill(bot: BotProcess) -> None:
    """Let messages of one chat wait in the store, as a bot would that cannot keep up."""
    with sqlite3.connect(bot.file) as database:
        database.executemany(
            "INSERT INTO inbox (key, bot_id, payload, taken_at, runs) VALUES (?, ?, ?, ?, 0)",
            ((f"{APP}:event:waits-{number}", APP, _payload(bot, number), time.time()) for number in range(NUMBER)),
        )
    database.close()


def _payload(bot: BotProcess, number: int) -> bytes:
    header = {"event_id": f"waits-{number}", "event_type": "im.message.receive_v1", "app_id": APP}
    return json.dumps({"schema": "2.0", "header": header, "event": bot.message(0, f"waits{number}")}).encode()


async def answered(bot: BotProcess, talk: tuple[Any, Any]) -> float | None:
    """Say something in a chat, and return after how many seconds its handler has begun; None if not within ten."""
    loop, text = asyncio.get_running_loop(), f"another{bot.sent}"
    bot.sent += 1
    said = loop.time()
    await bot.sandbox.say(*talk, text)
    try:
        await wait_until(lambda: bot.ledger()[0][text], timeout=10)
    except AssertionError:
        return None
    return loop.time() - said


@pytest.mark.fault(59)
async def test_a_message_of_another_chat_waits_behind_no_backlog(sandbox, tmp_path, saw: Callable[[str], None]):
    bot = BotProcess(sandbox, tmp_path, SILENT="1", WORK="0.5", FEISHU_MAX_RUNNING_HANDLERS="8")
    loop = asyncio.get_running_loop()
    began = loop.time()
    async with bot.running() as child:
        empty_start, empty = loop.time() - began, psutil.Process(child.pid).memory_info().rss
    fill(bot)
    began = loop.time()
    async with bot.running() as child:
        full_start = loop.time() - began
        await wait_until(lambda: bot.count("begin") >= 8)
        others = iter(bot.chats[1:])
        waited, begun = await answered(bot, next(others)), bot.count("begin")
        while waited is None:  # what waits was not looked through yet
            waited, begun = await answered(bot, next(others)), bot.count("begin")
        full = psutil.Process(child.pid).memory_info().rss
    assert begun < NUMBER / 100
    saw(
        f"{NUMBER:,} waiting: connected after {full_start:.1f} s with {full / 1e6:.0f} MB (with none {empty_start:.1f} "
        f"s, {empty / 1e6:.0f} MB); a message of another chat was begun after {waited:.1f} s, when {begun} of them were"
    )
