"""A stream on the sandbox's chat page, in a real browser."""

import asyncio
import shutil

import pytest
from nonebot import on_message

from nonebot_adapter_feishu_ws import Bot, MessageEvent

ANSWER = (
    "# Title\n\nSome **bold** words.\n\n```python\nx = 1\ny = 2\n```\n\n| a | b |\n|---|---|\n| 1 | 2 |\n\nThe end."
)


@pytest.mark.needs("chromium")
async def test_an_answer_grows_on_the_page(sandbox, run_adapter, matchers):
    from playwright.async_api import async_playwright, expect

    sandbox.populate_default()
    go_on = asyncio.Event()
    matcher = on_message(block=True, priority=1)
    matchers(matcher)

    async def model():
        yield ANSWER[: ANSWER.index("y = 2")]
        await go_on.wait()
        yield ANSWER[ANSWER.index("y = 2") :]

    @matcher.handle()
    async def _(bot: Bot, event: MessageEvent):
        await bot.send_stream(event, model(), title="Model")

    async with run_adapter(), async_playwright() as playwright:
        browser = await playwright.chromium.launch(
            executable_path=shutil.which("chromium"), args=["--no-sandbox", "--disable-background-networking"]
        )
        page = await browser.new_page()
        await page.goto(sandbox.url)
        await page.fill("#text", "question")
        await page.keyboard.press("Enter")
        card = page.locator(".card")
        await expect(card.locator("pre")).to_have_text("x = 1")
        await expect(card).not_to_contain_text("```")
        await expect(card.locator("table")).to_have_count(0)
        go_on.set()
        await expect(card).to_contain_text("The end.")
        await expect(card.locator("pre")).to_have_text("x = 1\ny = 2")
        await expect(card.locator("td").first).to_have_text("1")
        await expect(card.locator("header")).to_have_text("Model")
        await browser.close()
