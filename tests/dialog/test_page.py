"""Approval and a topic on the sandbox's chat page, in a real browser. ``SCREENSHOTS`` names a folder for pictures."""

import os
import shutil
from contextlib import asynccontextmanager

import pytest
from nonebot import on_message

from nonebot_adapter_feishu_ws import Bot, MessageEvent
from nonebot_adapter_feishu_ws.dialog import Choice
from nonebot_adapter_feishu_ws.rule import in_my_topic

pytestmark = pytest.mark.needs("chromium")


@asynccontextmanager
async def open_page(sandbox, run_adapter):
    from playwright.async_api import async_playwright

    async with run_adapter(), async_playwright() as playwright:
        browser = await playwright.chromium.launch(
            executable_path=shutil.which("chromium"), args=["--no-sandbox", "--disable-background-networking"]
        )
        page = await browser.new_page(locale="zh-CN")
        await page.goto(sandbox.url)
        yield page
        await browser.close()


async def test_an_approval_on_the_page(sandbox, run_adapter, matchers, tmp_path):
    """A person asks, the bot asks back, the person agrees; the card says so, and the bot goes on."""
    from playwright.async_api import expect

    sandbox.populate_default()
    folder = os.environ.get("SCREENSHOTS", str(tmp_path))
    matcher = on_message(block=True, priority=1)
    matchers(matcher)

    @matcher.handle()
    async def _(bot: Bot, event: MessageEvent):
        buttons = {"yes": "同意", "always": Choice("始终同意", "always"), "no": Choice("拒绝", type="danger")}
        answer = await bot.confirm(event, "把 **v1.2** 发布到生产环境？", buttons=buttons, about="deploy")
        await matcher.send("已发布" if answer.choice == "yes" else "未发布")

    async with open_page(sandbox, run_adapter) as page:
        await page.fill("#text", "发布吧")
        await page.keyboard.press("Enter")
        card = page.locator(".card")
        await expect(card.get_by_role("button")).to_have_text(["同意", "始终同意", "拒绝"])
        await page.screenshot(path=f"{folder}/confirm-asked.png")
        await card.get_by_role("button", name="同意", exact=True).click()
        await expect(page.get_by_text("已提交")).to_be_visible()
        await expect(card).to_contain_text("选择了 同意")
        await expect(card.get_by_role("button")).to_have_count(0)
        await expect(page.locator('.bubble[data-type="text"]', has_text="已发布")).to_be_visible()
        await page.screenshot(path=f"{folder}/confirm-answered.png")


async def test_a_topic_on_the_page(sandbox, run_adapter, matchers, tmp_path):
    """A person mentions the bot in a group; in the topic of its answer they go on without an @."""
    from playwright.async_api import expect

    sandbox.populate_default()
    folder = os.environ.get("SCREENSHOTS", str(tmp_path))
    matcher = on_message(rule=in_my_topic(or_to_me=True), block=True, priority=1)
    matchers(matcher)

    @matcher.handle()
    async def _(event: MessageEvent):
        await matcher.send(f"收到：{event.get_plaintext().strip()}", reply_in_thread=True)

    async with open_page(sandbox, run_adapter) as page:
        await page.locator(".chat", has_text="Sandbox group").click()
        text = page.locator("#text")
        await text.press_sequentially("没有提到机器人")
        await text.press("Enter")
        await text.press_sequentially("@bo")
        await text.press("Enter")
        await text.press_sequentially("第一个问题")
        await text.press("Enter")
        row = page.locator(".row.mine", has_text="第一个问题").first
        await row.get_by_role("button", name="话题中有 1 条回复").click()
        await expect(page.locator(".row", has_text="收到：第一个问题").first).to_be_visible()
        await text.press_sequentially("接着问")
        await text.press("Enter")
        await expect(page.locator(".row", has_text="收到：接着问").first).to_be_visible()
        await page.screenshot(path=f"{folder}/topic.png")
    assert "收到：没有提到机器人" not in str(sandbox.world.messages)
