"""The page as a newcomer uses it, in a real browser, with three bots in a process of their own."""

import asyncio
import json
import os
import shutil
import sys
from base64 import b64decode
from pathlib import Path

import pytest

from nonebot_adapter_feishu_ws.sandbox import Sandbox

pytestmark = pytest.mark.needs("chromium")
APPS = {f"cli_a0b1c2d3e4f5000{number}": name for number, name in enumerate(("Ada", "Bob", "Cleo"))}
SECRET = "secret-of-the-story-0123456789"
SIZES = {"desktop": {"width": 1440, "height": 900}, "phone": {"width": 360, "height": 740}}
ECHO = """
from nonebot import on_command
from nonebot.params import CommandArg
echo = on_command("echo")
@echo.handle()
async def _(text=CommandArg()):
    await echo.finish(text)
"""
SERIOUS = ("serious", "critical")
PICTURE = (
    "iVBORw0KGgoAAAANSUhEUgAAACgAAAAoCAIAAAADnC86AAAAM0lEQVR42u3NMQEAAAgDoGlyo1vBww8K0JnUVJCIxWKxWCwWi8VisVgsFovFYrFY"
    "LBb/jRcO4gEp8ZkD9QAAAABJRU5ErkJggg=="
)
PASTE = """async picture => {
    const bytes = Uint8Array.from(atob(picture), letter => letter.charCodeAt(0));
    const data = new DataTransfer();
    data.items.add(new File([bytes], "square.png", { type: "image/png" }));
    const paste = new ClipboardEvent("paste", { clipboardData: data, bubbles: true, cancelable: true });
    document.getElementById("text").dispatchEvent(paste);
}"""


@pytest.fixture
async def sandbox():
    async with Sandbox() as sandbox:
        for app_id, name in APPS.items():
            sandbox.add_app(app_id, SECRET, name=name)
        sandbox.populate_default()
        yield sandbox


@pytest.fixture
async def bots(sandbox, tmp_path):
    """Starts the bots' process; called again, it ends the one that runs first."""
    running: list[asyncio.subprocess.Process] = []
    entries = [{"app_id": app_id, "app_secret": SECRET} for app_id in APPS]
    env = {
        **os.environ,
        "FEISHU_SANDBOX": "true",
        "FEISHU_SANDBOX_URL": sandbox.url,
        "FEISHU_BOTS": json.dumps(entries),
        "FEISHU_STORE": f"sqlite:///{tmp_path / 's.db'}",
    }

    async def kill() -> None:
        for process in running:
            process.kill()
            await process.wait()
        running.clear()

    async def start() -> None:
        script = Path(__file__).with_name("story_bot.py")
        log = (tmp_path / "bots.log").open("a")
        running.append(
            await asyncio.create_subprocess_exec(sys.executable, str(script), env=env, stdout=log, stderr=log)
        )
        for app_id in APPS:
            await sandbox.wait_connected(app_id, timeout=60)

    start.kill = kill
    yield start
    await kill()


@pytest.fixture
async def open_page(sandbox):
    """Opens the page; what goes wrong in its scripts fails the test."""
    from playwright.async_api import async_playwright

    errors: list[str] = []
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(
            executable_path=shutil.which("chromium"), args=["--no-sandbox", "--disable-background-networking"]
        )

        async def run(**options):
            context = await browser.new_context(
                **{"locale": "en-US", "viewport": SIZES["desktop"], **options},
                permissions=["clipboard-read", "clipboard-write"],
            )
            page = await context.new_page()
            page.on("pageerror", lambda error: errors.append(str(error)))
            await page.goto(sandbox.url)
            return page

        yield run
        await browser.close()
    assert errors == []


class Reader:
    """What somebody does with the page."""

    def __init__(self, page, folder: Path):
        self.page = page
        self.folder = Path(os.environ.get("SCREENSHOTS", folder))
        self.text = page.locator("#text")

    async def open(self, chat: str) -> None:
        await self.page.locator(".chat", has_text=chat).click()

    async def type(self, text: str) -> None:
        await self.text.press_sequentially(text)
        await self.text.press("Enter")

    def rows(self, text: str):
        return self.page.locator(".row", has_text=text)

    async def choose(self, text: str, action: str) -> None:
        """An entry of the menu beside a message."""
        row = self.rows(text).first
        await row.hover()
        await row.get_by_role("button", name="Actions of this message").click()
        await row.get_by_role("button", name=action, exact=True).click()

    async def look(self, name: str) -> None:
        await self.page.screenshot(path=self.folder / f"story-{name}.png")


