"""Small state on a real disk."""

import asyncio
import contextlib
import os
import sqlite3
import threading
import time
from hashlib import blake2b

import pytest

from nonebot_adapter_feishu_ws.exception import StoreError
from nonebot_adapter_feishu_ws.store import Entry, FallbackStore, InboxCount, MemoryStore, make_store
from nonebot_adapter_feishu_ws.store.sqlite import writer
from nonebot_adapter_feishu_ws.store.sqlite.claims import PARTS, claim, forget_claims
from nonebot_adapter_feishu_ws.store.sqlite.database import Mine
from nonebot_adapter_feishu_ws.store.sqlite.dead_letters import SqliteDeadLetters
from nonebot_adapter_feishu_ws.store.sqlite.file import MIGRATIONS, open_file
from nonebot_adapter_feishu_ws.store.sqlite.inbox import count_inbox
from nonebot_adapter_feishu_ws.store.sqlite.store import SqliteStore


@pytest.fixture
async def store(tmp_path):
    it = SqliteStore(tmp_path / "deep" / "state.sqlite3")
    await it.open()
    yield it
    await it.close()


@pytest.mark.parametrize("make", [lambda path: MemoryStore(), lambda path: SqliteStore(path / "s.db")])
async def test_every_store_keeps_changes_and_forgets(tmp_path, make):
    store = make(tmp_path)
    await store.open()
    assert await store.state.get("a") is None
    await store.state.set("a", "1")
    await store.state.set("b", "'; DROP TABLE state; --")
    await store.state.set("a", "2")
    assert (await store.state.get("a"), await store.state.get("b")) == ("2", "'; DROP TABLE state; --")
    await store.state.set("a", None)
    await store.state.set("never there", None)
    assert await store.state.get("a") is None
    assert await store.claim(["k"])
    assert not await store.claim(["k"])
    await store.close()


async def test_state_outlives_the_process(store):
    await store.state.set("a", "1")
    other = SqliteStore(store.path)  # as a second process would: the first has not closed the file
    assert await other.state.get("a") == "1"
    await other.close()


async def test_neither_loop_waits_for_a_writer_in_another_process(store):
    holder = sqlite3.connect(store.path, isolation_level=None)
    holder.execute("BEGIN IMMEDIATE")
    writing = asyncio.create_task(store.state.set("a", "1"))
    for _ in range(20):
        await asyncio.sleep(0.005)
    assert not writing.done(), "the loop went on while the writer waited"
    holder.execute("COMMIT")
    await writing
    assert await store.state.get("a") == "1"
    holder.close()


async def test_an_event_that_comes_alone_does_not_hold_up_the_loop_while_another_process_writes(store, monkeypatch):
    monkeypatch.setattr(writer, "ALONE", 0.0)
    await store.claim(["bot:event:sweeps"])  # the first write goes to the thread, with what is due every 10 s
    holder = sqlite3.connect(store.path, isolation_level=None, check_same_thread=False)
    holder.execute("BEGIN IMMEDIATE")
    loop_runs = threading.Event()

    def release() -> bool:
        ran = loop_runs.wait(0.5)  # less than SQLite would wait for the lock
        holder.execute("COMMIT")
        return ran

    releasing = asyncio.get_running_loop().run_in_executor(None, release)
    taking = asyncio.create_task(store.take(Entry("bot:event:1", "bot", b"{}", 1.0), ["bot:event:1"], begin=True))
    await asyncio.sleep(0)  # the event is being taken
    asyncio.get_running_loop().call_soon(loop_runs.set)
    assert await releasing, "the loop went on while the writer waited"
    assert (await taking).new
    holder.close()


async def test_a_damaged_file_is_set_aside_and_reported(tmp_path, logs):
    path = tmp_path / "state.sqlite3"
    path.write_bytes(b"this is no database, but long enough to be read as one " * 100)
    store = SqliteStore(path)
    await store.open()
    await store.state.set("a", "1")
    assert await store.state.get("a") == "1"
    await store.close()
    [aside] = tmp_path.glob("state.sqlite3.damaged-*")
    assert aside.read_bytes().startswith(b"this is no database")
    assert any("is damaged" in line and aside.name in line for line in logs)


