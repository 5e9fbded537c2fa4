"""A burst without a store on disk: what waits is in memory alone."""

from collections.abc import Callable

import pytest

from nonebot_adapter_feishu_ws.sandbox import Sandbox
from tests.conftest import APP, SECRET, wait_until
from tests.flow.bot_process import BotProcess

BURST = 5_000
LONG = "x" * 10_000
"""Fifty megabytes in all: more than may wait where a store takes the rest."""


@pytest.mark.fault(48)
async def test_a_burst_in_memory_is_taken_as_a_whole(tmp_path, saw: Callable[[str], None]):
    async with Sandbox(redelivery=(15.0,) * 4) as sandbox:
        sandbox.add_app(APP, SECRET)
        bot = BotProcess(sandbox, tmp_path, SILENT="1", LOG="ERROR", WORK="600", FEISHU_STORE="memory://")
        async with bot.running(DRAIN="0"):
            await bot.say(1)
            await wait_until(lambda: bot.count("begin") == 1)
            messages = (bot.message(number, f"m{number}-{LONG}") for number in range(BURST))
            deliveries = [await sandbox.push(APP, "im.message.receive_v1", message) for message in messages]
            await wait_until(lambda: all(delivery.ack_code for delivery in deliveries), 90)
    refused = [delivery for delivery in deliveries if delivery.ack_code != 200]
    assert refused == []
    saw(f"{BURST:,} messages of {len(LONG):,} bytes, handlers that do not end: {len(refused)} refused")
