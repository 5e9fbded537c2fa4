"""The chat page in a real browser: a typed message is answered by a bot."""

import os
import re

import pytest

from tests.conftest import APP


@pytest.mark.needs("chromium")
async def test_a_typed_message_is_answered(sandbox, run_adapter, matchers, tmp_path):
    import shutil

    from nonebot import on_command
    from playwright.async_api import async_playwright, expect

    echo = on_command("page", block=True)
    matchers(echo)

    @echo.handle()
    async def _():
        await echo.finish("答复 <b>not bold</b> 'quoted'")

    sandbox.populate_default()
    async with run_adapter(), async_playwright() as playwright:
        browser = await playwright.chromium.launch(
            executable_path=shutil.which("chromium"), args=["--no-sandbox", "--disable-background-networking"]
        )
        for locale in ("en-US", "zh-CN"):
            page = await browser.new_page(locale=locale)
            errors: list[str] = []
            page.on("pageerror", lambda error, errors=errors: errors.append(str(error)))
            await page.goto(sandbox.url)
            private = page.locator(".chat").filter(has=page.locator(".dot.on")).first
            await expect(private).to_be_visible()
            await private.click()
            await page.locator("#text").fill(f"/page {locale}")
            await page.locator("#text").press("Enter")
            await expect(page.locator(".row:not(.mine) .bubble").last).to_have_text("答复 <b>not bold</b> 'quoted'")
            await page.locator(".chat", has_text="Sandbox group").click()
            await page.locator("#text").fill("/page in the group")
            await page.locator("#text").press("Enter")
            await expect(page.locator(".row:not(.mine) .bubble").last).to_contain_text("答复")
            folder = os.environ.get("SCREENSHOTS", str(tmp_path))
            await page.screenshot(path=f"{folder}/sandbox-{locale}.png")
            assert errors == []
            await page.close()
        await browser.close()
    assert [m.sender_id for m in sandbox.world.history() if m.sender_type == "app"] == [APP] * 4


HIDE = """isHidden => {
    Object.defineProperty(document, "hidden", { configurable: true, get: () => isHidden });
    document.dispatchEvent(new Event("visibilitychange"));
}"""


@pytest.mark.needs("chromium")
async def test_a_seventh_tab_opens_and_one_that_comes_back_has_missed_nothing(sandbox):
    """A browser opens six connections to a host, and each tab held one."""
    import shutil

    from playwright.async_api import async_playwright, expect

    sandbox.populate_default()
    alice = next(iter(sandbox.world.users.values()))
    group = next(each for each in sandbox.world.chats.values() if each.mode != "p2p")
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(
            executable_path=shutil.which("chromium"), args=["--no-sandbox", "--disable-background-networking"]
        )
        context, tabs = await browser.new_context(locale="en-US"), []
        for _ in range(8):
            tabs.append(await context.new_page())
            await tabs[-1].goto(sandbox.url)
            await tabs[-1].locator(".chat", has_text=group.name).click()
            await tabs[-1].evaluate(HIDE, True)
        await sandbox.say(alice, group, "while nobody looked")
        await tabs[0].evaluate(HIDE, False)
        await expect(tabs[0].locator(".row")).to_have_text([re.compile("while nobody looked")])
        await browser.close()
