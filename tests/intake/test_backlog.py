"""A new event does not wait behind the backlog of other chats, keeps its place in its own, and starves no backlog."""

import asyncio
import json
import random
from collections import Counter
from collections.abc import Awaitable, Callable

import pytest

from nonebot_adapter_feishu_ws.event.envelope import Envelope
from nonebot_adapter_feishu_ws.intake import backlog as backlog_module
from nonebot_adapter_feishu_ws.intake.backlog import chat_of
from nonebot_adapter_feishu_ws.intake.bridge import AHEAD, Bridge
from nonebot_adapter_feishu_ws.intake.delivery import Delivery
from nonebot_adapter_feishu_ws.intake.receiver import Receiver
from nonebot_adapter_feishu_ws.store import Entry, FallbackStore, Store
from nonebot_adapter_feishu_ws.store.redis.store import RedisStore
from nonebot_adapter_feishu_ws.store.sqlite.store import SqliteStore
from tests.conftest import wait_until
from tests.intake.collector import Collector

BOT = "cli_a"


def payload(chat: str, name: str) -> bytes:
    header = {"event_id": name, "event_type": "im.message.receive_v1"}
    return json.dumps({"header": header, "event": {"message": {"message_id": name, "chat_id": chat}}}).encode()


class Process:
    """An intake whose handlers end when the test says so."""

    def __init__(self, store: Store, max_begun: int = 32) -> None:
        self.taken: list[Delivery] = []
        self.handled = 0
        self.bridge = Bridge(max_waiting=max_begun)
        self.intake = Receiver(store, self.bridge.network)

    async def start(self) -> "Process":
        self.bridge.plugins.open(Collector(self.taken))
        self.bridge.plugins.arrive(BOT)
        await self.intake.open([BOT])
        return self

    async def give(self, chat: str, *numbers: int) -> None:
        for number in numbers:
            it = Envelope(bot_id=BOT, payload=payload(chat, f"{chat}{number}"), transport="websocket")
            assert (await self.intake.receive(it)).code == 200

    @property
    def names(self) -> list[str]:
        return [delivery.identity.event_id for delivery in self.taken]

    async def handle(self, count: int) -> None:
        """Let the next handlers run."""
        for _ in range(count):
            await wait_until(lambda: len(self.taken) > self.handled)
            self.bridge.plugins.started(self.taken[self.handled])
            self.bridge.plugins.ended(self.taken[self.handled], True)
            self.handled += 1


@pytest.fixture(params=["sqlite", pytest.param("redis", marks=pytest.mark.needs("redis-server"))])
async def start(request, tmp_path):
    """Starts processes one after another on one store."""
    made: list[Process] = []

    async def start(**bounds: int) -> Process:
        if request.param == "sqlite":
            store = FallbackStore(SqliteStore(tmp_path / "s.db"))
        else:
            store = FallbackStore(RedisStore(request.getfixturevalue("redis_server").url))
        made.append(await Process(store, **bounds).start())
        return made[-1]

    yield start
    for process in made:
        await process.intake.close()


Start = Callable[..., Awaitable[Process]]


async def test_an_event_of_another_chat_does_not_wait_behind_a_busy_one(start: Start):
    process = await start()
    await wait_until(lambda: not process.intake._consumer.backlog)
    await process.give("busy", *range(100))
    await process.give("quiet", 0)
    await wait_until(lambda: "quiet0" in process.names)
    assert len(process.names) < 50, "most of the busy chat's events still wait"
    await process.give("busy", 100)
    await process.handle(102)
    assert [name for name in process.names if name.startswith("busy")] == [f"busy{number}" for number in range(101)]
    assert sorted(process.names) == sorted({*process.names}), "none comes twice"
    await wait_until(lambda: not process.intake._consumer.backlog)


async def test_the_second_event_of_a_chat_waits_for_its_first_one(start: Start):
    process = await start()
    await wait_until(lambda: not process.intake._consumer.backlog)
    await process.give("busy", *range(100))
    for number in range(AHEAD + 10):
        await process.give(f"chat{number}-", 0)
    late = f"chat{AHEAD}-"
    await process.give(late, 1)
    assert f"{late}0" not in process.names, "as many as may pass have passed"
    await process.handle(100 + AHEAD + 11)
    assert process.names.index(f"{late}0") < process.names.index(f"{late}1")
    assert len({*process.names}) == len(process.names) == 100 + AHEAD + 11


async def test_where_nothing_waits_a_new_event_takes_no_further_place(start: Start):
    """What had waited was fetched, and the places were full: each further event passed a backlog that was empty."""
    process = await start(max_begun=10)
    backlog = process.intake._consumer.backlog
    await wait_until(lambda: not backlog)
    backlog.add(BOT, payload("busy", "x"), "x")
    backlog.written(BOT, payload("busy", "x"), "x", waits=False)
    await process.give("busy", *range(30))
    if not backlog._is_shared:
        assert len(process.names) <= 10
    await process.handle(30)
    assert process.names == [f"busy{number}" for number in range(30)]


async def test_those_that_pass_do_not_starve_a_backlog(start: Start):
    process = await start()
    await wait_until(lambda: not process.intake._consumer.backlog)
    await process.give("busy", *range(200))
    for number in range(400):
        await process.give(f"chat{number}-", 0)
        await process.handle(1)
    busy = sum(name.startswith("busy") for name in process.names)
    assert busy == 200, "with two new events for each one of the backlog, and places for one, all have come"


