"""Nothing that was acked is lost in silence: a bot in a process of its own whose Redis is in real trouble."""

import asyncio
import socket
import tempfile
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from redis.asyncio import Redis

from tests.conftest import APP, wait_until
from tests.flow.bot_process import BotProcess
from tests.redis_server import RedisServer

Saw = Callable[[str], None]
pytestmark = pytest.mark.needs("redis-server")
INBOX = f"feishu:{{{APP}}}:inbox"


@pytest.fixture
async def raw(redis_server) -> AsyncIterator[Redis]:
    async with Redis.from_url(redis_server.url) as client:
        yield client


async def say_acked(bot: BotProcess, count: int) -> None:
    """Send messages, and wait until all of them are acked."""
    before = len(bot.sandbox.gateway.connections[APP][0].acks)
    await bot.say(count)
    await wait_until(lambda: len(bot.sandbox.gateway.connections[APP][0].acks) >= before + count)


@pytest.mark.fault(52)
async def test_a_full_redis_refuses_new_events_only_and_drains(sandbox, tmp_path, redis_server, raw, saw: Saw):
    sandbox.gateway.redelivery = (0.3,) * 200
    env = {"FEISHU_STORE": redis_server.url, "FEISHU_MAX_RUNNING_HANDLERS": "4", "SILENT": "1"}
    bot = BotProcess(sandbox, tmp_path, **env)
    [user, chat] = bot.chats[0]
    async with bot.running(WORK="0.2"):
        for number in range(200):
            await sandbox.say(user, chat, f"n{number}" + "x" * 20_000)
        while await raw.xlen(INBOX) + bot.count("end") < 200:
            await asyncio.sleep(0.05)
        full = (await raw.info("memory"))["used_memory"]
        await raw.config_set("maxmemory", full - 200_000)
        await bot.say(20)
        await wait_until(lambda: "no memory left for new events" in bot.output)
        await wait_until(lambda: bot.count("end") >= 220, timeout=60)
        left = await raw.xlen(INBOX)
    _, ends, _ = bot.ledger()
    assert len(ends) == 220
    assert set(ends.values()) == {1}
    assert "The bots go on with what is in memory" not in bot.output
    saw(
        f"full with 200 events in it: they drained, then 20 of 20 new ones were taken; {len(ends)} handled, {left} left"
    )