async def test_a_file_of_the_version_before_is_taken_over(tmp_path):
    path = tmp_path / "state.sqlite3"
    database = sqlite3.connect(path)
    database.executescript(f"{MIGRATIONS[0]}; {MIGRATIONS[1]}; PRAGMA user_version = 2")
    row = ("cli_a:event:1", "cli_a", b"{}", time.time(), 0)
    database.execute("INSERT INTO inbox (key, bot_id, payload, taken_at, runs) VALUES (?, ?, ?, ?, ?)", row)
    database.commit()
    database.close()
    store = SqliteStore(path)
    await store.open(["cli_a"])
    assert dict(await store.inbox.count(["cli_a"])) == {"cli_a": InboxCount(1, 0)}
    assert [it.key for it in await store.inbox.fetch("cli_a", 5)] == ["cli_a:event:1"]
    await store.close()


async def test_a_file_of_schema_4_keeps_its_claims_and_events(tmp_path):
    path = tmp_path / "state.sqlite3"
    database = sqlite3.connect(path)
    database.executescript(f"{'; '.join(MIGRATIONS[:4])}; PRAGMA user_version = 4")
    waiting, dead, held = ((f"cli_a:event:{number}", "cli_a", b"%d" % number, time.time()) for number in range(1, 4))
    columns = "key, bot_id, payload, taken_at, runs, holder, parked_at"
    for row in ((*waiting, 0, None, None), (*dead, 3, None, time.time()), (*held, 1, "another process", None)):
        database.execute(f"INSERT INTO inbox ({columns}) VALUES (?, ?, ?, ?, ?, ?, ?)", row)
    claimed = [(blake2b(row[0].encode(), digest_size=16).digest(), int(time.time())) for row in (waiting, dead, held)]
    database.executemany("INSERT INTO claims VALUES (?, ?)", claimed)
    database.commit()
    database.close()
    store = SqliteStore(path)
    await store.open(["cli_a"])
    assert dict(await store.inbox.count(["cli_a"])) == {"cli_a": InboxCount(waiting=2, dead_letters=1)}
    for key, *rest in (waiting, dead, held):
        assert not (await store.inbox.take(Entry(key, *rest), [key], begin=True)).new
    assert [(it.key, it.payload) for it in await store.inbox.fetch("cli_a", 5)] == [(waiting[0], b"1")]
    abandoned = await store.inbox.fetch_abandoned(["cli_a"])
    assert (abandoned.key, abandoned.runs) == (held[0], 2)
    await store.inbox.done([waiting[0], held[0]])
    await store.close()
    letters = SqliteDeadLetters(path)
    assert [it.key for it in letters.list()] == [dead[0]]
    assert letters.retry(dead[0])
    letters.close()


async def test_only_the_event_that_was_handled_is_deleted_when_its_number_has_returned(store):
    """Its number may be another event's by now: the entry was dropped by hand, or the file was set aside."""
    first, second = (Entry(f"a:{number}", "a", b"{}", 0.0) for number in (1, 2))
    await store.inbox.take(first, [first.key], begin=True)
    with sqlite3.connect(store.path) as database:
        database.execute("DELETE FROM inbox")
    database.close()
    await store.inbox.take(second, [second.key], begin=False)
    await store.inbox.done([first.key])
    assert [it.key for it in await store.inbox.fetch("a", 5)] == [second.key]


async def test_what_was_written_without_an_answer_is_deleted_when_it_is_done(store):
    """Where it is was in the answer."""
    entries = [Entry(f"a:{number}", "a", b"{}", 0.0) for number in range(5)]
    await asyncio.gather(*(store.inbox.take(it, [it.key], begin=True) for it in entries))
    store._mine.update((it.key, Mine(it)) for it in entries[1:4])
    await store.inbox.done([it.key for it in entries[:4]])
    with sqlite3.connect(store.path) as database:
        assert database.execute("SELECT key FROM inbox").fetchall() == [("a:4",)]
    database.close()


