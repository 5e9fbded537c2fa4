"""What plugins send while their bot goes: in ``on_shutdown`` and ``on_bot_disconnect``."""

import asyncio
import json
import sqlite3
from collections.abc import Callable
from contextlib import closing

import pytest
from nonebot import on_message
from nonebot.adapters import Bot as BaseBot
from nonebot.config import Config, Env
from nonebot.drivers import Driver
from nonebot.drivers.none import Driver as NoneDriver

from nonebot_adapter_feishu_ws import Adapter, Bot, MessageEvent
from tests.conftest import APP, SECRET, wait_until


@pytest.fixture
def on_bot_disconnect():
    """Registers hooks, which NoneBot keeps by class, for one test."""
    before = set(Driver._bot_disconnection_hook)
    yield Driver.on_bot_disconnect
    Driver._bot_disconnection_hook.clear()
    Driver._bot_disconnection_hook.update(before)


def texts(sandbox) -> list[str]:
    return [json.loads(it.content)["text"] for it in sandbox.world.messages.values() if it.sender_type == "app"]


@pytest.mark.fault(42)
async def test_what_is_sent_at_the_end_arrives(sandbox, on_bot_disconnect, saw: Callable[[str], None], logs):
    chat = sandbox.p2p(sandbox.add_user("Amy"), APP).chat_id
    settings = {"feishu_api_base": sandbox.url, "feishu_store": "memory://"}
    bots = [{"app_id": APP, "app_secret": SECRET}]
    driver = NoneDriver(Env(environment="test"), Config.model_validate({**settings, "feishu_bots": bots}))

    async def say(text: str) -> None:
        bot = adapter.bots[APP]
        assert isinstance(bot, Bot)
        await bot.send_to(chat, text)

    @driver.on_shutdown  # NoneBot runs it last, since it comes before the adapter
    async def say_at_last() -> None:
        await say("on_shutdown, registered before the adapter")

    adapter = Adapter(driver)

    @driver.on_shutdown
    async def say_goodbye() -> None:
        await say("on_shutdown")

    @on_bot_disconnect
    async def tell(bot: BaseBot) -> None:
        assert isinstance(bot, Bot)
        await bot.send_to(chat, "on_bot_disconnect")

    await driver._lifespan.startup()
    await wait_until(lambda: APP in adapter.bots)
    await adapter.connections.disconnect(APP)
    await wait_until(lambda: texts(sandbox) == ["on_bot_disconnect"])
    await adapter.connections.connect(APP)
    await wait_until(lambda: APP in adapter.bots)
    await driver._lifespan.shutdown()
    first = "on_shutdown, registered before the adapter"
    assert texts(sandbox) == ["on_bot_disconnect", "on_shutdown", first, "on_bot_disconnect"]
    assert APP not in adapter.bots
    assert not [line for line in logs if "ERROR" in line]
    saw(f"delivered: {', then '.join(texts(sandbox))}")


async def test_a_hook_that_does_not_end_holds_up_the_end_for_a_bounded_time(
    sandbox, run_adapter, on_bot_disconnect, logs, monkeypatch
):

    monkeypatch.setattr("nonebot_adapter_feishu_ws.lifecycle.bot_registry.DRAIN_TIMEOUT", 0.05)
    released = asyncio.Event()

    @on_bot_disconnect
    async def hang(bot: BaseBot) -> None:
        await released.wait()

    async with run_adapter() as adapter:
        await adapter._registry.close()
        assert any("1 on_bot_disconnect hooks still ran after 0.05 s" in line for line in logs)
        released.set()


async def test_what_is_handled_is_written_down_before_an_on_shutdown_that_raises(sandbox, tmp_path, matchers):
    """NoneBot ends without the rest then: the event that had just been handled was handled again by the next start."""
    settings = {"feishu_api_base": sandbox.url, "feishu_store": f"sqlite:///{tmp_path}/s.db"}
    bots = [{"app_id": APP, "app_secret": SECRET}]
    driver = NoneDriver(Env(environment="test"), Config.model_validate({**settings, "feishu_bots": bots}))
    adapter, handled, left = Adapter(driver), asyncio.Event(), list[int]()
    matcher = on_message()
    matchers(matcher)

    @matcher.handle()
    async def _(event: MessageEvent) -> None:
        handled.set()

    @driver.on_shutdown
    async def look() -> None:
        with closing(sqlite3.connect(tmp_path / "s.db")) as database:
            [[count]] = database.execute("SELECT count(*) FROM inbox")
        left.append(count)

    await driver._lifespan.startup()
    await wait_until(lambda: APP in adapter.bots)
    amy = sandbox.add_user("Amy")
    await sandbox.say(amy, sandbox.p2p(amy, APP), "hi")
    await asyncio.wait_for(handled.wait(), 30)
    await driver._lifespan.shutdown()
    assert left == [0]


async def test_an_adapter_that_has_never_started_ends_without_a_word(logs):
    driver = NoneDriver(Env(environment="test"), Config.model_validate({"feishu_store": "memory://"}))
    adapter = Adapter(driver)
    await adapter._close()
    assert adapter.bots == {}
