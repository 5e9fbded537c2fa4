"""A stream on the sandbox's chat page, in a real browser."""

import asyncio
import os
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


@pytest.mark.needs("chromium")
async def test_a_press_on_the_page_stops_the_answer(sandbox, run_adapter, matchers, tmp_path):
    """The stop story: a person asks, sees what the bot does, presses the button, and the card ends with a note."""
    from playwright.async_api import async_playwright, expect

    sandbox.populate_default()
    folder = os.environ.get("SCREENSHOTS", str(tmp_path))
    matcher = on_message(block=True, priority=1)
    matchers(matcher)

    @matcher.handle()
    async def _(bot: Bot, event: MessageEvent):
        async with bot.stream(event, stop=True, title="助手", elapsed=True) as stream:
            await stream.think("用户想了解北京的天气，需要查询。")
            async with stream.tool("weather", {"city": "北京"}) as tool:
                tool.result("晴，12 ℃")
            await stream.footer("model-1")
            await stream.status("正在写回答")
            for number in range(10_000):
                await stream.write(f"第 {number} 句。")
                await asyncio.sleep(0.05)
        await matcher.send("已停止" if stream.stopped else "写完了")

    async with run_adapter(), async_playwright() as playwright:
        browser = await playwright.chromium.launch(
            executable_path=shutil.which("chromium"), args=["--no-sandbox", "--disable-background-networking"]
        )
        page = await browser.new_page(locale="zh-CN")
        await page.goto(sandbox.url)
        await page.fill("#text", "北京天气怎么样？")
        await page.keyboard.press("Enter")
        card = page.locator(".card")
        await expect(card).to_contain_text("第 5 句。")
        await expect(card).to_contain_text("weather")
        await expect(card).to_contain_text("正在写回答")
        await page.screenshot(path=f"{folder}/stream-running.png")
        await card.get_by_role("button", name="停止生成").click()
        await expect(page.get_by_text("正在停止…")).to_be_visible()
        await expect(card).to_contain_text("已停止生成。")
        await expect(card.get_by_role("button", name="停止生成")).to_have_count(0)
        await expect(card).not_to_contain_text("正在写回答")
        await expect(page.locator('.bubble[data-type="text"]', has_text="已停止")).to_be_visible()
        await page.screenshot(path=f"{folder}/stream-stopped.png")
        await browser.close()