async def test_what_is_done_is_written_with_the_next_event_or_soon(store):
    asked: list[str] = []
    entries = [Entry(f"a:{number}", "a", b"{}", 0.0) for number in range(2)]
    await store.inbox.take(entries[0], [entries[0].key], begin=True)
    store._file.connection.set_trace_callback(asked.append)
    done = asyncio.create_task(store.inbox.done([entries[0].key]))
    await asyncio.sleep(0)
    await store.inbox.take(entries[1], [entries[1].key], begin=True)
    await done
    assert asked.count("COMMIT") == 1
    await asyncio.wait_for(store.inbox.done([entries[1].key]), 10)
    assert asked.count("COMMIT") == 2
    assert not store._mine


async def test_old_claims_are_forgotten_part_by_part_and_too_many_as_well(tmp_path):
    database = open_file(tmp_path / "state.sqlite3")
    keys = [[f"cli_a:event:{number}"] for number in range(2000)]
    assert claim(database, keys[:1000], 100, 50) == [True] * 1000
    assert claim(database, keys[500:], 120, 50) == [False] * 500 + [True] * 1000
    for part in range(PARTS):
        forget_claims(database, part, 100, 1_000_000)
    assert database.execute("SELECT count(*), min(at) FROM claims").fetchone() == (1000, 120)
    for part in range(PARTS):
        forget_claims(database, part, 0, 2 * PARTS)
    assert 0 < database.execute("SELECT count(*) FROM claims").fetchone()[0] <= 2 * PARTS
    database.close()


@pytest.mark.fault(57)
async def test_old_claims_are_forgotten_without_events_too_and_few_at_a_time(tmp_path, saw):
    """The first message of the day paid for the night: 577,000 deletions in its transaction."""
    at = [1e9]
    store = SqliteStore(tmp_path / "s.db", clock=lambda: at[0], claim_ttl=60)
    await store.open(["a"])
    await asyncio.gather(*(store.claim([f"a:event:{number}"]) for number in range(2000)))
    counts: list[int] = []
    at[0] += 100
    for _ in range(PARTS):
        at[0] += 10
        await store.count(["a"])
        [[left]] = store._file.connection.execute("SELECT count(*) FROM claims").fetchall()
        counts.append(left)
    assert left == 0
    most = max(before - after for before, after in zip([2000, *counts], counts, strict=False))
    assert most < 60
    await store.close()
    saw(f"2,000 expired claims, no event comes: {left} left after {len(counts)} sweeps, at most {most} at a time")


@pytest.mark.fault(57)
async def test_claims_that_last_for_less_than_feishus_pushes_are_told(tmp_path, logs, saw):
    store = SqliteStore(tmp_path / "s.db", max_claims=PARTS)
    await store.open(["a"])
    await asyncio.gather(*(store.claim([f"a:event:{number}"]) for number in range(5000)))
    store._file._swept_at = 0.0
    await store.count(["a"])
    [line] = [line for line in logs if "which last for 0.0 h at this rate" in line]
    assert "up to 6.1 h later" in line
    await store.close()
    saw(f'5,000 claims where {PARTS} fit: "...{line.partition("ids of events, ")[2].partition(";")[0]}"')


@pytest.mark.fault(58)
async def test_a_wal_that_grows_under_a_long_reader_is_told(tmp_path, logs, monkeypatch, saw):
    monkeypatch.setattr("nonebot_adapter_feishu_ws.store.sqlite.database.WAL_TOLD_AT", 100_000)
    monkeypatch.setattr("nonebot_adapter_feishu_ws.store.sqlite.database.CHECKPOINT_EVERY", 1)
    store = SqliteStore(tmp_path / "s.db")
    await store.open(["a"])
    with contextlib.closing(sqlite3.connect(tmp_path / "s.db", isolation_level=None)) as reader:
        reader.execute("BEGIN")
        reader.execute("SELECT count(*) FROM inbox").fetchall()
        for number in range(40):
            it = Entry(f"a:event:{number}", "a", b"x" * 20_000, 0.0)
            await store.take(it, [it.key], begin=False)
            store._file._since_checkpoint = 1
    [line] = [line for line in logs if "-wal has grown to" in line]
    assert "another program has been reading" in line
    await store.close()
    saw(f'a transaction stays open in another program: "{line.partition(" of the")[0].partition("since ")[2].strip()}"')


