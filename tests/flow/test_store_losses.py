"""Nothing that was acked is lost in silence: a bot in a process of its own whose SQLite file is in real trouble."""

import asyncio
import json
import os
import sqlite3
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from nonebot_adapter_feishu_ws.store.sqlite.dead_letters import SqliteDeadLetters
from tests.conftest import APP, wait_until
from tests.flow.bot_process import BotProcess

Saw = Callable[[str], None]
NUMBER = 100
HALF = "\ud83d"
"""Half of a character, as Feishu delivers it where a text was cut."""


def push(bot: BotProcess, number: int, event_id: str) -> Any:
    """Push a message that does not outlive its push in the sandbox."""
    header = {"event_id": event_id, "event_type": "im.message.receive_v1", "app_id": APP}
    raw = json.dumps({"schema": "2.0", "header": header, "event": bot.message(number)}).encode()
    return bot.sandbox.gateway.push(bot.sandbox.gateway.world.apps[APP], raw, event_id)


@pytest.mark.fault(49)
@pytest.mark.parametrize("store", ["SQLite", pytest.param("Redis", marks=pytest.mark.needs("redis-server"))])
async def test_an_event_id_with_half_a_character_loses_no_other_event(sandbox, tmp_path, request, saw: Saw, store: str):
    env = {"FEISHU_STORE": request.getfixturevalue("redis_server").url} if store == "Redis" else {}
    bot = BotProcess(sandbox, tmp_path, SILENT="1", **env)
    async with bot.running():
        ids = [f"e{number}{HALF if number == 100 else ''}" for number in range(200)]
        deliveries = [push(bot, number, event_id) for number, event_id in enumerate(ids)]
        acked = await asyncio.gather(*(delivery.wait() for delivery in deliveries))
        await wait_until(lambda: bot.count("end") >= len(ids))
        again = await push(bot, 100, ids[100]).wait()
    _, ends, _ = bot.ledger()
    assert again.ack_code == 200
    assert len(ends) == len(ids)
    assert set(ends.values()) == {1}
    saw(f"{store}, half a character in 1 of {len(ids)} event ids: {len(acked)} acked, {len(ends)} handled, each once")


def age(bot: BotProcess, seconds: float, *, outage: bool) -> None:
    """Make the events in the file older, as if they had waited for so long, before the bot ended or since then."""
    with sqlite3.connect(bot.file) as database:
        database.execute("UPDATE inbox SET taken_at = taken_at - ?", (seconds,))
        if outage:
            mark = json.dumps([time.time() - seconds, "an earlier boot", 0.0])
            database.execute("UPDATE state SET value = ? WHERE key = ?", (mark, f"{APP}:alive"))
    database.close()


async def ended(bot: BotProcess, count: int, **env: str) -> int:
    """Let a bot take messages and end it while it handles them; returns how many it had begun and put back."""
    async with bot.running(WORK="60", DRAIN="0.1", FEISHU_MAX_RUNNING_HANDLERS="1", **env) as child:
        [connection] = bot.sandbox.gateway.connections[APP]
        await bot.say(count)
        await wait_until(lambda: len(connection.acks) == count and bot.count("begin"))
        child.terminate()
        await asyncio.wait_for(child.wait(), 60)
    with sqlite3.connect(bot.file) as database:
        [[put_back]] = database.execute("SELECT count(*) FROM inbox WHERE put_back")
    database.close()
    assert 0 < put_back < count == bot.kept()
    return put_back


@pytest.mark.fault(50)
async def test_a_planned_restart_drops_no_backlog_however_old(sandbox, tmp_path, saw: Saw):
    bot = BotProcess(sandbox, tmp_path, SILENT="1")
    put_back = await ended(bot, NUMBER)
    age(bot, 86_400, outage=False)
    async with bot.running(WORK="0"):
        await wait_until(lambda: bot.count("end") >= NUMBER)
    assert set(bot.ledger()[1].values()) == {1}
    saw(
        f"restarted with a backlog of a day: {bot.count('end')} of {NUMBER} handled, {put_back} of which had been begun"
    )


@pytest.mark.fault(50)
async def test_after_a_long_outage_what_was_begun_is_handled_and_the_rest_is_parked_and_told(
    sandbox, tmp_path, saw: Saw
):
    bot = BotProcess(sandbox, tmp_path, SILENT="1")
    put_back = await ended(bot, NUMBER)
    age(bot, 86_400, outage=True)
    parked = NUMBER - put_back
    async with bot.running(WORK="0"):
        await wait_until(lambda: bot.count("end") >= put_back)
        await wait_until(lambda: f"{parked} events waited when the last process ended" in bot.output)
        letters = SqliteDeadLetters(bot.file)
        assert all(letters.retry(entry.key) for entry in letters.list())
        letters.close()
        await wait_until(lambda: bot.count("end") >= NUMBER)
    assert set(bot.ledger()[1].values()) == {1}
    saw(
        f"restarted after a day: {put_back} events that had been begun handled, {parked} others parked with a log "
        f"line, and run by the command: {bot.count('end')} of {NUMBER} handled"
    )


def delete(file: Path) -> None:
    for path in file.parent.glob(f"{file.name}*"):
        path.unlink()


def move(file: Path) -> None:
    file.rename(file.with_name("elsewhere.db"))


def replace(file: Path) -> None:
    move(file)
    sqlite3.connect(file).execute("VACUUM").connection.close()


def lose_wal(file: Path) -> None:
    file.with_name(f"{file.name}-wal").unlink()


def truncate(file: Path) -> None:
    database = sqlite3.connect(file)
    database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    database.close()
    os.truncate(file, file.stat().st_size // 4096 // 2 * 4096)


@pytest.mark.fault(51)
@pytest.mark.parametrize("trouble", [delete, move, replace, lose_wal, truncate], ids=lambda trouble: trouble.__name__)
async def test_a_file_that_is_gone_while_it_is_used(sandbox, tmp_path, saw: Saw, trouble: Callable[[Path], None]):
    """The process wrote on into a file without a name, and a kill lost all of it."""
    bot = BotProcess(sandbox, tmp_path, SILENT="1", FEISHU_MAX_RUNNING_HANDLERS="1")
    async with bot.running(WORK="600") as child:
        [connection] = sandbox.gateway.connections[APP]
        await bot.say(NUMBER // 2)
        await wait_until(lambda: len(connection.acks) == NUMBER // 2 and bot.count("begin"))
        trouble(bot.file)
        await bot.say(NUMBER // 2)
        await wait_until(lambda: len(connection.acks) == NUMBER)
        await wait_until(lambda: "ind out who did it" in bot.output or "is back: events" in bot.output)
        child.kill()
        await child.wait()
    line = next(line for line in bot.output.splitlines() if "while it was used" in line or "is damaged (" in line)
    kept = bot.kept()
    async with bot.running(WORK="0"):
        await wait_until(lambda: bot.count("end") >= kept, timeout=60)
    _, ends, _ = bot.ledger()
    assert set(ends.values()) == {1}
    assert len(ends) == kept >= (32 if trouble is truncate else NUMBER)
    told = line.partition("s.db ")[2].partition(" while")[0].partition(" (")[0]
    saw(f"{NUMBER} acked and not handled, the file {told}, then kill -9: {kept} in the new file, {len(ends)} handled")
