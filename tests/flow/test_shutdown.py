"""A process that is told to end under load: what it began is finished or kept, and the next one goes on."""

import asyncio
import signal
import time
from collections.abc import Callable

import pytest

from tests.conftest import APP, wait_until
from tests.flow.bot_process import BotProcess

Saw = Callable[[str], None]
NUMBER = 40


@pytest.mark.fault(28)
async def test_sigterm_under_load_loses_and_doubles_nothing(sandbox, tmp_path, saw: Saw):
    bot = BotProcess(sandbox, tmp_path, DRAIN="1")
    async with bot.running(WORK="0.3", FEISHU_MAX_RUNNING_HANDLERS="4") as child:
        [connection] = sandbox.gateway.connections[APP]
        await bot.say(NUMBER)
        await wait_until(lambda: len(connection.acks) == NUMBER and bot.count("end"))
        child.send_signal(signal.SIGTERM)
        began = time.monotonic()
        await asyncio.wait_for(child.wait(), 60)
        took = time.monotonic() - began
        code, closed = child.returncode, connection.socket.close_code
    ended, kept = bot.count("end"), bot.kept()
    [line] = [line for line in bot.output.splitlines() if "Stopped after" in line]
    assert (code, closed) == (0, 1000)
    assert 0 < ended < NUMBER
    assert kept == NUMBER - ended, "handled, or on disk"
    async with bot.running(WORK="0"):
        await wait_until(lambda: bot.count("end") == NUMBER)
    assert bot.answers() == sorted(f"re n{number}" for number in range(NUMBER)), "each once"
    saw(
        f"{NUMBER} events acked, then SIGTERM: ended after {took:.1f} s (handlers get 1 s) with exit code {code}, "
        f"close code {closed}; {ended} handled, {kept} kept in the store"
    )
    saw(f"next start: {bot.count('end') - ended} more handled, {len(bot.answers())} answers to {NUMBER} messages")
    saw(f'the log: "{line.split("Feishu | ", 1)[-1].strip()}"')


@pytest.mark.fault(28)
async def test_sigterm_does_not_wait_for_handlers_that_wait_for_a_minute(sandbox, tmp_path, saw: Saw):
    """NoneBot shields its matchers from being cancelled, so the process waited for the slowest of them."""
    bot = BotProcess(sandbox, tmp_path, DRAIN="0.5")
    async with bot.running(WORK="60") as child:
        [connection] = sandbox.gateway.connections[APP]
        await bot.say(5)
        await wait_until(lambda: len(connection.acks) == 5 and bot.count("begin") == 5)
        child.send_signal(signal.SIGTERM)
        began = time.monotonic()
        await asyncio.wait_for(child.wait(), 45)
        took = time.monotonic() - began
        code = child.returncode
    ended, kept = bot.count("end"), bot.kept()
    assert (code, ended, kept) == (0, 0, 5)
    async with bot.running(WORK="0"):
        await wait_until(lambda: bot.count("end") == 5)
    assert bot.answers() == sorted(f"re n{number}" for number in range(5)), "each once"
    saw(
        f"5 handlers that wait 60 s: ended after {took:.1f} s (handlers get 0.5 s, then 1 s to clean up), {kept} kept; "
        f"next start: {bot.count('end')} handled, {len(bot.answers())} answers"
    )