@pytest.mark.fault(58)
async def test_a_file_of_a_newer_version_says_so_in_the_status(tmp_path, saw):
    with sqlite3.connect(tmp_path / "s.db") as database:
        database.execute("PRAGMA user_version = 99")
    database.close()
    store = FallbackStore(SqliteStore(tmp_path / "s.db"))
    await store.open(["a"])
    error = (store.status.error or "").partition("s.db ")[2]
    assert error.startswith("was written by a newer version of this adapter (schema 99")
    await store.close()
    saw(f'status: the store "{error.partition(",")[0]})"')


async def test_counting_reads_the_indexes_alone(tmp_path):
    """A hundred thousand waiting events took 70 ms, in which nothing could be written."""
    database = open_file(tmp_path / "state.sqlite3")
    asked: list[str] = []
    database.set_trace_callback(asked.append)
    count_inbox(database, ["cli_a"])
    database.set_trace_callback(None)
    for sql in asked:
        [(*_, plan)] = database.execute(f"EXPLAIN QUERY PLAN {sql}").fetchall()
        assert "COVERING INDEX" in plan
    assert len(asked) == 2
    database.close()


async def test_a_newer_schema_is_left_alone(tmp_path):
    path = tmp_path / "state.sqlite3"
    database = sqlite3.connect(path)
    database.execute("PRAGMA user_version = 999")
    database.close()
    store = SqliteStore(path)
    with pytest.raises(StoreError, match="newer version"):
        await store.open()
    await store.close()
    assert path.is_file()


async def test_a_store_that_cannot_be_opened_says_why_and_is_tried_again(tmp_path):
    blocked = tmp_path / "file"
    blocked.write_text("not a folder")
    store = SqliteStore(blocked / "state.sqlite3")
    with pytest.raises(StoreError, match="check the disk"):
        await store.open()
    with pytest.raises(StoreError):
        await store.state.set("a", "1")
    blocked.unlink()
    await store.state.set("a", "1")
    assert await store.state.get("a") == "1"
    await store.close()


def test_urls():
    assert type(make_store("memory://")) is MemoryStore
    relative, absolute = make_store("sqlite:///data/x.db"), make_store("sqlite:////var/x.db")
    assert isinstance(relative, FallbackStore)
    assert isinstance(absolute, FallbackStore)
    assert [str(it.inner.path) for it in (relative, absolute)] == [os.path.realpath("data/x.db"), "/var/x.db"]
    for wrong in ("http://h", "sqlite://x", "sqlite:///", "x"):
        with pytest.raises(ValueError, match="sqlite:///relative"):
            make_store(wrong)


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such modes")
async def test_nobody_else_may_read_the_file(tmp_path):
    path = tmp_path / "data" / "store.sqlite3"
    mask = os.umask(0o022)
    try:
        store = SqliteStore(path)
        await store.open(["a"])
        await store.inbox.take(Entry("a:1", "a", b"{}", 0.0), ["a:1"], begin=True)
        assert {each.name for each in path.parent.iterdir()} >= {"store.sqlite3", "store.sqlite3-wal"}
        assert {each.stat().st_mode & 0o777 for each in path.parent.iterdir()} == {0o600}
        await store.close()
    finally:
        os.umask(mask)


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such modes")
async def test_the_mode_that_an_operator_chose_stays(tmp_path):
    path = tmp_path / "store.sqlite3"
    path.touch()
    path.chmod(0o660)
    store = SqliteStore(path)
    await store.open(["a"])
    await store.close()
    assert path.stat().st_mode & 0o777 == 0o660


async def test_values_are_bounded_in_number(store, monkeypatch):
    monkeypatch.setattr("nonebot_adapter_feishu_ws.store.sqlite.expiring.KEEP", 3)
    await store.set_value("for good", "0", None)
    for number in range(5):
        await store.set_value(str(number), "x", 60)
    found = [await store.get_value(name) for name in ("for good", "0", "1", "2", "3", "4")]
    assert found == ["0", None, None, "x", "x", "x"]
