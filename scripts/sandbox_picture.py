"""The pictures of the sandbox's page in the docs: ``python scripts/sandbox_picture.py``.

A bot in a process of its own answers two people; what Chromium shows of it becomes ``en.png``, ``zh.png`` and, dark and
on a phone, ``phone.png`` in ``docs/images/sandbox/``.
"""

import asyncio
import json
import os
import shutil
import sys
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from playwright.async_api import Browser, async_playwright

from nonebot_adapter_feishu_ws.sandbox import Sandbox

ROOT = Path(__file__).parent.parent
FOLDER = ROOT / "docs" / "images" / "sandbox"
APP, SECRET = "cli_a0b1c2d3e4f56789", "secret-of-a-picture-0123456789"
BOT = """
import nonebot
from nonebot import on_command
from nonebot.params import CommandArg
from nonebot_adapter_feishu_ws import Adapter, MessageSegment
from nonebot_adapter_feishu_ws.card import Button, Card, Form, Header, Input, Markdown
from words import WORDS

nonebot.init(driver="~none", _env_file=None, log_level="WARNING")
nonebot.get_driver().register_adapter(Adapter)
weather = on_command(WORDS["weather"], block=True)
leave = on_command(WORDS["leave"], block=True)


@weather.handle()
async def _(place=CommandArg()):
    await weather.finish(MessageSegment.markdown(WORDS["forecast"].replace("PLACE", str(place))))


@leave.handle()
async def _():
    submit = Button(WORDS["submit"], name="submit", form_action_type="submit")
    fields = [Input(WORDS["reason"], name="reason", placeholder=WORDS["example"]), submit]
    header = Header(WORDS["title"], template="blue")
    await leave.finish(Card([Markdown(WORDS["hint"]), Form("leave", fields)], header=header))


nonebot.run()
"""


@dataclass(frozen=True)
class Conversation:
    """Who talks in a picture, and what they say.

    Attributes:
        locale: the language of the page.
        bot: the bot's name.
        people: the two people; the first one is who looks at the page.
        group: the group's name.
        asked: what the second person says in the group, and what the first one answers.
        place: for which the weather is asked.
        words: what the bot knows.
    """

    locale: str
    bot: str
    people: tuple[str, str]
    group: str
    asked: tuple[str, str]
    place: str
    words: dict[str, str]


ENGLISH = Conversation(
    locale="en-GB",
    bot="Helper",
    people=("Alice", "Bert"),
    group="Product talk",
    asked=("Review on Friday afternoon, can everybody come?", "I can"),
    place="Berlin",
    words={
        "weather": "weather",
        "leave": "leave",
        "forecast": "**PLACE** will be sunny, 18 to 26 ℃\n- Air: good\n- A day for a walk ☀️",
        "submit": "Send",
        "reason": "Why?",
        "example": "For example: dentist",
        "hint": "Your manager decides.",
        "title": "Leave",
    },
)
CHINESE = Conversation(
    locale="zh-CN",
    bot="小助手",
    people=("李雷", "韩梅梅"),
    group="产品讨论",
    asked=("周五下午评审，大家都能来吗？", "可以"),
    place="上海",
    words={
        "weather": "天气",
        "leave": "请假",
        "forecast": "**PLACE** 今天晴，18 到 26 ℃\n- 空气质量：优\n- 适合出门 ☀️",
        "submit": "提交",
        "reason": "请假原因",
        "example": "例如：家里有事",
        "hint": "提交后由直属上级审批。",
        "title": "请假申请",
    },
)


@asynccontextmanager
async def held(talk: Conversation) -> AsyncIterator[str]:
    """The conversation in a sandbox, with the bot still there; yields the address of the page."""
    async with Sandbox() as sandbox:
        sandbox.add_app(APP, SECRET, name=talk.bot)
        people = [sandbox.add_user(name) for name in talk.people]
        group = sandbox.add_chat(talk.group, members=people, apps=[APP])
        private = sandbox.p2p(people[0], APP)
        with tempfile.TemporaryDirectory() as folder:
            Path(folder, "bot.py").write_text(BOT, "utf-8")
            Path(folder, "words.py").write_text(f"WORDS = {talk.words!r}\n", "utf-8")
            bots = json.dumps([{"app_id": APP, "app_secret": SECRET}])
            switch = {"FEISHU_SANDBOX": "true", "FEISHU_SANDBOX_URL": sandbox.url, "FEISHU_BOTS": bots}
            env = {**os.environ, **switch, "FEISHU_STORE": "memory://"}
            bot = await asyncio.create_subprocess_exec(sys.executable, "bot.py", cwd=folder, env=env)
            try:
                await sandbox.wait_connected(APP, timeout=60)
                await sandbox.say(people[1], group, talk.asked[0])
                said = await sandbox.say(people[0], group, talk.asked[1])
                await sandbox.react(people[1], said, "THUMBSUP")
                for text in (f"/{talk.words['weather']} {talk.place}", f"/{talk.words['leave']}"):
                    await sandbox.say(people[0], private, text)
                    await sandbox.wait_message(private, timeout=60)
                yield sandbox.url
            finally:
                bot.terminate()
                await bot.wait()


async def take(browser: Browser, url: str, talk: Conversation, picture: str, *, phone: bool = False) -> None:
    """Open the private chat with the bot, and take the picture."""
    page = await browser.new_page(
        locale=talk.locale,
        viewport={"width": 360, "height": 740} if phone else {"width": 1280, "height": 800},
        color_scheme="dark" if phone else "light",
    )
    await page.goto(url)
    await page.locator(".chat", has_text=talk.bot).click()
    await page.get_by_text(talk.words["hint"]).wait_for()
    if not phone:
        await page.locator(".row").nth(3).wait_for()
    await page.wait_for_timeout(500)  # fonts
    await page.screenshot(path=FOLDER / picture)
    await page.close()


async def main() -> None:
    """Both conversations, and all pictures of them."""
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(
            executable_path=shutil.which("chromium"), args=["--no-sandbox", "--disable-background-networking"]
        )
        async with held(ENGLISH) as url:
            await take(browser, url, ENGLISH, "en.png")
        async with held(CHINESE) as url:
            await take(browser, url, CHINESE, "zh.png")
            await take(browser, url, CHINESE, "phone.png", phone=True)
        await browser.close()


if __name__ == "__main__":
    asyncio.run(main())
