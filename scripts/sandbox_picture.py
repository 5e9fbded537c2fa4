"""The picture of the sandbox's page in the Chinese docs: ``python scripts/sandbox_picture.py``.

A bot in a process of its own answers two people; what Chromium shows of it becomes ``docs/images/sandbox/zh.png``.
"""

import asyncio
import json
import os
import shutil
import sys
import tempfile
from pathlib import Path

from playwright.async_api import async_playwright

from nonebot_adapter_feishu_ws.sandbox import Sandbox

ROOT = Path(__file__).parent.parent
PICTURE = ROOT / "docs" / "images" / "sandbox" / "zh.png"
APP, SECRET = "cli_a0b1c2d3e4f56789", "secret-of-a-picture-0123456789"
BOT = """
import nonebot
from nonebot import on_command
from nonebot.params import CommandArg
from nonebot_adapter_feishu_ws import Adapter, MessageSegment
from nonebot_adapter_feishu_ws.card import Button, Card, Form, Header, Input, Markdown

nonebot.init(driver="~none", _env_file=None, log_level="WARNING")
nonebot.get_driver().register_adapter(Adapter)
weather = on_command("天气", block=True)
leave = on_command("请假", block=True)
SUBMIT = Button("提交", name="submit", form_action_type="submit")


@weather.handle()
async def _(place=CommandArg()):
    await weather.finish(MessageSegment.markdown(f"**{place}** 今天晴，18 到 26 ℃\\n- 空气质量：优\\n- 适合出门 ☀️"))


@leave.handle()
async def _():
    fields = [Input("请假原因", name="reason", placeholder="例如：家里有事"), SUBMIT]
    body = [Markdown("提交后由直属上级审批。"), Form("leave", fields)]
    await leave.finish(Card(body, header=Header("请假申请", template="blue")))


nonebot.run()
"""


async def main() -> None:
    """Run the bot, talk to it, and take the picture."""
    async with Sandbox() as sandbox, async_playwright() as playwright:
        sandbox.add_app(APP, SECRET, name="小助手")
        people = [sandbox.add_user(name) for name in ("李雷", "韩梅梅")]
        group = sandbox.add_chat("产品讨论", members=people, apps=[APP])
        private = sandbox.p2p(people[0], APP)
        with tempfile.TemporaryDirectory() as folder:
            script = Path(folder) / "bot.py"
            script.write_text(BOT, "utf-8")
            bots = json.dumps([{"app_id": APP, "app_secret": SECRET}])
            switch = {"FEISHU_SANDBOX": "true", "FEISHU_SANDBOX_URL": sandbox.url, "FEISHU_BOTS": bots}
            bot = await asyncio.create_subprocess_exec(
                sys.executable, str(script), cwd=folder, env={**os.environ, **switch, "FEISHU_STORE": "memory://"}
            )
            try:
                await sandbox.wait_connected(APP, timeout=60)
                await sandbox.say(people[1], group, "周五下午评审，大家都能来吗？")
                said = await sandbox.say(people[0], group, "可以")
                await sandbox.react(people[1], said, "THUMBSUP")
                for text in ("/天气 上海", "/请假"):
                    await sandbox.say(people[0], private, text)
                    await sandbox.wait_message(private, timeout=60)
                browser = await playwright.chromium.launch(
                    executable_path=shutil.which("chromium"), args=["--no-sandbox", "--disable-background-networking"]
                )
                page = await browser.new_page(locale="zh-CN", viewport={"width": 1280, "height": 800})
                await page.goto(sandbox.url)
                await page.locator(".chat", has_text="小助手").click()
                await page.locator(".row").nth(3).wait_for()
                await page.wait_for_timeout(500)  # fonts
                await page.screenshot(path=PICTURE)
                await browser.close()
            finally:
                bot.terminate()
                await bot.wait()


if __name__ == "__main__":
    asyncio.run(main())
