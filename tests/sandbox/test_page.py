"""The chat page in a real browser: a typed message is answered by a bot."""

import os

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
