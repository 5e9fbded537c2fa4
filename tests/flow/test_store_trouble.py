"""The store in trouble under a bot that runs: its chats go on, its status and its log tell, and it comes back."""

import asyncio
import resource
import sqlite3
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from typing import Any

import psutil
import pytest

from nonebot_adapter_feishu_ws import Adapter
from nonebot_adapter_feishu_ws.store import FallbackStore
from tests.conftest import APP, wait_until
from tests.flow.bot_process import BotProcess
from tests.flow.test_trouble import errors

Saw = Callable[[str], None]
Trouble = Callable[[Any, Path], AbstractAsyncContextManager[None]]
LOCK = """
import sqlite3, sys
database = sqlite3.connect(sys.argv[1], isolation_level=None)
database.execute("BEGIN IMMEDIATE")
print("locked", flush=True)
sys.stdin.read()
"""


@pytest.fixture(autouse=True)
def quick_probes(monkeypatch: pytest.MonkeyPatch) -> None:
    """A store that is down is tried every twentieth of a second instead of every two seconds."""
    monkeypatch.setitem(FallbackStore.__init__.__kwdefaults__, "probe_every", 0.05)


def store_of(adapter: Adapter) -> FallbackStore:
    store = adapter._store
    assert isinstance(store, FallbackStore)
    return store


async def execute(adapter: Adapter, sql: str) -> None:
    """Run a statement between the store's own, in its thread: the connection may be in use elsewhere."""
    disk: Any = store_of(adapter).inner
    await disk._writer.call(lambda: disk._file.connection.execute(sql).fetchall())


@asynccontextmanager
async def disk_full(adapter: Adapter, path: Path) -> AsyncIterator[None]:
    """SQLite's own "disk is full"; it cannot go below what is used."""
    await execute(adapter, "PRAGMA max_page_count = 1")
    yield
    await execute(adapter, "PRAGMA max_page_count = 1000000")


@asynccontextmanager
async def read_only(adapter: Adapter, path: Path) -> AsyncIterator[None]:
    """By SQLite's own switch: file modes do not stop root."""
    await execute(adapter, "PRAGMA query_only = ON")
    yield
    await execute(adapter, "PRAGMA query_only = OFF")


@asynccontextmanager
async def locked(adapter: Adapter, path: Path) -> AsyncIterator[None]:
    """Another process is in the middle of a write."""
    child = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", LOCK, str(path)), stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE
    )
    assert child.stdin is not None
    assert child.stdout is not None
    assert await child.stdout.readline() == b"locked\n"
    yield
    child.stdin.close()
    await child.wait()


class Talk:
    """Messages that are answered, whatever the store does."""

    def __init__(self, sandbox: Any, heard: list[str]) -> None:
        self.sandbox = sandbox
        self.heard = heard
        users = [sandbox.add_user(f"user {number}") for number in range(20)]
        self.chats = [(user, sandbox.p2p(user, APP)) for user in users]
        self.sent = 0

    async def say(self) -> None:
        user, chat = self.chats[self.sent % len(self.chats)]
        await self.sandbox.say(user, chat, "x" * 2000 + f" {self.sent}")
        self.sent += 1
        await wait_until(lambda: len(self.heard) == self.sent)

    def sums(self) -> str:
        assert len(set(self.heard)) == len(self.heard) == self.sent
        return f"{len(self.heard)} of {self.sent} messages handled, each once"


def rows(path: Path) -> int:
    with sqlite3.connect(path) as database:
        [[count]] = database.execute("SELECT count(*) FROM inbox")
    database.close()
    return count


