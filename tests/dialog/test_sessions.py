"""One run per session: waiting in line, taking over, being refused; alone, and in handlers of a real conversation."""

import asyncio

import pytest
from nonebot import on_message

from nonebot_adapter_feishu_ws import Bot, MessageEvent, SessionBusy
from nonebot_adapter_feishu_ws.dialog.sessions import Sessions
from tests.conftest import APP, wait_until


class Runs:
    """Runs of one session that write down what happens to them."""

    def __init__(self) -> None:
        self.sessions = Sessions()
        self.log: list[str] = []
        self.go: dict[str, asyncio.Event] = {}

    def start(self, name: str, when_busy: str = "queue", key: str = "chat:oc_1") -> asyncio.Task[None]:
        self.go[name] = asyncio.Event()
        return asyncio.create_task(self._run(name, when_busy, key))

    async def _run(self, name: str, when_busy: str, key: str) -> None:
        async with self.sessions.lock(APP, key, when_busy) as run:
            self.log.append(f"{name} begins")
            await self.go[name].wait()
            self.log.append(f"{name} ends")
        self.log.append(f"{name} goes on{', interrupted' if run.interrupted else ''}")

    async def settle(self) -> None:
        for _ in range(10):
            await asyncio.sleep(0)


async def test_runs_wait_in_the_order_of_their_arrival():
    runs = Runs()
    tasks = [runs.start(name) for name in "abc"]
    other = runs.start("x", key="chat:oc_2")
    await runs.settle()
    assert runs.log == ["a begins", "x begins"]
    for event in runs.go.values():
        event.set()
    await asyncio.gather(*tasks, other)
    assert [line for line in runs.log if "begins" in line and line != "x begins"] == [
        "a begins",
        "b begins",
        "c begins",
    ]
    assert len(runs.sessions) == 0


async def test_a_refused_run_is_told_why():
    runs = Runs()
    first = runs.start("a")
    await runs.settle()
    with pytest.raises(SessionBusy, match=r"another run of the session .*chat:oc_1 is under way") as caught:
        await runs.start("b", "refuse")
    assert caught.value.key == f"{APP} chat:oc_1"
    runs.go["a"].set()
    await first
    runs.go["c"] = asyncio.Event()
    again = runs.start("c", "refuse")
    runs.go["c"].set()
    await again


async def test_an_interrupted_block_ends_and_what_stands_behind_it_goes_on():
    runs = Runs()
    first = runs.start("a")
    await runs.settle()
    second = runs.start("b", "interrupt")
    await runs.settle()
    runs.go["b"].set()
    await asyncio.gather(first, second)
    assert runs.log == ["a begins", "a goes on, interrupted", "b begins", "b ends", "b goes on"]
    assert not first.cancelled()
    assert first.cancelling() == 0


async def test_only_the_last_of_several_that_interrupt_runs():
    runs = Runs()
    tasks = [runs.start("a"), runs.start("b", "interrupt"), runs.start("c"), runs.start("d", "interrupt")]
    await runs.settle()
    runs.go["d"].set()
    await asyncio.gather(*tasks)
    assert [line for line in runs.log if "ends" in line] == ["d ends"]
    assert "b goes on, interrupted" in runs.log
    assert "c goes on, interrupted" in runs.log


async def test_a_run_that_cleans_up_slowly_is_waited_for():
    sessions, log, cleaned = Sessions(), [], asyncio.Event()

    async def first():
        async with sessions.lock(APP, "k", "queue"):
            try:
                await asyncio.Event().wait()
            finally:
                log.append("cleaning")
                await cleaned.wait()
                log.append("clean")

    async def second():
        async with sessions.lock(APP, "k", "interrupt"):
            log.append("second")

    tasks = [asyncio.create_task(first())]
    await asyncio.sleep(0)
    tasks += [asyncio.create_task(second()), asyncio.create_task(second())]
    await asyncio.sleep(0.01)
    assert log == ["cleaning"], "and it is not cancelled again"
    cleaned.set()
    await asyncio.gather(*tasks)
    assert log == ["cleaning", "clean", "second", "second"]


async def test_somebody_elses_cancellation_is_passed_on():
    runs = Runs()
    waiting = [runs.start(name) for name in "abc"]
    await runs.settle()
    waiting[1].cancel()  # while it waits
    await runs.settle()
    waiting[0].cancel()  # while it runs
    await runs.settle()
    assert [task.cancelled() for task in waiting] == [True, True, False]
    assert runs.log == ["a begins", "c begins"]
    taken = runs.start("d", "interrupt")
    waiting[2].cancel()  # at the same time as it is interrupted
    await runs.settle()
    runs.go["d"].set()
    await taken
    assert waiting[2].cancelled()


async def test_an_error_leaves_the_block_as_it_is():
    sessions = Sessions()
    with pytest.raises(LookupError):
        async with sessions.lock(APP, "k", "queue"):
            raise LookupError
    assert len(sessions) == 0


async def test_a_handler_does_not_wait_for_itself():
    sessions = Sessions()
    async with sessions.lock(APP, "k", "queue") as run:
        with pytest.raises(RuntimeError, match="would wait for itself"):
            async with sessions.lock(APP, "k", "interrupt"):
                pass
        with pytest.raises(RuntimeError, match="is used once"):
            async with run:
                pass
    with pytest.raises(ValueError, match="one of queue, interrupt, refuse, not 'wait'"):
        sessions.lock(APP, "k", "wait")


async def test_the_last_question_of_a_person_interrupts_the_one_before(sandbox, run_adapter, matchers):
    """A conversation: the stream of the first question ends with its note, no lower matcher runs, and nothing leaks."""
    done: list[tuple[str, bool]] = []
    lower: list[str] = []
    chat_matcher = on_message(priority=1, block=True)
    rest = on_message(priority=2)
    matchers(chat_matcher)
    matchers(rest)

    @rest.handle()
    async def _(event: MessageEvent):
        lower.append(event.get_plaintext())

    @chat_matcher.handle()
    async def _(bot: Bot, event: MessageEvent):
        async with (
            bot.session_lock(event, when_busy="interrupt") as run,
            bot.stream(event, cancel_note="(interrupted)") as stream,
        ):
            await stream.write(f"answer to {event.get_plaintext()}")
            if event.get_plaintext() == "first":
                await asyncio.Event().wait()
        done.append((event.get_plaintext(), run.interrupted))

    user, other = sandbox.add_user("Li Lei"), sandbox.add_user("Han Mei")
    chat = sandbox.add_chat("Group", members=[user, other], apps=[APP])
    async with run_adapter() as adapter:
        await sandbox.say(user, chat, "first")
        [card] = await sandbox.wait_message(chat)
        await sandbox.say(other, chat, "of another person")
        await wait_until(lambda: done)
        await sandbox.say(user, chat, "second")
        await wait_until(lambda: len(done) == 3)
        await wait_until(lambda: not adapter._dispatcher.running)
    assert done == [("of another person", False), ("first", True), ("second", False)]
    assert lower == []
    assert "(interrupted)" in str(sandbox.world.entities)
    assert card.message_id in {each.message_id for each in sandbox.world.entities.values()}