async def test_the_story_of_a_newcomer(sandbox, bots, open_page, tmp_path):
    from playwright.async_api import expect

    await bots()
    page = await open_page()
    reader = Reader(page, tmp_path)

    # Talks, and gets an answer.
    await reader.open("Ada")
    await reader.type("/echo hello")
    await expect(page.locator(".row:not(.mine)", has_text="hello")).to_be_visible()

    # Pastes an image, and gets it back.
    await page.evaluate(PASTE, PICTURE)
    await expect(page.locator(".row:not(.mine) img")).to_be_visible()
    sent = [each for each in sandbox.world.files.values() if each.kind == "image"]
    assert {each.content for each in sent} == {b64decode(PICTURE)}

    # Mentions one of three bots, and only that one answers.
    await reader.open("Sandbox group")
    await reader.text.press_sequentially("@bo")
    await expect(page.locator("#completion [role=option]")).to_have_text(["Bob", "Everybody"])
    await reader.text.press("Enter")
    await reader.type("who are you?")
    await expect(reader.rows("I am Bob")).to_be_visible()
    await reader.look("group")

    # Quotes, reacts, opens a topic.
    await reader.choose("I am Bob", "Reply")
    await reader.type("hello Bob")
    await expect(reader.rows("hello Bob").locator(".quote")).to_contain_text("I am Bob")
    await reader.choose("I am Bob", "Add a reaction")
    await page.locator("dialog").get_by_role("button", name="PARTY").click()
    await expect(reader.rows("I am Bob").first.locator(".reaction")).to_have_text("🎉 1")
    await reader.choose("hello Bob", "Answer in a topic")
    await reader.type("one more thing")
    await reader.rows("hello Bob").last.get_by_role("button", name="Answers in this topic: 1").click()
    await expect(reader.rows("one more thing")).to_be_visible()
    await reader.look("topic")
    await page.get_by_role("button", name="Back to the chat", exact=True).click()
    await expect(reader.rows("one more thing")).to_have_count(0)

    # Fills a form while messages come: every letter stays.
    await reader.open("Cleo")
    await reader.type("/form")
    reason = "The quick brown fox jumps over the lazy dog, twice."
    await page.get_by_label("Reason *").press_sequentially(reason, delay=20)
    await expect(reader.rows("no more news")).to_be_visible(timeout=20_000)
    await expect(page.get_by_label("Reason *")).to_have_value(reason)
    await reader.look("form")
    await page.get_by_role("button", name="Apply").click()
    await expect(page.locator("#toast")).to_have_text("Applied")
    await expect(reader.rows(f"Applied: {reason}")).to_be_visible()

    # Sees an exception explained.
    await reader.type("/boom")
    await page.get_by_role("button", name="No answer: a matcher raised").click()
    await expect(page.locator(".traceback")).to_contain_text("RuntimeError: out of coffee")
    await reader.look("exception")

    # Drops the socket: the bot comes back by itself.
    await page.get_by_role("tab", name="Faults").click()
    await page.get_by_label("For").select_option("Cleo")
    async with sandbox.gateway.changed:
        await page.locator(".fault", has_text="Cut the connection").get_by_role("button", name="Start").click()
        await asyncio.wait_for(sandbox.gateway.changed.wait(), 10)
    await sandbox.wait_connected("cli_a0b1c2d3e4f50002")
    await reader.type("/echo still there")
    await expect(page.locator(".row:not(.mine)", has_text="still there")).to_be_visible()

    # Kills the bots, writes meanwhile, starts them again.
    await bots.kill()
    await expect(page.locator("#status")).to_contain_text("Cleo is not connected", timeout=3_000)
    await reader.type("/echo are you back?")
    await reader.look("offline")
    await bots()
    await expect(page.locator(".row:not(.mine)", has_text="are you back?")).to_be_visible(timeout=20_000)
    await expect(page.locator("#status")).to_be_hidden()

    # Copies a test.
    await reader.choose("/echo are you back?", "Show what happened")
    await page.get_by_role("button", name="Copy as test").click()
    await expect(page.locator("#toast")).to_have_text("Copied")
    source = await page.evaluate("navigator.clipboard.readText()")
    assert "feishu_sandbox" in source
    assert "assert reply.text == 'are you back?'" in source
    assert await run_copied(source, tmp_path / "project") == 0


async def run_copied(source: str, folder: Path) -> int:
    """pytest's exit code for a copied test, in a project with one plugin."""
    folder.mkdir()
    (folder / "test_copied.py").write_text(source, "utf-8")
    (folder / "echo.py").write_text(ECHO, "utf-8")
    (folder / "pytest.ini").write_text("[pytest]\nasyncio_mode = auto\npythonpath = .\nfeishu_plugins = echo\n")
    command = ("-m", "pytest", "-q", "-p", "no:nonebug")
    pytest_run = await asyncio.create_subprocess_exec(sys.executable, *command, cwd=folder)
    return await asyncio.wait_for(pytest_run.wait(), 60)


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("locale", ["en-US", "zh-CN"])
@pytest.mark.parametrize("size", SIZES)
async def test_nothing_is_clipped_or_covered(sandbox, open_page, tmp_path, size, locale, scheme):
    from axe_playwright_python.async_playwright import Axe

    page = await open_page(locale=locale, viewport=SIZES[size], color_scheme=scheme)
    reader = Reader(page, tmp_path)
    you = next(iter(sandbox.world.users.values()))
    group = next(chat for chat in sandbox.world.chats.values() if chat.mode == "group")
    for text in ("短", "A long line without any break: " + "https://example.com/" + "x" * 200, "**no** <b>markup</b>"):
        await sandbox.say(you, group, text, at=[next(iter(APPS))])
    await reader.open("Sandbox group")
    await page.locator(".row").nth(2).wait_for()
    await page.wait_for_function("document.querySelector('#log').scrollTop >= 0")
    wide = "[...document.querySelectorAll('body *')].filter(e => e.getBoundingClientRect().right > innerWidth + 1)"
    assert await page.evaluate(f"{wide}.map(e => e.outerHTML.slice(0, 80))") == []
    assert await page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    of_rows = "e.closest('.row')"
    unseen = f"[...document.querySelectorAll('button')].filter(e => !{of_rows} && getComputedStyle(e).opacity === '0')"
    assert await page.evaluate(f"{unseen}.map(e => e.id)") == [], "the button for a new group was there, and invisible"
    words = await page.locator("body").inner_text()
    assert not any(mark in words for mark in ("ou_", "oc_", "om_", "cli_", "undefined", "[object"))
    await reader.look(f"{size}-{locale}-{scheme}")
    found = (await Axe().run(page)).response["violations"]
    assert [(each["id"], each["nodes"][0]["html"][:80]) for each in found if each["impact"] in SERIOUS] == []
