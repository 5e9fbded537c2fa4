"""The SQLite store's writer: what comes alone is written on the loop, the rest in the thread's batches."""

import asyncio
import threading
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field

import pytest

from nonebot_adapter_feishu_ws.exception import StoreError
from nonebot_adapter_feishu_ws.store.sqlite import writer as module
from nonebot_adapter_feishu_ws.store.sqlite.writer import Writer


@dataclass
class Written:
    """What was written on the loop, and in the thread."""

    on_loop: list[Sequence[str]] = field(default_factory=list[Sequence[str]])
    in_thread: list[Sequence[str]] = field(default_factory=list[Sequence[str]])
    go_on: threading.Event = field(default_factory=threading.Event)

    def here(self, operations: Sequence[str]) -> Sequence[str]:
        assert threading.current_thread() is threading.main_thread()
        self.on_loop.append(operations)
        return [operation.upper() for operation in operations]

    def write(self, operations: Sequence[str]) -> Sequence[str]:
        assert threading.current_thread() is not threading.main_thread()
        self.go_on.wait(10)
        self.in_thread.append(operations)
        return [operation.upper() for operation in operations]


@pytest.fixture
def written() -> Written:
    return Written()


@pytest.fixture
async def writer(written: Written) -> AsyncIterator[Writer[str]]:
    writer = Writer[str](written.write, name="test", timeout=30)
    yield writer
    written.go_on.set()
    await writer.call(lambda: None)
    writer.stop()


async def test_what_comes_alone_is_safe_when_submit_returns(writer: Writer[str], written: Written) -> None:
    future = writer.submit("a", here=written.here)
    assert future.done()
    assert future.result() == "A"
    assert (written.on_loop, written.in_thread) == ([["a"]], [])


async def test_what_follows_at_once_goes_into_the_threads_batches(
    writer: Writer[str], written: Written, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "ALONE", 60.0)
    futures = [writer.submit(operation, here=written.here) for operation in ("a", "b", "c")]
    assert [future.done() for future in futures] == [True, False, False]
    written.go_on.set()
    assert await asyncio.gather(*futures) == ["A", "B", "C"]
    assert written.on_loop == [["a"]]
    assert [it for batch in written.in_thread for it in batch] == ["b", "c"]


async def test_the_loop_never_writes_while_the_thread_has_work(
    writer: Writer[str], written: Written, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "ALONE", 0.0)
    first = writer.submit("a")
    second = writer.submit("b", here=written.here)
    go_on = threading.Event()
    call = asyncio.ensure_future(writer.call(lambda: go_on.wait(10)))
    assert not second.done()
    written.go_on.set()
    assert [await first, await second] == ["A", "B"]
    third = writer.submit("c", here=written.here)
    assert not third.done()  # the thread still runs the call
    go_on.set()
    assert [await call, await third] == [True, "C"]
    assert writer.submit("d", here=written.here).done()


async def test_what_waited_for_the_next_one_is_written_with_it(writer: Writer[str], written: Written) -> None:
    earlier = writer.submit("a", later=True)
    assert not earlier.done()
    assert writer.submit("b", here=written.here).done()
    assert earlier.done()
    assert written.on_loop == [["a", "b"]]


async def test_a_write_on_the_loop_that_was_not_quick_sends_everything_to_the_thread(
    writer: Writer[str], written: Written, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "ALONE", 0.0)
    monkeypatch.setattr(module, "QUICK", -1.0)
    written.go_on.set()
    assert writer.submit("a", here=written.here).done()
    assert await writer.submit("b", here=written.here) == "B"
    assert (written.on_loop, written.in_thread) == ([["a"]], [["b"]])


async def test_a_failed_write_on_the_loop_fails_its_callers_alone(writer: Writer[str], written: Written) -> None:
    def fail(operations: Sequence[str]) -> Sequence[str]:
        raise StoreError("the disk is full")

    written.go_on.set()
    earlier = writer.submit("a", later=True)
    for future in (writer.submit("b", here=fail), earlier):
        with pytest.raises(StoreError, match="the disk is full"):
            await future
    assert await writer.submit("c") == "C"


async def test_what_would_have_to_wait_on_the_loop_waits_in_the_thread(writer: Writer[str], written: Written) -> None:
    earlier = writer.submit("a", later=True)
    written.go_on.set()
    assert await writer.submit("b", here=lambda operations: None) == "B"
    assert earlier.done()
    assert written.in_thread == [["a", "b"]]
