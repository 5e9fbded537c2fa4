"""A handler that ends its process on purpose, such as a reboot command."""

import asyncio
from collections.abc import Callable

import pytest

from tests.conftest import wait_until
from tests.flow.bot_process import BotProcess


@pytest.mark.fault(43)
@pytest.mark.parametrize(("ends", "left"), [("told", 0), ("untold", 1)])
async def test_a_handler_that_ends_the_process(sandbox, tmp_path, saw: Callable[[str], None], ends: str, left: int):
    bot = BotProcess(sandbox, tmp_path)
    async with bot.running(ENDS=ends) as child:
        await bot.say(1)
        await asyncio.wait_for(child.wait(), 60)
    assert (bot.count("begin"), bot.kept()) == (1, left)
    async with bot.running():
        await bot.say(1)
        await wait_until(lambda: bot.count("end") == 1 + left)
    begun, ended, _ = bot.ledger()
    assert (begun["n0"], ended["n0"], ended["n1"]) == (1 + left, left, 1)
    saw(f"{ends} to the store before the process ends: {begun['n0']} run(s) of the event, {bot.kept()} left")
