"""Handlers that raise, wait, block, or come in thousands: acks do not depend on them. The sandbox has its own loop."""

import asyncio
import sqlite3
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest
from loguru import logger
from nonebot import on_message

from nonebot_adapter_feishu_ws import Event
from nonebot_adapter_feishu_ws.sandbox import Sandbox
from tests.conftest import APP, SECRET, wait_until
from tests.flow.bot_process import BotProcess
from tests.flow.far_sandbox import far_sandbox, latencies
from tests.flow.test_trouble import person

Saw = Callable[[str], None]
BURST = 5_000
WAITING_AT_MOST = 1_000
"""Events of one bot in memory before their handlers start; the rest waits on disk."""
BIGGEST = 100 * 1024 * 1024
"""Bytes by which the bot's process may grow in a burst."""


@pytest.fixture
def quiet() -> Iterator[None]:
    """No log: NoneBot's lines about thousands of events would take most of the time."""
    logger.disable("nonebot")
    yield
    logger.enable("nonebot")


def rows(file: Path) -> int:
    with sqlite3.connect(file) as database:
        [[count]] = database.execute("SELECT count(*) FROM inbox")
    database.close()
    return count


@pytest.mark.fault(22)
async def test_a_raising_handler_does_not_stop_the_next_event(
    sandbox, run_adapter, heard, matchers, logs, tmp_path, saw: Saw
):
    bad = on_message(priority=1, block=False)
    matchers(bad)

    @bad.handle()
    async def _():
        raise RuntimeError("a plugin's defect")

    user, chat = person(sandbox)
    file = tmp_path / "s.db"
    async with run_adapter(feishu_store=f"sqlite:///{file}"):
        await sandbox.say(user, chat, "one")
        await sandbox.say(user, chat, "two")
        await sandbox.wait_message(chat, count=2)
        await wait_until(lambda: rows(file) == 0)
    assert sorted(heard) == ["one", "two"]
    lines = [line for line in logs if "Running Matcher" in line and "failed" in line]
    assert len(lines) == 2
    told = f"{len(lines)} errors logged, {len(heard)} next handlers run, {rows(file)} left in the store"
    saw(f"2 events, a handler raises for each: {told}")


@pytest.mark.fault(23)
async def test_handlers_that_wait_for_long_do_not_hold_up_acks(run_adapter, matchers, saw: Saw):
    release = asyncio.Event()
    begun: list[str] = []
    ended: list[str] = []
    matcher = on_message(block=True)
    matchers(matcher)

    @matcher.handle()
    async def _(event: Event):
        begun.append(event.get_plaintext())
        await release.wait()
        ended.append(event.get_plaintext())

    async with far_sandbox() as far, run_adapter(feishu_api_base=far.url):
        deliveries = await far.push(far.people(1), [str(number) for number in range(100)])
        for delivery in deliveries:
            await far.call(delivery.wait())
        await wait_until(lambda: begun)
        returned = len(ended)
        release.set()
        await wait_until(lambda: len(ended) == 100)
    assert returned == 0, "all acked while no handler had returned"
    assert [delivery.attempts for delivery in deliveries] == [1] * 100
    saw(f"100 events acked while {returned} handlers had returned: {latencies(deliveries)}; then {len(ended)} handled")


@pytest.mark.fault(24)
async def test_a_plugin_that_blocks_the_loop_holds_up_neither_acks_nor_pings(run_adapter, matchers, saw: Saw):
    """The existing adapter acks seconds late, and the platform pushes the events again."""
    handled: list[float] = []
    block = 0.4
    matcher = on_message(block=True)
    matchers(matcher)

    @matcher.handle()
    async def _():
        time.sleep(block)  # noqa: ASYNC251 - this is what plugins do
        handled.append(time.perf_counter())

    async with far_sandbox(client_config={"PingInterval": 1}) as far, run_adapter(feishu_api_base=far.url):
        [connection] = far.sandbox.gateway.connections[APP]
        before = connection.pings
        deliveries = await far.push(far.people(1), [str(number) for number in range(10)])
        await wait_until(lambda: len(handled) == 10)
        pings = connection.pings - before
        assert far.sandbox.gateway.connections[APP] == [connection]
    acked = [delivery.pushed_at + (delivery.latency or 1e9) for delivery in deliveries]
    assert [delivery.attempts for delivery in deliveries] == [1] * 10
    assert max(acked) < handled[-1], "the last ack did not wait for the last handler"
    assert pings >= 2
    span = handled[-1] - deliveries[0].pushed_at
    saw(f"10 handlers block for {block} s each, {span:.1f} s in all: {latencies(deliveries)}, {pings} pings meanwhile")