@asynccontextmanager
async def fixed_address(target: list[RedisServer]) -> AsyncIterator[int]:
    """A port that leads new connections to the server that is the target now, as a virtual address does."""

    async def pipe(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while data := await reader.read(65_536):
            writer.write(data)
        writer.close()

    async def connect(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        upstream = await asyncio.open_unix_connection(target[0].socket)
        await asyncio.gather(pipe(reader, upstream[1]), pipe(upstream[0], writer), return_exceptions=True)

    server = await asyncio.start_server(connect, "127.0.0.1", 0)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()


@pytest.fixture
def second_redis():
    with tempfile.TemporaryDirectory(prefix="feishu-redis-") as folder:
        server = RedisServer(Path(folder))
        server.start()
        yield server
        server.stop()


@pytest.mark.fault(53)
async def test_a_demoted_primary_behind_a_fixed_address(sandbox, tmp_path, redis_server, raw, second_redis, saw: Saw):
    """The old connection stayed open to what had become a replica, so the store stayed down."""
    target = [redis_server]
    async with fixed_address(target) as port:
        bot = BotProcess(sandbox, tmp_path, FEISHU_STORE=f"redis://127.0.0.1:{port}/0", SILENT="1")
        async with bot.running(WORK="600") as child:
            await bot.say(1)
            await wait_until(lambda: bot.count("begin") == 1)
            with socket.create_server(("127.0.0.1", 0)) as nobody:
                await raw.execute_command("REPLICAOF", "127.0.0.1", str(nobody.getsockname()[1]))
                target[0] = second_redis
                await say_acked(bot, 1)
                await wait_until(lambda: "is back: events" in bot.output)
                await say_acked(bot, 60)
            child.kill()
            await child.wait()
        async with bot.running(WORK="0"):
            await wait_until(lambda: bot.count("end") >= 60)
    [line] = [line for line in bot.output.splitlines() if "The bots go on" in line]
    error = line.partition("Feishu | ")[2].partition(". The bots")[0].partition(";")[0].replace(f":{port}", "")
    saw(f'"{error}": the next connection found the new primary; 60 acked then, kill -9: {bot.count("end")} handled')


@pytest.mark.fault(54)
async def test_claims_that_go_before_their_entries_leave_nothing_behind(sandbox, tmp_path, redis_server, raw, saw: Saw):
    """They expire after eight hours, and a volatile-* policy evicts them first."""
    bot = BotProcess(sandbox, tmp_path, FEISHU_STORE=redis_server.url, SILENT="1")
    async with bot.running(WORK="1"):
        await bot.say(20)
        await wait_until(lambda: bot.count("begin") == 20)
        claims = [key async for key in raw.scan_iter(match=f"feishu:{{{APP}}}:claim:*")]
        await raw.delete(*claims)
        await wait_until(lambda: bot.count("end") == 20)
        left, give_up_at = 20, time.monotonic() + 20  # what is done is written a moment later
        while left and time.monotonic() < give_up_at:
            left = await raw.xlen(INBOX)
            await asyncio.sleep(0.05)
    async with bot.running(WORK="0"):
        await say_acked(bot, 1)
        await wait_until(lambda: bot.count("end") >= 21)
    _, ends, _ = bot.ledger()
    assert left == 0
    assert set(ends.values()) == {1}
    saw(f"{len(claims)} claims of 20 running events evicted: {left} entries left, {len(ends) - 1} handled once")


@pytest.mark.fault(55)
async def test_data_that_redis_loses_is_told_with_the_last_count(sandbox, tmp_path, redis_server, raw, saw: Saw):
    env = {"FEISHU_STORE": redis_server.url, "FEISHU_MAX_RUNNING_HANDLERS": "1", "FEISHU_TAKEOVER_AFTER": "5"}
    bot = BotProcess(sandbox, tmp_path, SILENT="1", **env)
    async with bot.running(WORK="600"):
        await say_acked(bot, 60)
        waiting = await raw.xlen(INBOX) - (await raw.xpending(INBOX, "inbox"))["pending"]
        await asyncio.sleep(6)  # the inbox is counted every five seconds
        await raw.flushall()
        await wait_until(lambda: "has lost the data of" in bot.output)
    [line] = [line for line in bot.output.splitlines() if "has lost the data of" in line]
    told = line.partition("At the last count ")[2].partition(":")[0]
    assert told.startswith(f"{waiting} events waited")
    saw(f"FLUSHALL with {waiting} events waiting: an ERROR says so: {told}")


@pytest.mark.fault(56)
@pytest.mark.parametrize("option", ["foo=1", "decode_responses=true"])
async def test_an_option_of_the_url_that_cannot_be_used_ends_the_start(
    sandbox, tmp_path, redis_server, saw: Saw, option: str
):
    """The first one hung the start, and SIGTERM; the second was a traceback."""
    bot = BotProcess(sandbox, tmp_path)
    child = await bot.start(FEISHU_STORE=f"{redis_server.url}&{option}")
    try:
        output, _ = await asyncio.wait_for(child.communicate(), 30)
    finally:
        if child.returncode is None:
            child.kill()
    [line] = [line for line in output.decode().splitlines() if "FEISHU_STORE" in line]
    assert b"Traceback" not in output
    assert child.returncode == 1
    told = line.partition("FEISHU_STORE: ")[2].partition(";")[0]
    saw(f'?{option}: exit code {child.returncode}, "{told}"')