@pytest.mark.fault(29)
@pytest.mark.parametrize("trouble", [disk_full, locked, read_only], ids=lambda trouble: trouble.__name__)
async def test_sqlite_in_trouble(sandbox, run_adapter, heard, logs, tmp_path, saw: Saw, trouble: Trouble):
    path = tmp_path / "s.db"
    talk = Talk(sandbox, heard)
    async with run_adapter(feishu_store=f"sqlite:///{path}") as adapter:
        store = store_of(adapter)
        await talk.say()
        async with trouble(adapter, path):
            while store.status.ok:
                await talk.say()
            error = store.status.error or ""
            for _ in range(3):
                await talk.say()
            assert not store.status.ok
        await wait_until(lambda: store.status.ok)
        await talk.say()
        await wait_until(lambda: rows(path) == 0)
    assert any("The bots go on" in line for line in errors(logs))
    assert any("is back" in line for line in logs)
    name, left = trouble.__name__.replace("_", " "), rows(path)
    saw(f'{name}: "{_plain(error, path)}", then back; {talk.sums()}, {left} left in it')


@pytest.mark.fault(29)
@pytest.mark.parametrize("damage", ["before the start", "while it is used"])
async def test_a_damaged_file(sandbox, run_adapter, heard, logs, tmp_path, saw: Saw, damage: str):
    path = tmp_path / "s.db"
    talk = Talk(sandbox, heard)
    if damage == "before the start":
        path.write_bytes(b"no database" * 1000)
    async with run_adapter(feishu_store=f"sqlite:///{path}") as adapter:
        store = store_of(adapter)
        await talk.say()
        if damage == "while it is used":
            await execute(adapter, "PRAGMA wal_checkpoint(TRUNCATE)")
            await execute(adapter, "PRAGMA cache_size = 0")
            with path.open("r+b") as file:
                file.seek(4096)
                file.write(b"\xff" * 400_000)
        while not any("is damaged" in line for line in logs):
            await talk.say()
        await wait_until(lambda: store.status.ok)
        await talk.say()
    kept = [file.name for file in tmp_path.glob("s.db.damaged-*")]
    assert len(kept) >= 1
    saw(f"damaged {damage}: set aside as {len(kept)} file, a new one is used; {talk.sums()}")


@pytest.mark.fault(29)
async def test_a_file_that_cannot_be_opened(sandbox, run_adapter, heard, logs, tmp_path, saw: Saw):
    """A folder stands where the file should be."""
    path = tmp_path / "s.db"
    path.mkdir()
    talk = Talk(sandbox, heard)
    async with run_adapter(feishu_store=f"sqlite:///{path}") as adapter:
        store = store_of(adapter)
        error = store.status.error or ""
        assert not store.status.ok
        await talk.say()
        path.rmdir()
        await wait_until(lambda: store.status.ok)
        await talk.say()
        await wait_until(lambda: rows(path) == 0)
    saw(f'a folder in its place at the start: "{_plain(error, path)}", then back; {talk.sums()}')


@pytest.mark.fault(29)
async def test_the_system_refuses_to_write_more(sandbox, tmp_path, saw: Saw):
    """By RLIMIT_FSIZE of the bot's process, set and taken back from outside: real errors of real writes."""
    bot = BotProcess(sandbox, tmp_path)
    async with bot.running() as child:
        await bot.say(5)
        await wait_until(lambda: bot.count("end") == 5)
        process = psutil.Process(child.pid)
        size = max(file.stat().st_size for file in tmp_path.iterdir())
        process.rlimit(resource.RLIMIT_FSIZE, (size, resource.RLIM_INFINITY))
        await bot.say(20)
        await wait_until(lambda: len(bot.answers()) == 25)
        process.rlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
        await wait_until(lambda: "is back: events" in bot.output)
        await bot.say(5)
        await wait_until(lambda: len(bot.answers()) == 30)
        child.terminate()
        await child.wait()
    line = next(line for line in bot.output.splitlines() if "The bots go on" in line)
    assert bot.answers() == sorted(f"re n{number}" for number in range(30)), "each once"
    assert bot.kept() == 0
    error = line.split("Feishu | ", 1)[1].partition(". The bots")[0]
    told = f"{len(bot.answers())} of {bot.sent} messages answered, each once"
    saw(f'the system refuses to write (RLIMIT_FSIZE): "{_plain(error, bot.file)}", then back; {told}')


def _plain(error: str, path: Path) -> str:
    return error.partition(";")[0].replace(str(path), "s.db")