async def test_a_backlog_of_before_the_start_is_known_by_chat(tmp_path, monkeypatch):
    monkeypatch.setattr(backlog_module, "LOOK_AT", 60)
    inner = SqliteStore(tmp_path / "s.db")
    await inner.open([BOT])
    for number in range(260):
        name = f"{'old' if number < 160 else 'older'}{number}"
        entry = Entry(f"{BOT}:event:{name}", BOT, payload(name.rstrip("0123456789"), name), 0.0)
        assert (await inner.inbox.take(entry, [entry.key], begin=False)).new
    await inner.close()

    process = await Process(FallbackStore(SqliteStore(tmp_path / "s.db"))).start()
    backlog = process.intake._consumer.backlog
    await wait_until(lambda: backlog.may_pass(BOT, payload("new", "x")))
    assert not backlog.may_pass(BOT, payload("old", "x"))
    assert not backlog.may_pass(BOT, payload("older", "x"))
    await process.give("old", 5000)
    await process.give("new", 0)
    await wait_until(lambda: "new0" in process.names)
    assert "old5000" not in process.names
    await process.handle(262)
    assert process.names[-1] == "old5000"
    await process.intake.close()


@pytest.mark.needs("redis-server")
async def test_redis_gives_what_began_ahead_to_nobody_else_until_its_process_dies(redis_server):
    first, second = (RedisStore(redis_server.url, takeover_after=0.3) for _ in range(2))
    for store in (first, second):
        await store.open([BOT])

    async def take(name: str, **how: bool) -> Entry | None:
        entry = Entry(f"{BOT}:event:{name}", BOT, payload("c", name), 0.0)
        return (await first.inbox.take(entry, [entry.key], **how)).entry

    for number in range(3):
        assert await take(f"old{number}", begin=False) is None
    began = await take("ahead", begin=True, ahead=True)
    assert began is not None
    assert (await first.inbox.count([BOT]))[BOT].waiting == 3
    assert await take("last", begin=False) is None
    found = [it.key.rpartition(":")[2] for _ in range(3) for it in await second.inbox.fetch(BOT, 2)]
    assert found == ["old0", "old1", "old2", "last"]
    assert await second.inbox.fetch_abandoned([BOT]) is None
    await second.inbox.done([f"{BOT}:event:{name}" for name in found])

    first._beating.cancel()
    entry = None

    async def taken_over() -> bool:
        nonlocal entry
        entry = await second.inbox.fetch_abandoned([BOT])
        return entry is not None

    while not await taken_over():
        pass
    assert entry is not None
    assert (entry.key, entry.runs) == (began.key, 2)
    assert await second.inbox.fetch(BOT, 10) == []
    await second.inbox.done([entry.key])
    assert (await second.inbox.count([BOT]))[BOT].waiting == 0
    await second.close()
    await first.close()


def test_a_chat_id_that_a_user_wrote_names_no_chat():
    typed = json.dumps({"event": {"message": {"content": json.dumps({"text": '"chat_id":"oc_typed"'})}}}).encode()
    assert chat_of(typed) == b""
    assert chat_of(typed.replace(b'"message"', b'"open_chat_id" : "oc_real", "message"')) == b"oc_real"


@pytest.mark.needs("redis-server")
@pytest.mark.parametrize("seed", range(5))
async def test_whatever_the_order_redis_gives_each_event_out_once(redis_server, seed: int):
    choose = random.Random(seed)
    stores = [RedisStore(redis_server.url) for _ in range(3)]
    for store in stores:
        await store.open([BOT])
    given: Counter[str] = Counter()
    held: dict[str, RedisStore] = {}
    taken = 0

    def give(store: RedisStore, *entries: Entry | None) -> None:
        for entry in entries:
            if entry is not None:
                given[entry.key] += 1
                held[entry.key] = store

    async def step(store: RedisStore) -> None:
        nonlocal taken
        what = choose.choice(["wait", "wait", "begin", "ahead", "ahead", "fetch", "done", "put back"])
        if what == "fetch":
            give(store, *await store.inbox.fetch(BOT, choose.randint(1, 5)))
        elif what in ("done", "put back"):
            mine = [key for key, holder in held.items() if holder is store]
            some = choose.sample(mine, min(len(mine), 3))
            for key in some:
                del held[key]
            if what == "done":
                await store.inbox.done(some)
            else:
                given.subtract(some)
                await store.inbox.put_back(some)
        else:
            taken += 1
            entry = Entry(f"{BOT}:event:{taken}", BOT, payload("c", f"e{taken}"), 0.0)
            how = {"begin": what != "wait", "ahead": what == "ahead"}
            give(store, (await store.inbox.take(entry, [entry.key], **how)).entry)

    for _ in range(100):
        await asyncio.gather(*(step(choose.choice(stores)) for _ in range(5)))
    while entries := await stores[0].inbox.fetch(BOT, 100):
        give(stores[0], *entries)
    assert set(given.values()) == {1}
    assert len(given) == taken
    for key, store in held.items():
        await store.inbox.done([key])
    assert (await stores[0].inbox.count([BOT]))[BOT].waiting == 0
    for store in stores:
        await store.close()
