"""A second process on one SQLite file: what a living one holds stays with it, and what a dead one held does not."""

import os
import time

import pytest

from nonebot_adapter_feishu_ws.store import Entry
from nonebot_adapter_feishu_ws.store.sqlite import neighbours
from nonebot_adapter_feishu_ws.store.sqlite.store import SqliteStore

BOT, OTHER = "cli_a", "cli_b"


async def started(path, *bot_ids: str, **options) -> SqliteStore:
    store = SqliteStore(path, **options)
    await store.open(bot_ids or (BOT,))
    return store


async def take(store: SqliteStore, number: int, *, begin: bool = True, at: float | None = None, bot: str = BOT) -> None:
    entry = Entry(f"{bot}:event:{number}", bot, b"{}", at or time.time())
    await store.take(entry, [entry.key], begin=begin)


def kill(store: SqliteStore) -> None:
    """As the system does for a process that dies: its lock is free, its file is left."""
    assert store._file.neighbours._own is not None
    os.close(store._file.neighbours._own)
    store._file.neighbours._own = None


def in_use(logs: list[str]) -> list[str]:
    return [line for line in logs if "is in use: another process" in line]


async def test_a_second_process_takes_nothing_that_a_living_one_holds_and_both_say_so(tmp_path, logs):
    first = await started(tmp_path / "s.db")
    await take(first, 1)
    await take(first, 2, begin=False, at=time.time() - 3000)
    second = await started(tmp_path / "s.db")
    [line] = in_use(logs)
    assert line.startswith("WARNING")
    assert f"(id {os.getpid()}), which" not in line
    assert f"(id {os.getpid()}) runs cli_a as well" in line
    assert "FEISHU_STORE=redis://" in line
    assert await second.fetch_abandoned([BOT]) is None
    assert (await second.count([BOT]))[BOT].waiting == 1, "a living process's backlog is not too old"
    await first.count([BOT])
    await first.count([BOT])
    assert len(in_use(logs)) == 2, "the first one tells it as well, once"
    await first.done([f"{BOT}:event:1"])
    await first.close()
    await second.count([BOT])
    assert await second.fetch_abandoned([BOT]) is None
    await second.close()
    assert [file.name for file in tmp_path.iterdir()] == ["s.db"]


async def test_what_a_dead_process_held_goes_to_the_one_that_lives(tmp_path):
    first, second, third = [await started(tmp_path / "s.db") for _ in range(3)]
    await take(first, 1)
    await take(third, 2)
    kill(first)
    await second.count([BOT])
    abandoned = await second.fetch_abandoned([BOT])
    assert abandoned is not None
    assert (abandoned.key, abandoned.runs) == (f"{BOT}:event:1", 2)
    assert await second.fetch_abandoned([BOT]) is None, "the third one lives"
    kill(third)
    after = await started(tmp_path / "s.db")
    assert [await after.fetch_abandoned([BOT]) is not None for _ in range(2)] == [True, False]
    await second.close()
    await after.close()


async def test_a_file_is_the_same_one_by_a_link_and_from_another_folder(tmp_path, logs, monkeypatch):
    """A release folder's link to the file, or a plugin's ``os.chdir``, and each took the events of the other."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "release").mkdir()
    (tmp_path / "release" / "bot.db").symlink_to(tmp_path / "s.db")
    first = await started("s.db")
    await take(first, 1)
    second = await started(tmp_path / "release" / "bot.db")
    await take(second, 2)
    assert len(in_use(logs)) == 1
    monkeypatch.chdir(tmp_path / "release")
    await first.count([BOT])
    assert len(in_use(logs)) == 2
    assert [await it.fetch_abandoned([BOT]) for it in (first, second)] == [None, None]
    await first.close()
    await second.close()
    assert list(tmp_path.rglob("*.lock")) == []


async def test_a_file_with_two_names_is_told(tmp_path, logs):
    """By a hard link, of which nobody knows that it is the same file: SQLite has a log of changes for each name."""
    await (await started(tmp_path / "s.db")).close()
    (tmp_path / "other.db").hardlink_to(tmp_path / "s.db")
    assert [line for line in logs if "hard link" in line] == []
    await (await started(tmp_path / "other.db")).close()
    [line] = [line for line in logs if "hard link" in line]
    assert "other.db has another name on this disk" in line


async def test_processes_of_different_bots_share_a_file_without_a_word(tmp_path, logs):
    first = await started(tmp_path / "s.db", BOT)
    await take(first, 1)
    second = await started(tmp_path / "s.db", OTHER)
    kill(first)
    await second.count([OTHER])
    again = await started(tmp_path / "s.db", BOT)
    assert await again.fetch_abandoned([BOT]) is not None
    assert in_use(logs) == []
    await second.close()
    await again.close()


@pytest.mark.parametrize("left", [b"", b"[", b'{"a": 1}'])
async def test_files_that_dead_processes_left_are_removed(tmp_path, left):
    (tmp_path / "s.db-m.1.x.lock").write_bytes(left)
    store = await started(tmp_path / "s.db")
    assert len(list(tmp_path.glob("*.lock"))) == 1
    await store.close()
    assert list(tmp_path.glob("*.lock")) == []


async def test_where_files_cannot_be_locked_a_start_goes_on_as_before(tmp_path, monkeypatch):
    def unsupported(descriptor: int) -> None:
        raise OSError(95, "Operation not supported")

    monkeypatch.setattr(neighbours, "_lock", unsupported)
    first = await started(tmp_path / "s.db")
    await take(first, 1)
    second = await started(tmp_path / "s.db")
    assert await second.fetch_abandoned([BOT]) is not None
    await first.close()
    await second.close()
