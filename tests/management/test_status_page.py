"""The status page in a real browser: three bots in three states, steered by clicks."""

import asyncio
import os
import re
import shutil
import sqlite3
import time
from contextlib import asynccontextmanager

import pytest
from nonebot.drivers.fastapi import Driver as FastAPIDriver

from nonebot_adapter_feishu_ws import ConnectionState
from tests.conftest import APP, SECRET, serving, wait_until

TOKEN = "operator-token-0123456789"
BAD, RESTING = "cli_b1c2d3e4f5a67890", "cli_c2d3e4f5a6b78901"
pytestmark = pytest.mark.needs("chromium")


@asynccontextmanager
async def browser():
    from playwright.async_api import async_playwright

    async with async_playwright() as playwright:
        it = await playwright.chromium.launch(
            executable_path=shutil.which("chromium"), args=["--no-sandbox", "--disable-background-networking"]
        )
        try:
            yield it
        finally:
            await it.close()


@pytest.fixture(autouse=True)
def folder_of_its_own(monkeypatch, tmp_path):
    """The default store is named by a relative path."""
    monkeypatch.chdir(tmp_path)


@asynccontextmanager
async def three_bots(sandbox, run_adapter, feishu_store="sqlite:///data/feishu_ws.sqlite3"):
    """One connected, one with a wrong secret (and a webhook), one disconnected by its operator."""
    for app_id in (BAD, RESTING):
        sandbox.add_app(app_id, "secret")
    bots = [
        {"app_id": APP, "app_secret": SECRET, "name": "客服助手"},
        {"app_id": BAD, "app_secret": "wrong", "name": "Deploy bot", "verification_token": "v"},
        {"app_id": RESTING, "app_secret": "secret", "name": "Archive bot"},
    ]
    tokens = {TOKEN: ["*"], "only-the-first-bot-012345": [APP]}
    async with (
        run_adapter(
            bots, driver=FastAPIDriver, connected=False, feishu_management_tokens=tokens, feishu_store=feishu_store
        ) as adapter,
        serving(adapter) as url,
    ):
        await wait_until(lambda: adapter.connections.is_connected(APP))
        await wait_until(lambda: adapter.connections.get_status(BAD).state is ConnectionState.ERROR)
        await adapter.connections.disconnect(RESTING)
        await (await sandbox.push(APP, "x", {})).wait(30)
        yield adapter, f"{url}/feishu/"


async def test_three_states_and_two_clicks(sandbox, run_adapter, tmp_path):
    from playwright.async_api import expect

    folder = os.environ.get("SCREENSHOTS", str(tmp_path))
    async with three_bots(sandbox, run_adapter) as (adapter, url), browser() as chromium:
        page = await chromium.new_page(locale="en-US", viewport={"width": 1000, "height": 760})
        trouble: list[str] = []
        page.on("pageerror", lambda error: trouble.append(str(error)))
        page.on("request", lambda request: request.url.startswith(url) or trouble.append(request.url))
        await page.goto(url)
        await page.get_by_label("Management token").fill("a-wrong-token")
        await page.get_by_role("button", name="Show").click()
        await expect(page.get_by_role("alert")).to_have_text("This token is not known.")
        await page.get_by_label("Management token").fill(TOKEN)
        await page.keyboard.press("Enter")
        cards = page.locator("article")
        await expect(cards).to_have_count(3)
        good, bad, resting = (page.locator(f'[data-bot="{bot}"]') for bot in (APP, BAD, RESTING))
        await expect(good).to_contain_text("● connected")
        await expect(good).to_contain_text("客服助手")
        await expect(bad).to_contain_text("● error")
        await expect(bad).to_contain_text("Feishu does not accept the credentials")
        await expect(bad).to_contain_text("What to do: Check app_id and app_secret in .env")
        await expect(bad).to_contain_text("The webhook is ready")
        await expect(bad).to_contain_text("514")
        await expect(resting).to_contain_text("● disconnected")
        await expect(resting).to_contain_text("Disconnected by its operator")
        await page.screenshot(path=f"{folder}/status-desktop.png")

        await good.get_by_role("button", name="Disconnect").click()
        await expect(good).to_contain_text("● disconnected")
        assert sandbox.gateway.connections[APP] == []
        assert adapter.connections.get_status(APP).state is ConnectionState.DISCONNECTED
        await good.get_by_role("button", name="Connect", exact=True).click()
        await expect(good).to_contain_text("● connected")
        sandbox.world.apps[BAD].app_secret = "wrong"
        await bad.get_by_role("button", name="Try now").click()
        await expect(bad).to_contain_text("● connected")
        await expect(bad).not_to_contain_text("What to do")
        await page.reload()
        await expect(cards).to_have_count(3)
        await page.get_by_role("button", name="Forget token").click()
        await expect(cards).to_have_count(0)
        assert await page.evaluate("sessionStorage.length + localStorage.length + document.cookie.length") == 0
        assert trouble == [], "no error, and no request to anywhere else"


