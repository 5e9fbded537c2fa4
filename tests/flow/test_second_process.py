"""A bot that is started twice on one SQLite file, by mistake."""

import asyncio
import signal
from collections.abc import Callable

import pytest

from tests.conftest import APP, wait_until
from tests.flow.bot_process import BotProcess

STARTS = 2


@pytest.mark.fault(39)
async def test_a_second_start_takes_nothing_from_the_first(sandbox, tmp_path, saw: Callable[[str], None]):
    """Found by users: a 45 s handler ran three times, and its event was parked."""
    first = BotProcess(sandbox, tmp_path, WORK="600")
    (tmp_path / "again").mkdir()
    async with first.running() as living:
        await first.say(1)
        await wait_until(lambda: first.count("begin") == 1)
        again = BotProcess(sandbox, tmp_path / "again", FEISHU_STORE=f"sqlite:///{first.file}")
        for _ in range(STARTS):
            async with again.running() as child:
                await wait_until(lambda: len(sandbox.gateway.connections[APP]) == 2)
                await wait_until(lambda: f"(id {living.pid}) runs {APP} as well" in again.output)
                await wait_until(lambda: "is in use: another process" in first.output)
                child.send_signal(signal.SIGTERM)
                await asyncio.wait_for(child.wait(), 30)
        assert "is handled again" not in again.output
        assert (first.count("begin"), again.count("begin")) == (1, 0)
    assert first.kept() == 1
    first.env["WORK"] = "0"
    async with first.running():
        await wait_until(lambda: first.count("end") == 1)
    begun = first.count("begin")
    assert begun == 2, "killed once, so handled again once"
    saw(
        f"{STARTS} further starts while a handler runs: {again.count('begin')} of its events taken, both processes say "
        f"so; the first one killed: handled again at the next start ({begun} runs, {first.kept()} left)"
    )