@pytest.mark.fault(25)
async def test_a_burst_is_acked_at_once_and_handled_a_bounded_number_at_a_time(tmp_path, saw: Saw):
    """The bot is a process of its own, so that its memory and its acks are not mixed with the sandbox's work."""
    async with Sandbox(redelivery=(15.0,) * 4) as sandbox:
        sandbox.add_app(APP, SECRET)
        bot = BotProcess(sandbox, tmp_path, SILENT="1", LOG="ERROR", WORK="0.05")
        async with bot.running() as child:
            await bot.say(1)
            await wait_until(lambda: bot.count("end") == 1)
            process = psutil.Process(child.pid)
            memory = [process.memory_info().rss]
            deliveries = [await sandbox.push(APP, "im.message.receive_v1", bot.message(it)) for it in range(BURST)]
            await wait_until(lambda: all(delivery.ack_code for delivery in deliveries), 60)
            at_the_last_ack = bot.count("end") - 1
            while bot.count("end") <= BURST:
                memory.append(process.memory_info().rss)
                await asyncio.sleep(0.25)
        begun, handled, most = bot.ledger()
    assert set(handled.values()) == {1}, "each once"
    assert sum(begun.values()) == len(handled) == BURST + 1
    assert most < WAITING_AT_MOST, "64 at a time, unless the machine makes them wait for more than a second"
    assert max(memory) - memory[0] < BIGGEST
    again = sum(delivery.attempts > 1 for delivery in deliveries)
    saw(f"all acked when {at_the_last_ack:,} were handled: {latencies(deliveries)}, {again} pushed again")
    saw(
        f"at most {most} handlers at a time, the bot's memory +{(max(memory) - memory[0]) / 1e6:.0f} MB; "
        f"{len(handled) - 1:,} handled, each once"
    )


COMMANDS = """
import os
import nonebot
from nonebot_adapter_feishu_ws import Adapter, Event

nonebot.init(_env_file=None, driver="~none", log_level="ERROR")
nonebot.get_driver().register_adapter(Adapter)
ledger = open(os.environ["LEDGER"], "a", buffering=1)
for number in range(100):
    command = nonebot.on_command(f"command{number}", block=False)

    @command.handle()
    async def _(event: Event):
        ledger.write(f"bot end {event.get_plaintext()}\\n")

nonebot.run()
"""


@pytest.mark.fault(26)
async def test_many_commands_do_not_hold_up_acks(tmp_path, saw: Saw):
    """NoneBot alone takes some 100 ms per event to ask 100 matchers, so the test does not wait for all of them."""
    (tmp_path / "bot.py").write_text(COMMANDS)
    async with Sandbox(redelivery=(15.0,) * 4) as sandbox:
        sandbox.add_app(APP, SECRET)
        bot = BotProcess(sandbox, tmp_path, tmp_path / "bot.py")
        async with bot.running(FEISHU_MAX_RUNNING_HANDLERS="4"):
            messages = [bot.message(number, f"/command{number % 100}") for number in range(200)]
            deliveries = [await sandbox.push(APP, "im.message.receive_v1", message) for message in messages]
            await wait_until(lambda: all(delivery.ack_code for delivery in deliveries))
            at_the_last_ack = bot.count("end")
            await wait_until(lambda: bot.count("end"))
    assert [delivery.attempts for delivery in deliveries] == [1] * 200
    assert at_the_last_ack < 200
    saw(f"200 events, 100 commands: {latencies(deliveries)}; all acked when {at_the_last_ack} were handled")
