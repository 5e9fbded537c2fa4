"""Plugins that send from a thread, with a loop of their own."""

import asyncio
import json
import threading
from collections.abc import Callable

import pytest

from nonebot_adapter_feishu_ws import Bot, MessageSegment, NetworkError
from nonebot_adapter_feishu_ws.net import loops
from tests.conftest import APP


@pytest.mark.fault(44)
async def test_what_a_thread_sends_arrives(sandbox, run_adapter, saw: Callable[[str], None], unlimited_sends):
    chat = sandbox.p2p(sandbox.add_user("Amy"), APP).chat_id
    picture = b"\x89PNG\r\n\x1a\n" + bytes(100)
    async with run_adapter() as adapter:
        bot = adapter.bots[APP]
        assert isinstance(bot, Bot)
        await bot.send_to(chat, "0")  # leaves a connection of NoneBot's loop in the pool
        jobs = [bot.send_to(chat, str(number)) for number in range(1, 6)]
        jobs += [bot.send_to(chat, MessageSegment.image(picture)) for _ in range(5)]
        await asyncio.gather(*(asyncio.to_thread(asyncio.run, job) for job in jobs))
        contents = [json.loads(it.content) for it in sandbox.world.messages.values()]
    texts = sorted(it["text"] for it in contents if "text" in it)
    assert texts == [str(number) for number in range(6)]
    assert len(contents) == 11
    saw(f"from {len(jobs)} threads at once: {len(contents) - 1} messages sent")


@pytest.mark.fault(44)
async def test_a_thread_that_nonebot_waits_for_is_told_what_to_call(
    sandbox, run_adapter, saw: Callable[[str], None], monkeypatch
):
    monkeypatch.setattr(loops, "PATIENCE", 0.2)
    chat = sandbox.p2p(sandbox.add_user("Amy"), APP).chat_id
    errors: list[NetworkError] = []
    async with run_adapter() as adapter:
        bot = adapter.bots[APP]
        assert isinstance(bot, Bot)

        def send() -> None:
            try:
                asyncio.run(bot.send_to(chat, "never"))
            except NetworkError as error:
                errors.append(error)

        thread = threading.Thread(target=send)
        thread.start()
        thread.join()  # NoneBot's loop stands still meanwhile
        await bot.send_to(chat, "after")
        texts = [json.loads(it.content)["text"] for it in sandbox.world.messages.values()]
    [error] = errors
    assert "await bot.send(...)" in str(error)
    assert not error.sent
    assert texts == ["after"]
    saw(f'NoneBot\'s loop waits for the thread: "{error}"')


async def test_what_a_thread_gives_up_is_not_sent_later(sandbox, run_adapter, monkeypatch):
    """``asyncio.wait_for`` in a thread raised, and the message came all the same."""
    chat = sandbox.p2p(sandbox.add_user("Amy"), APP).chat_id
    has_begun, has_ended = threading.Event(), asyncio.Event()

    async def call_api(*_: object) -> None:
        has_begun.set()
        try:
            await asyncio.Event().wait()
        finally:
            has_ended.set()

    async def give_up(bot: Bot) -> None:
        sending = asyncio.create_task(bot.send_to(chat, "never"))
        while not has_begun.is_set():
            await asyncio.sleep(0)
        sending.cancel()
        await asyncio.wait({sending})

    monkeypatch.setattr("nonebot_adapter_feishu_ws.adapter.call_api", call_api)
    async with run_adapter() as adapter:
        bot = adapter.bots[APP]
        assert isinstance(bot, Bot)
        await asyncio.to_thread(asyncio.run, give_up(bot))
        await asyncio.wait_for(has_ended.wait(), 10)