async def test_on_a_phone_in_chinese_with_a_countdown(sandbox, run_adapter, tmp_path):
    from playwright.async_api import expect

    folder = os.environ.get("SCREENSHOTS", str(tmp_path))
    async with three_bots(sandbox, run_adapter) as (adapter, url), browser() as chromium:
        sandbox.world.apps[BAD].app_secret = "wrong"
        sandbox.faults.add("handshake", code=514, auth_code=1000040350, times=-1)
        await adapter.connections.connect(BAD)
        await wait_until(lambda: adapter.connections.get_status(BAD).error_code == 1000040350)
        context = await chromium.new_context(
            locale="zh-CN", viewport={"width": 390, "height": 844}, device_scale_factor=2, is_mobile=True
        )
        page = await context.new_page()
        await page.goto(url)
        await page.get_by_label("管理令牌").fill(TOKEN)
        await page.get_by_role("button", name="查看").click()
        bad = page.locator(f'[data-bot="{BAD}"]')
        await expect(bad).to_contain_text("● 异常")
        await expect(bad).to_contain_text("50 long connections")
        countdown = bad.locator("dt", has_text="下次尝试").locator("xpath=following-sibling::dd")
        first = await countdown.inner_text()
        assert re.search(r"\d+ 分|\d+秒|\d+分", first), first
        await expect(countdown).not_to_have_text(first, timeout=5000)
        width = await page.evaluate("document.documentElement.scrollWidth")
        assert width <= 390, "nothing sticks out of a phone's screen"
        await page.screenshot(path=f"{folder}/status-phone.png", full_page=True)
        await asyncio.sleep(0)


async def test_a_token_of_one_bot_shows_one_bot(sandbox, run_adapter):
    from playwright.async_api import expect

    async with three_bots(sandbox, run_adapter) as (_, url), browser() as chromium:
        page = await chromium.new_page(locale="en-US")
        await page.goto(url)
        await page.get_by_label("Management token").fill("only-the-first-bot-012345")
        await page.get_by_role("button", name="Show").click()
        await expect(page.locator("article")).to_have_count(1)
        await expect(page.locator("article")).to_contain_text(APP)


async def test_a_stopped_bot_is_told(sandbox, run_adapter):
    from playwright.async_api import expect

    async with browser() as chromium:
        page = await chromium.new_page(locale="en-US")
        await page.clock.install()
        async with three_bots(sandbox, run_adapter) as (_, url):
            await page.goto(url)
            await page.get_by_label("Management token").fill(TOKEN)
            await page.get_by_role("button", name="Show").click()
            await expect(page.locator("article")).to_have_count(3)
        await page.clock.fast_forward(15_000)
        await expect(page.get_by_role("status")).to_contain_text("does not answer")


def park(path, bot_id: str, number: int) -> None:
    """An event that has ended its process three times, as the store keeps it."""
    with sqlite3.connect(path) as database:
        database.execute(
            "INSERT INTO inbox (key, bot_id, payload, taken_at, runs, parked_at) VALUES (?, ?, ?, ?, 4, ?)",
            (f"{bot_id}:event:{number}", bot_id, b"{}", time.time(), time.time()),
        )
    database.close()


@pytest.mark.parametrize("locale", ["en-US", "zh-CN"])
async def test_a_store_that_is_down_is_told_and_so_is_its_return(sandbox, run_adapter, tmp_path, locale):
    from playwright.async_api import expect

    zh = locale == "zh-CN"
    down, works, means = ("不可用", "正常", "请勿重启") if zh else ("down", "works", "do not restart it")
    folder = os.environ.get("SCREENSHOTS", str(tmp_path))
    path = tmp_path / "feishu_ws.sqlite3"
    async with (
        three_bots(sandbox, run_adapter, feishu_store=f"sqlite:///{path}") as (adapter, url),
        browser() as chromium,
    ):
        context = await chromium.new_context(
            locale=locale,
            viewport={"width": 390, "height": 844} if zh else {"width": 1000, "height": 760},
            device_scale_factor=2 if zh else 1,
            is_mobile=zh,
        )
        page = await context.new_page()
        await page.goto(url)
        await page.get_by_label("管理令牌" if zh else "Management token").fill(TOKEN)
        await page.keyboard.press("Enter")
        store = page.locator("#store")
        await expect(store).to_contain_text(f"● {works}")
        await expect(store).to_contain_text("feishu_ws.sqlite3")
        park(path, APP, 1)
        adapter._store.inner._file.connection.execute("PRAGMA query_only = ON")
        await (await sandbox.push(APP, "x", {})).wait(30)
        await expect(store).to_contain_text(f"● {down}")
        await expect(store).to_contain_text("check the disk")
        await expect(store).to_contain_text(means)
        assert await page.evaluate("document.documentElement.scrollWidth") <= (390 if zh else 1000)
        await page.screenshot(path=f"{folder}/store-down-{locale}.png", full_page=True)
        adapter._store.inner._file.connection.execute("PRAGMA query_only = OFF")
        await expect(store).to_contain_text(f"● {works}")
        await expect(store).not_to_contain_text("check the disk")
        good = page.locator(f'[data-bot="{APP}"]')
        await expect(good.locator("dt", has_text="已搁置" if zh else "parked")).to_have_count(1, timeout=15_000)
        await page.screenshot(path=f"{folder}/store-back-{locale}.png", full_page=True)


async def test_a_token_for_one_bot_is_not_told_the_stores_place(sandbox, run_adapter, tmp_path):
    from playwright.async_api import expect

    store_url = f"sqlite:///{tmp_path / 'secret-place.sqlite3'}"
    async with three_bots(sandbox, run_adapter, feishu_store=store_url) as (adapter, url), browser() as chromium:
        page = await chromium.new_page(locale="en-US")
        await page.goto(url)
        await page.get_by_label("Management token").fill("only-the-first-bot-012345")
        await page.keyboard.press("Enter")
        store = page.locator("#store")
        await expect(store).to_contain_text("● works")
        adapter._store.inner._file.connection.execute("PRAGMA query_only = ON")
        await (await sandbox.push(APP, "x", {})).wait(30)
        await expect(store).to_contain_text("The cause is shown to tokens for all bots")
        await expect(store).not_to_contain_text("secret-place")
