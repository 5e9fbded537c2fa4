"""Handlers: bounded per bot, kept, isolated."""

import asyncio

import anyio
from nonebot.utils import run_coro_with_shield

from nonebot_adapter_feishu_ws.intake.bridge import Bridge
from nonebot_adapter_feishu_ws.intake.delivery import Delivery, identify
from nonebot_adapter_feishu_ws.intake.dispatcher import Dispatcher


class Stage:
    def __init__(self, *, max_running: int = 2, slot_time: float = 60.0) -> None:
        self.running: list[Delivery] = []
        self.done: list[Delivery] = []
        self.gate = asyncio.Event()
        self.bridge = Bridge()
        self.dispatcher = Dispatcher(
            lambda it: self.handle(it), self.bridge.plugins, max_running=max_running, slot_time=slot_time
        )

    @property
    def started(self) -> int:
        """Handlers that have started, as the network loop counts them."""
        return -self.bridge.network.waiting("a")

    async def handle(self, delivery: Delivery) -> None:
        self.running.append(delivery)
        if delivery.payload.get("fail"):
            raise RuntimeError("a defect")
        await self.gate.wait()
        self.running.remove(delivery)
        self.done.append(delivery)


def event(bot_id: str = "a", **payload) -> Delivery:
    return Delivery(bot_id, payload, 1, identify(payload))


async def test_events_wait_for_their_bot_and_one_bot_never_holds_up_another():
    stage = Stage()
    stage.dispatcher.take(event("a"))
    stage.dispatcher.take(event("b"))
    stage.dispatcher.open("b")
    await asyncio.sleep(0)
    assert [delivery.bot_id for delivery in stage.running] == ["b"]
    stage.dispatcher.open("a")
    await asyncio.sleep(0)
    assert sorted(delivery.bot_id for delivery in stage.running) == ["a", "b"]
    stage.gate.set()
    await stage.dispatcher.drain(1)


async def test_a_bounded_number_runs_at_a_time_and_all_are_handled():
    stage = Stage(max_running=3)
    stage.dispatcher.open("a")
    for number in range(10):
        stage.dispatcher.take(event(n=number))
    await asyncio.sleep(0)
    assert len(stage.running) == 3
    assert stage.started == 3
    assert stage.dispatcher.waiting == 7
    stage.gate.set()
    await stage.dispatcher.drain(1)
    assert [delivery.payload["n"] for delivery in stage.done] == list(range(10))


async def test_a_handler_that_waits_gives_its_slot_back():
    stage = Stage(max_running=1, slot_time=0.01)
    stage.dispatcher.open("a")
    stage.dispatcher.take(event(n=0))
    stage.dispatcher.take(event(n=1))
    await asyncio.sleep(0.05)
    assert len(stage.running) == 2
    stage.gate.set()
    await stage.dispatcher.drain_bot("a", 1)
    stage.gate.clear()
    stage.dispatcher.take(event(n=2))
    stage.dispatcher.take(event(n=3))
    await asyncio.sleep(0)
    assert len(stage.running) == 1, "every slot was given back once, not twice"
    stage.gate.set()
    await stage.dispatcher.drain(1)


async def test_a_failing_handler_frees_its_slot():
    stage = Stage(max_running=1)
    stage.dispatcher.open("a")
    stage.dispatcher.take(event(fail=True))
    stage.dispatcher.take(event(n=1))
    stage.gate.set()
    await stage.dispatcher.drain(1)
    assert len(stage.done) == 1


async def test_draining_is_bounded_and_cancels_what_hangs():
    stage = Stage()
    stage.dispatcher.open("a")
    stage.dispatcher.take(event())
    await asyncio.sleep(0)
    await stage.dispatcher.drain(0.05)
    assert stage.dispatcher.running == {}
    assert stage.done == []


async def test_a_handler_that_was_cancelled_before_it_ran_is_given_up_too(monkeypatch):
    """Its event was neither done nor put back: the next start took it for one that had killed its process."""
    stage, told = Stage(), []
    monkeypatch.setattr(stage.bridge.plugins, "ended", lambda delivery, handled: told.append(handled))
    stage.dispatcher.open("a")
    stage.dispatcher.take(event())
    await stage.dispatcher.drain(0)
    assert (told, stage.running, stage.dispatcher.running) == ([False], [], {})


async def test_a_handler_that_cannot_be_cancelled_is_given_up_in_time(monkeypatch):
    """NoneBot shields its matchers: SIGTERM waited for as long as the slowest handler did."""
    monkeypatch.setattr("nonebot_adapter_feishu_ws.intake.dispatcher.CLEAN_UP", 0.05)
    stage, told = Stage(), []
    monkeypatch.setattr(stage.bridge.plugins, "ended", lambda delivery, handled: told.append(handled))
    gate = asyncio.Event()

    async def shielded(delivery: Delivery) -> None:
        async with anyio.create_task_group() as group:
            group.start_soon(run_coro_with_shield, gate.wait())

    monkeypatch.setattr(stage, "handle", shielded)
    stage.dispatcher.open("a")
    stage.dispatcher.take(event())
    await asyncio.sleep(0.01)
    await asyncio.wait_for(stage.dispatcher.drain(0.05), 30)
    assert told == [False], "it waits for the next start"
    gate.set()
    await asyncio.wait(stage.dispatcher.running)


async def test_a_paused_bot_keeps_its_events():
    stage = Stage()
    stage.dispatcher.open("a")
    stage.dispatcher.pause("a")
    stage.dispatcher.take(event())
    await asyncio.sleep(0)
    assert stage.running == []
    stage.dispatcher.open("a")
    await asyncio.sleep(0)
    assert len(stage.running) == 1
    stage.gate.set()
    await stage.dispatcher.drain(1)
