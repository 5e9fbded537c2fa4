"""Nothing that was acked is lost in silence: a bot in a process of its own whose SQLite file is in real trouble."""

import asyncio
import json
from collections.abc import Callable
from typing import Any

import pytest

from tests.conftest import APP, wait_until
from tests.flow.bot_process import BotProcess

Saw = Callable[[str], None]
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
